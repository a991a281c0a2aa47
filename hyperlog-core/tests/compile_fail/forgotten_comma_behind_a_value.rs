fn main() {
    hyperlog_core::info!(answer = 42 "a message without a comma before it");
}
