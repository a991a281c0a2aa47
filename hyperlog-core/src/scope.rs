//! What one unit of work shares: its logger, and the fields that join it on the way.
//!
//! A scope is current on a thread while the work is polled or called there, without any runtime's help; whatever logs
//! meanwhile logs through it.

use crate::logger::{BindFields, Logger};
use std::cell::RefCell;
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
}

impl Scope {
    /// A unit of work that logs through this logger.
    pub fn new(logger: Logger) -> Scope {
        Scope(Arc::new(Mutex::new(logger)))
    }

    /// The scope of what this thread is doing right now.
    pub fn current() -> Option<Scope> {
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
        let previous = CURRENT
            .try_with(|current| current.try_borrow_mut().ok().and_then(|mut current| current.replace(self.clone())))
            .unwrap_or(None);
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
        let previous = self.previous.take();
        // What was current is dropped outside of the borrow: dropping it may log.
        let left = CURRENT.try_with(|current| match current.try_borrow_mut() {
            Ok(mut current) => std::mem::replace(&mut *current, previous),
            Err(_) => None,
        });
        drop(left);
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
