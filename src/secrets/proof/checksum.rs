//! Checksums that issuers put into their tokens.

use sha2::{Digest as _, Sha256};

use super::Verdict;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Characters of a CRC-32 in base 62.
const CHECKSUM: usize = 6;

/// GitHub's and npm's tokens: `prefix_`, random characters, and the CRC-32 of these in base 62. `otherwise` is what a
/// token without a right one is.
///
/// <https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/>
pub(super) fn base62_crc32(value: &[u8], otherwise: Verdict) -> Verdict {
    let secret = value
        .rsplit(|byte| *byte == b'_')
        .next()
        .unwrap_or_default();
    let split = secret
        .len()
        .checked_sub(CHECKSUM)
        .and_then(|at| secret.split_at_checked(at));
    match split {
        Some((random, checksum))
            if !random.is_empty() && checksum == encode_base62(crc32(random)) =>
        {
            Verdict::Proven
        }
        _ => otherwise,
    }
}

/// A Matrix token of Synapse: the CRC-32 of all before the last `_`, in base 62.
pub(super) fn matrix(value: &[u8]) -> Verdict {
    match split_at_last_underscore(value) {
        Some((token, checksum)) if checksum == encode_base62(crc32(token)) => Verdict::Proven,
        _ => Verdict::Doubtful,
    }
}

/// A Grafana service account's token: the CRC-32 of all before the last `_`, least significant byte first, in hexadecimal
/// digits.
pub(super) fn hex_crc32(value: &[u8]) -> Verdict {
    match split_at_last_underscore(value) {
        Some((token, checksum)) if checksum == hex_of(crc32(token)).as_bytes() => Verdict::Proven,
        _ => Verdict::Doubtful,
    }
}

pub(in crate::secrets) fn hex_of(crc: u32) -> String {
    format!("{:08x}", crc.swap_bytes())
}

fn split_at_last_underscore(value: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memrchr(b'_', value)?;
    Some((value.get(..at)?, value.get(at + 1..)?))
}

const BASE58: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// `Base58Check`: the last four bytes are the beginning of the doubled SHA-256 of the others.
///
/// <https://en.bitcoin.it/wiki/Base58Check_encoding>
pub(super) fn base58_check(value: &[u8]) -> Verdict {
    let mut bytes: Vec<u8> = Vec::with_capacity(value.len());
    for letter in value {
        let Some(digit) = BASE58.iter().position(|digit| digit == letter) else {
            return Verdict::Refuted;
        };
        let mut carry = digit;
        for byte in &mut bytes {
            carry += usize::from(*byte) * 58;
            *byte = u8::try_from(carry & 0xff).unwrap_or_default();
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(u8::try_from(carry).unwrap_or_default());
        }
    }
    bytes.reverse();
    let split = bytes
        .len()
        .checked_sub(4)
        .and_then(|at| bytes.split_at_checked(at));
    let verdict = match split {
        Some((data, checksum)) if sha256_twice(data).starts_with(checksum) => Verdict::Proven,
        _ => Verdict::Doubtful,
    };
    bytes.fill(0);
    verdict
}

fn sha256_twice(data: &[u8]) -> Vec<u8> {
    Sha256::digest(Sha256::digest(data)).to_vec()
}

/// A seed of Stellar: base 32, the last two bytes are the CRC-16 (XMODEM) of the others.
///
/// <https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0023.md>
pub(super) fn stellar_seed(value: &[u8]) -> Verdict {
    let mut bits = 0_u32;
    let mut count = 0;
    let mut bytes = Vec::with_capacity(35);
    for letter in value {
        let digit = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return Verdict::Refuted,
        };
        bits = (bits << 5 | u32::from(digit)) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    let split = bytes
        .len()
        .checked_sub(2)
        .and_then(|at| bytes.split_at_checked(at));
    match split {
        Some((data, checksum)) if crc16(data).to_le_bytes() == checksum => Verdict::Proven,
        _ => Verdict::Doubtful,
    }
}

pub(in crate::secrets) fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc: u16, _| {
            (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
        })
    })
}

/// Six digits of base 62, most significant first.
pub(in crate::secrets) fn encode_base62(mut number: u32) -> [u8; CHECKSUM] {
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        if let Some(character) = BASE62.get((number % 62) as usize) {
            *digit = *character;
        }
        number /= 62;
    }
    digits
}

/// CRC-32 as in zip (ISO 3309), bit by bit: tokens are short.
pub(in crate::secrets) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xEDB8_8320 } else { 0 }
        })
    })
}

const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// A Bech32 string of one case, as age writes its identities.
///
/// <https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#bech32>
pub(super) fn bech32(value: &[u8]) -> Verdict {
    let lower = value.to_ascii_lowercase();
    let Some(separator) = memchr::memrchr(b'1', &lower) else {
        return Verdict::Refuted;
    };
    let (human, data) = lower.split_at(separator);
    let data = data.iter().skip(1);
    let digits: Option<Vec<u8>> = data
        .map(|byte| BECH32.iter().position(|digit| digit == byte))
        .map(|position| position.and_then(|position| u8::try_from(position).ok()))
        .collect();
    let Some(digits) = digits.filter(|digits| digits.len() > CHECKSUM && !human.is_empty()) else {
        return Verdict::Doubtful;
    };
    if polymod(human, &digits) == 1 {
        Verdict::Proven
    } else {
        Verdict::Doubtful
    }
}

/// The checksum of the specification; 1 for a valid string.
fn polymod(human: &[u8], digits: &[u8]) -> u32 {
    const GENERATOR: [u32; 5] = [
        0x3b6a_57b2,
        0x2650_8e6d,
        0x1ea1_19fa,
        0x3d42_33dd,
        0x2a14_62b3,
    ];
    let high = human.iter().map(|byte| byte >> 5);
    let low = human.iter().map(|byte| byte & 31);
    let values = high.chain([0]).chain(low).chain(digits.iter().copied());
    values.fold(1, |checksum: u32, value| {
        let top = checksum >> 25;
        let shifted = ((checksum & 0x01ff_ffff) << 5) ^ u32::from(value);
        (0..)
            .zip(GENERATOR)
            .fold(shifted, |checksum, (bit, generator)| {
                checksum ^ if (top >> bit) & 1 == 1 { generator } else { 0 }
            })
    })
}

/// The six characters that make a Bech32 string of these: for examples.
#[cfg(test)]
pub(in crate::secrets) fn bech32_checksum(human: &str, digits: &[u8]) -> String {
    let checksum = polymod(human.as_bytes(), &[digits, &[0; CHECKSUM]].concat()) ^ 1;
    let digit = |place: u32| char::from(BECH32[(checksum >> (5 * place) & 31) as usize]);
    (0..6).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_that_of_zip() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    /// The token that GitHub-style checksums are explained with in public; it expired in 2021.
    #[test]
    fn a_published_expired_token_has_the_checksum() {
        let random = "zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ";
        assert_eq!(&encode_base62(crc32(random.as_bytes())), b"0mLq17");
        let token = ["ghp", "_", random, "0mLq17"].concat();
        assert_eq!(
            base62_crc32(token.as_bytes(), Verdict::Doubtful),
            Verdict::Proven
        );
        let other = token.replace("0mLq17", "0mLq18");
        assert_eq!(
            base62_crc32(other.as_bytes(), Verdict::Doubtful),
            Verdict::Doubtful
        );
    }

    /// Valid and invalid strings of BIP 173.
    #[test]
    fn bech32_follows_the_specification() {
        let valid = ["A12UEL5L", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"];
        assert_eq!(bech32(valid[1].as_bytes()), Verdict::Proven);
        assert_eq!(polymod(b"a", &digits("2uel5l")), 1, "{}", valid[0]);
        assert_eq!(
            bech32(b"abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxx"),
            Verdict::Doubtful
        );
        assert_eq!(bech32(b"no separator"), Verdict::Refuted);
    }

    fn digits(text: &str) -> Vec<u8> {
        let digit = |byte| {
            BECH32
                .iter()
                .position(|digit| *digit == byte)
                .expect("digit")
        };
        text.bytes()
            .map(|byte| u8::try_from(digit(byte)).expect("small"))
            .collect()
    }

    /// The first test vector of BIP 32: its seed is printed there, so nobody keeps anything under this key.
    #[test]
    fn base58_follows_the_vectors_of_bip_32() {
        let key = [
            "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPP",
            "qjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        ];
        assert_eq!(base58_check(key.concat().as_bytes()), Verdict::Proven);
        assert_eq!(
            base58_check(key.concat().replace("MPHi", "MPHj").as_bytes()),
            Verdict::Doubtful
        );
        assert_eq!(base58_check(b"0OIl"), Verdict::Refuted);
    }

    #[test]
    fn the_short_crc_is_xmodems() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
    }

    #[test]
    fn checksums_behind_the_last_underscore_cover_all_before_it() {
        let token = "glsa_k3J9fQpZ";
        let right = format!("{token}_{}", hex_of(crc32(token.as_bytes())));
        assert_eq!(hex_crc32(right.as_bytes()), Verdict::Proven);
        assert_eq!(hex_crc32(b"glsa_k3J9fQpZ_00000000"), Verdict::Doubtful);
        let crc = String::from_utf8_lossy(&encode_base62(crc32(b"syt_bWU_a"))).into_owned();
        assert_eq!(
            matrix(format!("syt_bWU_a_{crc}").as_bytes()),
            Verdict::Proven
        );
        assert_eq!(matrix(b"syt_bWU_a_000000"), Verdict::Doubtful);
    }
}
