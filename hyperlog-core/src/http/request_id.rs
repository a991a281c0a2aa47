//! The id of a request: taken over from whoever sent it, if it is harmless, or made here.
//!
//! An id travels into headers, records and other systems. What comes in is therefore held to a short list of characters
//! and a length, once, at the door.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use uuid::{Builder, Uuid};

/// The id of a request. Cloning shares it.
///
/// ```
/// use hyperlog_core::http::RequestId;
///
/// assert_eq!(RequestId::parse(b"abc-123").unwrap().as_str(), "abc-123");
/// assert!(RequestId::parse(b"two words").is_none());
/// assert_eq!(RequestId::generate().as_str().len(), 36);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The header that carries it, in both directions.
    pub const HEADER: &'static str = "x-request-id";

    /// The most bytes that an id may have.
    pub const MAX_LENGTH: usize = 128;

    /// Takes over an id: 1 to 128 ASCII letters, digits and `-` `_` `.` `:` `;` `=` `+` `/`.
    pub fn parse(id: &[u8]) -> Option<RequestId> {
        if id.is_empty() || id.len() > RequestId::MAX_LENGTH || !id.iter().all(is_allowed) {
            return None;
        }
        Some(RequestId(std::str::from_utf8(id).ok()?.into()))
    }

    /// Makes an id: a UUID of version 7, which sorts by time.
    pub fn generate() -> RequestId {
        let uuid = Builder::from_unix_timestamp_millis(unix_millis(), &random()).into_uuid();
        RequestId(Arc::from(&*uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer())))
    }

    /// The inbound id if it is valid, or else a new one.
    pub fn accept(inbound: Option<&[u8]>) -> RequestId {
        inbound.and_then(RequestId::parse).unwrap_or_else(RequestId::generate)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn unix_millis() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}

/// Ten bytes that nobody else has. An id is no secret, so what the standard library seeds its hash maps with is enough:
/// the system is asked once for each thread, and there is no lock.
fn random() -> [u8; 10] {
    let word = || RandomState::new().build_hasher().finish();
    let both = (u128::from(word()) << 64) | u128::from(word());
    let [ten @ .., _, _, _, _, _, _] = both.to_ne_bytes();
    ten
}

fn is_allowed(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:;=+/".contains(byte)
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        let check = |id: &[u8], expected: bool| {
            assert_eq!(RequestId::parse(id).is_some(), expected, "{}", id.escape_ascii());
        };
        check(b"abc-123", true);
        check(b"Root=1-67891233-abcdef012345678912345678", true);
        check(b"0193f6f4-7c1e-7b1a-8c51-0242ac120002", true);
        check(&[b'a'; 128], true);
        check(&[b'a'; 129], false);
        check(b"", false);
        check(b"two words", false);
        check(b"tab\there", false);
        check(b"quote\"d", false);
        check(b"back\\slash", false);
        check(b"line\nbreak", false);
        check(b"\xc3\xa9", false);
        check(b"<script>", false);
        check(b"\0", false);
    }

    #[test]
    fn generated_ids_are_valid_differ_and_begin_with_the_time() {
        let before = unix_millis();
        let ids: HashSet<RequestId> = (0..10_000).map(|_| RequestId::generate()).collect();
        let after = unix_millis();
        assert_eq!(ids.len(), 10_000);
        for id in ids {
            assert!(RequestId::parse(id.as_str().as_bytes()).is_some(), "{id}");
            let uuid = Uuid::parse_str(id.as_str()).expect("it is a UUID");
            assert_eq!(uuid.get_version_num(), 7);
            let millis = (uuid.as_u128() >> 80) as u64;
            assert!((before..=after).contains(&millis), "{id} at {millis}, not in {before}..={after}");
        }
    }

    #[test]
    fn a_valid_id_is_kept_and_any_other_is_replaced() {
        assert_eq!(RequestId::accept(Some(b"abc")).as_str(), "abc");
        assert_eq!(RequestId::accept(Some(b"a b")).as_str().len(), 36);
        assert_eq!(RequestId::accept(None).as_str().len(), 36);
    }
}
