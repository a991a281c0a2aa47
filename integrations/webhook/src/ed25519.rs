//! Signatures by a private key, which receivers check by the public one: a receiver can then forge nothing.

use crate::key::{KeyError, Kind, Message, bytes_of};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};

/// A private key: `whsk_` and 64 bytes in base64, the seed and the public key.
pub(crate) struct PrivateKey(Ed25519KeyPair);

impl PrivateKey {
    pub(crate) fn parse(text: &str) -> Result<PrivateKey, KeyError> {
        let bytes = bytes_of(text, "whsk_")?;
        let Some((seed, public)) = bytes.split_at_checked(32).filter(|(_, public)| public.len() == 32) else {
            return Err(KeyError(Kind::Length));
        };
        let pair = Ed25519KeyPair::from_seed_and_public_key(seed, public);
        pair.map(PrivateKey).map_err(|_| KeyError(Kind::Pair))
    }

    pub(crate) fn sign(&self, message: &Message<'_>) -> [u8; 64] {
        let signature = self.0.sign(&message.pieces().concat());
        let mut bytes = [0; 64];
        // All signatures of this kind are as long, and if one were not, it would not be accepted.
        bytes.iter_mut().zip(signature.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// A public key: `whpk_` and 32 bytes in base64.
#[derive(Clone)]
pub(crate) struct PublicKey(UnparsedPublicKey<Vec<u8>>);

impl PublicKey {
    pub(crate) fn parse(text: &str) -> Result<PublicKey, KeyError> {
        let bytes = bytes_of(text, "whpk_")?;
        if bytes.len() != 32 {
            return Err(KeyError(Kind::Length));
        }
        Ok(PublicKey(UnparsedPublicKey::new(&ED25519, bytes)))
    }

    pub(crate) fn is_of(&self, signature: &[u8], message: &[u8]) -> bool {
        self.0.verify(message, signature).is_ok()
    }
}
