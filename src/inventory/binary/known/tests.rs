use std::collections::BTreeSet;




use super::rule::{Rule, parse};
use super::*;
use crate::layers::detect_one;

use crate::model::{Basis, Package};

/// What the detector finds in a file of this name.
fn found(path: &str, bytes: &[u8]) -> Option<Package> {
    let facts = detect_one(&Known, path, bytes).expect("it never refuses a file")?;
    assert!(facts.gaps.is_empty());
    assert!(facts.packages.len() <= 1, "a file is one program");
    facts.packages.into_iter().next()
}

/// The content as the file that the rule is for begins.
fn program(rule: &Rule, text: &str) -> Vec<u8> {
    match rule.script {
        true if text.starts_with("#!") => text.into(),
        true => format!("#!/bin/sh\n{text}").into(),
        false => [b"\x7fELF\x02\x01\x01\0", text.as_bytes()].concat(),
    }
}

/// Each file name that the rule's patterns allow, with something for `*`.
fn names(rule: &Rule) -> impl Iterator<Item = String> {
    rule.files
        .iter()
        .flat_map(|files| [files.text.replace('*', ""), files.text.replace('*', "3.11")])
}

#[test]
fn every_rule_reads_and_compiles() {
    let rules = parse(EMBEDDED).expect("the embedded rules");
    assert_eq!(rules.len(), RULES.len());
    for clue in rules.iter().flat_map(|rule| &rule.clues) {
        assert!(!clue.at.is_empty() && clue.at.iter().all(|at| !at.is_empty()));
        clue.compile_shape().expect(&clue.shape);
    }
}

#[test]
fn every_example_gives_its_version_under_every_name_that_the_rule_is_for() {
    for rule in RULES.iter() {
        assert!(!rule.examples.is_empty(), "{}", rule.id);
        for (name, example) in names(rule).flat_map(|name| {
            let pair = move |example| (name.clone(), example);
            rule.examples.iter().map(pair)
        }) {
            let package = found(&format!("opt/x/{name}"), &program(rule, &example.text))
                .unwrap_or_else(|| panic!("{}: nothing in {name}: {:?}", rule.id, example.text));
            assert_eq!(package.properties["rule"], rule.id, "{name}: {:?}", example.text);
            assert_eq!(package.version, example.version, "{}", rule.id);
            assert_eq!(package.name, rule.name);
            assert_eq!(package.basis, Basis::Heuristic);
        }
    }
}

#[test]
fn every_clue_of_a_rule_has_an_example() {
    for rule in RULES.iter() {
        for clue in &rule.clues {
            let shape = clue.compile_shape().expect(&clue.shape);
            let shown = (rule.examples.iter())
                .any(|example| shape.is_match(program(rule, &example.text).as_slice()));
            assert!(shown, "{}: no example for {}", rule.id, clue.shape);
        }
    }
}

#[test]
fn no_counter_example_gives_a_version() {
    for rule in RULES.iter() {
        assert!(!rule.counter_examples.is_empty(), "{}", rule.id);
        for text in &rule.counter_examples {
            let package = rule.package(&program(rule, text));
            assert_eq!(package.map(|package| package.version), None, "{}: {text:?}", rule.id);
        }
    }
}

#[test]
fn every_package_has_a_valid_purl_and_cpe() {
    let letters = |text: &str| {
        let mut rest = text.chars();
        let mut valid = !text.is_empty();
        while let Some(letter) = rest.next() {
            valid &= match letter {
                '\\' => rest.next().is_some_and(|next| next.is_ascii_punctuation()),
                '-' | '.' | '_' => true,
                letter => letter.is_ascii_lowercase() || letter.is_ascii_digit(),
            };
        }
        valid
    };
    for rule in RULES.iter() {
        for example in &rule.examples {
            let package = rule.package(&program(rule, &example.text)).expect(&rule.id);
            let purl = package.purl(None).expect("a PURL");
            assert!(purl.starts_with("pkg:generic/") && purl.contains('@'), "{purl}");
            let cpe = package.properties.get("cpe").expect("every rule has a CPE");
            let parts: Vec<&str> = cpe.split(':').collect();
            assert_eq!(parts.len(), 13, "{cpe}");
            assert_eq!(parts[..3], ["cpe", "2.3", "a"]);
            assert!(parts[3..6].iter().all(|part| letters(part)), "{cpe}");
            assert!(parts[6..].iter().all(|part| *part == "*" || letters(part)), "{cpe}");
        }
    }
}

#[test]
fn ids_are_unique_and_in_lower_case_and_a_name_has_one_bitnami_name_at_most() {
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(ids.iter().all(|id| id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))));
    assert_eq!(
        parse("[[rule]]\nid = 'a'\nname = 'a'\nfiles = []\nclues = []\nexamples = []\ncounter-examples = []\n".repeat(2).as_str()).err().as_deref(),
        Some("the id a is taken by an earlier rule")
    );
}
