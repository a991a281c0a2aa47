//! Work that actix carries on for a request: it keeps the scope, and its panics are told.

use actix_web::error::BlockingError;
use actix_web::rt::task::JoinHandle;
use hyperlog_core::panic::{spawned, spawned_call};
use std::future::Future;

/// [`actix_web::rt::spawn`] for work that belongs to the current request: its records bear the id, and a panic of it
/// becomes a record that says `spawned`. The request does not wait for it.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    actix_web::rt::spawn(spawned(future))
}

/// [`actix_web::web::block`] for work that belongs to the current request.
///
/// # Errors
///
/// As [`actix_web::web::block`] has them: the pool is closing, or the work panicked.
pub async fn block<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, BlockingError> {
    let work = spawned_call(work);
    actix_web::web::block(work).await
}
