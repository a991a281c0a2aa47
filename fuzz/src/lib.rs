//! What each target does with hostile bytes.
//!
//! Apart from the fuzzer, so that `tests/corpus.rs` can do the same with the corpus, as a plain test. A new target is a
//! module and a line here, a file in `targets/` and a `[[bin]]`, and a folder with its first inputs in `corpus/`.

pub mod level;

/// Every target, by its name.
pub const TARGETS: &[(&str, fn(&[u8]))] = &[("level", level::run)];
