//! How long single calls take on the thread that logs.

use crate::delivery::ends::{self, Folder};
use crate::delivery::ticks;
use crate::input::Input;
use crate::metric::Metric;
use crate::peers::Loop;
use std::error::Error;

/// A second at one call in ten microseconds.
pub const PACED_CALLS: u64 = 100_000;
pub const PACE: f64 = 10_000.0;
const SATURATED_CALLS: u64 = 300_000;
/// Until every buffer has been through its first lap, which the system has to find memory for.
const WARM: u64 = 50_000;

type Figures = Vec<(Metric, f64)>;

/// One call in ten microseconds.
pub fn paced(call: Loop, input: &'static Input, folder: &Folder) -> Result<Figures, Box<dyn Error>> {
    measure(PACED_CALLS, PACE, call, input, folder)
}

/// One call after the other.
pub fn saturated(call: Loop, input: &'static Input, folder: &Folder) -> Result<Figures, Box<dyn Error>> {
    measure(SATURATED_CALLS, 0.0, call, input, folder)
}

fn measure(
    calls: u64,
    pace: f64,
    call: Loop,
    input: &'static Input,
    folder: &Folder,
) -> Result<Figures, Box<dyn Error>> {
    let per_nanosecond = ticks::per_nanosecond();
    // Filled with something, so that the memory is there before the first call.
    let mut taken = vec![1_u64; calls as usize];
    call(WARM, input);
    let step = (pace * per_nanosecond) as u64;
    let mut next = ticks::now() + step;
    for taken in &mut taken {
        while ticks::now() < next {
            std::hint::spin_loop();
        }
        next += step;
        let begun = ticks::now();
        call(1, input);
        *taken = ticks::now() - begun;
    }
    ends::end();
    taken.sort_unstable();
    let quantile = |part: f64| taken[(taken.len() as f64 * part) as usize] as f64 / per_nanosecond;
    let lost = (WARM + calls).saturating_sub(folder.lines()?);
    Ok(vec![
        (Metric::Half, quantile(0.5)),
        (Metric::Hundredth, quantile(0.99)),
        (Metric::Thousandth, quantile(0.999)),
        (Metric::Lost, lost as f64),
    ])
}
