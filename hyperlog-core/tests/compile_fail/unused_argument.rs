fn main() {
    hyperlog_core::info!("a message without a place for it", 42);
}
