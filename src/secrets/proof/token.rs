//! Tokens with a structure of their own: AWS key ids, JWT, macaroons, base64 credentials, connection URIs.

use super::{Claim, Verdict, decode_base64};

/// `AKIA` and 16 characters of base 32 (RFC 4648). Since 2019 the first of them has its top bit set, and the 40 bits
/// behind hold the account's number, which has 12 decimal digits; before, the first was `I` or `J`.
pub(super) fn aws_key_id(value: &[u8]) -> Verdict {
    let digits = value
        .get(4..)
        .unwrap_or_default()
        .iter()
        .map(|byte| match byte {
            b'A'..=b'Z' => Some(u64::from(byte - b'A')),
            b'2'..=b'7' => Some(u64::from(byte - b'2') + 26),
            _ => None,
        });
    let Some(digits) = digits.collect::<Option<Vec<u64>>>() else {
        return Verdict::Refuted;
    };
    let [first, ..] = digits.as_slice() else {
        return Verdict::Refuted;
    };
    if matches!(first, 8 | 9) {
        return Verdict::Plausible;
    }
    // Ten digits are 50 bits: the top one, the 40 of the account, 9 of the rest.
    let number = digits
        .iter()
        .take(10)
        .fold(0, |number, digit| number << 5 | digit);
    let account = (number >> 9) & ((1 << 40) - 1);
    if *first >= 16 && account < 1_000_000_000_000 {
        Verdict::Plausible
    } else {
        Verdict::Doubtful
    }
}

/// `header.payload.signature`, each base64url; RFC 7519 and RFC 7515, section 4.
pub(super) fn jwt(value: &[u8]) -> Verdict {
    let mut parts = value.split(|byte| *byte == b'.');
    let object = |part: Option<&[u8]>| -> Option<serde_json::Map<String, serde_json::Value>> {
        serde_json::from_slice(&decode_base64(part?)?).ok()
    };
    let (header, payload) = (object(parts.next()), object(parts.next()));
    let signature = parts.next().unwrap_or_default();
    let algorithm = header.as_ref().and_then(|header| header.get("alg"));
    match (algorithm.and_then(|algorithm| algorithm.as_str()), payload) {
        (Some("none"), _) => Verdict::Doubtful,
        (Some(_), Some(_)) if signature.len() >= 16 => Verdict::Proven,
        (Some(_), _) => Verdict::Doubtful,
        (None, _) => Verdict::Refuted,
    }
}

/// What the base64 of a PyPI token begins with: a version 2 macaroon (byte 2), then field 1, the location, with its length:
/// the index itself, or its test instance.
///
/// <https://github.com/rescrv/libmacaroons/blob/master/doc/format.txt>
const PYPI_LOCATIONS: [&[u8]; 2] = [b"AgEIcHlwaS5vcmc", b"AgENdGVzdC5weXBpLm9yZw"];

/// `pypi-` and a macaroon that PyPI issued.
pub(super) fn pypi_macaroon(value: &[u8]) -> Verdict {
    let body = value.strip_prefix(b"pypi-").and_then(decode_base64);
    let is_issued = |body: Vec<u8>| {
        let mut locations = PYPI_LOCATIONS.iter().filter_map(|text| decode_base64(text));
        locations.any(|location| body.starts_with(&location))
    };
    if body.is_some_and(is_issued) {
        Verdict::Proven
    } else {
        Verdict::Doubtful
    }
}

/// The `auth` of Docker's `config.json` and of `.npmrc`: `user:password`, both printable.
pub(super) fn basic_auth(value: &[u8]) -> Verdict {
    let Some(mut decoded) = decode_base64(value) else {
        return Verdict::Refuted;
    };
    let printable = decoded.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let colon = memchr::memchr(b':', &decoded);
    let verdict = match colon {
        Some(colon) if printable && colon > 0 && colon + 1 < decoded.len() => Verdict::Proven,
        _ => Verdict::Refuted,
    };
    decoded.fill(0);
    verdict
}

/// Hosts that only documentation and tests connect to (RFC 2606, RFC 6761).
const EXAMPLE_HOSTS: [&[u8]; 12] = [
    b"localhost",
    b"host",
    b"hostname",
    b"127.0.0.1",
    b"[::1]",
    b"0.0.0.0",
    b"server",
    b"ip",
    b"address",
    b"myhost",
    b"foo",
    b"bar",
];
const EXAMPLE_DOMAINS: [&[u8]; 9] = [
    b"example.com",
    b"example.org",
    b"example.net",
    b"example",
    b".test",
    b".invalid",
    b".localhost",
    b"domain.com",
    b"acme.com",
];

/// What stands behind the `@`: an example's host, or a slot, makes the password an example too.
pub(super) fn host(claim: &Claim<'_>) -> Verdict {
    let behind = claim.block.get(claim.value_end..).unwrap_or_default();
    let behind = behind.strip_prefix(b"@").unwrap_or(behind);
    let is_end = |byte: &u8| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']'))
    };
    // 253: the longest domain name. Brackets stay in, for IPv6; its colons end it early, which `[` alone tells.
    let behind = behind.get(..253).unwrap_or(behind);
    let host = behind
        .split(is_end)
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_example = EXAMPLE_HOSTS.contains(&host.as_slice())
        || EXAMPLE_DOMAINS.iter().any(|domain| host.ends_with(domain));
    if host.is_empty() || is_example {
        Verdict::Doubtful
    } else {
        Verdict::Plausible
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::proof::claim;

    fn base64(text: &str) -> String {
        use base64::Engine as _;
        crate::secrets::proof::URL_SAFE
            .encode(text)
            .replace('=', "")
    }

    #[test]
    fn an_aws_key_id_carries_a_possible_account() {
        assert_eq!(
            aws_key_id(["AKIA", "QABCDEFGHIJKLMN2"].concat().as_bytes()),
            Verdict::Plausible
        );
        assert_eq!(
            aws_key_id(["AKIA", "IABCDEFGHIJKLMN2"].concat().as_bytes()),
            Verdict::Plausible
        );
        assert_eq!(
            aws_key_id(["AKIA", "AABCDEFGHIJKLMN2"].concat().as_bytes()),
            Verdict::Doubtful
        );
        assert_eq!(
            aws_key_id(["AKIA", "QABCDEFGHIJKLMN1"].concat().as_bytes()),
            Verdict::Refuted
        );
    }

    #[test]
    fn a_jwt_names_its_algorithm_and_is_signed() {
        let (header, payload) = (base64("{\"alg\":\"HS256\"}"), base64("{\"sub\":\"1\"}"));
        let signature = "c2lnbmF0dXJlLXNpZ25hdHVyZQ";
        let check = |parts: [&str; 3]| jwt(parts.join(".").as_bytes());
        assert_eq!(check([&header, &payload, signature]), Verdict::Proven);
        assert_eq!(check([&header, &payload, ""]), Verdict::Doubtful);
        assert_eq!(
            check([&base64("{\"alg\":\"none\"}"), &payload, signature]),
            Verdict::Doubtful
        );
        assert_eq!(
            check([&base64("{\"a\":1}"), &payload, signature]),
            Verdict::Refuted
        );
        assert_eq!(check(["eyJ", &payload, signature]), Verdict::Refuted);
    }

    #[test]
    fn a_macaroon_names_pypi() {
        let check = |body: &str| pypi_macaroon(["pypi-", body].concat().as_bytes());
        assert_eq!(check("AgEIcHlwaS5vcmcCcmVzdA"), Verdict::Proven);
        assert_eq!(check("AgEIYWNtZS5vcmcCcmVzdA"), Verdict::Doubtful);
    }

    #[test]
    fn basic_authentication_is_a_user_and_a_password() {
        assert_eq!(basic_auth(base64("user:word").as_bytes()), Verdict::Proven);
        for other in ["user", ":word", "user:", "us\u{1}er:word"] {
            assert_eq!(
                basic_auth(base64(other).as_bytes()),
                Verdict::Refuted,
                "{other}"
            );
        }
    }

    #[test]
    fn an_example_host_makes_a_doubtful_password() {
        let check = |text: &'static str| {
            let mut claim = claim(text.as_bytes());
            claim.value_end = text.find('@').expect("host");
            host(&claim)
        };
        assert_eq!(check("word@db.prod.internal:5432/app"), Verdict::Plausible);
        for text in [
            "word@localhost:5432",
            "word@www.example.com/",
            "word@${HOST}",
            "word@HOST/",
        ] {
            assert_eq!(check(text), Verdict::Doubtful, "{text}");
        }
    }
}
