//! What is expected of every framework alike, by theme.

pub(crate) mod beside;
pub(crate) mod bodies;
pub(crate) mod connections;
pub(crate) mod hostile;
pub(crate) mod http2;
pub(crate) mod leaving;
pub(crate) mod many;
pub(crate) mod panics;
pub(crate) mod routes;
pub(crate) mod served;
pub(crate) mod truth;
