//! The kinds of keys, and how their public halves are written: `SubjectPublicKeyInfo`, which for each of them is a fixed
//! beginning and the key's bytes.
//!
//! <https://www.rfc-editor.org/rfc/rfc8410#section-4>, <https://www.rfc-editor.org/rfc/rfc5480#section-2>

use std::fmt;
use std::str::FromStr;

use ring::signature::{ECDSA_P256_SHA256_ASN1, ED25519, VerificationAlgorithm};

/// A kind of key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519: small, and the same signature each time.
    #[default]
    Ed25519,
    /// ECDSA with P-256 and SHA-256: what cosign makes, and hardware knows.
    EcdsaP256,
}

const ED25519_START: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const ED25519_LENGTH: usize = 32;

const P256_START: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// A point that is not compressed: 04 and two coordinates.
const P256_LENGTH: usize = 65;

impl Algorithm {
    const ALL: [Self; 2] = [Self::Ed25519, Self::EcdsaP256];

    const fn shape(self) -> (&'static [u8], usize) {
        match self {
            Self::Ed25519 => (&ED25519_START, ED25519_LENGTH),
            Self::EcdsaP256 => (&P256_START, P256_LENGTH),
        }
    }

    /// A public key's bytes as `SubjectPublicKeyInfo`.
    pub(super) fn wrap(self, key: &[u8]) -> Vec<u8> {
        [self.shape().0, key].concat()
    }

    /// The kind and the bytes of a `SubjectPublicKeyInfo`.
    pub(super) fn unwrap(spki: &[u8]) -> Option<(Self, &[u8])> {
        Self::ALL.into_iter().find_map(|algorithm| {
            let (start, length) = algorithm.shape();
            let key = spki.strip_prefix(start)?;
            (key.len() == length).then_some((algorithm, key))
        })
    }

    pub(super) fn verification(self) -> &'static dyn VerificationAlgorithm {
        match self {
            Self::Ed25519 => &ED25519,
            Self::EcdsaP256 => &ECDSA_P256_SHA256_ASN1,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
        })
    }
}

/// A kind of key that is not known.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no kind of key: ed25519 and ecdsa-p256 are known")]
pub struct AlgorithmError(String);

impl FromStr for Algorithm {
    type Err = AlgorithmError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |algorithm: &Self| algorithm.to_string() == text;
        let found = Self::ALL.into_iter().find(named);
        found.ok_or_else(|| AlgorithmError(text.to_owned()))
    }
}
