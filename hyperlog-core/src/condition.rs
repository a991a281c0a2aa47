//! How a sink is, in a word and a sentence.

/// How a sink is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// As it should be.
    Well,
    /// It works, and loses something or will.
    Degraded(String),
    /// It takes nothing.
    Failed(String),
}
