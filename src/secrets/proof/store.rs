//! Key stores and key files that are no PEM: PKCS #12, Java's own, `PuTTY`'s, `GnuPG`'s, `WireGuard`'s.

use memchr::memmem;

use super::{Claim, Outcome, Verdict, decode_base64};

/// OIDs of a bag with a private key: plain, and encrypted (RFC 7292, section 4.2).
const KEY_BAGS: [&[u8]; 2] = [
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x01",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01\x02",
];

/// A PKCS #12 store: one without a bag for a key holds certificates only. A long one may have it further behind.
pub(super) fn pkcs12(claim: &Claim<'_>) -> Outcome {
    let store = claim
        .block
        .get(claim.start..claim.limit.min(claim.block.len()));
    let store = store.unwrap_or_default();
    let has_key = KEY_BAGS
        .iter()
        .any(|oid| memmem::find(store, oid).is_some());
    let declared = match store {
        [_, 0x82, high, low, ..] => usize::from(*high) << 8 | usize::from(*low),
        [_, 0x81, length, ..] => usize::from(*length),
        _ => usize::MAX,
    };
    let is_whole = declared <= store.len();
    let verdict = match (has_key, is_whole) {
        (true, _) => Verdict::Proven,
        (false, true) => Verdict::Refuted,
        (false, false) => Verdict::Doubtful,
    };
    of_file(verdict, claim, store.len().min(declared.saturating_add(4)))
}

/// A Java key store (JKS or JCEKS): entries one after another, 1 for a private key, 2 for a trusted certificate, 3 for a
/// secret key; `sun.security.provider.JavaKeyStore` writes them so.
pub(super) fn java_key_store(claim: &Claim<'_>) -> Outcome {
    let store = claim
        .block
        .get(claim.start..claim.limit.min(claim.block.len()));
    let store = store.unwrap_or_default();
    let mut reader = Big(store.get(8..).unwrap_or_default());
    let verdict = match reader.entries() {
        Some(true) => Verdict::Proven,
        Some(false) => Verdict::Refuted,
        None => Verdict::Doubtful,
    };
    of_file(verdict, claim, store.len())
}

/// Numbers with the most significant byte first.
struct Big<'a>(&'a [u8]);

impl<'a> Big<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, bytes: usize) -> Option<usize> {
        let digits = self.take(bytes)?;
        Some(
            digits
                .iter()
                .fold(0, |number, digit| number << 8 | usize::from(*digit)),
        )
    }

    /// Whether one of the entries is a key; None: that cannot be seen.
    fn entries(&mut self) -> Option<bool> {
        let count = self.number(4)?;
        for _ in 0..count {
            match self.number(4)? {
                1 | 3 => return Some(true),
                2 => {
                    let alias = self.number(2)?;
                    self.take(alias + 8)?;
                    let kind = self.number(2)?;
                    self.take(kind)?;
                    let certificate = self.number(4)?;
                    self.take(certificate)?;
                }
                _ => return Some(false),
            }
        }
        Some(false)
    }
}

/// `Private-Lines: N` and so many lines of base64.
pub(super) fn putty(claim: &Claim<'_>) -> Outcome {
    let behind = claim.behind();
    let key = memmem::find(behind, b"Private-Lines: ").and_then(|at| {
        let (_, lines) = behind.get(at..)?.split_at_checked(15)?;
        let end = memchr::memchr(b'\n', lines)?;
        let text = lines.get(end + 1..)?;
        let mut base64 = Vec::new();
        for line in text.split(|byte| *byte == b'\n') {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if line.is_empty()
                || !line
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
            {
                break;
            }
            base64.extend_from_slice(line);
        }
        decode_base64(&base64).filter(|key| key.len() >= 16)
    });
    let verdict = if key.is_some() {
        Verdict::Proven
    } else {
        Verdict::Refuted
    };
    Outcome {
        decoded: key,
        ..of_file(verdict, claim, claim.end - claim.start)
    }
}

/// A key of gpg-agent: its secret parameter stands in the expression, with a value, and not with a `%` of the format string
/// that every program has that reads such keys. The parameter is what tells the key.
pub(super) fn gnupg(claim: &Claim<'_>) -> Outcome {
    let behind = claim.behind();
    let value_of = |text: &[u8], fits: fn(u8) -> bool, count: usize| {
        memmem::find_iter(behind, text).find_map(|at| {
            let value = behind.get(at + text.len()..)?;
            let is_value = value.len() >= count && value.iter().take(count).all(|byte| fits(*byte));
            let end = memchr::memchr(b')', value).unwrap_or(value.len());
            is_value.then(|| value.get(..end).unwrap_or_default().to_vec())
        })
    };
    let is_hex = |byte: u8| byte.is_ascii_hexdigit();
    let is_digit = |byte: u8| byte.is_ascii_digit();
    let key = value_of(b"(d #", is_hex, 16)
        .or_else(|| value_of(b"(x #", is_hex, 16))
        .or_else(|| value_of(b"(1:d", is_digit, 2))
        .or_else(|| value_of(b"(1:x", is_digit, 2))
        .or_else(|| value_of(b"(9:protected", is_digit, 2))
        .or_else(|| value_of(b"(protected openpgp-s2k3-", |byte| byte != b'%', 8));
    let verdict = if key.is_some() {
        Verdict::Proven
    } else {
        Verdict::Refuted
    };
    Outcome {
        decoded: key,
        ..of_file(verdict, claim, claim.end - claim.start)
    }
}

/// A private key of Curve25519: three bits at its beginning and two at its end are always the same (RFC 7748, section 5).
pub(super) fn curve25519(value: &[u8]) -> Verdict {
    let key = decode_base64(value).unwrap_or_default();
    match key.as_slice() {
        [first, .., last]
            if key.len() == 32 && first.trailing_zeros() >= 3 && last & 0xc0 == 0x40 =>
        {
            Verdict::Proven
        }
        // `wg` takes any 32 bytes, and sets these bits itself.
        _ if key.len() == 32 => Verdict::Plausible,
        _ => Verdict::Refuted,
    }
}

/// The value is the file's beginning, of this length.
fn of_file(verdict: Verdict, claim: &Claim<'_>, length: usize) -> Outcome {
    Outcome {
        verdict,
        value: claim.start
            ..(claim.start + length)
                .min(claim.block.len())
                .max(claim.start),
        decoded: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::proof::claim;

    #[test]
    fn a_java_key_store_is_told_from_a_trust_store() {
        let certificate = [
            &[0, 0, 0, 2, 0, 1, b'a'][..],
            &[0; 8],
            &[0, 5],
            b"X.509",
            &[0, 0, 0, 2, 1, 2],
        ]
        .concat();
        let store = |entries: &[u8], count: u8| {
            [
                &[0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, count][..],
                entries,
            ]
            .concat()
        };
        let key = [0, 0, 0, 1];
        let trust = store(&[&certificate[..], &certificate].concat(), 2);
        assert_eq!(java_key_store(&claim(&trust)).verdict, Verdict::Refuted);
        let both = store(&[&certificate[..], &key].concat(), 2);
        assert_eq!(java_key_store(&claim(&both)).verdict, Verdict::Proven);
        assert_eq!(
            java_key_store(&claim(&trust[..30])).verdict,
            Verdict::Doubtful
        );
    }

    #[test]
    fn the_bits_of_a_curve25519_key_are_checked() {
        use base64::Engine as _;
        let mut key = [0x55; 32];
        let text = |key: &[u8]| base64::engine::general_purpose::STANDARD.encode(key);
        assert_eq!(curve25519(text(&key).as_bytes()), Verdict::Plausible);
        key[0] = 0x50;
        assert_eq!(curve25519(text(&key).as_bytes()), Verdict::Proven);
        assert_eq!(curve25519(text(&key[1..]).as_bytes()), Verdict::Refuted);
    }
}
