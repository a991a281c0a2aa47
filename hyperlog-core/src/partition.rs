//! By what records are told apart that must not share a batch.

/// A small number by which a backend can tell records apart that must not share a batch. Most encoders have none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Partition(pub u64);

impl Partition {
    /// All records belong together.
    pub const NONE: Partition = Partition(0);
}
