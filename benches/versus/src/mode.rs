//! What a child is asked for, and how it is spoken to.

/// The first argument of a child.
pub const FLAG: &str = "--child";
/// What precedes the figures, so that nothing a peer prints is mistaken for them.
pub const MARK: &str = "figures: ";

/// What a child is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Sample,
    Allocations,
    Instructions,
    Time,
    Added,
    Panics,
    Serve,
    Threads,
    Start,
    Deliver,
    Paced,
    Saturated,
    Durable,
}

impl Mode {
    #[rustfmt::skip]
    pub const ALL: [Self; 13] = [
        Self::Sample, Self::Allocations, Self::Instructions, Self::Time, Self::Added, Self::Panics, Self::Serve,
        Self::Threads, Self::Start, Self::Deliver, Self::Paced, Self::Saturated, Self::Durable,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sample => "sample",
            Self::Allocations => "allocations",
            Self::Instructions => "instructions",
            Self::Time => "time",
            Self::Added => "added",
            Self::Panics => "panics",
            Self::Serve => "serve",
            Self::Threads => "threads",
            Self::Start => "start",
            Self::Deliver => "deliver",
            Self::Paced => "paced",
            Self::Saturated => "saturated",
            Self::Durable => "durable",
        }
    }
}
