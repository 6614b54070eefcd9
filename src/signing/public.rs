//! The public half of a key: who signed.

use std::path::Path;

use ring::signature::UnparsedPublicKey;

use super::spki::Algorithm;
use super::{SigningError, pem};
use crate::model::Digest;

/// A public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyingKey {
    algorithm: Algorithm,
    key: Vec<u8>,
}

impl VerifyingKey {
    /// Reads a file of PEM, as `openssl pkey -pubout` and cosign write it.
    pub fn open(path: &Path) -> Result<Self, SigningError> {
        let (text, place) = pem::read(path)?;
        Self::parse(&text, &place)
    }

    /// Reads a PEM text; `place` names it in errors.
    pub fn parse(text: &[u8], place: &str) -> Result<Self, SigningError> {
        let spki = pem::public(text, place)?;
        let (algorithm, key) =
            Algorithm::unwrap(&spki).ok_or_else(|| SigningError::UnknownKey {
                place: place.to_owned(),
            })?;
        Ok(Self::new(algorithm, key))
    }

    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Self {
        Self {
            algorithm,
            key: key.to_owned(),
        }
    }

    /// Which kind it is.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: the SHA-256 of its `SubjectPublicKeyInfo`, in hex.
    pub fn id(&self) -> String {
        Digest::sha256_of(&self.algorithm.wrap(&self.key)).hex()
    }

    /// As PEM.
    pub fn to_pem(&self) -> String {
        pem::write("PUBLIC KEY", &self.algorithm.wrap(&self.key))
    }

    /// Whether the key has signed a message.
    pub(super) fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm.verification(), &self.key)
            .verify(message, signature)
            .is_ok()
    }
}
