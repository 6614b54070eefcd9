//! Private keys: PEM (RFC 7468), OpenSSH's own format, `OpenPGP` (RFC 9580), and the JSON file of a Google service account.

use std::ops::Range;

use memchr::memmem;

use super::{Claim, Outcome, Verdict, decode_base64};

/// Which of the two a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encrypted {
    Yes,
    No,
}

/// A key in PEM, as it stands in a file or, with its line breaks escaped, in a string of a program or of JSON. The
/// match is the `BEGIN` line.
pub(super) fn pem(claim: &Claim<'_>, wanted: Encrypted) -> Outcome {
    let (armour, range) = read_armour(claim);
    let label = claim.block.get(claim.start..claim.end).unwrap_or_default();
    let has = |word: &[u8]| memmem::find(label, word).is_some();
    let (structure, encrypted) = if has(b" OPENSSH ") {
        openssh(&armour.body)
    } else if armour
        .headers
        .iter()
        .any(|header| header.starts_with(b"Proc-Type: 4,ENCRYPTED"))
    {
        // RFC 1421: the cipher's output, whole blocks of at least eight bytes, with no structure to see.
        let blocks = armour.body.len() % 8 == 0 && armour.is_closed;
        (blocks, Encrypted::Yes)
    } else if has(b" ENCRYPTED ") {
        (
            is_der(&armour.body, &[Der::Sequence, Der::Octets]),
            Encrypted::Yes,
        )
    } else {
        (is_private_key(label, &armour.body), Encrypted::No)
    };
    let verdict = match (encrypted == wanted, structure) {
        (false, _) => Verdict::Refuted,
        (true, true) => Verdict::Proven,
        // The words alone, as in the source of everything that reads keys.
        (true, false) if armour.body.len() < 32 => Verdict::Refuted,
        (true, false) => Verdict::Doubtful,
    };
    armour.outcome(verdict, range)
}

/// A PEM key in base64 once more, as a kubeconfig has it.
pub(super) fn base64_pem(claim: &Claim<'_>) -> Outcome {
    let doubtful = |verdict| Outcome::of_value(verdict, claim);
    let Some(mut text) = decode_base64(claim.value()) else {
        return doubtful(Verdict::Doubtful);
    };
    let line = memchr::memchr(b'\n', &text).unwrap_or(text.len());
    let head = text.get(..line).unwrap_or_default();
    if memmem::find(head, b"PRIVATE KEY-----").is_none() {
        return doubtful(Verdict::Refuted);
    }
    let inner = pem(
        &Claim {
            block: &text,
            start: 0,
            end: line,
            value_start: 0,
            value_end: line,
            limit: text.len(),
        },
        Encrypted::No,
    );
    text.fill(0);
    Outcome {
        decoded: inner.decoded,
        ..doubtful(inner.verdict)
    }
}

/// A secret key packet (tag 5, RFC 9580, section 5.5.1.3) in ASCII armour.
pub(super) fn pgp(claim: &Claim<'_>) -> Outcome {
    let (armour, range) = read_armour(claim);
    // Old format: `10tttt..`; new format: `11tttttt` (section 4.2).
    let verdict = match armour.body.first() {
        Some(0x94..=0x97 | 0xc5) if armour.body.len() >= 64 => Verdict::Proven,
        Some(_) if armour.body.len() >= 64 => Verdict::Doubtful,
        _ => Verdict::Refuted,
    };
    armour.outcome(verdict, range)
}

/// The `private_key` of a service account's JSON file: `client_email` stands near it. The match ends with the
/// `BEGIN` line.
pub(super) fn gcp_service_account(claim: &Claim<'_>) -> Outcome {
    /// The file has 2.4 KiB; the fields around the key less than half of one.
    const AROUND: usize = 2048;
    let mut outcome = pem(claim, Encrypted::No);
    let start = claim.start.saturating_sub(LEAD);
    let end = outcome
        .value
        .end
        .saturating_add(AROUND)
        .min(claim.limit)
        .min(claim.block.len());
    let near = claim.block.get(start..end).unwrap_or_default();
    if memmem::find(near, b"gserviceaccount.com").is_none() {
        outcome.verdict = Verdict::Refuted;
    }
    outcome
}

/// Bytes before a match that a block always holds.
const LEAD: usize = crate::secrets::rule::LONGEST_LEAD;

/// What stands between `BEGIN` and `END`.
struct Armour {
    headers: Vec<Vec<u8>>,
    body: Vec<u8>,
    is_closed: bool,
}

impl Armour {
    /// The same key has the same body, whatever its line breaks.
    fn outcome(self, verdict: Verdict, value: Range<usize>) -> Outcome {
        Outcome {
            verdict,
            value,
            decoded: (!self.body.is_empty()).then_some(self.body),
        }
    }
}

/// Reads the armour behind the match, and where its text lies.
fn read_armour(claim: &Claim<'_>) -> (Armour, Range<usize>) {
    let behind = claim.behind();
    // A lone `+` joins the strings of a program's source. The body's alphabet has no `-`; a header's may, but not two.
    let end = memmem::find(behind, b"--");
    let is_closed = end.is_some_and(|end| {
        let rest = behind.get(end..).unwrap_or_default();
        rest.starts_with(b"-----END ")
    });
    let text = behind
        .get(..end.unwrap_or(behind.len()))
        .unwrap_or_default();
    let mut headers = Vec::new();
    let mut base64 = Vec::with_capacity(text.len());
    for line in lines(text) {
        if memchr::memchr(b':', line).is_some() && base64.is_empty() {
            headers.push(line.to_vec());
        } else if line.first() == Some(&b'=') {
            // The CRC-24 behind the body.
            break;
        } else if is_base64(line) && line != b"+" {
            base64.extend_from_slice(line);
        } else if !matches!(line, b"" | b"+") {
            break;
        }
    }
    let body = decode_base64(&base64).unwrap_or_default();
    base64.fill(0);
    let armour = Armour {
        headers,
        body,
        is_closed,
    };
    (armour, claim.end..claim.end + text.len())
}

/// The lines of a text whose line breaks may be written `\n`, with what a program's source puts around them taken off.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let is_around = |byte: &u8| {
        matches!(
            byte,
            b' ' | b'\t' | b'\r' | b'"' | b'\'' | b',' | b'\\' | b';' | b'>' | b'#' | b'*'
        )
    };
    text.split(|byte| *byte == b'\n')
        .flat_map(split_on_escape)
        .map(move |line| {
            let start = line
                .iter()
                .position(|byte| !is_around(byte))
                .unwrap_or(line.len());
            let end = line
                .iter()
                .rposition(|byte| !is_around(byte))
                .map_or(start, |last| last + 1);
            line.get(start..end).unwrap_or_default()
        })
}

/// Splits at `\n` and `\r` written as two characters.
fn split_on_escape(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let escape = memchr::memchr_iter(b'\\', line)
            .find(|at| matches!(line.get(at + 1), Some(b'n' | b'r')));
        rest = escape.and_then(|at| line.get(at + 2..));
        line.get(..escape.unwrap_or(line.len()))
    })
}

fn is_base64(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// The types that private keys are made of (X.690, section 8.1.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Der {
    Integer = 0x02,
    Octets = 0x04,
    Sequence = 0x30,
}

/// RFC 8017, A.1.2 (RSA); RFC 5915, section 3 (EC); OpenSSL's own form (DSA); RFC 5958, section 2 (the plain label).
fn is_private_key(label: &[u8], body: &[u8]) -> bool {
    let second = if memmem::find(label, b" EC ").is_some() {
        Der::Octets
    } else if memmem::find(label, b"BEGIN PRIVATE ").is_some() {
        Der::Sequence
    } else {
        Der::Integer
    };
    is_der(body, &[Der::Integer, second])
}

/// Whether the body is one sequence, of exactly its length, that begins with these.
fn is_der(body: &[u8], first: &[Der]) -> bool {
    let Some((tag, mut content, [])) = read_der(body) else {
        return false;
    };
    let fits = first.iter().all(|wanted| match read_der(content) {
        Some((tag, _, rest)) => {
            content = rest;
            tag == *wanted as u8
        }
        None => false,
    });
    tag == Der::Sequence as u8 && fits
}

/// One value: its tag, its content and what follows (X.690, sections 8.1.3 and 10.1).
fn read_der(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits
                .iter()
                .fold(0, |length, digit| length << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

/// `openssh-key-v1\0`, then the cipher's name as a string: `none`, or the key is encrypted.
///
/// <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>
fn openssh(body: &[u8]) -> (bool, Encrypted) {
    let cipher = body.strip_prefix(b"openssh-key-v1\0").and_then(|rest| {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
    });
    match cipher {
        Some(b"none") => (true, Encrypted::No),
        Some(_) => (true, Encrypted::Yes),
        None => (false, Encrypted::No),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    fn pem_text(label: &str, headers: &str, body: &[u8], newline: &str) -> String {
        let base64 = base64::engine::general_purpose::STANDARD.encode(body);
        let lines: Vec<String> = base64
            .as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned() + newline)
            .collect();
        let dashes = "-----";
        format!(
            "{dashes}BEGIN {label}{dashes}{newline}{headers}{}{dashes}END {label}{dashes}",
            lines.concat()
        )
    }

    fn check(text: &str, proof: fn(&Claim<'_>) -> Outcome) -> Verdict {
        let end = text
            .find("KEY")
            .and_then(|key| text[key..].find("--").map(|at| key + at + 5));
        let mut claim = crate::secrets::proof::claim(text.as_bytes());
        claim.end = end.expect("BEGIN line");
        let Outcome { verdict, value, .. } = proof(&claim);
        assert!(verdict == Verdict::Refuted || value.end > value.start);
        verdict
    }

    fn plain(claim: &Claim<'_>) -> Outcome {
        pem(claim, Encrypted::No)
    }

    fn encrypted(claim: &Claim<'_>) -> Outcome {
        pem(claim, Encrypted::Yes)
    }

    /// A sequence of small values with one long one at its end: the structure of a key without a key.
    fn der(parts: &[(u8, usize)]) -> Vec<u8> {
        let mut content = Vec::new();
        for (tag, length) in parts {
            content.extend([*tag, u8::try_from(*length).expect("short")]);
            content.extend(std::iter::repeat_n(7, *length));
        }
        [
            &[0x30, 0x81, u8::try_from(content.len()).expect("short")][..],
            &content,
        ]
        .concat()
    }

    #[test]
    fn a_key_of_each_kind_is_proven_by_its_structure() {
        for (label, parts) in [
            ("RSA PRIVATE KEY", [(2, 1), (2, 120)]),
            ("DSA PRIVATE KEY", [(2, 1), (2, 120)]),
            ("EC PRIVATE KEY", [(2, 1), (4, 120)]),
            ("PRIVATE KEY", [(2, 1), (0x30, 120)]),
        ] {
            let body = der(&parts);
            for newline in ["\n", "\r\n", "\\n", "\\n\" +\n  \""] {
                let text = pem_text(label, "", &body, newline);
                assert_eq!(check(&text, plain), Verdict::Proven, "{text}");
                assert_eq!(check(&text, encrypted), Verdict::Refuted, "{text}");
            }
            let cut = pem_text(label, "", &body[..100], "\n");
            assert_eq!(check(&cut, plain), Verdict::Doubtful, "{cut}");
        }
    }

    #[test]
    fn encrypted_keys_are_told_apart() {
        let pkcs8 = pem_text(
            "ENCRYPTED PRIVATE KEY",
            "",
            &der(&[(0x30, 10), (4, 100)]),
            "\n",
        );
        let headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n";
        let legacy = pem_text("RSA PRIVATE KEY", headers, &[9; 128], "\n");
        let ssh = |cipher: &[u8]| {
            let length = u8::try_from(cipher.len()).expect("short");
            let body = [b"openssh-key-v1\0\0\0\0", &[length][..], cipher, &[1; 40]].concat();
            pem_text("OPENSSH PRIVATE KEY", "", &body, "\n")
        };
        for text in [pkcs8, legacy, ssh(b"aes256-ctr")] {
            assert_eq!(check(&text, encrypted), Verdict::Proven, "{text}");
            assert_eq!(check(&text, plain), Verdict::Refuted, "{text}");
        }
        assert_eq!(check(&ssh(b"none"), plain), Verdict::Proven);
    }

    #[test]
    fn the_words_without_a_key_are_no_key() {
        let dashes = "-----";
        for text in [
            format!("{dashes}BEGIN RSA PRIVATE KEY{dashes}"),
            format!(
                "{dashes}BEGIN RSA PRIVATE KEY{dashes}\", \"{dashes}END RSA PRIVATE KEY{dashes}\""
            ),
            format!("{dashes}BEGIN PRIVATE KEY{dashes}\n...\n{dashes}END PRIVATE KEY{dashes}"),
        ] {
            assert_eq!(check(&text, plain), Verdict::Refuted, "{text}");
        }
    }

    #[test]
    fn a_pgp_key_begins_with_its_packet() {
        let secret = [&[0xc5, 100][..], &[1; 100]].concat();
        let public = [&[0xc6, 100][..], &[1; 100]].concat();
        let text = |body: &[u8]| pem_text("PGP PRIVATE KEY BLOCK", "Version: 1\n\n", body, "\n");
        assert_eq!(check(&text(&secret), pgp), Verdict::Proven);
        assert_eq!(check(&text(&public), pgp), Verdict::Doubtful);
    }
}
