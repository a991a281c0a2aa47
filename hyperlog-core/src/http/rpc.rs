//! A gRPC call: its status stands in trailers, or in headers where there is nothing else.

use crate::field::FieldSet;
use crate::http::policy::Reply;
use crate::keys;

/// A gRPC call.
pub(crate) struct Rpc {
    status: Option<u32>,
}

const CONTENT_TYPE: &str = "application/grpc";
const STATUS: &str = "grpc-status";
const INTERNAL: u32 = 13;

const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl Rpc {
    /// Whether a request of this content type is one. The variant for browsers is: it has its trailers within the body, so
    /// that its status is known only if it has nothing else.
    pub(crate) fn of(content_type: Option<&[u8]>) -> Option<Rpc> {
        let content_type = content_type?;
        let start = content_type.get(..CONTENT_TYPE.len())?;
        start.eq_ignore_ascii_case(CONTENT_TYPE.as_bytes()).then_some(Rpc { status: None })
    }

    /// Reads the status where it stands.
    pub(crate) fn read<'h>(&mut self, header: impl Fn(&str) -> Option<&'h [u8]>) {
        if let Some(status) = header(STATUS).and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok()) {
            self.status = Some(status);
        }
    }

    /// Whether the server is to blame.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self.status, Some(2 | 4 | 12 | 13 | 14 | 15 | 17..))
    }

    pub(crate) fn tell(&self, path: &str, fields: &mut FieldSet) {
        fields.add(keys::RPC_METHOD, path.strip_prefix('/').unwrap_or(path));
        if let Some(status) = self.status {
            match NAMES.get(status as usize) {
                Some(name) => fields.add(keys::RPC_STATUS, *name),
                None => fields.add(keys::RPC_STATUS, status),
            };
        }
    }

    /// What a client of gRPC understands.
    pub(crate) fn panic_reply(&self) -> Reply {
        Reply {
            status: 200,
            content_type: CONTENT_TYPE.to_owned(),
            body: String::new(),
            headers: vec![(STATUS, INTERNAL.to_string()), ("grpc-message", "internal error".to_owned())],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_to_blame_for_some_statuses_alone() {
        let failures: Vec<&str> = (0..17)
            .filter(|status| Rpc { status: Some(*status) }.is_failure())
            .map(|status| NAMES[status as usize])
            .collect();
        let expected = ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];
        assert_eq!(failures, expected);
        assert!(!Rpc { status: None }.is_failure());
    }

    #[test]
    fn only_grpc_is_grpc() {
        for (content_type, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("Application/gRPC", true),
            ("application/json", false),
            ("application/grp", false),
        ] {
            assert_eq!(Rpc::of(Some(content_type.as_bytes())).is_some(), expected, "{content_type}");
        }
        assert!(Rpc::of(None).is_none());
    }

    #[test]
    fn a_status_that_is_no_number_is_none() {
        let mut rpc = Rpc { status: None };
        rpc.read(|_| Some(b"five"));
        assert_eq!(rpc.status, None);
        rpc.read(|name| (name == STATUS).then_some(&b"5"[..]));
        assert_eq!(rpc.status, Some(5));
    }
}
