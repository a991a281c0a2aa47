struct User;

fn main() {
    let user = User;
    hyperlog_core::info!(%user, "a type without a `Display`");
}
