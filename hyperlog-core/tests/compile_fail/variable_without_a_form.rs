struct User;

fn main() {
    let user = User;
    hyperlog_core::info!(user, "a variable of a type that is no value");
}
