//! Why records are lost, in one word each.

/// Why a record was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum DropReason {
    /// There was no room for it.
    Full,
    /// Writing failed.
    Failed,
    /// Nobody reads any more: a broken pipe, a closed stream.
    Gone,
    /// The sink or the encoder panicked.
    Panicked,
    /// The sink was closed.
    Closed,
    /// The system behind the sink refused it for good.
    Rejected,
    /// The system refused it, and it was put aside where somebody may look at it.
    DeadLettered,
    /// It was still waiting when the time to close was up.
    Abandoned,
    /// The thread that delivers records logged it: delivering that would be about itself, and never end.
    Echoed,
    /// The process was forked: what delivers records stayed with the parent.
    Forked,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [DropReason; 10] = [
        DropReason::Full,
        DropReason::Failed,
        DropReason::Gone,
        DropReason::Panicked,
        DropReason::Closed,
        DropReason::Rejected,
        DropReason::DeadLettered,
        DropReason::Abandoned,
        DropReason::Echoed,
        DropReason::Forked,
    ];

    /// The reason in one word.
    pub const fn name(self) -> &'static str {
        match self {
            DropReason::Full => "full",
            DropReason::Failed => "failed",
            DropReason::Gone => "gone",
            DropReason::Panicked => "panicked",
            DropReason::Closed => "closed",
            DropReason::Rejected => "rejected",
            DropReason::DeadLettered => "dead_lettered",
            DropReason::Abandoned => "abandoned",
            DropReason::Echoed => "echoed",
            DropReason::Forked => "forked",
        }
    }
}
