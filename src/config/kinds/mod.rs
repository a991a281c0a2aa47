//! The kinds of outputs and formats that come with the features of this crate.

mod console;
#[cfg(feature = "file")]
mod file;
mod format;
#[cfg(feature = "delivery")]
pub(crate) mod queue;
#[cfg(feature = "webhook")]
mod webhook;

use crate::config::registry::Registry;

impl Registry {
    /// The kinds that the features of this crate bring.
    pub fn new() -> Registry {
        let registry = format::all(console::all(Registry::empty()));
        #[cfg(feature = "file")]
        let registry = file::all(registry);
        #[cfg(feature = "webhook")]
        let registry = webhook::all(registry);
        registry
    }
}

impl Default for Registry {
    fn default() -> Registry {
        Registry::new()
    }
}
