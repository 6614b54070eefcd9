//! The private half of a key: it signs, and never shows.
//!
//! PKCS#8 as `openssl genpkey` writes it (<https://www.rfc-editor.org/rfc/rfc5208>, <https://www.rfc-editor.org/rfc/rfc8410>).

use std::fmt;
use std::path::Path;

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};

use super::spki::Algorithm;
use super::{SigningError, VerifyingKey, pem};

/// A private key.
pub struct SigningKey {
    pair: Pair,
    public: VerifyingKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair),
}

/// A key that was made just now, for files.
pub struct NewKey {
    /// PKCS#8 in PEM: a secret.
    pub private_pem: String,
    /// The other half.
    pub public: VerifyingKey,
}

/// What stands before the 32 bytes of an Ed25519 key in PKCS#8 version 1: the form that OpenSSL reads; ring's own has the
/// public key, too, and is refused there.
const ED25519_START: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl SigningKey {
    /// Reads a file of PEM.
    pub fn open(path: &Path) -> Result<Self, SigningError> {
        let (text, place) = pem::read(path)?;
        Self::parse(&text, &place)
    }

    /// Reads a PEM text; `place` names it in errors.
    pub fn parse(text: &[u8], place: &str) -> Result<Self, SigningError> {
        let der = pem::private(text, place)?;
        Self::from_pkcs8(der.secret_pkcs8_der()).ok_or_else(|| SigningError::UnknownKey {
            place: place.to_owned(),
        })
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        // "Maybe unchecked": version 1 has no public key to check the private one against.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            let public = VerifyingKey::new(Algorithm::Ed25519, pair.public_key().as_ref());
            let pair = Pair::Ed25519(pair);
            return Some(Self { pair, public });
        }
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der, &random).ok()?;
        let public = VerifyingKey::new(Algorithm::EcdsaP256, pair.public_key().as_ref());
        let pair = Pair::EcdsaP256(pair);
        Some(Self { pair, public })
    }

    /// Makes a key.
    pub fn generate(algorithm: Algorithm) -> Result<NewKey, SigningError> {
        let random = SystemRandom::new();
        let no_randomness = |_| SigningError::NoRandomness;
        let der = match algorithm {
            Algorithm::Ed25519 => {
                let mut seed = [0; 32];
                random.fill(&mut seed).map_err(no_randomness)?;
                [&ED25519_START[..], &seed].concat()
            }
            Algorithm::EcdsaP256 => {
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random)
                    .map_err(no_randomness)?
                    .as_ref()
                    .to_vec()
            }
        };
        let key = Self::from_pkcs8(&der).ok_or(SigningError::NoRandomness)?;
        Ok(NewKey {
            private_pem: pem::write("PRIVATE KEY", &der),
            public: key.public,
        })
    }

    /// The other half.
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let signature = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(message),
            Pair::EcdsaP256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map_err(|_| SigningError::NoRandomness)?,
        };
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey")
            .field("public", &self.public)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_shows_neither_in_debug_nor_in_errors() {
        for algorithm in [Algorithm::Ed25519, Algorithm::EcdsaP256] {
            let new = SigningKey::generate(algorithm).expect("a key");
            let body: String = new.private_pem.lines().skip(1).take(1).collect();
            let key = SigningKey::parse(new.private_pem.as_bytes(), "k").expect("a key");
            assert_eq!(*key.public(), new.public);
            let damaged = new.private_pem.replace("END", "ENT");
            let error = SigningKey::parse(damaged.as_bytes(), "k").expect_err("damaged");
            let as_public = VerifyingKey::parse(new.private_pem.as_bytes(), "k").expect_err("no");
            for text in [
                format!("{new:?} {key:?} {error:?} {error}"),
                format!("{as_public:?} {as_public}"),
            ] {
                assert!(!text.contains(&body[..16]), "{text}");
            }
        }
    }

    #[test]
    fn what_is_no_private_key_is_named_with_what_to_do() {
        let refused = |text: &str| match SigningKey::parse(text.as_bytes(), "the-key") {
            Ok(_) => panic!("taken"),
            Err(error) => error.to_string(),
        };
        let section =
            |label: &str| format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n");
        assert!(refused("hello").contains("no PEM"));
        assert!(refused(&section("EC PRIVATE KEY")).contains("openssl pkcs8 -topk8"));
        assert!(refused(&section("PUBLIC KEY")).contains("without .pub"));
        assert!(refused(&section("ENCRYPTED PRIVATE KEY")).contains("not read yet"));
        assert!(refused(&section("ENCRYPTED SIGSTORE PRIVATE KEY")).contains("not read yet"));
        assert!(refused(&section("PRIVATE KEY")).contains("damaged"));
        assert!(refused(&section("PRIVATE KEY").replace("AAAA", "A*A")).contains("well-formed"));
    }

    #[test]
    fn a_private_key_in_place_of_a_public_one_is_told_not_to_be_passed_on() {
        let new = SigningKey::generate(Algorithm::Ed25519).expect("a key");
        let error = VerifyingKey::parse(new.private_pem.as_bytes(), "k").expect_err("private");
        assert!(error.to_string().contains(".pub"), "{error}");
    }
}
