//! Tests of the whole engine.

mod archives;
mod corpus;
mod examples;
mod noise;
mod quality;
mod streaming;

use super::{Engine, Rules};
use crate::layers::{Detector as _, Entry, FileFacts};
use crate::model::{Confidence, SecretHit};

fn engine() -> Engine {
    Engine::new(Rules::embedded().expect("embedded rules"), None)
}

/// Scans one file that comes in chunks of this size.
fn scan(engine: &Engine, path: &str, text: &[u8], chunk: usize) -> FileFacts {
    let mut session = engine.session().expect("session");
    assert!(session.begin(&Entry::file(path, text.len() as u64)));
    text.chunks(chunk).for_each(|chunk| session.chunk(chunk));
    session.end()
}

/// The rules and confidences of what is likely or better.
fn likely(hits: &[SecretHit]) -> Vec<(&str, Confidence)> {
    let likely = hits
        .iter()
        .filter(|hit| hit.confidence >= Confidence::Likely);
    likely
        .map(|hit| (hit.rule.as_str(), hit.confidence))
        .collect()
}

/// A GitHub token with a right checksum, of its number's own.
fn token(number: usize) -> String {
    let random = format!("{number:06}mZ4kT9wQ2xLr7VbN5cYp8HdJ");
    let token = corpus::expand(&["ghp_".to_owned(), random, "{crc32}".to_owned()], 1);
    String::from_utf8(token).expect("a token")
}
