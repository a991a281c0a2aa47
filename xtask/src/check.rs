//! All that a change must pass. The fuzz corpora are replayed by the tests.

use crate::install::Install;
use crate::{Outcome, lint, test};

pub(crate) fn run(install: Install) -> Outcome {
    // both are tried, so that one run tells everything
    let (linted, tested) = (lint::run(install), test::run(install));
    linted.and(tested)
}
