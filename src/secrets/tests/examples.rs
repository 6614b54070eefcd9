//! Every rule finds its examples and not its counter-examples.

use super::corpus::{expand, expand_broken};
use super::{engine, scan};
use crate::model::Confidence;
use crate::secrets::Rule;

/// A path at which the rule looks.
pub(super) fn path_of(rule: &Rule) -> String {
    let file = rule.files.first().map_or("settings", String::as_str);
    format!("srv/app/{}", file.replace('*', "app"))
}

#[test]
fn every_shape_compiles() {
    let mut broken = Vec::new();
    for rule in engine().rules().iter() {
        if rule.shape.regex().is_none() {
            broken.push(rule.id.clone());
        }
    }
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn every_rule_finds_its_examples() {
    let engine = engine();
    let mut missed = Vec::new();
    for rule in engine.rules().iter() {
        assert!(
            !rule.examples.is_empty() && !rule.counter_examples.is_empty(),
            "{}",
            rule.id
        );
        let wanted = rule.confidence.min(Confidence::Likely);
        for example in &rule.examples {
            let text = expand(example, 1);
            let facts = scan(&engine, &path_of(rule), &text, text.len());
            let hit = facts.secrets.iter().find(|hit| hit.rule == rule.id);
            let Some(hit) = hit.filter(|hit| hit.confidence >= wanted) else {
                missed.push(format!(
                    "{} misses {}: {:?}",
                    rule.id,
                    String::from_utf8_lossy(&text),
                    facts.secrets
                ));
                continue;
            };
            assert_eq!(hit.fingerprint.is_none(), rule.guessable, "{}", rule.id);
            for part in example
                .iter()
                .filter(|part| part.len() > 12 && !part.contains('-') && !part.starts_with('{'))
            {
                let is_prefix = rule
                    .keywords
                    .iter()
                    .any(|keyword| part.as_bytes().starts_with(&keyword.bytes));
                assert!(
                    is_prefix || !hit.redacted.contains(part),
                    "{} shows its value",
                    rule.id
                );
            }
            if rule.guessable {
                assert!(hit.redacted.starts_with('…'), "{} shows its value", rule.id);
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn no_rule_takes_its_counter_examples_for_likely() {
    let engine = engine();
    let mut believed = Vec::new();
    for rule in engine.rules().iter() {
        for example in &rule.counter_examples {
            let text = expand(example, 1);
            let facts = scan(&engine, &path_of(rule), &text, text.len());
            let hit = facts.secrets.iter().find(|hit| hit.rule == rule.id);
            if hit.is_some_and(|hit| hit.confidence > Confidence::Possible) {
                believed.push(format!(
                    "{} believes {}",
                    rule.id,
                    String::from_utf8_lossy(&text)
                ));
            }
        }
    }
    assert!(believed.is_empty(), "{}", believed.join("\n"));
}

#[test]
fn a_wrong_checksum_is_never_proven() {
    let engine = engine();
    for rule in engine.rules().iter() {
        for example in rule.examples.iter().filter(|example| {
            example.iter().any(|part| {
                part.starts_with("{crc32")
                    || part == "{bech32}"
                    || part.starts_with("{check:base58")
                    || part == "{check:stellar}"
            })
        }) {
            let text = expand_broken(example, 1);
            let facts = scan(&engine, &path_of(rule), &text, text.len());
            let proven = facts
                .secrets
                .iter()
                .filter(|hit| hit.confidence == Confidence::Proven);
            assert_eq!(proven.count(), 0, "{}", rule.id);
        }
    }
}

#[test]
fn there_are_more_than_two_hundred_and_fifty_kinds() {
    assert!(engine().rules().iter().count() > 250);
}

#[test]
fn no_id_is_used_twice() {
    let engine = engine();
    let ids: std::collections::BTreeSet<&str> =
        engine.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), engine.rules().iter().count());
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
    let text = expand(&example.map(str::to_owned), 1);
    let facts = scan(&engine(), "key.json", &text, text.len());
    assert_eq!(
        super::likely(&facts.secrets),
        [("gcp/service-account-key", Confidence::Proven)]
    );
}
