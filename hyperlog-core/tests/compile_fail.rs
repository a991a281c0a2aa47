//! What the compiler promises: mistakes at a call are told at the caller's own token, and guards cannot be forgotten.
//!
//! The messages are kept beside the mistakes. After a change that betters them, write them anew with
//! `TRYBUILD=overwrite cargo test -p hyperlog-core --test compile_fail`.

#[test]
fn mistakes_are_told_where_they_are_made() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
