//! The bounds that hyperlog has promised to keep.

use crate::bound::{
    Bound, at_least, at_least_times, at_least_times_best, at_least_times_case, at_most, not_above, not_above_lossless,
    times, times_case, times_floor,
};
use crate::case::{ACTIX_LOGGER, Case, FLOOR, TOWER_HTTP, TRACING};
use crate::metric::Metric;

/// What hyperlog must reach.
pub fn of(case: Case) -> Vec<Bound> {
    use Metric::{AddedAllocations, AddedInstructions, AddedProcessor, AddedTime};
    use Metric::{Allocations, Build, Check, Code, Heap, Instructions, Resident, Speedup, Time};
    use Metric::{Half, Hundredth, Records, Thousandth, Wakeups};
    match case {
        Case::Five => vec![times_floor(Time, 1.5), times_floor(Instructions, 1.75), at_most(Allocations, 0.0)],
        Case::Redacted => vec![times_floor(Instructions, 2.6), at_most(Allocations, 0.0)],
        Case::Bound => vec![times_floor(Instructions, 2.0), at_most(Allocations, 0.0)],
        Case::Bind => vec![times_floor(Instructions, 1.8), at_most(Allocations, 1.0)],
        Case::None => vec![times_floor(Instructions, 2.1), at_most(Allocations, 0.0)],
        Case::Twenty => vec![times_floor(Instructions, 1.7), at_most(Allocations, 0.0)],
        Case::Message => vec![times_floor(Instructions, 1.3)],
        Case::Escape => vec![times_floor(Instructions, 1.6)],
        Case::Below | Case::BelowDirectives => vec![at_most(Instructions, 12.0)],
        Case::SampledCounter => vec![at_most(Time, 6.0), at_most(Allocations, 0.0)],
        Case::SampledBucket => vec![at_most(Time, 12.0), at_most(Allocations, 0.0)],
        // 1.4 times what a bare subscriber takes that encodes by hand, and a tenth of what `tracing-json` does.
        Case::Event => vec![at_most(Instructions, 3460.0), at_most(Allocations, 0.0)],
        Case::EventInSpans => {
            vec![at_most(Instructions, 4228.0), times(Instructions, TRACING, 0.1), at_most(Allocations, 0.0)]
        }
        // What one mode gives up for another is told, and nothing is promised of it.
        Case::ModeNull | Case::ModeQueue | Case::ModeFull => vec![],
        Case::Threads => vec![at_least(Speedup, 1.9)],
        Case::Logfmt | Case::Pretty | Case::Template | Case::Csv | Case::Syslog => vec![at_most(Allocations, 0.0)],
        Case::Start => vec![not_above(Time, TRACING), not_above(Heap, TRACING), not_above(Resident, TRACING)],
        Case::Axum => vec![
            times(AddedTime, TOWER_HTTP, 1.0 / 5.0),
            times(AddedInstructions, TOWER_HTTP, 1.0 / 6.0),
            times_floor(AddedInstructions, 2.4),
            at_most(AddedAllocations, 8.0),
        ],
        Case::Actix => vec![
            times(AddedTime, ACTIX_LOGGER, 0.65),
            times(AddedInstructions, ACTIX_LOGGER, 0.65),
            at_most(AddedAllocations, 8.0),
        ],
        Case::AxumRecorder => {
            vec![times_case(AddedInstructions, Case::Redacted, Instructions, 12.0), at_most(AddedAllocations, 0.0)]
        }
        Case::AxumRouteOff => vec![times_case(AddedInstructions, Case::Axum, AddedInstructions, 0.5)],
        Case::AxumOff => vec![at_most(AddedInstructions, 300.0), at_most(AddedAllocations, 0.0)],
        Case::AxumPanic => vec![at_most(Time, 20_000.0)],
        Case::AxumLoopback | Case::ActixLoopback => vec![at_most(AddedProcessor, 0.8)],
        Case::AxumUnmatched | Case::AxumInfo | Case::ActixUnmatched | Case::ActixInfo => vec![],
        Case::Delivery1 => {
            vec![at_least_times_best(Records, 3.0), at_least(Records, 6_000_000.0), at_most(Allocations, 0.0)]
        }
        Case::Delivery2 | Case::Delivery4 => vec![at_least_times_best(Records, 3.0), at_least(Records, 6_000_000.0)],
        Case::DeliveryPaced => {
            vec![at_most(Half, 100.0), at_most(Hundredth, 200.0), at_most(Thousandth, 1_000.0), at_most(Wakeups, 10.0)]
        }
        Case::DeliverySaturated => vec![not_above_lossless(Hundredth), not_above_lossless(Thousandth)],
        Case::DeliveryBesideDead => vec![at_least_times_case(Records, Case::Delivery1, 0.95)],
        Case::DeliveryBesideWell => vec![],
        Case::DeliveryDurable => vec![at_least_times(Records, FLOOR, 20.0)],
        Case::File => vec![times_floor(Time, 1.07), at_most(Allocations, 0.0)],
        Case::FileBuffered => vec![times_floor(Time, 1.3), at_most(Allocations, 0.0)],
        Case::Sites => vec![not_above(Check, TRACING), not_above(Build, TRACING), not_above(Code, TRACING)],
    }
}
