//! Work that tokio carries on for a request: it keeps the scope, and its panics are told.

use hyperlog_core::panic::{spawned, spawned_call};
use std::future::Future;
use tokio::task::JoinHandle;

/// [`tokio::spawn`] for work that belongs to the current request: its records bear the id, and a panic of it becomes a
/// record that says `spawned`. The request does not wait for it.
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    tokio::spawn(spawned(future))
}

/// [`tokio::task::spawn_blocking`] for work that belongs to the current request.
pub fn spawn_blocking<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    tokio::task::spawn_blocking(spawned_call(work))
}
