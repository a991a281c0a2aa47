fn main() {
    let user = "ann";
    hyperlog_core::info!(user = #user, "a sigil that does not exist");
}
