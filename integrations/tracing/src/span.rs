//! A span as hyperlog knows it: a part of the work under way, with a logger of its own.

use crate::closing::Closing;
use crate::crossing::CROSSING;
use crate::gathering::IntoSet;
use hyperlog_core::bridge::Way;
use hyperlog_core::{FieldSet, Scope, list};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tracing_core::span::{Id, Record};

/// What is kept of a span.
pub(crate) struct Span {
    pub(crate) scope: Scope,
    /// When it was worked in, if that is asked for.
    closing: Option<Mutex<Closing>>,
    follows: Mutex<Vec<u64>>,
}

/// So many spans that one follows are named.
const MOST_FOLLOWED: usize = 32;

impl Span {
    pub(crate) fn new(scope: Scope, closing: Option<Closing>) -> Span {
        Span { scope, closing: closing.map(Mutex::new), follows: Mutex::default() }
    }

    /// Adds fields to the later records of this span and of those within it.
    pub(crate) fn record(&self, values: &Record<'_>) {
        if Way::Outward.is_taken(&CROSSING) {
            return;
        }
        let mut fields = FieldSet::new();
        values.record(&mut IntoSet(&mut fields));
        if !fields.is_empty() {
            self.scope.bind_here(&fields);
        }
    }

    /// Notes another span that this one follows.
    pub(crate) fn follow(&self, id: &Id) {
        let mut follows = lock(&self.follows);
        if follows.len() < MOST_FOLLOWED && !follows.contains(&id.into_u64()) {
            follows.push(id.into_u64());
        }
        let fields = FieldSet::new().with(FOLLOWS_FROM, list(&follows));
        drop(follows);
        self.scope.bind_here(&fields);
    }

    /// Makes the logger of this span the current one of the thread.
    pub(crate) fn enter(&self) {
        self.note(Closing::enter);
        self.scope.enter_without_guard();
    }

    pub(crate) fn leave(&self) {
        self.note(Closing::leave);
        self.scope.leave();
    }

    fn note(&self, note: fn(&mut Closing)) {
        if let Some(closing) = &self.closing {
            note(&mut lock(closing));
        }
    }

    /// How long it was open, if that is asked for.
    pub(crate) fn closing_fields(&self) -> Option<FieldSet> {
        self.closing.as_ref().map(|closing| lock(closing).fields())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of the innermost span.
pub(crate) const NAME: &str = "span.name";
/// Its number.
pub(crate) const ID: &str = "span.id";
/// The numbers of the spans that it follows.
pub(crate) const FOLLOWS_FROM: &str = "span.follows_from";
