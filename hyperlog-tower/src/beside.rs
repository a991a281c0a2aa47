//! What layers of tower-http are given, so that they say the same as ours: for stacks that have them already.

use crate::head::id_value;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, StatusCode};
use hyperlog_core::Scope;
use hyperlog_core::http::{PROBLEM_JSON, RequestId, internal_server_error};
use std::any::Any;
use tower_http::catch_panic::ResponseForPanic;
use tower_http::request_id::{self, MakeRequestId};

/// Makes ids for [`SetRequestIdLayer`](tower_http::request_id::SetRequestIdLayer) as our layer makes them: inside of it,
/// the id of the request, and elsewhere a new one.
///
/// ```
/// use hyperlog_tower::MakeLogId;
/// use tower_http::request_id::SetRequestIdLayer;
///
/// let layer = SetRequestIdLayer::x_request_id(MakeLogId);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct MakeLogId;

impl MakeRequestId for MakeLogId {
    fn make_request_id<B>(&mut self, request: &Request<B>) -> Option<request_id::RequestId> {
        let own = request.extensions().get::<Scope>().and_then(Scope::request_id);
        Some(request_id::RequestId::new(id_value(&own.unwrap_or_else(RequestId::generate))))
    }
}

/// Answers panics for [`CatchPanicLayer`](tower_http::catch_panic::CatchPanicLayer) as our layer does: a plain 500 that says
/// nothing of the panic but the id of the request. Inside of our layer the panic is told too; without it, nobody logs it.
///
/// ```
/// use hyperlog_tower::LogPanicReply;
/// use tower_http::catch_panic::CatchPanicLayer;
///
/// let layer = CatchPanicLayer::custom(LogPanicReply);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LogPanicReply;

impl ResponseForPanic for LogPanicReply {
    type ResponseBody = String;

    fn response_for_panic(&mut self, _panic: Box<dyn Any + Send + 'static>) -> Response<String> {
        let own = Scope::current().and_then(|scope| scope.request_id());
        let mut response = Response::new(internal_server_error(&own.unwrap_or_else(RequestId::generate)));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        response
    }
}
