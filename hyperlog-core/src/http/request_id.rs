//! The id of a request: taken over from whoever sent it, if it is harmless, or made here.
//!
//! An id travels into headers, records and other systems. What comes in is therefore held to a short list of characters
//! and a length, once, at the door.

use std::cell::Cell;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::{Builder, Uuid};

/// The id of a request. Cloning is cheap.
///
/// ```
/// use hyperlog_core::http::RequestId;
///
/// assert_eq!(RequestId::parse(b"abc-123").unwrap().as_str(), "abc-123");
/// assert!(RequestId::parse(b"two words").is_none());
/// assert_eq!(RequestId::generate().as_str().len(), 36);
/// ```
#[derive(Clone)]
pub struct RequestId(Form);

/// Where the id of a request is from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdSource {
    /// Whoever sent the request.
    Inbound,
    /// A function of the application's.
    Application,
    /// This very module, so that nothing is in it that anybody could have meant.
    Here,
}

impl IdSource {
    pub(crate) fn name(self) -> &'static str {
        match self {
            IdSource::Inbound => "inbound",
            IdSource::Application | IdSource::Here => "generated",
        }
    }
}

/// Most ids, and all that are made here, need no memory of their own.
#[derive(Clone)]
enum Form {
    Short { bytes: Aligned, length: u8 },
    Long(Arc<str>),
}

/// Where words are read at a time: looked through byte by byte, an id would take six times as long to become text.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Aligned([u8; SHORT]);

const SHORT: usize = 48;

impl RequestId {
    /// The header that carries it, in both directions, unless another is chosen.
    pub const HEADER: &'static str = "x-request-id";

    /// The most bytes that an id may have.
    pub const MAX_LENGTH: usize = 128;

    /// Takes over an id: 1 to 128 ASCII letters, digits and `-` `_` `.` `:` `;` `=` `+` `/`.
    pub fn parse(id: &[u8]) -> Option<RequestId> {
        if id.is_empty() || id.len() > RequestId::MAX_LENGTH || !id.iter().all(is_allowed) {
            return None;
        }
        Some(RequestId::of(std::str::from_utf8(id).ok()?))
    }

    /// Makes an id: a UUID of version 7, which sorts by time.
    pub fn generate() -> RequestId {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let uuid = Builder::from_unix_timestamp_millis(now.as_millis() as u64, &random(now)).into_uuid();
        RequestId::of(uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }

    fn of(id: &str) -> RequestId {
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..id.len()) {
            Some(start) => {
                start.copy_from_slice(id.as_bytes());
                RequestId(Form::Short { bytes: Aligned(bytes), length: id.len() as u8 })
            }
            None => RequestId(Form::Long(id.into())),
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            // All of the bytes, which are looked through by words.
            Form::Short { length, bytes } => {
                let text = std::str::from_utf8(&bytes.0).unwrap_or_default();
                text.get(..usize::from(*length)).unwrap_or_default()
            }
            Form::Long(id) => id,
        }
    }
}

/// Ten bytes that nobody else has. An id is no secret, so what the standard library seeds its hash maps with is enough:
/// the system is asked once for each thread. The time of the day joins in, so that a process that was forked goes another
/// way than its parent.
fn random(now: Duration) -> [u8; 10] {
    thread_local! {
        static STATE: Cell<[u64; 2]> = Cell::new([(); 2].map(|()| RandomState::new().build_hasher().finish()));
    }
    let nanos = u64::from(now.subsec_nanos());
    let next = |[one, other]: [u64; 2]| {
        let sum = one.wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_add(nanos);
        [mixed(sum ^ other.rotate_left(29)), other.wrapping_add(sum | 1)]
    };
    let words = STATE
        .try_with(|state| {
            let words = next(state.get());
            state.set(words);
            words
        })
        // On a thread that is ending.
        .unwrap_or_else(|_| [(); 2].map(|()| RandomState::new().build_hasher().finish()));
    let both = (u128::from(mixed(words[0])) << 64) | u128::from(mixed(words[0] ^ words[1]));
    let [ten @ .., _, _, _, _, _, _] = both.to_ne_bytes();
    ten
}

/// Each bit of the result depends on each of the word.
fn mixed(word: u64) -> u64 {
    let product = u128::from(word ^ 0x2545_F491_4F6C_DD1D).wrapping_mul(0xD129_0D3B_3E8F_6AE3_9E37_79B9_7F4A_7C15);
    let folded = (product >> 64) as u64 ^ product as u64;
    folded ^ folded.rotate_right(23)
}

fn is_allowed(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.:;=+/".contains(byte)
}

impl AsRef<[u8]> for RequestId {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Form::Short { length, bytes } => &bytes.0[..usize::from(*length)],
            Form::Long(id) => id.as_bytes(),
        }
    }
}

impl PartialEq for RequestId {
    fn eq(&self, other: &RequestId) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for RequestId {}

impl Hash for RequestId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RequestId({})", self.as_str())
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn only_harmless_ids_are_taken_over() {
        let check = |id: &[u8], expected: bool| {
            let parsed = RequestId::parse(id);
            assert_eq!(parsed.is_some(), expected, "{}", id.escape_ascii());
            assert!(parsed.is_none_or(|parsed| parsed.as_str().as_bytes() == id), "{}", id.escape_ascii());
        };
        check(b"abc-123", true);
        check(b"Root=1-67891233-abcdef012345678912345678", true);
        check(b"0193f6f4-7c1e-7b1a-8c51-0242ac120002", true);
        check(&[b'a'; SHORT], true);
        check(&[b'a'; SHORT + 1], true);
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
        let millis = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
        let before = millis();
        let made = || (0..10_000).map(|_| RequestId::generate()).collect::<Vec<_>>();
        let threads = [(); 4].map(|()| std::thread::spawn(made));
        let ids: HashSet<RequestId> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        let after = millis();
        assert_eq!(ids.len(), 40_000);
        for id in ids {
            assert!(RequestId::parse(id.as_str().as_bytes()).is_some(), "{id}");
            let uuid = Uuid::parse_str(id.as_str()).expect("it is a UUID");
            assert_eq!(uuid.get_version_num(), 7);
            let millis = (uuid.as_u128() >> 80) as u64;
            assert!((before..=after).contains(&millis), "{id} at {millis}, not in {before}..={after}");
        }
    }

    /// Of 62 bits that are random in the lower half of an id, each is set in about half of all ids.
    #[test]
    fn no_bit_of_an_id_leans_to_one_side() {
        const IDS: u32 = 20_000;
        let mut counts = [0_u32; 62];
        for _ in 0..IDS {
            let id = Uuid::parse_str(RequestId::generate().as_str()).unwrap().as_u128();
            counts.iter_mut().enumerate().for_each(|(bit, count)| *count += (id >> bit) as u32 & 1);
        }
        assert!(counts.iter().all(|count| count.abs_diff(IDS / 2) < IDS / 20), "{counts:?}");
    }
}
