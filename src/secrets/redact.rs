//! What may be told of a value: its issuer's public prefix, its length, and a keyed fingerprint.

use hmac::digest::common::Key;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::model::Fingerprint;

/// The key where the user gave none: public, so that two people can compare what they found; it only keeps these
/// fingerprints apart from those of every other tool.
const PUBLIC_KEY: &[u8] = b"plimsoll.secret-fingerprint/v1";

/// A secret, borrowed from the bytes that it was found in, never copied. It has no `Debug`, `Display` or `Serialize`,
/// and gives nothing away but what this file allows.
#[derive(Clone, Copy)]
pub(super) struct SecretValue<'a>(&'a [u8]);

impl<'a> SecretValue<'a> {
    /// Takes the bytes of a secret into custody.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The value's length, behind the keyword that found it if the value begins with that: such a keyword is the
    /// issuer's prefix, the same for all their tokens. Of any other value not one byte is shown.
    pub(super) fn redacted(&self, keyword: &[u8]) -> String {
        let length = self.0.len();
        let prefix =
            if !keyword.is_empty() && length > 2 * keyword.len() && self.0.starts_with(keyword) {
                std::str::from_utf8(keyword).unwrap_or_default()
            } else {
                ""
            };
        format!("{prefix}…[{length} characters]")
    }
}

/// The key that fingerprints are made with.
#[derive(Clone)]
pub(super) struct FingerprintKey {
    hmac: Hmac<Sha256>,
    private: bool,
}

impl FingerprintKey {
    /// The user's key, or the public one.
    pub(super) fn new(user_key: Option<&[u8]>) -> Self {
        let key = user_key.unwrap_or(PUBLIC_KEY);
        // HMAC takes a key of any length: the other branch is never taken.
        let hmac = Hmac::new_from_slice(key)
            .unwrap_or_else(|_| Hmac::new(&Key::<Hmac<Sha256>>::default()));
        Self {
            hmac,
            private: user_key.is_some(),
        }
    }

    /// Whether it is the user's own: only then does a fingerprint hide a value that can be guessed.
    pub(super) const fn is_private(&self) -> bool {
        self.private
    }

    /// The first 16 bytes of HMAC-SHA256 over the value.
    pub(super) fn fingerprint(&self, value: &SecretValue<'_>) -> Fingerprint {
        let tag = self
            .hmac
            .clone()
            .chain_update(value.0)
            .finalize()
            .into_bytes();
        let mut first = [0; 16];
        for (to, from) in first.iter_mut().zip(tag) {
            *to = from;
        }
        Fingerprint(first)
    }

    /// Names the key without giving it away: another key makes other facts, so this goes into the cache key.
    pub(super) fn name(&self) -> Fingerprint {
        self.fingerprint(&SecretValue::new(b"plimsoll.key-name/v1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_issuers_prefix_is_shown() {
        let token = ["acm_", "0123456789abcdef"].concat();
        let value = SecretValue::new(token.as_bytes());
        assert_eq!(value.redacted(b"acm_"), "acm_…[20 characters]");
        assert_eq!(value.redacted(b"://"), "…[20 characters]");
        assert_eq!(
            SecretValue::new(b"acm_1").redacted(b"acm_"),
            "…[5 characters]"
        );
    }

    #[test]
    fn a_fingerprint_depends_on_key_and_value() {
        let (public, own) = (FingerprintKey::new(None), FingerprintKey::new(Some(b"own")));
        let (one, two) = (SecretValue::new(b"one"), SecretValue::new(b"two"));
        assert_eq!(public.fingerprint(&one), public.fingerprint(&one));
        assert_ne!(public.fingerprint(&one), public.fingerprint(&two));
        assert_ne!(public.fingerprint(&one), own.fingerprint(&one));
        assert_ne!(public.name(), own.name());
        assert!(own.is_private() && !public.is_private());
    }

    /// RFC 4231, test case 2.
    #[test]
    fn the_fingerprint_is_the_published_hmac() {
        let value = SecretValue::new(b"what do ya want for nothing?");
        assert_eq!(
            FingerprintKey::new(Some(b"Jefe"))
                .fingerprint(&value)
                .to_string(),
            "5bdcc146bf60754e6a042426089575c7"
        );
    }
}
