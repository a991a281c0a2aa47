struct User;

fn main() {
    hyperlog_core::info!("{user}", user = User);
}
