fn main() {
    let user = "ann";
    hyperlog_core::info!(user "a message without a comma before it");
}
