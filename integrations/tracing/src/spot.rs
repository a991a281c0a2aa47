//! A place of the program as both sides know it.
//!
//! `tracing` describes each place once and for ever; so do we. A thread finds the description by the address of the other,
//! nearly always at once.

use crate::level;
use hyperlog_core::bridge::Origin;
use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use tracing_core::Metadata;
use tracing_core::field::Field;

/// A place of the program from which `tracing` is called.
pub(crate) struct Spot {
    metadata: &'static Metadata<'static>,
    pub(crate) origin: Origin,
    /// How many fields there are beside the message.
    pub(crate) count: usize,
    message: Option<usize>,
    /// Whether it stands for all calls of the `log` crate, whose places are told in fields.
    pub(crate) is_log: bool,
    /// Whether it is where the spans of requests are from.
    pub(crate) is_request: bool,
}

/// A thread finds this many places without a lock, if their addresses let it.
const KEPT: usize = 256;

thread_local! {
    static NEAR: [Cell<Option<&'static Spot>>; KEPT] = const { [const { Cell::new(None) }; KEPT] };
}

impl Spot {
    /// The spot of a place.
    #[inline]
    pub(crate) fn of(metadata: &'static Metadata<'static>) -> &'static Spot {
        match near(metadata) {
            Some(spot) => spot,
            None => Spot::fetch(metadata),
        }
    }

    /// The same, if this is the description of a place. One that is made up for a question has no spot: what has an
    /// address for ever shares it with nothing.
    #[inline]
    pub(crate) fn known(metadata: &Metadata<'_>) -> Option<&'static Spot> {
        near(metadata).or_else(|| all().lock().unwrap_or_else(PoisonError::into_inner).get(&address(metadata)).copied())
    }

    #[cold]
    fn fetch(metadata: &'static Metadata<'static>) -> &'static Spot {
        let mut all = all().lock().unwrap_or_else(PoisonError::into_inner);
        let spot = *all.entry(address(metadata)).or_insert_with(|| Box::leak(Box::new(Spot::new(metadata))));
        let _ = NEAR.try_with(|near| near[place(metadata)].set(Some(spot)));
        spot
    }

    fn new(metadata: &'static Metadata<'static>) -> Spot {
        let fields = metadata.fields();
        let message = fields.field("message").map(|field| field.index());
        let names: Vec<&'static str> =
            fields.iter().filter(|field| Some(field.index()) != message).map(|field| field.name()).collect();
        let origin = Origin::new(level::inward(*metadata.level()), metadata.target(), &names);
        let origin = origin.at(metadata.module_path(), metadata.file(), metadata.line());
        let is_log = metadata.target() == "log" && fields.field(LOG_TARGET).is_some();
        #[cfg(feature = "http")]
        let is_request = crate::request::is_place(metadata);
        #[cfg(not(feature = "http"))]
        let is_request = false;
        Spot { metadata, origin, count: names.len(), message, is_log, is_request }
    }

    /// Whether it can be given a message, which on a span is a field like any other.
    pub(crate) fn has_message(&self) -> bool {
        self.message.is_some()
    }

    /// Whether a field is the message.
    #[inline]
    pub(crate) fn is_message(&self, field: &Field) -> bool {
        self.message == Some(field.index())
    }

    /// Which field it is, of those beside the message.
    #[inline]
    pub(crate) fn place_of(&self, field: &Field) -> usize {
        let index = field.index();
        index - usize::from(self.message.is_some_and(|message| message < index))
    }
}

/// Where the target of a call of the `log` crate is told.
pub(crate) const LOG_TARGET: &str = "log.target";
pub(crate) const LOG_MODULE: &str = "log.module_path";
pub(crate) const LOG_FILE: &str = "log.file";
pub(crate) const LOG_LINE: &str = "log.line";

#[inline]
fn near(metadata: &Metadata<'_>) -> Option<&'static Spot> {
    let spot = NEAR.try_with(|near| near[place(metadata)].get()).ok().flatten()?;
    (address(spot.metadata) == address(metadata)).then_some(spot)
}

fn all() -> &'static Mutex<HashMap<usize, &'static Spot>> {
    static ALL: OnceLock<Mutex<HashMap<usize, &'static Spot>>> = OnceLock::new();
    ALL.get_or_init(Mutex::default)
}

#[inline]
fn address(metadata: &Metadata<'_>) -> usize {
    std::ptr::from_ref(metadata).addr()
}

/// Descriptions stand one after the other in the program: the lowest bits say nothing, and those above tell neighbours
/// apart.
#[inline]
fn place(metadata: &Metadata<'_>) -> usize {
    let address = address(metadata);
    (address >> 4 ^ address >> 12) % KEPT
}
