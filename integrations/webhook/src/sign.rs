//! The sender's side of Standard Webhooks: signatures of the very bytes that are sent.

use crate::key::{BASE64, KeyError, Message, SharedKey};
use base64::Engine as _;
use hmac::Mac;
use std::fmt;

/// Signs what is sent. With several keys, as while one takes the place of another, with each.
#[derive(Clone, Default)]
pub(crate) struct Signer {
    shared: Vec<SharedKey>,
    #[cfg(feature = "ed25519")]
    private: Vec<std::sync::Arc<crate::ed25519::PrivateKey>>,
}

impl Signer {
    pub(crate) fn add_secret(&mut self, text: &str) -> Result<(), KeyError> {
        self.shared.push(SharedKey::parse(text)?);
        Ok(())
    }

    #[cfg(feature = "ed25519")]
    pub(crate) fn add_private(&mut self, text: &str) -> Result<(), KeyError> {
        self.private.push(std::sync::Arc::new(crate::ed25519::PrivateKey::parse(text)?));
        Ok(())
    }

    /// What the header `webhook-signature` says, unless there is no key.
    pub(crate) fn sign(&self, message: &Message<'_>) -> Option<String> {
        let mut list = String::new();
        let mut add = |version: &str, signature: &[u8]| {
            if !list.is_empty() {
                list.push(' ');
            }
            list.push_str(version);
            list.push(',');
            BASE64.encode_string(signature, &mut list);
        };
        self.shared.iter().for_each(|key| add("v1", &key.mac(message).finalize().into_bytes()));
        #[cfg(feature = "ed25519")]
        self.private.iter().for_each(|key| add("v1a", &key.sign(message)));
        (!list.is_empty()).then_some(list)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the libraries of Standard Webhooks are tested with.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const MESSAGE: Message<'_> =
        Message { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: "1614265330", body: br#"{"test": 2432232314}"# };
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_published_example_is_signed_as_published() {
        let mut signer = Signer::default();
        assert_eq!(signer.sign(&MESSAGE), None);
        signer.add_secret(SECRET).unwrap();
        assert_eq!(signer.sign(&MESSAGE).unwrap(), SIGNATURE);
    }

    /// The one on the front page of this crate, signed by the library `standardwebhooks` for Python.
    #[test]
    fn an_example_that_another_library_signed_is_signed_alike() {
        let mut signer = Signer::default();
        signer.add_secret(SECRET).unwrap();
        let manual = include_str!("../README.md");
        let body = manual.lines().find_map(|line| line.strip_prefix("[{\"timestamp\""));
        let body = format!("[{{\"timestamp\"{}", body.unwrap());
        let message = Message { id: "51c3f0e2a9b7d684-0-1", timestamp: "1795162543", body: body.as_bytes() };
        let signature = signer.sign(&message).unwrap();
        assert_eq!(signature, "v1,pPX4n4mO9tv7DFr4B6NUvKFT9UrXFVHp02OXzbLeyU8=");
        assert!(manual.contains(&format!("webhook-signature: {signature}")));
    }

    #[test]
    fn with_two_keys_there_are_two_signatures_in_their_order() {
        let mut signer = Signer::default();
        signer.add_secret(SECRET).unwrap();
        signer.add_secret("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap();
        let list = signer.sign(&MESSAGE).unwrap();
        let (first, second) = list.split_once(' ').unwrap();
        assert_eq!(first, SIGNATURE);
        assert!(second.starts_with("v1,") && second != SIGNATURE && !second.contains(' '));
    }
}
