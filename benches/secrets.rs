//! The secret engine against the floor: `cargo bench --bench secrets [-- FOLDER [MIB]]`.
//!
//! Reads the files below a folder (`/usr`, up to 1 GiB, unless said) into memory, then prints how many bytes a second
//! one core gets through: the engine, its parts on the same bytes, and what it is measured against. `--hits` lists
//! what was found, without values.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench prints, and may stop where something is wrong"
)]

use std::path::Path;
use std::time::Instant;

use aho_corasick::{AhoCorasick, AhoCorasickKind, packed};
use plimsoll::layers::{Detector as _, Entry};
use plimsoll::model::Confidence;
use plimsoll::secrets::{Engine, Rules};

/// Bytes that a walk hands over at once.
const CHUNK: usize = 64 << 10;

struct Corpus {
    files: Vec<(String, Vec<u8>)>,
    bytes: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let list_hits = arguments.iter().any(|argument| argument == "--hits");
    let mut plain = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"));
    let folder = plain.next().map_or("/usr", String::as_str);
    let mebibytes: u64 = plain
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1024);

    let mut corpus = Corpus {
        files: Vec::new(),
        bytes: 0,
    };
    read_below(Path::new(folder), mebibytes << 20, &mut corpus);
    println!(
        "{folder}: {} files, {} MiB",
        corpus.files.len(),
        corpus.bytes >> 20
    );

    let start = Instant::now();
    let engine = Engine::new(Rules::embedded().expect("embedded rules"), None);
    println!(
        "{} rules compiled in {:?}",
        engine.rules().iter().count(),
        start.elapsed()
    );

    let ours = best(&corpus, || run_engine(&engine, &corpus, list_hits));
    let memchr = best(&corpus, || {
        corpus
            .files
            .iter()
            .map(|(_, bytes)| memchr::memchr_iter(0xc1, bytes).count())
            .sum()
    });
    let keywords: Vec<&[u8]> = engine.keywords().map(|(keyword, _)| keyword).collect();
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .prefilter(false)
        .build(&keywords)
        .expect("automaton");
    let dfa = best(&corpus, || {
        corpus
            .files
            .iter()
            .map(|(_, bytes)| automaton.find_iter(bytes).count())
            .sum()
    });
    println!("engine           {ours:6.2} GB/s");
    println!(
        "memchr           {memchr:6.2} GB/s, engine / memchr {:.3}",
        ours / memchr
    );
    println!(
        "Aho-Corasick DFA {dfa:6.2} GB/s, engine / DFA {:.2} ({} keywords)",
        ours / dfa,
        keywords.len()
    );
    // Teddy takes 64 patterns at most, so this is what it would do with a part of them.
    let mut teddy = packed::Config::new().builder();
    teddy.extend(keywords.iter().take(64));
    if let Some(teddy) = teddy.build() {
        let speed = best(&corpus, || {
            corpus
                .files
                .iter()
                .map(|(_, bytes)| teddy.find_iter(bytes).count())
                .sum()
        });
        println!("Teddy            {speed:6.2} GB/s with the first 64 keywords only");
    }
}

/// The best of three runs, in GB/s: what the machine can do, not what else it was doing.
fn best(corpus: &Corpus, mut run: impl FnMut() -> usize) -> f64 {
    let times = (0..3).map(|_| {
        let start = Instant::now();
        std::hint::black_box(run());
        start.elapsed().as_secs_f64()
    });
    let fastest = times.fold(f64::INFINITY, f64::min);
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let bytes = corpus.bytes as f64;
    bytes / fastest / 1e9
}

fn run_engine(engine: &Engine, corpus: &Corpus, list_hits: bool) -> usize {
    let mut session = engine.session().expect("session");
    let mut hits = [0_usize; 3];
    for (path, bytes) in &corpus.files {
        if !session.begin(&Entry::file(path, bytes.len() as u64)) {
            continue;
        }
        bytes.chunks(CHUNK).for_each(|chunk| session.chunk(chunk));
        let facts = session.end();
        for hit in &facts.secrets {
            hits[hit.confidence as usize] += 1;
            if list_hits {
                println!(
                    "{:?}\t{}\t{path}:{}\t{}\t{:?}",
                    hit.confidence, hit.rule, hit.line, hit.redacted, hit.fingerprint
                );
            }
        }
    }
    let [possible, likely, proven] = [Confidence::Possible, Confidence::Likely, Confidence::Proven]
        .map(|confidence| hits[confidence as usize]);
    println!("hits: {proven} proven, {likely} likely, {possible} possible");
    hits.iter().sum()
}

fn read_below(folder: &Path, limit: u64, corpus: &mut Corpus) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            read_below(&entry.path(), limit, corpus);
        } else if kind.is_file() && corpus.bytes < limit {
            let path = entry.path();
            if let Ok(bytes) = std::fs::read(&path) {
                corpus.bytes += bytes.len() as u64;
                let path = path.to_string_lossy();
                corpus
                    .files
                    .push((path.trim_start_matches('/').to_owned(), bytes));
            }
        }
    }
}
