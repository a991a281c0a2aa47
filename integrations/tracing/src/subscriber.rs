//! A subscriber of its own, for programs whose events go nowhere else.
//!
//! It keeps its spans itself: a registry that many layers share keeps more of them than we need, and panics where a parent
//! has closed or a thread is ending.

use crate::layer::{RecordLayer, interest_in};
use crate::level::outward_filter;
use crate::span::Span;
use crate::spot::Spot;
use hyperlog_core::bridge;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use tracing_core::metadata::LevelFilter;
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, Metadata, Subscriber};

/// A subscriber that makes records of events, and context of spans: see [`RecordLayer::into_subscriber`].
pub struct RecordSubscriber {
    layer: RecordLayer,
    /// The spans that are open, apart by their numbers, so that threads seldom wait for each other.
    spans: [RwLock<HashMap<u64, Arc<Open>>>; SHARDS],
}

/// A span that is open.
struct Open {
    span: Span,
    metadata: &'static Metadata<'static>,
    handles: AtomicUsize,
}

const SHARDS: usize = 32;

thread_local! {
    /// The spans that this thread has entered and not left, of whichever subscriber.
    static ENTERED: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

impl RecordLayer {
    /// A subscriber that does what this layer does, and keeps its spans itself.
    pub fn into_subscriber(self) -> RecordSubscriber {
        RecordSubscriber::new(self)
    }
}

impl RecordSubscriber {
    fn new(layer: RecordLayer) -> RecordSubscriber {
        RecordSubscriber { layer, spans: Default::default() }
    }

    fn shard(&self, id: u64) -> &RwLock<HashMap<u64, Arc<Open>>> {
        &self.spans[id as usize % SHARDS]
    }

    fn find(&self, id: &Id) -> Option<Arc<Open>> {
        self.find_number(id.into_u64())
    }

    fn find_number(&self, id: u64) -> Option<Arc<Open>> {
        self.shard(id).read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }
}

impl Subscriber for RecordSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        interest_in(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Spot::is_enabled(metadata, self.layer.own_logger())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(outward_filter(bridge::most_verbose()))
    }

    fn event(&self, event: &Event<'_>) {
        self.layer.hear(event, |id| Some(self.find(id)?.span.scope.clone()));
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        // A number is never used again: whoever still holds that of a span that has closed finds none.
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = Id::from_u64(NEXT.fetch_add(1, Ordering::Relaxed));
        let span = self.layer.open(attributes, &id, |id| Some(self.find(id)?.span.scope.clone()));
        let open = Open { span, metadata: attributes.metadata(), handles: AtomicUsize::new(1) };
        let mut shard = self.shard(id.into_u64()).write().unwrap_or_else(PoisonError::into_inner);
        shard.insert(id.into_u64(), Arc::new(open));
        id
    }

    fn record(&self, id: &Id, values: &Record<'_>) {
        if let Some(open) = self.find(id) {
            open.span.record(values);
        }
    }

    fn record_follows_from(&self, id: &Id, follows: &Id) {
        if let (true, Some(open)) = (self.layer.shows_ids(), self.find(id)) {
            open.span.follow(follows);
        }
    }

    fn enter(&self, id: &Id) {
        let Some(open) = self.find(id) else { return };
        let _ = ENTERED.try_with(|entered| entered.borrow_mut().push(id.into_u64()));
        open.span.enter();
    }

    fn exit(&self, id: &Id) {
        let Some(open) = self.find(id) else { return };
        let _ = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            if let Some(place) = entered.iter().rposition(|other| *other == id.into_u64()) {
                entered.remove(place);
            }
        });
        open.span.leave();
    }

    fn clone_span(&self, id: &Id) -> Id {
        if let Some(open) = self.find(id) {
            open.handles.fetch_add(1, Ordering::Relaxed);
        }
        id.clone()
    }

    fn try_close(&self, id: Id) -> bool {
        let Some(open) = self.find(&id) else { return false };
        if open.handles.fetch_sub(1, Ordering::AcqRel) != 1 {
            return false;
        }
        self.layer.tell_closed(open.metadata, &open.span);
        let mut shard = self.shard(id.into_u64()).write().unwrap_or_else(PoisonError::into_inner);
        let closed = shard.remove(&id.into_u64());
        // Outside of the lock: what a span holds may log when it is dropped.
        drop(shard);
        drop(closed);
        true
    }

    fn current_span(&self) -> Current {
        let innermost = ENTERED.try_with(|entered| entered.borrow().last().copied()).ok().flatten();
        let known = innermost.and_then(|id| Some((Id::from_u64(id), self.find_number(id)?.metadata)));
        known.map_or_else(Current::none, |(id, metadata)| Current::new(id, metadata))
    }
}

impl std::fmt::Debug for RecordSubscriber {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("RecordSubscriber").field("layer", &self.layer).finish_non_exhaustive()
    }
}
