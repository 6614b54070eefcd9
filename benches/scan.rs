//! A cold and a warm scan against the floor: inflate the layers and hash both streams, on the same threads.
//!
//! `cargo bench --bench scan` makes an image of this machine's own files (600 MB, one large layer and several small
//! ones), and prints ratios: they hold on a noisy machine, seconds do not. `PLIMSOLL_BENCH_FOLDER` names other files.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark prints, and writes its own image"
)]
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a benchmark is no library"
)]

#[path = "../tests/it/image.rs"]
#[allow(dead_code, reason = "shared with the tests, which use all of it")]
mod image;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use plimsoll::advisories::Store;
use plimsoll::inventory;
use plimsoll::layers::{Cache, DetectorSet, Expected, read_layer};
use plimsoll::model::{Digest, Limits};
use plimsoll::scan::{ScanOptions, Silent, scan};
use plimsoll::source::{self, Reference, SourceOptions};
use sha2::{Digest as _, Sha256};

use image::{ImageBuilder, Written};

/// Uncompressed bytes of the image.
const IMAGE_BYTES: u64 = 600 << 20;
/// Each figure is the best of so many runs: the one that the rest of the machine disturbed least.
const RUNS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, layout, rest @ ..] = &arguments[..]
        && mode == "peak"
    {
        run_scan(
            Path::new(layout),
            Look::default().with_secrets(rest.iter().any(|word| word == "secrets")),
            None,
        );
        println!("{}", peak_kib("VmHWM"));
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for (name, layers) in [("one layer", 1), ("six layers", 6)] {
        compare(&folder.path().join(name), name, layers);
    }
    million_files(&folder.path().join("million"));
}

/// One image: the floor, both cold scans, the warm scan, and memory.
fn compare(layout: &Path, name: &str, layers: usize) {
    let written = host_image(layers).write_layout(layout);
    let stored: u64 = written
        .layers
        .iter()
        .map(|digest| {
            blob(layout, &digest.hex())
                .metadata()
                .expect("a blob")
                .len()
        })
        .sum();
    println!(
        "\n{name}: {} MB uncompressed, {} MB stored",
        IMAGE_BYTES >> 20,
        stored >> 20
    );
    let floor = best(|| floor(layout, &written));
    let report = |what: &str, time: Duration| {
        println!(
            "  {what:<28} {:>7.2} s   {:>5.2} × floor",
            time.as_secs_f64(),
            time.as_secs_f64() / floor.as_secs_f64()
        );
    };
    report("floor (inflate, both hashes)", floor);
    for (what, look) in [
        (
            "cold scan, packages only",
            Look {
                secrets: false,
                integrity: false,
            },
        ),
        (
            "cold scan, and integrity",
            Look {
                secrets: false,
                integrity: true,
            },
        ),
        (
            "cold scan, and secrets",
            Look {
                secrets: true,
                integrity: false,
            },
        ),
        (
            "cold scan, everything",
            Look {
                secrets: true,
                integrity: true,
            },
        ),
    ] {
        report(what, best(|| run_scan(layout, look, None)));
    }
    let first = best(|| walk(layout, &written, &detectors(&FIRST)));
    let all = best(|| walk(layout, &written, &detectors(&[])));
    println!(
        "  {:<28} {:>7.2} s   {:>5.2} × with the first six detectors",
        "reading, all detectors",
        all.as_secs_f64(),
        all.as_secs_f64() / first.as_secs_f64()
    );
    let cache = layout.with_extension("cache");
    run_scan(layout, Look::default(), Some(&cache));
    let warm = best(|| run_scan(layout, Look::default(), Some(&cache)));
    println!("  {:<28} {:>7.1} ms", "warm scan", warm.as_secs_f64() * 1e3);
    println!(
        "  {:<28} {:>7} MiB",
        "peak memory, everything",
        child_peak(layout, "secrets") >> 10
    );
}

/// The image that takes one peer 12 GB: nothing but names.
fn million_files(layout: &Path) {
    let image = ImageBuilder::new().layer("RUN touch", |mut layer| {
        for index in 0..1_000_000 {
            layer = layer.file(&format!("srv/{:03}/{index:07}", index % 1000), "");
        }
        layer
    });
    image.write_layout(layout);
    drop(image);
    let time = best(|| run_scan(layout, Look::default(), None));
    println!(
        "\na million empty files: {:.2} s, peak memory {} MiB",
        time.as_secs_f64(),
        child_peak(layout, "secrets") >> 10
    );
}

fn best(mut work: impl FnMut()) -> Duration {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed()
    });
    times.min().unwrap_or_default()
}

/// What a scan looks at beside packages.
#[derive(Clone, Copy)]
struct Look {
    secrets: bool,
    integrity: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            secrets: true,
            integrity: true,
        }
    }
}

impl Look {
    fn with_secrets(self, secrets: bool) -> Self {
        Self { secrets, ..self }
    }
}

fn run_scan(layout: &Path, look: Look, cache: Option<&Path>) {
    let reference: Reference = format!("oci:{}", layout.display())
        .parse()
        .expect("a reference");
    let image = source::open(&reference, &SourceOptions::default()).expect("an image");
    let store = Store::starter().expect("the starter advisories");
    let cache = cache.map(|folder| Cache::open(folder).expect("a cache"));
    let options = ScanOptions {
        secrets: look.secrets,
        integrity: look.integrity,
        cache,
        ..ScanOptions::default()
    };
    let evidence = scan(&image, &store, &options, &Silent).expect("evidence");
    std::hint::black_box(evidence);
}

/// The detectors of the first version: what each further ecosystem costs is measured against them.
const FIRST: [&str; 6] = [
    "os/os-release",
    "os/dpkg",
    "os/apk",
    "os/rpm",
    "lang/python",
    "lang/node",
];

/// The detectors with these names; all of them where none is named.
fn detectors(names: &[&str]) -> DetectorSet {
    let all = inventory::detectors().into_iter();
    all.filter(|detector| names.is_empty() || names.contains(&detector.id().name))
        .collect()
}

/// Reads every layer, one after the other, and concludes nothing.
fn walk(layout: &Path, written: &Written, detectors: &DetectorSet) {
    for digest in &written.layers {
        let expected = Expected {
            digest: Some(*digest),
            size: None,
            diff_id: None,
        };
        let source = blob(layout, &digest.hex());
        let read = read_layer(source, &expected, detectors, &Limits::default());
        std::hint::black_box(read.expect("a layer"));
    }
}

/// What no scanner can do without: inflate every layer, hash it before and after. Layers side by side, and the second
/// hash of each on a thread of its own, so that the floor uses all cores, too.
fn floor(layout: &Path, written: &Written) {
    use rayon::prelude::*;
    let size = |digest: &Digest| {
        blob(layout, &digest.hex())
            .metadata()
            .map_or(0, |metadata| metadata.len())
    };
    let mut largest_first = written.layers.clone();
    largest_first.sort_by_key(|digest| std::cmp::Reverse(size(digest)));
    largest_first.into_iter().par_bridge().for_each(|digest| {
        let source = Hashed {
            inner: BufReader::with_capacity(128 << 10, blob(layout, &digest.hex())),
            hash: Sha256::new(),
        };
        let mut inflate = flate2::read::MultiGzDecoder::new(source);
        let (send, receive) = sync_channel::<Vec<u8>>(16);
        let (give_back, free) = sync_channel::<Vec<u8>>(32);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                let mut hash = Sha256::new();
                for chunk in receive {
                    hash.update(&chunk);
                    let _ = give_back.send(chunk);
                }
                std::hint::black_box(hash.finalize());
            });
            loop {
                let mut chunk = free.try_recv().unwrap_or_default();
                chunk.resize(256 << 10, 0);
                let mut filled = 0;
                while filled < chunk.len() {
                    match inflate.read(&mut chunk[filled..]).expect("gzip") {
                        0 => break,
                        count => filled += count,
                    }
                }
                chunk.truncate(filled);
                if chunk.is_empty() {
                    break;
                }
                send.send(chunk).expect("the hashing thread");
            }
            drop(send);
        });
        std::hint::black_box(inflate.into_inner().hash.finalize());
    });
}

struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(target)?;
        self.hash.update(&target[..count]);
        Ok(count)
    }
}

fn blob(layout: &Path, hex: &str) -> File {
    File::open(layout.join("blobs/sha256").join(hex)).expect("a blob")
}

/// An image of this machine's own files: real code, real libraries, real text.
fn host_image(layers: usize) -> ImageBuilder {
    let root = std::env::var_os("PLIMSOLL_BENCH_FOLDER")
        .map_or_else(|| PathBuf::from("/usr"), PathBuf::from);
    let mut files = Vec::new();
    let mut bytes = 0;
    collect(&root, &mut files, &mut bytes);
    assert!(
        bytes >= IMAGE_BYTES,
        "{} has only {bytes} bytes: name a larger folder",
        root.display()
    );
    let each = files.len().div_ceil(layers);
    files
        .chunks(each)
        .fold(ImageBuilder::new(), |image, files| {
            image.layer("COPY . /", |layer| {
                // A layer of Debian's says so before its files come.
                layer
                    .file("etc/debian_version", "12\n")
                    .host_files(Path::new("/"), files.iter().cloned())
            })
        })
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>, bytes: &mut u64) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let Ok(metadata) = path.symlink_metadata() else {
            continue;
        };
        if *bytes >= IMAGE_BYTES {
            return;
        } else if metadata.is_dir() {
            collect(&path, files, bytes);
        } else if metadata.is_file() && File::open(&path).is_ok() {
            *bytes += metadata.len();
            files.push(path);
        }
    }
}

/// Peak memory of a scan in a process of its own.
fn child_peak(layout: &Path, secrets: &str) -> u64 {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this)
        .args(["peak".as_ref(), layout.as_os_str(), secrets.as_ref()])
        .output()
        .expect("a child");
    String::from_utf8_lossy(&output.stdout)
        .trim()
        .parse()
        .expect("a number")
}

fn peak_kib(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))
        .unwrap_or_default();
    line.trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap_or_default()
}
