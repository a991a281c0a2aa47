//! What one unit of work shares: its logger, and the fields that join it on the way.
//!
//! A scope is current on a thread while the work is polled or called there, without any runtime's help; whatever logs
//! meanwhile logs through it.

use crate::bind::BindFields;
use crate::contain::contain;
use crate::field::FieldSet;
use crate::logger::Logger;
use crate::part::Part;
use crate::workspace::{is_in_scope, note_scope};
use pin_project_lite::pin_project;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::marker::PhantomData;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as TaskContext, Poll};

/// What one unit of work shares: a request, a job. Cloning shares it.
///
/// ```
/// use hyperlog_core::{Logger, Scope, fields, info};
///
/// let (logger, captured) = Logger::capture();
/// let scope = Scope::new(logger.with(fields!(job = 7)));
/// {
///     let _entered = scope.enter();
///     scope.bind(fields!(user = "ann"));
///     info!("begun");
/// }
/// let record = captured.only();
/// assert_eq!(record.number("job"), 7.0);
/// assert_eq!(record.text("user"), "ann");
/// ```
#[derive(Clone)]
pub struct Scope(Arc<Shared<dyn Subject>>);

/// In one piece of memory, whatever the work is.
struct Shared<S: ?Sized> {
    /// What the work was given to log with.
    given: Logger,
    /// The same with what all records of the work bear, made when the first of them comes.
    own: OnceLock<Logger>,
    /// What has been bound since; none is there as long as nothing was.
    bound: Mutex<Option<Logger>>,
    is_bound: AtomicBool,
    /// How often that changed, or what is bound to a part of the work.
    changes: AtomicU64,
    /// What this is a part of, if it is one.
    part: Option<Box<Part>>,
    subject: S,
}

/// What changes of it stands behind locks, and none is held while code of others runs.
impl<S: ?Sized> UnwindSafe for Shared<S> {}
impl<S: ?Sized> RefUnwindSafe for Shared<S> {}

/// What a unit of work is.
pub(crate) trait Subject: Any + Send + Sync {
    /// The logger of the work, made of the one that it was given: with what all of its records bear.
    fn logger(&self, given: &Logger) -> Logger;

    /// Whether a field of this name tells the work from others, and is nobody else's to bind.
    fn is_named_by(&self, _key: &str) -> bool {
        false
    }
}

/// Work of which nothing is known.
impl Subject for () {
    fn logger(&self, given: &Logger) -> Logger {
        given.clone()
    }
}

thread_local! {
    /// The scopes that were entered and not left, each within the one before.
    static ENTERED: RefCell<Vec<(u64, Scope)>> = const { RefCell::new(Vec::new()) };
    static NEXT: Cell<u64> = const { Cell::new(0) };
}

/// Borrows the entered scopes of this thread, unless it is ending.
fn with_entered<R>(act: impl FnOnce(&mut Vec<(u64, Scope)>) -> R) -> Option<R> {
    ENTERED.try_with(|entered| Some(act(&mut *entered.try_borrow_mut().ok()?))).ok().flatten()
}

/// A unit of work, to whoever knows what it is.
pub(crate) struct Work<S>(Arc<Shared<S>>);

impl<S: Subject> Work<S> {
    #[inline(always)]
    pub(crate) fn new(given: Logger, subject: S) -> Work<S> {
        let (own, bound, is_bound) = (OnceLock::new(), Mutex::new(None), AtomicBool::new(false));
        Work(Arc::new(Shared { given, own, bound, is_bound, changes: AtomicU64::new(0), part: None, subject }))
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope(Arc::<Shared<S>>::clone(&self.0))
    }

    #[cfg(feature = "http")]
    pub(crate) fn subject(&self) -> &S {
        &self.0.subject
    }

    /// The logger that the work was given.
    #[cfg(feature = "http")]
    pub(crate) fn given(&self) -> &Logger {
        &self.0.given
    }

    /// Whether anything was logged or bound: if not, the logger is still the one that was given.
    #[cfg(feature = "http")]
    pub(crate) fn is_touched(&self) -> bool {
        self.0.own.get().is_some()
    }
}

impl Scope {
    /// A unit of work that logs through this logger.
    pub fn new(logger: Logger) -> Scope {
        Work::new(logger, ()).scope()
    }

    /// A part of the work, which logs through this logger.
    pub(crate) fn of_part(logger: Logger, part: Part) -> Scope {
        let (own, bound, is_bound) = (OnceLock::from(logger.clone()), Mutex::new(None), AtomicBool::new(false));
        let (changes, part) = (AtomicU64::new(0), Some(Box::new(part)));
        Scope(Arc::new(Shared { given: logger, own, bound, is_bound, changes, part, subject: () }))
    }

    /// What this is a part of, if it is one.
    pub(crate) fn as_part(&self) -> Option<&Part> {
        self.0.part.as_deref()
    }

    /// The same, if nobody else has it.
    pub(crate) fn as_part_of_nobody_else(&mut self) -> Option<&mut Part> {
        Arc::get_mut(&mut self.0)?.part.as_deref_mut()
    }

    /// The work that this is a part of, or is.
    pub(crate) fn whole(&self) -> &Scope {
        self.as_part().map_or(self, Part::whole)
    }

    /// How often something was bound to the work or to a part of it.
    #[inline]
    pub(crate) fn changes(&self) -> u64 {
        self.0.changes.load(Ordering::Acquire)
    }

    pub(crate) fn note_change(&self) {
        self.0.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// What the work is, if it is of this kind.
    #[cfg(feature = "http")]
    pub(crate) fn subject<S: Subject>(&self) -> Option<&S> {
        let subject: &dyn Any = &self.whole().0.subject;
        subject.downcast_ref()
    }

    /// The scope of what this thread is doing right now.
    #[inline]
    pub fn current() -> Option<Scope> {
        if is_in_scope() { Scope::entered() } else { None }
    }

    #[inline(never)]
    fn entered() -> Option<Scope> {
        with_entered(|entered| entered.last().map(|(_, scope)| scope.clone())).flatten()
    }

    /// The logger, with all that has been bound so far.
    pub fn logger(&self) -> Logger {
        self.with_logger(Logger::clone)
    }

    /// Lends the logger.
    pub(crate) fn with_logger<R>(&self, act: impl FnOnce(&Logger) -> R) -> R {
        if let Some(part) = self.as_part() {
            part.follow(self);
        }
        self.with_logger_so_far(act)
    }

    /// Lends the logger; of a part, without a look at what has been bound around it since.
    pub(crate) fn with_logger_so_far<R>(&self, act: impl FnOnce(&Logger) -> R) -> R {
        if self.0.is_bound.load(Ordering::Acquire)
            && let Some(logger) = self.lock().clone()
        {
            return act(&logger);
        }
        act(self.own())
    }

    /// Whether anything was logged or bound: if not, the logger is still the one that was given.
    #[cfg(feature = "http")]
    pub(crate) fn is_touched(&self) -> bool {
        self.whole().0.own.get().is_some()
    }

    /// The logger that the work was given.
    #[cfg(feature = "http")]
    pub(crate) fn given(&self) -> &Logger {
        &self.whole().0.given
    }

    fn own(&self) -> &Logger {
        match self.0.own.get() {
            Some(logger) => logger,
            None => self.make_own(),
        }
    }

    /// Not under a lock: an encoder of the user's own sees the fields, and may log through this very scope.
    #[cold]
    #[inline(never)]
    fn make_own(&self) -> &Logger {
        thread_local!(static IS_MAKING: Cell<bool> = const { Cell::new(false) });
        if IS_MAKING.replace(true) {
            return &self.0.given;
        }
        let made = contain(|| self.0.subject.logger(&self.0.given));
        IS_MAKING.set(false);
        match made {
            Some(logger) => self.0.own.get_or_init(|| logger),
            None => &self.0.given,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Logger>> {
        self.0.bound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds fields to every later record of this scope. A request keeps its own `request_id`, and `trace_id` if it has one:
    /// fields of these names go nowhere. What is bound to a [part](Scope::part) is bound to the whole.
    pub fn bind(&self, fields: impl BindFields) {
        if let Some(part) = self.as_part() {
            return part.whole().bind(fields);
        }
        let is_taken = |key: &str| self.0.subject.is_named_by(key);
        if fields.parts().names().any(is_taken) {
            return self.bind(&FieldSet::copied(fields.parts()).without(is_taken));
        }
        // Not under the lock: what shows a value may log, through this very scope.
        let before = self.logger();
        if self.replace(&before, before.with(fields)) {
            return;
        }
        // Somebody else was faster. The values are not shown again: that may be what bound something meanwhile.
        let fields = FieldSet::copied(fields.parts());
        loop {
            let before = self.logger();
            if self.replace(&before, before.with(&fields)) {
                return;
            }
        }
    }

    /// Puts another logger in the place of the one that is there.
    #[cfg(feature = "http")]
    pub(crate) fn rebind(&self, change: impl Fn(&Logger) -> Logger) {
        let whole = self.whole();
        loop {
            let before = whole.logger();
            if whole.replace(&before, change(&before)) {
                return;
            }
        }
    }

    /// Puts a logger in the place of another, if it is still there.
    fn replace(&self, before: &Logger, after: Logger) -> bool {
        let own = self.own();
        let mut bound = self.lock();
        let is_there = bound.as_ref().unwrap_or(own).is_bound_as(before);
        if is_there {
            *bound = Some(after);
            self.0.is_bound.store(true, Ordering::Release);
            self.note_change();
        }
        is_there
    }

    /// Puts another logger in the place of the one that is there, and notes what it stands for.
    pub(crate) fn put<R>(&self, logger: Logger, note: impl FnOnce() -> R) {
        let mut bound = self.lock();
        let before = (bound.replace(logger), note());
        self.0.is_bound.store(true, Ordering::Release);
        drop(bound);
        // Outside of the lock: what a logger holds may log when it is dropped.
        drop(before);
    }

    /// Makes this the current scope of the thread until the guard is dropped.
    pub fn enter(&self) -> Entered {
        self.clone().into_entered()
    }

    /// The same by whoever needs it no more.
    pub(crate) fn into_entered(self) -> Entered {
        let number = NEXT.get();
        NEXT.set(number.wrapping_add(1));
        with_entered(|entered| {
            entered.push((number, self));
            note_scope(true);
        });
        Entered { number, on_this_thread: PhantomData }
    }

    /// Makes this the current scope of the thread until [`Scope::leave`]: for bridges, which are told of both apart from
    /// each other, and not always in order. Everything else keeps the guard of [`Scope::enter`].
    #[doc(hidden)]
    pub fn enter_without_guard(&self) {
        std::mem::forget(self.enter());
    }

    /// Leaves the scope where it was entered last on this thread, and none of those that were entered within it.
    #[doc(hidden)]
    pub fn leave(&self) {
        let left = with_entered(|entered| {
            let place = entered.iter().rposition(|(_, scope)| Arc::ptr_eq(&scope.0, &self.0))?;
            let left = entered.remove(place);
            note_scope(!entered.is_empty());
            Some(left)
        });
        drop(left);
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Scope")
    }
}

/// Leaves the scope when dropped, and with it all that were entered within it and not left.
#[must_use = "the scope is left when this is dropped, at once if it is not kept"]
pub struct Entered {
    number: u64,
    /// A scope is left on the thread that it was entered on.
    on_this_thread: PhantomData<*const ()>,
}

impl std::fmt::Debug for Entered {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Entered").finish_non_exhaustive()
    }
}

impl Drop for Entered {
    #[inline]
    fn drop(&mut self) {
        // One after the other, and outside of the borrow: dropping a scope may log.
        while let Some((number, left)) = self.leave() {
            drop(left);
            if number == self.number {
                return;
            }
        }
    }
}

impl Entered {
    /// The innermost scope, as long as this one has not been left. Nearly always it is this one.
    #[inline]
    fn leave(&self) -> Option<(u64, Scope)> {
        with_entered(|entered| {
            let (innermost, _) = entered.last()?;
            if *innermost != self.number {
                entered.iter().rposition(|(number, _)| *number == self.number)?;
            }
            let left = entered.pop();
            note_scope(!entered.is_empty());
            left
        })?
    }
}

impl Logger {
    /// Makes this the logger of the thread until the guard is dropped.
    pub fn enter(&self) -> Entered {
        Scope::new(self.clone()).enter()
    }
}

/// Puts a future into a scope.
///
/// ```
/// use hyperlog_core::{Logger, Scope, ScopeExt, info};
///
/// let (logger, captured) = Logger::capture();
/// let work = async { info!("on my way") }.in_scope(Scope::new(logger));
/// # let mut work = std::pin::pin!(work);
/// # let _ = work.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
/// # use std::future::Future;
/// assert_eq!(captured.only().message(), "on my way");
/// ```
pub trait ScopeExt: Future + Sized {
    /// Enters the scope whenever the future is polled, and when it is dropped.
    fn in_scope(self, scope: Scope) -> InScope<Self> {
        InScope { future: Some(self), scope: Some(scope) }
    }

    /// [`ScopeExt::in_scope`] with the scope that is current now, if there is one.
    fn in_current_scope(self) -> InScope<Self> {
        InScope { future: Some(self), scope: Scope::current() }
    }
}

impl<F: Future> ScopeExt for F {}

pin_project! {
    /// A future in a scope.
    #[must_use = "futures do nothing unless polled"]
    pub struct InScope<F> {
        // None only while it is being dropped.
        #[pin]
        future: Option<F>,
        scope: Option<Scope>,
    }

    impl<F> PinnedDrop for InScope<F> {
        fn drop(this: Pin<&mut Self>) {
            // What the future holds is dropped in its scope: that may log too.
            let mut this = this.project();
            let _entered = this.scope.as_ref().map(Scope::enter);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.scope.as_ref().map(Scope::enter);
        match this.future.as_pin_mut() {
            Some(future) => future.poll(context),
            None => Poll::Pending,
        }
    }
}

/// Takes the current scope along into a closure: for threads and blocking pools.
///
/// ```
/// use hyperlog_core::{Logger, info, wrap};
///
/// let (logger, captured) = Logger::capture();
/// let _entered = logger.enter();
/// std::thread::spawn(wrap(|| info!("elsewhere"))).join().unwrap();
/// assert_eq!(captured.only().message(), "elsewhere");
/// ```
pub fn wrap<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let scope = Scope::current();
    move || {
        let _entered = scope.as_ref().map(Scope::enter);
        work()
    }
}
