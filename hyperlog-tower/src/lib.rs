//! One request, one record, for [tower](https://docs.rs/tower) and whatever is built on it.
//!
//! ```
//! use hyperlog_core::{Logger, info};
//! use hyperlog_tower::HyperLogLayer;
//! use tower_layer::Layer;
//! # use http::{Request, Response};
//! # use std::{convert::Infallible, future::{Ready, ready}, task::{Context, Poll}};
//! # #[derive(Clone)]
//! # struct Hello;
//! # impl tower_service::Service<Request<String>> for Hello {
//! #     type Response = Response<String>;
//! #     type Error = Infallible;
//! #     type Future = Ready<Result<Response<String>, Infallible>>;
//! #     fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> { Poll::Ready(Ok(())) }
//! #     fn call(&mut self, _: Request<String>) -> Self::Future {
//! #         info!("on it");
//! #         ready(Ok(Response::new("hello".to_owned())))
//! #     }
//! # }
//!
//! let (logger, captured) = Logger::capture();
//! let service = HyperLogLayer::new().logger(logger).layer(Hello);
//! # let mut service = service;
//! # use tower_service::Service;
//! # let mut answer = std::pin::pin!(service.call(Request::new(String::new())));
//! # let _ = answer.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
//! # use std::future::Future;
//! // ... after a request
//! assert!(captured.only_saying("on it").has("request_id"));
//! ```
//!
//! The inner service needs to be neither `Clone` nor `Send`, and no body is boxed. A panic of the service becomes a plain
//! 500 with the request's id; a panic of the body becomes an error of the body.

#[cfg(feature = "tower-http")]
mod beside;
mod body;
mod future;
mod head;
mod layer;
mod outgoing;
mod route;
mod service;
#[cfg(feature = "tokio")]
mod task;

#[cfg(feature = "tower-http")]
pub use crate::beside::{LogPanicReply, MakeLogId};
pub use crate::body::LogBody;
pub use crate::future::LogFuture;
pub use crate::head::{Cause, NoRouter, Router, extension};
pub use crate::layer::{HyperLogLayer, LogLayer};
pub use crate::outgoing::{OutgoingLayer, OutgoingService, put_ids};
pub use crate::route::{RouteLog, RouteLogService};
pub use crate::service::LogService;
#[cfg(feature = "tokio")]
pub use crate::task::{spawn, spawn_blocking};

/// Any error, as bodies give them.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The page of the registry, whose example runs with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
