//! What came out of a run.

use crate::results::Results;

/// What came out of a run.
#[derive(Default)]
pub struct Run {
    pub results: Results,
    /// What was left out, and why.
    pub skipped: Vec<String>,
    /// Cells that failed and therefore have no figures.
    pub failed: Vec<String>,
}
