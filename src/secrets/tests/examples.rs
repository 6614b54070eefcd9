//! Every rule finds its examples and not its counter-examples.

use base64::Engine as _;

use super::{engine, scan};
use crate::model::Confidence;
use crate::secrets::proof::{bech32_checksum, crc32, encode_base62};

/// Joins an example's parts and fills in what is computed: see the head of `rules.toml`.
pub(super) fn expand(parts: &[String]) -> String {
    parts.iter().fold(String::new(), |joined, part| {
        let computed = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        let computed = computed.and_then(|name| compute(name, &joined));
        joined + &computed.unwrap_or_else(|| part.clone())
    })
}

fn compute(name: &str, joined: &str) -> Option<String> {
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD_NO_PAD.encode(bytes);
    if let Some(text) = name.strip_prefix("base64:") {
        return Some(base64(text.as_bytes()));
    }
    if let Some(tags) = name.strip_prefix("der:") {
        let tags: Vec<u8> = tags
            .split(',')
            .map(|tag| tag.parse().expect("tag"))
            .collect();
        let value = |tag: &u8| [&[*tag, 50][..], &[0x5a; 50]].concat();
        let content: Vec<u8> = tags.iter().flat_map(value).collect();
        let length = u8::try_from(content.len()).expect("short");
        return Some(base64(&[&[0x30, length][..], &content].concat()));
    }
    match name {
        "crc32" => {
            let random = joined.rsplit('_').next()?;
            Some(String::from_utf8_lossy(&encode_base62(crc32(random.as_bytes()))).into_owned())
        }
        "bech32" => {
            let human = joined.strip_suffix('1')?.to_lowercase();
            let digits: Vec<u8> = (0..52_u8).map(|digit| digit.wrapping_mul(7) % 32).collect();
            let letters = digits
                .iter()
                .map(|digit| char::from(b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[usize::from(*digit)]));
            let data: String = letters.collect();
            Some((data + &bech32_checksum(&human, &digits)).to_uppercase())
        }
        _ => None,
    }
}

#[test]
fn every_rule_finds_its_examples() {
    let engine = engine();
    for rule in engine.rules().iter() {
        assert!(
            !rule.examples.is_empty() && !rule.counter_examples.is_empty(),
            "{}",
            rule.id
        );
        let path = rule
            .files
            .first()
            .map_or("srv/app/settings", String::as_str);
        for example in &rule.examples {
            let text = expand(example);
            let facts = scan(&engine, path, text.as_bytes(), text.len());
            let hit = facts.secrets.iter().find(|hit| hit.rule == rule.id);
            let hit =
                hit.unwrap_or_else(|| panic!("{} misses {text}: {:?}", rule.id, facts.secrets));
            assert!(
                hit.confidence >= Confidence::Likely,
                "{} doubts {text}",
                rule.id
            );
            assert_eq!(hit.fingerprint.is_none(), rule.guessable, "{}", rule.id);
            let secret = example
                .iter()
                .filter(|part| part.len() > 12 && !part.contains('-'));
            for part in secret {
                assert!(
                    !hit.redacted.contains(&expand(std::slice::from_ref(part))),
                    "{} shows its value",
                    rule.id
                );
            }
            if rule.guessable {
                assert!(hit.redacted.starts_with('…'), "{} shows its value", rule.id);
            }
        }
    }
}

#[test]
fn no_rule_takes_its_counter_examples_for_likely() {
    let engine = engine();
    for rule in engine.rules().iter() {
        let path = rule
            .files
            .first()
            .map_or("srv/app/settings", String::as_str);
        for example in &rule.counter_examples {
            let text = expand(example);
            let facts = scan(&engine, path, text.as_bytes(), text.len());
            let hit = facts.secrets.iter().find(|hit| hit.rule == rule.id);
            let confidence = hit.map_or(Confidence::Possible, |hit| hit.confidence);
            assert_eq!(
                confidence,
                Confidence::Possible,
                "{} believes {text}",
                rule.id
            );
        }
    }
}

#[test]
fn there_are_more_than_thirty_six_kinds() {
    assert!(engine().rules().iter().count() > 36);
}

#[test]
fn a_particular_rule_has_the_value_before_a_general_one() {
    let example = [
        "{\"private_key\": \"-----BEGIN PRIV",
        "ATE KEY-----\\n",
        "{der:2,48}",
        "\\n-----END PRIV",
        "ATE KEY-----\\n\", \"client_email\": \"a@b.iam.gserviceaccount.com\"}",
    ];
    let text = expand(&example.map(str::to_owned));
    let facts = scan(&engine(), "key.json", text.as_bytes(), text.len());
    assert_eq!(
        super::likely(&facts.secrets),
        [("gcp/service-account-key", Confidence::Proven)]
    );
}
