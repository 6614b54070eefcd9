//! `plimsoll db push` and `db pull` through Debian's `docker-registry`.

/// Bytes that are not what was pushed, and pulls that do not end.
mod damage;
/// Who signed.
mod keys;

use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use plimsoll::advisories::{FeedInput, Format, Publication, Source, Store};
use plimsoll::model::Digest;
use plimsoll::model::limits::read_at_most;
use serde_json::Value;

use crate::env::{Env, Run, advisory, strings};
use crate::registry::Registry;

fn import(store: &mut Store, name: &str, licence: &str, republish: bool, records: &[Value]) {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let lines = lines.join("\n");
    let source = Source {
        licence: Some(licence.to_owned()),
        republish,
        moment: 1_700_000_000,
        ..Source::named(name)
    };
    let input = FeedInput::Stream("test".to_owned(), Box::new(lines.as_bytes()));
    store.import(&source, Format::Osv, input).expect("imported");
}

/// Two sources that may be handed on, and one that may not.
fn fill(env: &Env) -> PathBuf {
    let path = env.path("publisher.db");
    let mut store = Store::open_for_import(&path).expect("a store");
    let npm = [
        advisory("GHSA-1", "npm", "a", "1.0.0"),
        advisory("GHSA-2", "npm", "b", "2.0.0"),
    ];
    import(&mut store, "npm", "CC-BY-4.0", true, &npm);
    let pypi = [advisory("PYSEC-1", "PyPI", "c", "3.0")];
    import(&mut store, "pypi", "CC0", true, &pypi);
    let closed = [advisory("CGA-1", "Wolfi", "d", "4")];
    import(&mut store, "wolfi", "read only", false, &closed);
    path
}

struct Voyage {
    env: Env,
    registry: Registry,
    publisher: PathBuf,
}

impl Voyage {
    fn start() -> Option<Self> {
        let env = Env::new();
        let registry = Registry::start(&env)?;
        let publisher = fill(&env);
        Some(Self {
            env,
            registry,
            publisher,
        })
    }

    fn reference(&self) -> String {
        format!("{}/advisories:latest", self.registry.address)
    }

    fn push(&self, more: &[&str]) -> Run {
        let publisher = self.publisher.display().to_string();
        let reference = self.reference();
        let arguments = ["db", "--db", &publisher, "push", &reference];
        self.env.run(&[&arguments, more].concat())
    }

    /// Pulls into the store that a user has by default.
    fn pull(&self, more: &[&str]) -> Run {
        self.pull_from(&self.reference(), more)
    }

    fn pull_from(&self, reference: &str, more: &[&str]) -> Run {
        self.env.run(&[&["db", "pull", reference], more].concat())
    }

    fn store(&self) -> PathBuf {
        self.env.path("data/plimsoll/advisories.db")
    }

    fn key(&self, name: &str, more: &[&str]) -> (String, String) {
        let key = self.env.path(name).display().to_string();
        let run = self.env.run(&[&["key", "new", &key], more].concat());
        run.expect_code(0);
        let public = format!("{key}.pub");
        (key, public)
    }

    /// What the registry has to say of the artifact.
    fn publication(&self) -> Publication {
        let manifest = get(&self.registry.address, "/v2/advisories/manifests/latest");
        let manifest: Value = serde_json::from_slice(&manifest).expect("a manifest");
        assert_eq!(manifest["artifactType"], Publication::ARTIFACT_TYPE);
        assert_eq!(manifest["config"]["mediaType"], Publication::MEDIA_TYPE);
        let digest: Digest = manifest["config"]["digest"]
            .as_str()
            .and_then(|digest| digest.parse().ok())
            .expect("a digest");
        Publication::parse(&bytes(&self.registry.blob(&digest))).expect("a publication")
    }

    /// No folder of a pull is left beside the store.
    fn left_over(&self) -> usize {
        let Ok(entries) = std::fs::read_dir(self.env.path("data/plimsoll")) else {
            return 0;
        };
        let names = entries.flatten().map(|entry| entry.file_name());
        names
            .filter(|name| name.to_string_lossy().contains(".pull-"))
            .count()
    }
}

fn bytes(path: &Path) -> Vec<u8> {
    read_at_most(std::fs::File::open(path).expect("a file"), 1 << 20).expect("bytes")
}

/// The body of an answer.
fn get(address: &str, path: &str) -> Vec<u8> {
    let answer = exchange(address, path);
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    answer[end.expect("a head") + 4..].to_vec()
}

fn exchange(address: &str, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the registry");
    let request = format!(
        "GET {path} HTTP/1.0\r\nHost: {address}\r\nAccept: application/vnd.oci.image.manifest.v1+json\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).expect("asked");
    read_at_most(stream, 1 << 20).expect("an answer")
}

/// The last line of an answer: `snapshot sha256:…`.
fn snapshot(run: &Run) -> &str {
    run.stdout.lines().last().expect("a snapshot")
}

fn snapshot_of(store: &Path) -> String {
    let store = Store::open_read_only(store).expect("a store");
    format!("snapshot {}", store.snapshot_digest().expect("digest"))
}

#[test]
fn what_is_pushed_is_pulled_into_no_store_and_a_second_time_nothing_is_fetched() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    let pushed = voyage.push(&[]).expect_code(0);
    assert!(
        pushed.stderr.contains("npm: ") && pushed.stderr.contains(" sent"),
        "{pushed:?}"
    );
    assert!(
        pushed
            .stderr
            .contains("wolfi: left out, since its licence (read only)"),
        "{pushed:?}"
    );
    let publication = voyage.publication();
    let names: Vec<_> = publication
        .sources
        .iter()
        .map(|source| &*source.name)
        .collect();
    assert_eq!(names, ["npm", "pypi"]);

    let pulled = voyage.pull(&[]).expect_code(0);
    assert_eq!(snapshot(&pulled), snapshot(&pushed));
    assert!(
        pulled.stderr.contains("npm: 2 written, 0 closed"),
        "{pulled:?}"
    );
    assert!(
        pulled.stderr.contains("no signature was asked for"),
        "{pulled:?}"
    );
    let status = voyage.env.run(&["db", "status", "--json"]).expect_code(0);
    let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
    assert_eq!(strings(&status["sources"], "name"), ["npm", "pypi"]);
    assert_eq!(status["sources"][0]["checked"], 1_700_000_000);
    assert_eq!(status["sources"][0]["licence"], "CC-BY-4.0");

    let again = voyage.push(&[]).expect_code(0);
    assert_eq!(again.stdout, pushed.stdout, "the same manifest");
    assert!(!again.stderr.contains(" sent"), "{again:?}");
    for source in &publication.sources {
        std::fs::remove_file(voyage.registry.blob(&source.layer)).expect("the part");
    }
    let again = voyage.pull(&[]).expect_code(0);
    assert_eq!(again.stdout, pulled.stdout);
    assert!(again.stderr.contains("npm: unchanged"), "{again:?}");
    assert_eq!(voyage.left_over(), 0);
}

#[test]
fn only_what_changed_travels_and_what_others_brought_stays() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    voyage.push(&[]).expect_code(0);
    voyage.pull(&[]).expect_code(0);
    let own = advisory("OWN-1", "npm", "own", "1.0.0");
    let mut store = Store::open_for_import(&voyage.store()).expect("a store");
    import(&mut store, "own", "", false, &[own]);
    drop(store);
    let mut store = Store::open_for_import(&voyage.publisher).expect("a store");
    let npm = [
        advisory("GHSA-1", "npm", "a", "1.0.1"),
        advisory("GHSA-3", "npm", "e", "5.0.0"),
    ];
    import(&mut store, "npm", "CC-BY-4.0", true, &npm);
    drop(store);
    let pushed = voyage.push(&[]).expect_code(0);
    assert!(pushed.stderr.contains("pypi: ") && pushed.stderr.contains("which the registry has"));
    let pulled = voyage.pull(&[]).expect_code(0);
    assert!(pulled.stderr.contains("pypi: unchanged"), "{pulled:?}");
    assert!(
        pulled.stderr.contains("npm: 2 written, 2 closed"),
        "{pulled:?}"
    );
    assert!(
        pulled.stderr.contains("kept, and not published there: own"),
        "{pulled:?}"
    );

    let alone = voyage.env.path("alone.db").display().to_string();
    let one = voyage
        .pull(&["--source", "pypi", "--db", &alone])
        .expect_code(0);
    assert!(!one.stderr.contains("npm"), "{one:?}");
    let unknown = voyage.pull(&["--source", "pip"]).expect_code(3);
    assert!(
        unknown.stderr.contains("there are npm, pypi"),
        "{unknown:?}"
    );
}

#[test]
fn an_older_state_than_the_store_s_is_taken_and_told() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    voyage.push(&[]).expect_code(0);
    let mut store = Store::open_for_import(&voyage.store()).expect("a store");
    let newer = [advisory("GHSA-1", "npm", "a", "1.0.7")];
    let source = Source {
        moment: 1_800_000_000,
        ..Source::named("npm")
    };
    let line = newer[0].to_string();
    let input = FeedInput::Stream("test".to_owned(), Box::new(line.as_bytes()));
    store.import(&source, Format::Osv, input).expect("imported");
    drop(store);
    let pulled = voyage.pull(&[]).expect_code(0);
    let warning = "warning: npm: what is published there is of 2023-11-14T22:13:20Z, the store had it as of 2027-01-15T08:00:00Z";
    assert!(pulled.stderr.contains(warning), "{pulled:?}");
}

#[test]
fn sources_under_a_closed_licence_go_to_a_registry_of_one_s_own_when_told() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    let refused = voyage.push(&["--source", "wolfi"]).expect_code(3);
    assert!(refused.stderr.contains("--all-licences"), "{refused:?}");
    voyage
        .push(&["--all-licences", "--no-details"])
        .expect_code(0);
    let pulled = voyage.pull(&[]).expect_code(0);
    assert_eq!(snapshot(&pulled), snapshot_of(&voyage.publisher));
    let unknown = voyage.push(&["--source", "pip"]).expect_code(3);
    assert!(unknown.stderr.contains("no source `pip`"), "{unknown:?}");
}

#[test]
fn a_mirror_that_skopeo_made_by_way_of_a_folder_holds_the_same_signed_store() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    let (key, public) = voyage.key("key", &[]);
    let pushed = voyage.push(&["--key", &key]).expect_code(0);
    let layout = format!("oci:{}:1", voyage.env.path("usb-stick").display());
    let mirror = format!("{}/mirror/advisories:1", voyage.registry.address);
    if !Registry::copy(&format!("docker://{}", voyage.reference()), &layout) {
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
            "skopeo is required"
        );
        println!("skipped: this machine has no skopeo that copies artifacts");
        return;
    }
    assert!(Registry::copy(&layout, &format!("docker://{mirror}")));
    let pulled = voyage
        .pull_from(&mirror, &["--verify-key", &public])
        .expect_code(0);
    assert_eq!(snapshot(&pulled), snapshot(&pushed));
    let digest = pushed
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("manifest "));
    let pinned = format!("{mirror}@{}", digest.expect("a digest"));
    voyage.pull_from(&pinned, &[]).expect_code(0);
}

#[test]
fn what_is_not_there_or_not_advisories_is_told_with_what_to_do() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    let missing = voyage.pull(&[]).expect_code(3);
    assert!(missing.stderr.contains("there is no image"), "{missing:?}");
    assert!(
        missing.stderr.contains("check the repository and the tag"),
        "{missing:?}"
    );
    let no_store = voyage
        .env
        .run(&["db", "push", &voyage.reference()])
        .expect_code(3);
    assert!(
        no_store.stderr.contains("there is no advisory store"),
        "{no_store:?}"
    );
    let pinned = format!("{}@{}", voyage.reference(), Digest::sha256_of(b""));
    voyage.env.run(&["db", "push", &pinned]).expect_code(2);
    voyage.env.run(&["db", "push", "oci:folder"]).expect_code(3);
    voyage.push(&[]).expect_code(0);
    let scanned = voyage.env.scan(&voyage.reference(), &[]).expect_code(3);
    assert!(
        scanned.stderr.contains(Publication::ARTIFACT_TYPE),
        "{scanned:?}"
    );
}
