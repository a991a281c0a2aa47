//! Work that goes on elsewhere on behalf of what is current here: another task, another thread.

use crate::logger::Logger;
use crate::panic::{Origin, catch};
use crate::scope::Scope;
use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Takes the current scope along into a future that is spawned, and tells its panic before it goes on.
///
/// Whoever spawned it still sees the panic, as the runtime shows it.
pub fn spawned<F: Future>(future: F) -> Spawned<F> {
    Spawned { future: Some(future), scope: Scope::current() }
}

/// Takes the current scope along into a closure for another thread, and tells its panic before it goes on.
///
/// ```
/// use hyperlog_core::{Logger, info, panic};
///
/// let (logger, captured) = Logger::capture();
/// let _entered = logger.enter();
/// std::thread::spawn(panic::spawned_call(|| info!("elsewhere"))).join().unwrap();
/// assert_eq!(captured.only().message(), "elsewhere");
/// ```
pub fn spawned_call<R>(work: impl FnOnce() -> R) -> impl FnOnce() -> R {
    let scope = Scope::current();
    move || {
        let _entered = scope.as_ref().map(Scope::enter);
        tell_and_resume(work)
    }
}

pin_project! {
    /// What [`spawned`] makes.
    #[must_use = "futures do nothing unless polled"]
    pub struct Spawned<F> {
        // None only while it is being dropped.
        #[pin]
        future: Option<F>,
        scope: Option<Scope>,
    }

    impl<F> PinnedDrop for Spawned<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = this.scope.as_ref().map(Scope::enter);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Spawned<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.scope.as_ref().map(Scope::enter);
        match this.future.as_pin_mut() {
            Some(future) => tell_and_resume(|| future.poll(context)),
            None => Poll::Pending,
        }
    }
}

fn tell_and_resume<R>(work: impl FnOnce() -> R) -> R {
    match catch(work) {
        Ok(result) => result,
        Err(panic) => {
            panic.tell(&Logger::current(), Origin::Spawned);
            panic.resume()
        }
    }
}
