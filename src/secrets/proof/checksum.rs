//! Checksums that issuers put into their tokens.

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
}
