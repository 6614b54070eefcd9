//! Tokens with a structure of their own: AWS key ids, JWT, macaroons, JSON and credentials in base64.

use super::{Verdict, decode_base64};
use crate::secrets::placeholder::{Stand, stand_of};

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

/// The same in a header of a request, of which documentation is full.
pub(super) fn basic_auth_header(value: &[u8]) -> Verdict {
    let Some(mut decoded) = decode_base64(value) else {
        return Verdict::Refuted;
    };
    let is_printable = decoded.iter().all(|byte| matches!(byte, b' '..=b'~'));
    let verdict = match memchr::memchr(b':', &decoded).and_then(|at| decoded.split_at_checked(at)) {
        Some((user, [_, password @ ..]))
            if is_printable && !user.is_empty() && !password.is_empty() =>
        {
            let is_example = user.eq_ignore_ascii_case(b"user")
                || user.eq_ignore_ascii_case(b"username")
                || user == b"Aladdin";
            match stand_of(password) {
                _ if is_example => Verdict::Refuted,
                Stand::Real => Verdict::Plausible,
                Stand::Weak => Verdict::Doubtful,
                Stand::Filler => Verdict::Refuted,
            }
        }
        _ => Verdict::Refuted,
    };
    decoded.fill(0);
    verdict
}

fn json_object(base64: &[u8]) -> Option<serde_json::Map<String, serde_json::Value>> {
    serde_json::from_slice(&decode_base64(base64)?).ok()
}

/// `prefix_` and a JSON object in base64, perhaps with more behind another `_`: tokens of Sentry and Grafana.
pub(super) fn json_token(value: &[u8]) -> Verdict {
    let mut parts = value.split(|byte| *byte == b'_').skip(1);
    match parts.next() {
        Some(body) if !body.starts_with(b"eyJ") => Verdict::Plausible,
        Some(body) if json_object(body.trim_ascii_end()).is_some_and(|object| object.len() > 1) => {
            Verdict::Proven
        }
        _ => Verdict::Doubtful,
    }
}

/// The old API keys of Grafana: a JSON object in base64 with key, name and organisation.
pub(super) fn grafana_api_key(value: &[u8]) -> Verdict {
    match json_object(value) {
        Some(object)
            if ["k", "n", "id"]
                .iter()
                .all(|field| object.contains_key(*field)) =>
        {
            Verdict::Proven
        }
        _ => Verdict::Refuted,
    }
}

/// The first part of a Discord bot's token is its id in base64: 17 to 20 decimal digits.
pub(super) fn discord(value: &[u8]) -> Verdict {
    let id = value
        .split(|byte| *byte == b'.')
        .next()
        .and_then(decode_base64);
    match id {
        Some(id) if (17..=20).contains(&id.len()) && id.iter().all(u8::is_ascii_digit) => {
            Verdict::Proven
        }
        _ => Verdict::Doubtful,
    }
}

/// A JWT with this text in its payload; every other one is left to the rule of all JWT.
pub(super) fn jwt_with(value: &[u8], wanted: &[u8]) -> Verdict {
    let payload = value
        .split(|byte| *byte == b'.')
        .nth(1)
        .and_then(decode_base64);
    let has = |payload: Vec<u8>| memchr::memmem::find(&payload, wanted).is_some();
    match (payload.is_some_and(has), jwt(value)) {
        (true, Verdict::Proven) => Verdict::Proven,
        _ => Verdict::Refuted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_header_of_documentation_is_no_secret() {
        for (text, verdict) in [
            ("ci:k3J9fQpZ", Verdict::Plausible),
            ("ci:changeme", Verdict::Doubtful),
            ("user:k3J9fQpZ", Verdict::Refuted),
            ("Aladdin:open sesame", Verdict::Refuted),
        ] {
            assert_eq!(
                basic_auth_header(base64(text).as_bytes()),
                verdict,
                "{text}"
            );
        }
    }

    #[test]
    fn json_inside_a_token_proves_it() {
        let token = |json: &str| format!("glc_{}", base64(json));
        assert_eq!(
            json_token(token("{\"o\":\"1\",\"n\":\"ci\"}").as_bytes()),
            Verdict::Proven
        );
        assert_eq!(json_token(token("{\"o\"").as_bytes()), Verdict::Doubtful);
        assert_eq!(json_token(b"sntryu_0f"), Verdict::Plausible);
        assert_eq!(
            grafana_api_key(base64("{\"k\":\"a\",\"n\":\"b\",\"id\":1}").as_bytes()),
            Verdict::Proven
        );
        assert_eq!(
            grafana_api_key(base64("{\"k\":\"a\"}").as_bytes()),
            Verdict::Refuted
        );
    }

    #[test]
    fn a_discord_token_carries_its_bots_id() {
        let token = |id: &str| format!("{}.a.b", base64(id));
        assert_eq!(
            discord(token("102938475610293847").as_bytes()),
            Verdict::Proven
        );
        assert_eq!(
            discord(token("no id at all here").as_bytes()),
            Verdict::Doubtful
        );
    }

    #[test]
    fn a_jwt_is_told_by_its_payload() {
        let token = |payload: &str| {
            [
                &base64("{\"alg\":\"HS256\"}"),
                &base64(payload),
                "c2lnbmF0dXJlLXNpZ25hdHVyZQ",
            ]
            .join(".")
        };
        let service = token("{\"role\":\"service_role\"}");
        assert_eq!(
            jwt_with(service.as_bytes(), b"service_role"),
            Verdict::Proven
        );
        let other = token("{\"role\":\"anon\"}");
        assert_eq!(
            jwt_with(other.as_bytes(), b"service_role"),
            Verdict::Refuted
        );
    }
}
