//! What one unit of work shares: its logger, and the fields that join it on the way.
//!
//! A scope is current on a thread while the work is polled or called there, without any runtime's help; whatever logs
//! meanwhile logs through it.

use crate::bind::BindFields;
use crate::logger::Logger;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
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
pub struct Scope(Arc<Mutex<Logger>>);

thread_local! {
    static CURRENT: RefCell<Option<Scope>> = const { RefCell::new(None) };
    /// Whether there is one: most records of most threads only have to look here.
    static IS_ENTERED: Cell<bool> = const { Cell::new(false) };
}

/// Makes a scope current, or none; returns the one that was.
fn replace_current(scope: Option<Scope>) -> Option<Scope> {
    let is_entered = scope.is_some();
    let replaced = CURRENT.try_with(|current| match current.try_borrow_mut() {
        Ok(mut current) => {
            IS_ENTERED.set(is_entered);
            std::mem::replace(&mut *current, scope)
        }
        Err(_) => None,
    });
    replaced.unwrap_or(None)
}

impl Scope {
    /// A unit of work that logs through this logger.
    pub fn new(logger: Logger) -> Scope {
        Scope(Arc::new(Mutex::new(logger)))
    }

    /// The scope of what this thread is doing right now.
    #[inline]
    pub fn current() -> Option<Scope> {
        if IS_ENTERED.get() { Scope::entered() } else { None }
    }

    #[inline(never)]
    fn entered() -> Option<Scope> {
        CURRENT.try_with(|current| current.try_borrow().ok()?.clone()).ok().flatten()
    }

    /// The logger, with all that has been bound so far.
    pub fn logger(&self) -> Logger {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds fields to every later record of this scope.
    pub fn bind(&self, fields: impl BindFields) {
        let mut logger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *logger = logger.with(fields);
    }

    /// Makes this the current scope of the thread until the guard is dropped.
    pub fn enter(&self) -> Entered {
        let previous = replace_current(Some(self.clone()));
        Entered { previous, on_this_thread: PhantomData }
    }
}

impl std::fmt::Debug for Scope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Scope")
    }
}

/// Leaves the scope when dropped.
#[must_use = "the scope is left when this is dropped, at once if it is not kept"]
pub struct Entered {
    previous: Option<Scope>,
    /// A scope is left on the thread that it was entered on.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        // What was current is dropped outside of the borrow: dropping it may log.
        drop(replace_current(self.previous.take()));
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
    /// Enters the scope whenever the future is polled.
    fn in_scope(self, scope: Scope) -> InScope<Self> {
        InScope { future: Box::pin(self), scope: Some(scope) }
    }

    /// [`ScopeExt::in_scope`] with the scope that is current now, if there is one.
    fn in_current_scope(self) -> InScope<Self> {
        InScope { future: Box::pin(self), scope: Scope::current() }
    }
}

impl<F: Future> ScopeExt for F {}

/// A future in a scope.
#[must_use = "futures do nothing unless polled"]
pub struct InScope<F> {
    future: Pin<Box<F>>,
    scope: Option<Scope>,
}

impl<F: Future> Future for InScope<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<F::Output> {
        let _entered = self.scope.as_ref().map(Scope::enter);
        self.future.as_mut().poll(context)
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
