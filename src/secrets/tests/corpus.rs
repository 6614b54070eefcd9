//! Makes texts of the rules' examples: what stands in braces is filled in, at random, but the same for the same seed.
//!
//! | in braces | what it becomes |
//! | --- | --- |
//! | `hex:N`, `HEX:N`, `xhex:N`, `alnum:N`, `lower:N`, `upper:N`, `b32:N`, `url:N`, `b64:N`, `digits:N`, `letters:N`, `uuid` | random characters |
//! | `x:N`, `X:N`, `0:N` | a filler of that character |
//! | `base64:TEXT`, `b64json:TEXT`, `jwt:HEADER:PAYLOAD` | the text in base64; a signed JWT |
//! | `crc32`, `crc32-of-all`, `crc32-hex`, `bech32`, `check:…` | a checksum over what stands before it, or a value with one |
//! | `der:TAGS`, `pem:RSA`, `pkcs12:…`, `jks:…`, `keytab`, `keepass` | the structure of a key or key store, without a key |

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use crate::secrets::proof::{bech32_checksum, crc16, crc32, encode_base62, hex_of};

/// A small generator (`SplitMix64`): tests need the same values every time.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(
            seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)
                .wrapping_add(0x1234_5678),
        )
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(super) fn text(&mut self, alphabet: &[u8], length: usize) -> Vec<u8> {
        let letter =
            |_| alphabet[usize::try_from(self.next() % alphabet.len() as u64).expect("small")];
        (0..length).map(letter).collect()
    }
}

/// Joins an example's parts and fills in what is in braces.
pub(super) fn expand(parts: &[String], seed: u64) -> Vec<u8> {
    expand_with(parts, seed, true)
}

/// The same, but no checksum is right.
pub(super) fn expand_broken(parts: &[String], seed: u64) -> Vec<u8> {
    expand_with(parts, seed, false)
}

fn expand_with(parts: &[String], seed: u64, is_right: bool) -> Vec<u8> {
    let mut random = Random::new(seed);
    parts.iter().fold(Vec::new(), |mut joined, part| {
        let name = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        let computed = name.and_then(|name| compute(name, &joined, &mut random, is_right));
        joined.extend(computed.unwrap_or_else(|| part.clone().into_bytes()));
        joined
    })
}

const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";

fn alphabet(name: &str) -> Option<Vec<u8>> {
    Some(match name {
        "hex" => b"0123456789abcdef".to_vec(),
        "HEX" => b"0123456789ABCDEF".to_vec(),
        "alnum" => [LOWER, UPPER, DIGITS].concat(),
        "lower" => [LOWER, DIGITS].concat(),
        "upper" => [UPPER, DIGITS].concat(),
        "b32" => [UPPER, b"234567"].concat(),
        "url" => [LOWER, UPPER, DIGITS, b"_-"].concat(),
        "b64" => [LOWER, UPPER, DIGITS, b"+/"].concat(),
        "digits" => DIGITS.to_vec(),
        "letters" => [LOWER, UPPER].concat(),
        "x" | "X" | "0" => name.as_bytes().to_vec(),
        _ => return None,
    })
}

fn base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes)
}

fn url_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[expect(clippy::too_many_lines, reason = "a table of what can stand in braces")]
fn compute(name: &str, joined: &[u8], random: &mut Random, is_right: bool) -> Option<Vec<u8>> {
    let (kind, rest) = name.split_once(':').unwrap_or((name, ""));
    if let Some(alphabet) = alphabet(kind) {
        // A token without a digit is one in many: those that are known to have one are made so.
        let mut text = random.text(&alphabet, rest.parse().ok()?);
        if alphabet.len() > 30 && alphabet.contains(&b'7') && text.len() > 8 {
            text[2] = b'7';
            text[6] = b'3';
        }
        // Neither a `_` nor a `-` at the ends: shapes end at a letter or digit.
        for end in [0, text.len().saturating_sub(1)] {
            if let Some(byte) = text
                .get_mut(end)
                .filter(|byte| !byte.is_ascii_alphanumeric())
            {
                *byte = b'k';
            }
        }
        return Some(text);
    }
    let wrong = u32::from(!is_right);
    Some(match kind {
        "uuid" => {
            let hex = String::from_utf8(random.text(b"0123456789abcdef", 32)).expect("hex");
            format!(
                "{}-{}-{}-{}-{}",
                &hex[..8],
                &hex[8..12],
                &hex[12..16],
                &hex[16..20],
                &hex[20..]
            )
            .into_bytes()
        }
        "base64" | "b64json" => base64(rest.as_bytes()).into_bytes(),
        "jwt" => {
            let (header, payload) = rest.split_once("}:{").expect("two objects");
            let signature = random.text(&alphabet("url")?, 43);
            [
                url_base64(format!("{header}}}").as_bytes()).as_bytes(),
                b".",
                url_base64(format!("{{{payload}").as_bytes()).as_bytes(),
                b".",
                &signature,
            ]
            .concat()
        }
        "crc32" => {
            let random = joined.rsplit(|byte| *byte == b'_').next()?;
            encode_base62(crc32(random) ^ wrong).to_vec()
        }
        "crc32-of-all" => {
            let token = joined.strip_suffix(b"_")?;
            encode_base62(crc32(token) ^ wrong).to_vec()
        }
        "crc32-hex" => format!("_{}", hex_of(crc32(joined) ^ wrong)).into_bytes(),
        "bech32" => {
            let human = String::from_utf8_lossy(joined.strip_suffix(b"1")?).to_lowercase();
            let digits: Vec<u8> = random.text(&(0..32).collect::<Vec<u8>>(), 52);
            let letter =
                |digit: &u8| char::from(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[usize::from(*digit)]);
            let data: String = digits.iter().map(letter).collect();
            let mut checked = digits;
            checked[0] ^= u8::from(!is_right);
            (data + &bech32_checksum(&human, &checked))
                .to_uppercase()
                .into_bytes()
        }
        "check" => checked(rest, random, is_right),
        "der" => base64(&der(rest, random)).into_bytes(),
        "pem" => {
            let body = base64(&der("2,2", random));
            let dashes = "-----";
            let label = ["RSA PRIV", "ATE KEY"].concat();
            let pem =
                format!("{dashes}BEGIN {label}{dashes}\n{body}\n{dashes}END {label}{dashes}\n");
            base64(pem.as_bytes()).into_bytes()
        }
        "pkcs12" => {
            let bag: &[u8] = if rest == "key" {
                b"\x0c\x0a\x01\x02"
            } else {
                b"\x0c\x0a\x01\x03"
            };
            let content = [
                &[2, 1, 3, 0x30, 0x80][..],
                b"\x2a\x86\x48\x86\xf7\x0d\x01",
                bag,
                &random.text(b"kpq", 200),
            ]
            .concat();
            let length = u16::try_from(content.len()).expect("short").to_be_bytes();
            [&[0x30, 0x82][..], &length, &content].concat()
        }
        "jks" => {
            let tag = if rest == "key" { 1 } else { 2 };
            let head = [
                0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, tag, 0, 1, b'a',
            ];
            [&head[..], &[0; 8], &[0, 5], b"X.509", &[0, 0, 0, 2, 1, 2]].concat()
        }
        "keytab" => [
            &[5, 2, 0, 0, 0, 60, 0, 1, 0, 5][..],
            b"CORP.",
            &random.text(b"abc", 60),
        ]
        .concat(),
        "keepass" => [
            b"\x03\xd9\xa2\x9a\x67\xfb\x4b\xb5\x01\x00\x04\x00",
            &random.text(b"abc", 60)[..],
        ]
        .concat(),
        _ => return None,
    })
}

/// Values that carry their checksum.
fn checked(kind: &str, random: &mut Random, is_right: bool) -> Vec<u8> {
    match kind {
        "curve25519" => {
            let mut key = random.text(&(0..=255).collect::<Vec<u8>>(), 32);
            key[0] &= 0xf8;
            key[31] = (key[31] & 0x7f) | 0x40;
            base64::engine::general_purpose::STANDARD
                .encode(key)
                .into_bytes()
        }
        "stellar" => {
            // Version byte of a seed, 32 bytes, the checksum.
            let mut bytes = [
                &[18 << 3][..],
                &random.text(&(0..=255).collect::<Vec<u8>>(), 32),
            ]
            .concat();
            let crc = crc16(&bytes) ^ u16::from(!is_right);
            bytes.extend(crc.to_le_bytes());
            base32(&bytes)
        }
        _ => {
            // Version bytes of `xprv`, depth 0, no parent, then chain code and key.
            let mut bytes = vec![0x04, 0x88, 0xad, 0xe4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            bytes.extend(random.text(&(0..=255).collect::<Vec<u8>>(), 32));
            bytes.push(0);
            bytes.extend(random.text(&(0..=255).collect::<Vec<u8>>(), 32));
            let sum = Sha256::digest(Sha256::digest(&bytes));
            bytes.extend(&sum[..3]);
            bytes.push(sum[3] ^ u8::from(!is_right));
            base58(&bytes)
        }
    }
}

fn base32(bytes: &[u8]) -> Vec<u8> {
    let bits: Vec<u8> = bytes
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
        .collect();
    let digit = |five: &[u8]| five.iter().fold(0, |digit, bit| digit << 1 | bit);
    let letter = |five: &[u8]| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[usize::from(digit(five))];
    bits.chunks(5).map(letter).collect()
}

fn base58(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u32> = vec![0];
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += *digit << 8;
            *digit = carry % 58;
            carry /= 58;
        }
        while carry > 0 {
            digits.push(carry % 58);
            carry /= 58;
        }
    }
    let letter = |digit: &u32| {
        b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"[*digit as usize]
    };
    digits.iter().rev().map(letter).collect()
}

/// A sequence of values with these tags: the structure of a key without a key.
fn der(tags: &str, random: &mut Random) -> Vec<u8> {
    let tags: Vec<u8> = tags
        .split(',')
        .map(|tag| tag.parse().expect("tag"))
        .collect();
    let content: Vec<u8> = tags
        .iter()
        .flat_map(|tag| {
            [
                &[*tag, 50][..],
                &random.text(&(1..=255).collect::<Vec<u8>>(), 50),
            ]
            .concat()
        })
        .collect();
    [
        &[0x30, u8::try_from(content.len()).expect("short")][..],
        &content,
    ]
    .concat()
}
