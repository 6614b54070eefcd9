//! `plimsoll db push` and `db pull` through Debian's `docker-registry`; `plimsoll key`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

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
fn with_a_key_only_what_it_signed_is_taken() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    for kind in ["ed25519", "ecdsa-p256"] {
        let (key, public) = voyage.key(kind, &["--algorithm", kind]);
        let (_, other) = voyage.key(&format!("other-{kind}"), &[]);
        let refused = |public: &str, reason: &str| {
            let run = voyage.pull(&["--verify-key", public]).expect_code(3);
            assert!(run.stderr.contains(reason), "{run:?}");
            assert!(run.stderr.contains("nothing was changed"), "{run:?}");
            assert!(!voyage.store().exists(), "no store was made");
        };
        voyage.push(&[]).expect_code(0);
        refused(&public, "is not signed");
        voyage.push(&["--key", &key]).expect_code(0);
        refused(&other, "by another key");
        let pulled = voyage.pull(&["--verify-key", &public]).expect_code(0);
        assert!(pulled.stderr.contains("signed by key"), "{pulled:?}");
        std::fs::remove_file(voyage.store()).expect("the store");
        let mut by_variable = voyage.env.command();
        by_variable.env("PLIMSOLL_DB_KEY", &other);
        let run = by_variable
            .args(["db", "pull", &voyage.reference()])
            .output();
        let run = Run::from(run.expect("the binary runs")).expect_code(3);
        assert!(run.stderr.contains("by another key"), "{run:?}");
    }
}

#[test]
fn a_signature_of_another_state_is_refused() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    let (key, public) = voyage.key("key", &[]);
    voyage
        .push(&["--key", &key, "--source", "npm"])
        .expect_code(0);
    let path = "/v2/advisories/manifests/latest";
    let signed = get(&voyage.registry.address, path);
    let signed: Value = serde_json::from_slice(&signed).expect("a manifest");
    voyage.push(&["--source", "pypi"]).expect_code(0);
    let unsigned = get(&voyage.registry.address, path);
    let mut mixed: Value = serde_json::from_slice(&unsigned).expect("a manifest");
    let envelope = signed["layers"][1].clone();
    mixed["layers"]
        .as_array_mut()
        .expect("layers")
        .push(envelope);
    put_manifest(&voyage.registry.address, &mixed.to_string());
    let refused = voyage.pull(&["--verify-key", &public]).expect_code(3);
    assert!(
        refused.stderr.contains("about another state"),
        "{refused:?}"
    );
    voyage.pull(&[]).expect_code(0);
}

fn put_manifest(address: &str, manifest: &str) {
    let mut stream = TcpStream::connect(address).expect("the registry");
    let request = format!(
        "PUT /v2/advisories/manifests/latest HTTP/1.0\r\nHost: {address}\r\n\
         Content-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {}\r\n\r\n{manifest}",
        manifest.len()
    );
    stream.write_all(request.as_bytes()).expect("sent");
    let answer = read_at_most(stream, 1 << 20).expect("an answer");
    assert!(
        answer.starts_with(b"HTTP/1.0 201"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[test]
fn a_blob_that_was_tampered_with_or_is_gone_leaves_the_store_as_it_was() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    voyage.push(&["--source", "npm"]).expect_code(0);
    voyage.pull(&[]).expect_code(0);
    let before = snapshot_of(&voyage.store());
    let mut store = Store::open_for_import(&voyage.publisher).expect("a store");
    let npm = [advisory("GHSA-1", "npm", "a", "9.9.9")];
    import(&mut store, "npm", "CC-BY-4.0", true, &npm);
    drop(store);
    voyage.push(&[]).expect_code(0);
    let publication = voyage.publication();
    // The last one that is fetched: npm's is here and whole by then.
    let blob = voyage.registry.blob(&publication.sources[1].layer);
    let good = bytes(&blob);
    let mut altered = good.clone();
    altered[good.len() / 2] ^= 1;
    std::fs::write(&blob, &altered).expect("altered");
    let refused = voyage.pull(&[]).expect_code(3);
    assert!(
        refused.stderr.contains("not what their digest says"),
        "{refused:?}"
    );
    assert_eq!(snapshot_of(&voyage.store()), before);
    std::fs::remove_file(&blob).expect("gone");
    let refused = voyage.pull(&[]).expect_code(3);
    assert!(
        refused.stderr.contains("is missing in registry"),
        "{refused:?}"
    );
    assert_eq!(snapshot_of(&voyage.store()), before);
    std::fs::write(&blob, &good).expect("restored");
    let pulled = voyage.pull(&[]).expect_code(0);
    assert_ne!(snapshot(&pulled), before);
    assert_eq!(voyage.left_over(), 0);
}

#[test]
fn a_config_that_was_tampered_with_is_refused() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    voyage.push(&[]).expect_code(0);
    let manifest = get(&voyage.registry.address, "/v2/advisories/manifests/latest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("a manifest");
    let digest = manifest["config"]["digest"].as_str().expect("a digest");
    let path = voyage.registry.blob(&digest.parse().expect("a digest"));
    let text = String::from_utf8(bytes(&path)).expect("text");
    std::fs::write(&path, text.replace("CC-BY-4.0", "CC-BY-4.1")).expect("altered");
    let refused = voyage.pull(&[]).expect_code(3);
    assert!(
        refused.stderr.contains("not what its digest says"),
        "{refused:?}"
    );
    assert!(!voyage.store().exists());
}

/// Passes requests on to a registry; what is asked of one blob gets its head and then nothing more.
fn stalling(registry: String, blob: String) -> (String, std::sync::mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let (reached, stalled) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut head = [0; 4096];
            let count = stream.read(&mut head).unwrap_or(0);
            let text = String::from_utf8_lossy(&head[..count]).into_owned();
            let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
            let answer = exchange(&registry, &path);
            if path.ends_with(&blob) {
                let _ = stream.write_all(&answer[..answer.len() - 10]);
                let _ = reached.send(());
                std::thread::sleep(Duration::from_secs(60));
            } else {
                let _ = stream.write_all(&answer);
            }
        }
    });
    (address, stalled)
}

#[test]
fn a_pull_that_is_killed_between_blobs_leaves_the_old_snapshot_and_the_next_one_tidies_up() {
    let Some(voyage) = Voyage::start() else {
        return;
    };
    voyage.push(&["--source", "npm"]).expect_code(0);
    voyage.pull(&[]).expect_code(0);
    let before = snapshot_of(&voyage.store());
    let mut store = Store::open_for_import(&voyage.publisher).expect("a store");
    let npm = [advisory("GHSA-1", "npm", "a", "9.9.9")];
    import(&mut store, "npm", "CC-BY-4.0", true, &npm);
    drop(store);
    let pushed = voyage.push(&[]).expect_code(0);
    let last = voyage.publication().sources[1].layer.to_string();
    let (address, stalled) = stalling(voyage.registry.address.clone(), last);
    let binary = voyage.env.command().get_program().to_owned();
    let mut child = std::process::Command::new(binary)
        .args(["db", "pull", &format!("{address}/advisories:latest")])
        .env("XDG_DATA_HOME", voyage.env.path("data"))
        .env("HOME", voyage.env.path("home"))
        .env_remove("PLIMSOLL_DB")
        .env_remove("PLIMSOLL_DB_KEY")
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary runs");
    stalled
        .recv_timeout(Duration::from_secs(30))
        .expect("the second blob is asked for");
    assert_eq!(voyage.left_over(), 1, "it is at work");
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(snapshot_of(&voyage.store()), before);
    let pulled = voyage.pull(&[]).expect_code(0);
    assert_eq!(snapshot(&pulled), snapshot(&pushed));
    assert_eq!(voyage.left_over(), 0);
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
    if !voyage
        .registry
        .copy(&format!("docker://{}", voyage.reference()), &layout)
    {
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
            "skopeo is required"
        );
        println!("skipped: this machine has no skopeo that copies artifacts");
        return;
    }
    assert!(voyage.registry.copy(&layout, &format!("docker://{mirror}")));
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

#[test]
fn a_new_key_is_its_owner_s_alone_and_no_file_is_overwritten() {
    let env = Env::new();
    let key = env.path("key").display().to_string();
    let made = env.run(&["key", "new", &key]).expect_code(0);
    assert!(made.stdout.starts_with("key "), "{made:?}");
    let mode = |name: &str| {
        let file = std::fs::metadata(env.path(name)).expect("a file");
        file.permissions().mode() & 0o777
    };
    assert_eq!(mode("key"), 0o600);
    let before = bytes(&env.path("key"));
    assert!(before.starts_with(b"-----BEGIN PRIVATE KEY-----"));
    assert!(bytes(&env.path("key.pub")).starts_with(b"-----BEGIN PUBLIC KEY-----"));
    let again = env.run(&["key", "new", &key]).expect_code(3);
    assert!(again.stderr.contains("never overwritten"), "{again:?}");
    std::fs::remove_file(env.path("key.pub")).expect("removed");
    env.run(&["key", "new", &key]).expect_code(3);
    assert_eq!(bytes(&env.path("key")), before);
    assert!(!env.path("key.pub").exists(), "no half of another key");
}
