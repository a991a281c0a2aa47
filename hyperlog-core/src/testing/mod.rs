//! What any [`Sink`](crate::Sink) and any [`Encode`](crate::Encode) is held against.
//!
//! The promises that the logger relies on, as functions for the tests of those who implement the two traits; our own sinks
//! and encoders pass through the same. A promise that is broken is told as what to do about it.
//!
//! ```
//! use hyperlog_core::testing::{EncoderCheck, SinkCheck};
//! use hyperlog_core::{Json, Memory};
//!
//! EncoderCheck::new(Json::new).one_line_per_record().run();
//!
//! let memory = Memory::new();
//! SinkCheck::new(memory.clone()).observed_by(move || memory.bytes()).run();
//! ```

mod encoder;
mod sink;

pub use self::encoder::EncoderCheck;
pub use self::sink::SinkCheck;

use crate::encode::Encode;
use crate::sink::Sink;

/// Holds an encoder against what every encoder promises. For more, see [`EncoderCheck`].
///
/// # Panics
///
/// When a promise is broken, with what to do about it.
#[track_caller]
pub fn check_encoder<E: Encode>(make: impl Fn() -> E) {
    EncoderCheck::new(make).run();
}

/// Holds a sink against what every sink promises. For more, see [`SinkCheck`].
///
/// # Panics
///
/// When a promise is broken, with what to do about it.
#[track_caller]
pub fn check_sink(sink: impl Sink) {
    SinkCheck::new(sink).run();
}
