//! Files in pieces, files of any size, files made to hurt.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{engine, likely, scan, token};
use crate::layers::Detector as _;
use crate::model::{Confidence, GapKind};
use crate::secrets::{Engine, Rules};

/// Takes no part of a second in an optimised build, and a few where nothing is; what is quadratic takes hours.
const PATIENCE: Duration = Duration::from_mins(1);

#[test]
fn a_secret_is_found_across_every_border_of_chunks_with_its_line() {
    let engine = engine();
    let text = format!("first\nsecond\nkey = {}\nlast\n", token(7));
    let whole = scan(&engine, "a", text.as_bytes(), text.len());
    assert_eq!((whole.secrets.len(), whole.secrets[0].line), (1, 3));
    for chunk in 1..text.len() {
        assert_eq!(scan(&engine, "a", text.as_bytes(), chunk), whole, "{chunk}");
    }
}

#[test]
fn a_secret_is_found_across_every_border_of_blocks() {
    let engine = engine();
    let token = token(8);
    for near in [112 << 10, 128 << 10, 224 << 10] {
        for at in (near - 400..near + 400).step_by(13) {
            let mut text = vec![b'\n'; at];
            text.extend(token.as_bytes());
            text.extend(vec![b'\n'; 300]);
            let facts = scan(&engine, "a", &text, 50_000);
            assert_eq!(facts.secrets.len(), 1, "{at}");
            assert_eq!(facts.secrets[0].line, at as u64 + 1, "{at}");
            assert_eq!(scan(&engine, "a", &text, text.len()), facts, "{at}");
        }
    }
}

#[test]
fn a_session_forgets_one_file_before_the_next() {
    let engine = engine();
    let mut session = engine.session().expect("session");
    let token = token(9);
    for (text, hits) in [
        (token.as_str(), 1),
        ("nothing", 0),
        (&token[..20], 0),
        (&token[20..], 0),
        (&token, 1),
    ] {
        session.begin(&crate::layers::Entry::file("a", text.len() as u64 + 1));
        session.chunk(text.as_bytes());
        assert_eq!(session.end().secrets.len(), hits, "{text}");
    }
}

#[test]
fn one_secret_is_told_once_a_line_and_again_on_another() {
    let (engine, token) = (engine(), token(10));
    let text = format!("{token} {token} {token}\n{token}\n");
    let facts = scan(&engine, "a", text.as_bytes(), text.len());
    let lines: Vec<u64> = facts.secrets.iter().map(|hit| hit.line).collect();
    assert_eq!(lines, [1, 2]);
    assert_eq!(facts.secrets[0].fingerprint, facts.secrets[1].fingerprint);
}

#[test]
fn more_than_a_hundred_hits_of_a_rule_become_a_gap_with_their_number() {
    let text: String = (0..130).map(|number| token(number) + "\n").collect();
    let facts = scan(&engine(), "a", text.as_bytes(), text.len());
    assert_eq!(facts.secrets.len(), 100);
    assert_eq!(facts.gaps.len(), 1);
    assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
    assert_eq!(
        facts.gaps[0].detail,
        "30 more matches of `github/personal-access-token` than the 100 that are kept of one file"
    );
}

#[test]
fn a_line_of_a_hundred_megabytes_is_searched_to_its_end() {
    let engine = engine();
    let mut session = engine.session().expect("session");
    session.begin(&crate::layers::Entry::file("a", u64::MAX));
    let filler = vec![b'x'; 1 << 20];
    (0..100).for_each(|_| session.chunk(&filler));
    session.chunk(format!(" {} ", token(11)).as_bytes());
    let facts = session.end();
    assert_eq!(
        likely(&facts.secrets),
        [("github/personal-access-token", Confidence::Proven)]
    );
    assert_eq!(facts.secrets[0].line, 1);
}

#[test]
fn a_file_of_nothing_but_keywords_takes_linear_time_and_hides_nothing() {
    let engine = engine();
    let begin = ["-----BEGIN RSA PRIV", "ATE KEY-----\n"].concat();
    let uri = format!("https://{}", "a".repeat(60));
    let pieces = [
        "eyJ",
        "eyJhbGciOi.eyJ",
        "AKIA",
        "ghp_",
        "://a:",
        "discord",
        "twilio token ",
        "SG.",
        &begin,
        &uri,
    ];
    let start = Instant::now();
    for piece in pieces.into_iter().chain(
        engine
            .keywords()
            .filter_map(|(k, _)| std::str::from_utf8(k).ok()),
    ) {
        let mut text = piece.repeat((256 << 10) / piece.len());
        text += &["\n ", &token(12), "\n"].concat();
        let facts = scan(&engine, "a", text.as_bytes(), 60_000);
        let found = facts
            .secrets
            .iter()
            .any(|hit| hit.rule == "github/personal-access-token");
        assert!(found, "{piece}");
    }
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[test]
fn a_crowd_of_keywords_finds_what_a_single_one_finds() {
    let engine = engine();
    let tokens: Vec<String> = (0..40).map(token).collect();
    let crowd = "ghp_ ".repeat(50);
    let text = tokens
        .iter()
        .fold(String::new(), |text, token| text + &crowd + token + " ");
    let facts = scan(&engine, "a", text.as_bytes(), text.len());
    assert_eq!(facts.secrets.len(), 40);
}

#[test]
fn the_cache_key_changes_with_the_rules_and_with_the_key() {
    let rules = || Rules::embedded().expect("rules");
    let options = [
        Engine::new(rules(), None).options(),
        Engine::new(rules(), Some(b"own key")).options(),
        Engine::new(Rules::parse("").expect("no rules"), None).options(),
    ];
    assert!(options[0] != options[1] && options[0] != options[2]);
    assert!(!options[1].contains("own key"));
}

#[test]
fn a_users_key_gives_passwords_a_fingerprint_too() {
    let rules = Rules::embedded().expect("rules");
    let engine = Engine::new(rules, Some(b"own key"));
    let text = ["redis://app:", "k3J9fQpZ7Lr", "@cache.internal/0"].concat();
    let facts = engine.scan_text(text.as_bytes());
    assert!(facts.secrets[0].fingerprint.is_some());
    assert_eq!(facts.secrets[0].redacted, "…[11 characters]");
}

fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let keywords: Vec<Vec<u8>> = engine()
        .keywords()
        .map(|(keyword, _)| keyword.to_vec())
        .collect();
    let piece = prop_oneof![
        proptest::sample::select(keywords),
        proptest::collection::vec(any::<u8>(), 0..8),
        (0_usize..3).prop_map(|number| token(number).into_bytes()),
        Just(b" \n".to_vec()),
        (0_usize..200_000).prop_map(|length| vec![b'.'; length]),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn facts_depend_on_the_bytes_and_never_on_the_chunks(text in any_text(), chunk in 1_usize..200_000) {
        let engine = engine();
        let whole = scan(&engine, "a", &text, usize::MAX);
        prop_assert_eq!(scan(&engine, "a", &text, chunk), whole);
    }
}
