//! Where a thread stands on this bridge.

use hyperlog_core::bridge::Crossing;

thread_local! {
    pub(crate) static CROSSING: Crossing = const { Crossing::new() };
}
