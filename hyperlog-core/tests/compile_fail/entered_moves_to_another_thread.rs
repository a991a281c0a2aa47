fn main() {
    let entered = hyperlog_core::Logger::current().enter();
    std::thread::spawn(move || drop(entered));
}
