//! What passes: levels per target, then sampling.

pub(crate) mod directive;
