//! Who may see the debug records of one request in production: whoever bears a token that only the team can make.

use crate::redact::KeyedHash;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Says whether a token lets its bearer see the debug records of one request.
pub trait DebugTokens: Send + Sync {
    /// Whether it is genuine and has not expired.
    fn is_valid(&self, token: &[u8]) -> bool;
}

/// Tokens that expire, signed with a keyed hash: `1795000000.` and 32 hexadecimal digits.
///
/// ```
/// use hyperlog_core::KeyedHash;
/// use hyperlog_core::http::{DebugTokens, SignedTokens};
/// use std::time::Duration;
/// # #[derive(Clone)]
/// # struct HmacSha256;
/// # impl KeyedHash for HmacSha256 {
/// #     fn hash(&self, value: &[u8]) -> [u8; 16] {
/// #         let mut hash = [7; 16];
/// #         value.iter().enumerate().for_each(|(place, byte)| hash[place % 16] ^= byte);
/// #         hash
/// #     }
/// # }
///
/// let tokens = SignedTokens::new(HmacSha256);
/// let token = tokens.issue(Duration::from_secs(600));
/// assert!(tokens.is_valid(token.as_bytes()));
/// assert!(!tokens.is_valid(b"1795000000.00000000000000000000000000000000"));
/// ```
pub struct SignedTokens<H> {
    hash: H,
}

/// The longest lifetime that counts: who needs more may ask again.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl<H: KeyedHash> SignedTokens<H> {
    /// Tokens signed by this hash, whose key nobody else may know.
    pub fn new(hash: H) -> SignedTokens<H> {
        SignedTokens { hash }
    }

    /// Makes a token that is good for a time, of 24 hours at most.
    pub fn issue(&self, lifetime: Duration) -> String {
        let expiry = now() + lifetime.min(LONGEST).as_secs();
        format!("{expiry}.{}", self.signature(expiry))
    }

    fn signature(&self, expiry: u64) -> String {
        // Told apart from everything else that the same key may be used for.
        let hash = self.hash.hash(format!("hyperlog debug token {expiry}").as_bytes());
        format!("{:032x}", u128::from_be_bytes(hash))
    }
}

impl<H: KeyedHash> DebugTokens for SignedTokens<H> {
    fn is_valid(&self, token: &[u8]) -> bool {
        const LONGEST_TOKEN: usize = 64;
        let token =
            Some(token).filter(|token| token.len() <= LONGEST_TOKEN).and_then(|token| std::str::from_utf8(token).ok());
        let Some((expiry, signature)) = token.and_then(|token| token.split_once('.')) else { return false };
        let Ok(seconds) = expiry.parse::<u64>() else { return false };
        let is_in_time = (now()..=now() + LONGEST.as_secs()).contains(&seconds);
        is_in_time && expiry == seconds.to_string() && is_same(signature, &self.signature(seconds))
    }
}

/// In a time that does not tell how much was right.
fn is_same(one: &str, other: &str) -> bool {
    let differing = one.bytes().zip(other.bytes()).fold(0, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differing) == 0
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl<H> std::fmt::Debug for SignedTokens<H> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SignedTokens(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Weak;

    impl KeyedHash for Weak {
        fn hash(&self, value: &[u8]) -> [u8; 16] {
            let mut hash = [0x5a_u8; 16];
            value
                .iter()
                .enumerate()
                .for_each(|(place, byte)| hash[place % 16] = hash[place % 16].rotate_left(3) ^ byte);
            hash
        }
    }

    #[test]
    fn forged_changed_and_stale_tokens_are_refused() {
        let tokens = SignedTokens::new(Weak);
        let signed = |expiry: u64| format!("{expiry}.{}", tokens.signature(expiry));
        let genuine = tokens.issue(Duration::from_secs(60));
        assert!(tokens.is_valid(genuine.as_bytes()));
        assert!(tokens.is_valid(signed(now() + 30).as_bytes()));
        for (forged, why) in [
            (signed(now() - 1), "stale"),
            (signed(now() + 48 * 60 * 60), "good for longer than any"),
            (format!("0{genuine}"), "another spelling"),
            (format!("{genuine}0"), "longer"),
            (genuine[..genuine.len() - 1].to_owned(), "shorter"),
            (genuine.replace('.', ""), "without a dot"),
            (format!("{}.{:032x}", now() + 30, 0), "not signed"),
            (String::new(), "empty"),
            ("9".repeat(1 << 20), "huge"),
            ("\u{e9}.\u{e9}".to_owned(), "not ASCII"),
        ] {
            assert!(!tokens.is_valid(forged.as_bytes()), "{why}");
        }
    }
}
