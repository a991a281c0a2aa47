//! How a sink is, in a word and a sentence.

/// How a sink is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Condition {
    /// As it should be.
    Well,
    /// It works, and loses something or will.
    Degraded(String),
    /// It takes nothing, and never will again in this process.
    Failed(String),
}

impl Condition {
    /// It in one word.
    pub const fn name(&self) -> &'static str {
        match self {
            Condition::Well => "well",
            Condition::Degraded(_) => "degraded",
            Condition::Failed(_) => "failed",
        }
    }

    /// Why it is not well.
    pub fn why(&self) -> Option<&str> {
        match self {
            Condition::Well => None,
            Condition::Degraded(why) | Condition::Failed(why) => Some(why),
        }
    }
}
