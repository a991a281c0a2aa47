fn main() {
    let user = "ann";
    hyperlog_core::info!(#user, "a sigil that does not exist");
}
