//! What any sink and any encoder is held against.
//!
//! The promises that the logger relies on, as checks for the tests of those who implement the two traits; our own sinks
//! and encoders pass through the same. A promise that is broken is told as what to do about it.
//!
//! ```
//! use hyperlog_core::testing::{check_encoder, check_sink};
//! use hyperlog_core::{Json, Memory};
//!
//! check_encoder(Json::new).one_line_per_record().run();
//! # let memory = Memory::new();
//! # let seen = memory.clone();
//! check_sink(memory).observed_by(move || seen.bytes()).run();
//! ```

mod encoder;
mod sink;

pub use self::encoder::EncoderCheck;
pub use self::sink::SinkCheck;

use crate::encode::Encode;
use crate::sink::Sink;

/// Begins to hold an encoder against what every encoder promises. Several are needed, and made by a function.
pub fn check_encoder<E: Encode>(make: impl Fn() -> E + 'static) -> EncoderCheck<E> {
    EncoderCheck::new(make)
}

/// Begins to hold a sink against what every sink promises.
pub fn check_sink<S: Sink>(sink: S) -> SinkCheck<S> {
    SinkCheck::new(sink)
}
