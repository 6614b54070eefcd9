//! Quantities of Kubernetes: `500m`, `1Gi`, `1e3` (`apimachinery/pkg/api/resource/quantity.go`).

/// Bytes or units of a quantity, rounded up as the API server rounds; `None` of what is none, of a negative one, and of one beyond 2^64.
pub(super) fn parse(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let end = text
        .find(|each: char| !each.is_ascii_digit() && each != '.')
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at_checked(end)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    // Zeros at the end of a fraction say nothing, and would count as digits.
    let fraction = fraction.trim_end_matches('0');
    let digits: u128 = format!("0{whole}{fraction}").parse().ok()?;
    let places = u32::try_from(fraction.len()).ok()?;
    let (factor, divisor) = scale(suffix)?;
    let divisor = 10_u128.checked_pow(places)?.checked_mul(divisor)?;
    u64::try_from(digits.checked_mul(factor)?.div_ceil(divisor)).ok()
}

/// What a suffix multiplies with and divides by.
fn scale(suffix: &str) -> Option<(u128, u128)> {
    const THOUSANDS: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    /// Where the suffix that says nothing stands.
    const UNIT: usize = 3;
    if let Some(place) = THOUSANDS.iter().position(|known| *known == suffix) {
        let power = u32::try_from(place.abs_diff(UNIT)).ok()?;
        let thousands = 1000_u128.checked_pow(power)?;
        return Some(if place < UNIT {
            (1, thousands)
        } else {
            (thousands, 1)
        });
    }
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some(place) = binary.iter().position(|known| *known == suffix) {
        let power = u32::try_from(place + 1).ok()?;
        return Some((1024_u128.checked_pow(power)?, 1));
    }
    let exponent: i32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    let power = 10_u128.checked_pow(exponent.unsigned_abs())?;
    Some(if exponent < 0 { (1, power) } else { (power, 1) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantities_are_read_in_every_notation() {
        for (text, expected) in [
            ("0", Some(0)),
            ("1", Some(1)),
            ("+5", Some(5)),
            ("1k", Some(1000)),
            ("1Ki", Some(1024)),
            ("128Mi", Some(134_217_728)),
            ("1Gi", Some(1_073_741_824)),
            ("1.5Gi", Some(1_610_612_736)),
            ("1G", Some(1_000_000_000)),
            ("1e3", Some(1000)),
            ("1E3", Some(1000)),
            ("1E", Some(1_000_000_000_000_000_000)),
            ("1Ei", Some(1_152_921_504_606_846_976)),
            ("12e-1", Some(2)),
            ("500m", Some(1)),
            ("1500m", Some(2)),
            ("128974848000m", Some(128_974_848)),
            ("100n", Some(1)),
            (".5", Some(1)),
            ("5.", Some(5)),
            ("0.500000000000000000000000000000000000000000", Some(1)),
            ("-1", None),
            ("", None),
            (".", None),
            ("1.2.3", None),
            ("1K", None),
            ("1ki", None),
            ("1 Gi", None),
            ("1GiB", None),
            ("1gb", None),
            ("e3", None),
            ("99Ei", None),
            ("1e99", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[+\\-0-9.eEkKmMGiT ]{0,40}") {
            let _ = parse(&text);
        }
    }
}
