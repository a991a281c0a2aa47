//! The receiver's side of Standard Webhooks: whether a request is from whom it says, and new.

use crate::key::{BASE64, KeyError, Kind, Message, SharedKey};
use base64::Engine as _;
use hmac::Mac;
use hyperlog_core::Clock;
use std::collections::{HashSet, VecDeque};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Checks requests that say they are from a sender who signs by Standard Webhooks, this crate or another.
///
/// ```
/// use hyperlog_webhook::{Refused, Signed, Verifier};
///
/// let verifier = Verifier::new(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])?;
/// // What the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` say, and the body as it came, byte by
/// // byte, before anything has parsed or decompressed it.
/// let request = Signed {
///     id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
///     timestamp: "1614265330",
///     signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
///     body: br#"{"test": 2432232314}"#,
/// };
/// // It was sent years ago.
/// assert_eq!(verifier.verify(&request), Err(Refused::OutOfTime));
/// # Ok::<(), hyperlog_webhook::KeyError>(())
/// ```
///
/// | option | by default |
/// |---|---|
/// | [`tolerance`](Verifier::tolerance) | 5 minutes before and after |
/// | [`body_limit`](Verifier::body_limit) | 1 MiB, of a body as it came |
/// | [`replays`](Verifier::replays) | not looked for |
/// | [`clock`](Verifier::clock) | the system's |
pub struct Verifier {
    shared: Vec<SharedKey>,
    #[cfg(feature = "ed25519")]
    public: Vec<crate::ed25519::PublicKey>,
    tolerance: Duration,
    body_limit: usize,
    replays: Option<Arc<ReplayCache>>,
    clock: Clock,
}

/// What a request brings along.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// What the header `webhook-id` says.
    pub id: &'a str,
    /// What the header `webhook-timestamp` says.
    pub timestamp: &'a str,
    /// What the header `webhook-signature` says.
    pub signature: &'a str,
    /// The body as it came.
    pub body: &'a [u8],
}

/// Why a request is not to be believed, and what to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refused {
    /// Its body is longer than allowed, and was not looked at. Answer 413, so that the sender sends less.
    TooLarge,
    /// Its headers are not what they should be. Answer 400.
    Malformed,
    /// It was sent too long ago, or in what is the future here. Answer 400.
    OutOfTime,
    /// No signature is by a key that is known. Answer 401, and the sender tries again with new keys.
    Unsigned,
    /// It came before. Answer as it was answered then: the sender may just not have heard it.
    Replayed,
}

impl Verifier {
    /// With these keys, any of which may have signed: `whsec_…`, and with the feature `ed25519` also `whpk_…`. While one
    /// key takes the place of another there are two.
    ///
    /// # Errors
    ///
    /// When there is none, or one of them is none.
    pub fn new<K: AsRef<str>>(keys: impl IntoIterator<Item = K>) -> Result<Verifier, KeyError> {
        let mut verifier = Verifier {
            shared: Vec::new(),
            #[cfg(feature = "ed25519")]
            public: Vec::new(),
            tolerance: Duration::from_secs(300),
            body_limit: 1024 * 1024,
            replays: None,
            clock: Clock::system(),
        };
        for key in keys {
            verifier.add(key.as_ref())?;
        }
        if verifier.has_keys() { Ok(verifier) } else { Err(KeyError(Kind::None)) }
    }

    /// How far the time of a request may be from now, before and after.
    #[must_use]
    pub fn tolerance(mut self, tolerance: Duration) -> Verifier {
        self.tolerance = tolerance;
        self
    }

    /// How many bytes a body may have. A longer one is refused before anything is computed.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Verifier {
        self.body_limit = bytes;
        self
    }

    /// Refuses what came before. Several verifiers may share what they remember.
    #[must_use]
    pub fn replays(mut self, replays: Arc<ReplayCache>) -> Verifier {
        self.replays = Some(replays);
        self
    }

    /// By which requests are in time or not.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Verifier {
        self.clock = clock;
        self
    }

    /// Whether a request is from whom it says, as it was sent, in time, and new.
    ///
    /// # Errors
    ///
    /// When it is not.
    pub fn verify(&self, request: &Signed<'_>) -> Result<(), Refused> {
        if request.body.len() > self.body_limit {
            return Err(Refused::TooLarge);
        }
        let is_id = !request.id.is_empty() && request.id.len() <= LONGEST_ID && request.signature.len() <= LONGEST_LIST;
        let is_number = !request.timestamp.is_empty() && request.timestamp.bytes().all(|byte| byte.is_ascii_digit());
        if !is_id || !is_number {
            return Err(Refused::Malformed);
        }
        let sent = request.timestamp.parse::<i64>().map_err(|_| Refused::Malformed)?;
        let now = self.clock.now().seconds();
        if sent.abs_diff(now) > self.tolerance.as_secs() {
            return Err(Refused::OutOfTime);
        }
        let message = Message { id: request.id, timestamp: request.timestamp, body: request.body };
        if !self.is_signed(&message, request.signature) {
            return Err(Refused::Unsigned);
        }
        // Last, so that only who has the key can make it remember anything.
        match &self.replays {
            Some(replays) if !replays.is_new(request.id, now, self.tolerance) => Err(Refused::Replayed),
            _ => Ok(()),
        }
    }

    /// Whether any of the signatures is by any of the keys. One that is none, or of another version, spoils nothing.
    fn is_signed(&self, message: &Message<'_>, list: &str) -> bool {
        let macs: Vec<_> = self.shared.iter().map(|key| key.mac(message)).collect();
        #[cfg(feature = "ed25519")]
        let whole = if self.public.is_empty() { Vec::new() } else { message.pieces().concat() };
        list.split(' ').filter_map(|entry| entry.split_once(',')).any(|(version, signature)| {
            let Ok(signature) = BASE64.decode(signature) else { return false };
            match version {
                // compares in constant time
                "v1" => macs.iter().any(|mac| mac.clone().verify_slice(&signature).is_ok()),
                #[cfg(feature = "ed25519")]
                "v1a" => self.public.iter().any(|key| key.is_of(&signature, &whole)),
                _ => false,
            }
        })
    }

    fn add(&mut self, key: &str) -> Result<(), KeyError> {
        #[cfg(feature = "ed25519")]
        if key.trim().starts_with("whpk_") {
            self.public.push(crate::ed25519::PublicKey::parse(key)?);
            return Ok(());
        }
        self.shared.push(SharedKey::parse(key)?);
        Ok(())
    }

    fn has_keys(&self) -> bool {
        #[cfg(feature = "ed25519")]
        if !self.public.is_empty() {
            return true;
        }
        !self.shared.is_empty()
    }
}

/// What a sender may call a request: no more than a cache should have to keep.
const LONGEST_ID: usize = 256;

/// Room for some fifty signatures.
const LONGEST_LIST: usize = 4 * 1024;

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Verifier")
            .field("tolerance", &self.tolerance)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Signed<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Signed({} bytes)", self.body.len())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Refused::TooLarge => "the body is longer than allowed",
            Refused::Malformed => "the headers of the signature are missing or malformed",
            Refused::OutOfTime => "it was not sent just now",
            Refused::Unsigned => "no signature is by a known key",
            Refused::Replayed => "it came before",
        })
    }
}

impl Error for Refused {}

/// Remembers which requests came, as long as they could come again and be in time.
///
/// It holds so many and no more: when it is full, the one that came first is forgotten.
pub struct ReplayCache {
    capacity: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    ids: HashSet<Arc<str>>,
    /// In the order in which they came, with the second up to which they are remembered.
    order: VecDeque<(i64, Arc<str>)>,
}

impl ReplayCache {
    /// For so many requests.
    #[must_use]
    pub fn new(capacity: usize) -> Arc<ReplayCache> {
        Arc::new(ReplayCache { capacity: capacity.max(1), seen: Mutex::default() })
    }

    /// How many it remembers.
    pub fn len(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).order.len()
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn is_new(&self, id: &str, now: i64, tolerance: Duration) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while seen.order.front().is_some_and(|(until, _)| *until < now) {
            seen.forget_first();
        }
        if seen.ids.contains(id) {
            return false;
        }
        while seen.order.len() >= self.capacity {
            seen.forget_first();
        }
        // Sent in what is the future here, it is in time for twice as long.
        let tolerance = i64::try_from(tolerance.as_secs()).unwrap_or(i64::MAX);
        let id: Arc<str> = id.into();
        seen.order.push_back((now.saturating_add(tolerance.saturating_mul(2)), Arc::clone(&id)));
        seen.ids.insert(id);
        true
    }
}

impl Seen {
    fn forget_first(&mut self) {
        if let Some((_, id)) = self.order.pop_front() {
            self.ids.remove(&id);
        }
    }
}

impl fmt::Debug for ReplayCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReplayCache({} of {})", self.len(), self.capacity)
    }
}
