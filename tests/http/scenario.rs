//! What is expected of every framework alike, by theme.

pub(crate) mod beside;
pub(crate) mod bodies;
pub(crate) mod connections;
pub(crate) mod grpc;
pub(crate) mod hostile;
pub(crate) mod http2;
pub(crate) mod identity;
pub(crate) mod installed;
pub(crate) mod leaving;
pub(crate) mod many;
pub(crate) mod panics;
pub(crate) mod recorder;
pub(crate) mod rejections;
pub(crate) mod routes;
pub(crate) mod rules;
pub(crate) mod served;
pub(crate) mod shown;
pub(crate) mod truth;
pub(crate) mod watched;
pub(crate) mod wide;
