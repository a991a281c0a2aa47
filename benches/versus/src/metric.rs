//! What a measurement is of: the name it bears in the summary and how its figure is written for people.

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// Nanoseconds of one call; of the whole start for [`Case::Start`](crate::case::Case::Start).
    Time,
    /// Requests to the allocator by one call.
    Allocations,
    /// Instructions of one call in user space.
    Instructions,
    /// Records a second of two threads over those of one.
    Speedup,
    /// Bytes of heap held after the first record.
    Heap,
    /// Bytes of physical memory added by the start.
    Resident,
    /// Seconds of `cargo check`, dependencies ready.
    Check,
    /// Seconds of `cargo build --release`, dependencies ready.
    Build,
    /// Bytes of machine code of the whole program.
    Code,
    /// Bytes of machine code added by one call site.
    CodePerSite,
    /// Nanoseconds that are added to a request.
    AddedTime,
    /// Requests to the allocator that are added to a request.
    AddedAllocations,
    /// Instructions that are added to a request.
    AddedInstructions,
    /// Microseconds of a server's processor time for a request.
    Processor,
    /// Microseconds of a server's processor time that are added to a request.
    AddedProcessor,
    /// Requests a second, of which a server answers as many as it can.
    Rate,
    /// Nanoseconds that half of the calls do not exceed.
    Half,
    /// Nanoseconds that all but a hundredth of the calls do not exceed.
    Hundredth,
    /// Nanoseconds that all but a thousandth of the calls do not exceed.
    Thousandth,
    /// Records a second, from the first call until the last is in the file.
    Records,
    /// Records that never reached the file.
    Lost,
    /// Futex calls for a thousand records.
    Wakeups,
}

impl Metric {
    pub const ALL: [Self; 22] = [
        Self::Time,
        Self::Allocations,
        Self::Instructions,
        Self::Speedup,
        Self::Heap,
        Self::Resident,
        Self::Check,
        Self::Build,
        Self::Code,
        Self::CodePerSite,
        Self::AddedTime,
        Self::AddedAllocations,
        Self::AddedInstructions,
        Self::Processor,
        Self::AddedProcessor,
        Self::Rate,
        Self::Half,
        Self::Hundredth,
        Self::Thousandth,
        Self::Records,
        Self::Lost,
        Self::Wakeups,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "ns",
            Self::Allocations => "allocations",
            Self::Instructions => "instructions",
            Self::Speedup => "speedup",
            Self::Heap => "heap_bytes",
            Self::Resident => "resident_bytes",
            Self::Check => "check_s",
            Self::Build => "build_s",
            Self::Code => "text_bytes",
            Self::CodePerSite => "text_bytes_per_site",
            Self::AddedTime => "added_ns",
            Self::AddedAllocations => "added_allocations",
            Self::AddedInstructions => "added_instructions",
            Self::Processor => "server_cpu_us",
            Self::AddedProcessor => "added_server_cpu_us",
            Self::Rate => "requests_per_second",
            Self::Half => "p50_ns",
            Self::Hundredth => "p99_ns",
            Self::Thousandth => "p999_ns",
            Self::Records => "records_per_second",
            Self::Lost => "records_lost",
            Self::Wakeups => "futex_per_1000",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// The figure for people: digits as far as they mean something, thousands apart.
    pub fn show(self, value: f64) -> String {
        match self {
            Self::Time | Self::AddedTime | Self::Half | Self::Hundredth | Self::Thousandth if value < 100.0 => {
                format!("{value:.1}")
            }
            Self::Allocations | Self::AddedAllocations if value.fract() != 0.0 => format!("{value:.2}"),
            Self::Wakeups => format!("{value:.2}"),
            Self::Speedup | Self::Check | Self::Build | Self::Processor | Self::AddedProcessor => format!("{value:.2}"),
            _ => thousands(value.round() as i64),
        }
    }
}

fn thousands(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut text = String::from(if value < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (value, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(thousands(value), text);
        }
    }

    #[test]
    fn every_metric_is_found_by_its_name() {
        for metric in Metric::ALL {
            assert_eq!(Metric::named(metric.name()), Some(metric));
        }
    }
}
