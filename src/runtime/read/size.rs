//! Sizes in the units of Docker and Compose.

/// Digits of a fraction that count: more cannot change a byte.
const FRACTION: usize = 18;

/// Bytes of `512m`, `1g`, `1.5GiB`, `64 kb` or a plain number; `None` of anything else, and of a negative number.
///
/// Every unit is a power of 1024, with or without the `i` (go-units `RAMInBytes`, which Docker, Podman and Compose use). Part of a byte
/// is dropped.
pub fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let unit = 1_u128.checked_shl(shift(suffix.trim_start())?)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let total = digits(whole)?
        .checked_mul(unit)?
        .checked_add(part_of(unit, fraction)?)?;
    u64::try_from(total).ok()
}

/// How many bits a unit is worth.
fn shift(suffix: &str) -> Option<u32> {
    let suffix = suffix.to_ascii_lowercase();
    let mut letters = suffix.chars();
    let shift = match letters.next() {
        None => return Some(0),
        Some('b') => return letters.as_str().is_empty().then_some(0),
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        Some('t') => 40,
        Some('p') => 50,
        Some(_) => return None,
    };
    matches!(letters.as_str(), "" | "b" | "ib").then_some(shift)
}

fn digits(text: &str) -> Option<u128> {
    if text.is_empty() {
        return Some(0);
    }
    text.parse().ok().filter(|_| !text.starts_with('+'))
}

/// What a fraction of a unit comes to.
fn part_of(unit: u128, fraction: &str) -> Option<u128> {
    if fraction.contains('.') {
        return None;
    }
    let counted: String = fraction.chars().take(FRACTION).collect();
    let scale = 10_u128.checked_pow(u32::try_from(counted.len()).ok()?)?;
    Some(digits(&counted)?.checked_mul(unit)? / scale)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn units_are_powers_of_1024_in_every_spelling() {
        for (text, expected) in [
            ("0", 0),
            ("1024", 1024),
            ("7b", 7),
            ("512m", 512 << 20),
            ("512M", 512 << 20),
            ("512mb", 512 << 20),
            ("512MiB", 512 << 20),
            ("1g", 1 << 30),
            ("1.5GiB", 3 << 29),
            (".5k", 512),
            ("1.k", 1024),
            ("64 kb", 64 << 10),
            ("2t", 2 << 40),
            ("1p", 1 << 50),
            ("0.33333333333333333333333333k", 341),
        ] {
            assert_eq!(bytes(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_size_is_none() {
        for text in [
            "", " ", ".", "m", "-1", "+1", "1x", "1mm", "1bb", "1kib2", "1.2.3m", "1e3", "99999p",
        ] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_size_or_none(text in "\\PC{0,40}") {
            let _ = bytes(&text);
        }

        #[test]
        fn a_plain_number_is_itself(number: u64) {
            prop_assert_eq!(bytes(&number.to_string()), Some(number));
        }
    }
}
