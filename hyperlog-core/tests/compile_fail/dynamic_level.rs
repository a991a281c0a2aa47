use hyperlog_core::Level;

fn main() {
    let level = Level::INFO;
    hyperlog_core::event!(level, "a level that is known only at run time");
}
