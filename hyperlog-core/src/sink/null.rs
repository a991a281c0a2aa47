//! Nowhere.

use crate::sink::{Line, Sink, Written};

/// Takes every record and keeps none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Sink for Null {
    #[inline]
    fn write(&self, _: &Line<'_>) -> Written {
        Written::Done
    }
}
