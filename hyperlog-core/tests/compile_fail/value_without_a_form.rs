struct User;

fn main() {
    let user = User;
    hyperlog_core::info!(user = user, "a type that is no value");
}
