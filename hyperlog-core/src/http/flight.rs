//! The requests that are open right now: what a server is busy with, and what a shutdown still waits for.

use crate::background;
use crate::field::FieldSet;
use crate::http::event::log_event;
use crate::http::request_id::RequestId;
use crate::keys;
use crate::level::Level;
use crate::scope::Scope;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The requests that are open right now. Cloning shares the table.
///
/// ```
/// use hyperlog_core::http::{InFlight, Policy};
/// use std::time::Duration;
///
/// let in_flight = InFlight::new().tell_after(Duration::from_secs(30));
/// let policy = Policy::new().in_flight(&in_flight);
/// // ... and when the server is to end
/// for request in in_flight.open() {
///     println!("still waiting for {} of {:?}", request.method, request.age);
/// }
/// ```
#[derive(Clone, Default)]
pub struct InFlight(Arc<Table>);

#[derive(Default)]
struct Table {
    next: AtomicU64,
    is_telling: AtomicBool,
    /// So that two requests seldom meet.
    shelves: [Mutex<HashMap<u64, Entry>>; SHELVES],
}

const SHELVES: usize = 16;

struct Entry {
    scope: Scope,
    opened: Instant,
    is_told: bool,
}

/// A request that is open.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenRequest {
    /// Its id.
    pub id: RequestId,
    /// Its method.
    pub method: String,
    /// The pattern of its route, as far as it is known.
    pub route: Option<String>,
    /// How long it has been open.
    pub age: Duration,
    /// The message of the record that it logged last, before its arguments were put in.
    pub last_record: Option<String>,
}

impl InFlight {
    /// An empty table, to be given to a [`Policy`](crate::http::Policy::in_flight).
    pub fn new() -> InFlight {
        InFlight::default()
    }

    /// Tells of each request that is open for longer than this, once, by a record of kind `open`.
    #[must_use]
    pub fn tell_after(self, age: Duration) -> InFlight {
        if !self.0.is_telling.swap(true, Ordering::AcqRel) {
            let table = Arc::downgrade(&self.0);
            let pause = (age / 4).clamp(Duration::from_millis(10), Duration::from_secs(5));
            background::after(pause, move || {
                let table = table.upgrade()?;
                table.overdue(age).iter().for_each(|(scope, age)| tell(scope, *age));
                Some(pause)
            });
        }
        self
    }

    /// The requests that are open, the oldest first. What they have of paths is left out: only patterns are safe to show.
    pub fn open(&self) -> Vec<OpenRequest> {
        let mut open: Vec<OpenRequest> =
            self.0.entries().iter().filter_map(|(scope, age)| describe(scope, *age)).collect();
        open.sort_by_key(|request| std::cmp::Reverse(request.age));
        open
    }

    /// Logs each request that is open, as a record of kind `open`: for the end of a server that waits no longer.
    pub fn tell_open(&self) {
        self.0.entries().iter().for_each(|(scope, age)| tell(scope, *age));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        (0..SHELVES).map(|shelf| self.0.shelf(shelf as u64).len()).sum()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Enters a request until the ticket is dropped.
    pub(crate) fn enter(&self, scope: Scope, opened: Instant) -> Ticket {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        self.0.shelf(number).insert(number, Entry { scope, opened, is_told: false });
        Ticket { table: Arc::clone(&self.0), number }
    }
}

impl std::fmt::Debug for InFlight {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("InFlight").field("open", &self.len()).finish()
    }
}

impl Table {
    fn shelf(&self, number: u64) -> MutexGuard<'_, HashMap<u64, Entry>> {
        self.shelves[number as usize % SHELVES].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn entries(&self) -> Vec<(Scope, Duration)> {
        let of_shelf = |shelf: usize| -> Vec<(Scope, Duration)> {
            self.shelf(shelf as u64).values().map(|entry| (entry.scope.clone(), entry.opened.elapsed())).collect()
        };
        (0..SHELVES).flat_map(of_shelf).collect()
    }

    /// What is older than this and was not told of yet.
    fn overdue(&self, age: Duration) -> Vec<(Scope, Duration)> {
        let mut overdue = Vec::new();
        for shelf in 0..SHELVES {
            for entry in self.shelf(shelf as u64).values_mut() {
                if !entry.is_told && entry.opened.elapsed() >= age {
                    entry.is_told = true;
                    overdue.push((entry.scope.clone(), entry.opened.elapsed()));
                }
            }
        }
        overdue
    }
}

fn describe(scope: &Scope, age: Duration) -> Option<OpenRequest> {
    let request = scope.request()?;
    Some(OpenRequest {
        id: request.id.clone(),
        method: request.method().to_owned(),
        route: request.route_now(),
        age,
        last_record: request.recorder().and_then(|recorder| recorder.last()),
    })
}

fn tell(scope: &Scope, age: Duration) {
    let Some(open) = describe(scope, age) else { return };
    let mut fields = FieldSet::new();
    fields.add(keys::KIND, "open").add(keys::METHOD, &open.method);
    if let Some(route) = &open.route {
        fields.add(keys::ROUTE, route);
    }
    fields.add(keys::AGE, age);
    if let Some(last) = &open.last_record {
        fields.add(keys::LAST_RECORD, last);
    }
    // Past the recorder: it is to be seen in any case, and is not what the request did last.
    log_event(&scope.logger().unrecorded(), Level::WARN, "request still open", &fields);
}

/// Leaves the table when dropped.
pub(crate) struct Ticket {
    table: Arc<Table>,
    number: u64,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Not under the lock: this may be the last to hold the scope.
        let left = self.table.shelf(self.number).remove(&self.number);
        drop(left);
    }
}
