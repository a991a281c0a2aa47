//! Keys as Standard Webhooks writes them, and what is signed with them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::error::Error;
use std::fmt;

/// Texts of keys and signatures. Others write them with and without padding.
pub(crate) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A secret that sender and receiver share: `whsec_` and 24 to 64 bytes in base64.
#[derive(Clone)]
pub(crate) struct SharedKey(Hmac<Sha256>);

impl SharedKey {
    pub(crate) fn parse(text: &str) -> Result<SharedKey, KeyError> {
        let bytes = bytes_of(text, "whsec_")?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(KeyError(Kind::Length));
        }
        Hmac::new_from_slice(&bytes).map(SharedKey).map_err(|_| KeyError(Kind::Length))
    }

    /// Of a message, to be compared or written.
    pub(crate) fn mac(&self, message: &Message<'_>) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        message.pieces().iter().for_each(|piece| mac.update(piece));
        mac
    }
}

/// What is signed: the id, the time and the body, with a dot between them.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) id: &'a str,
    pub(crate) timestamp: &'a str,
    pub(crate) body: &'a [u8],
}

impl<'a> Message<'a> {
    pub(crate) fn pieces(&self) -> [&'a [u8]; 5] {
        [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", self.body]
    }
}

/// The bytes of a key that is written with this in front.
pub(crate) fn bytes_of(text: &str, prefix: &'static str) -> Result<Vec<u8>, KeyError> {
    let text = text.trim().strip_prefix(prefix).ok_or(KeyError(Kind::Prefix(prefix)))?;
    BASE64.decode(text).map_err(|_| KeyError(Kind::Base64))
}

/// Why a key cannot be used. The key is not in it.
#[derive(Debug, PartialEq, Eq)]
pub struct KeyError(pub(crate) Kind);

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Prefix(&'static str),
    Base64,
    Length,
    #[cfg(feature = "ed25519")]
    Pair,
    None,
}

impl fmt::Display for KeyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Prefix(prefix) => write!(formatter, "the key does not begin with `{prefix}`"),
            Kind::Base64 => formatter.write_str("the key is not base64 behind its prefix"),
            Kind::Length => formatter.write_str("the key has not as many bytes as it must: a secret has 24 to 64"),
            #[cfg(feature = "ed25519")]
            Kind::Pair => formatter.write_str("the halves of the key do not belong together"),
            Kind::None => formatter.write_str("there is no key"),
        }
    }
}

impl Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_its_prefix_and_24_to_64_bytes() {
        let of = |bytes: usize| format!("whsec_{}", BASE64.encode(vec![7; bytes]));
        assert!(SharedKey::parse(&of(24)).is_ok() && SharedKey::parse(&of(64)).is_ok());
        assert!(SharedKey::parse(&format!(" {}\n", of(32))).is_ok(), "as read from a file");
        assert!(SharedKey::parse(of(32).trim_end_matches('=')).is_ok());
        for (text, kind) in [
            (of(23), Kind::Length),
            (of(65), Kind::Length),
            ("whsec_".to_owned(), Kind::Length),
            ("whsec_canary canary".to_owned(), Kind::Base64),
            ("canary".to_owned(), Kind::Prefix("whsec_")),
            (of(32).replace("whsec_", "whsk_"), Kind::Prefix("whsec_")),
        ] {
            let error = SharedKey::parse(&text).err().unwrap();
            assert_eq!(error.0, kind);
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
