//! `plimsoll db`: imports, and updates from a loopback server that serves the upstreams' own data.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use plimsoll::model::Digest;
use serde_json::{Value, json};

use crate::env::{Env, advisory, shared, strings};

/// Serves bytes by path, with `ETags`, and notes what it answered.
struct Server {
    address: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    answers: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Self {
            address,
            files: Arc::default(),
            answers: Arc::default(),
        };
        let (files, answers) = (Arc::clone(&server.files), Arc::clone(&server.answers));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &files, &answers);
            }
        });
        server
    }

    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files
            .lock()
            .expect("files")
            .insert(path.to_owned(), bytes.into());
    }

    fn answers(&self) -> Vec<(String, u16)> {
        std::mem::take(&mut self.answers.lock().expect("answers"))
    }
}

fn answer(
    mut stream: TcpStream,
    files: &Mutex<BTreeMap<String, Vec<u8>>>,
    answers: &Mutex<Vec<(String, u16)>>,
) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream"))
        .lines()
        .map_while(Result::ok);
    let Some(path) = lines
        .next()
        .and_then(|line| line.split(' ').nth(1).map(str::to_owned))
    else {
        return;
    };
    let known = lines.take_while(|line| !line.is_empty()).find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("if-none-match: ")
            .map(str::to_owned)
    });
    let body = files.lock().expect("files").get(&path).cloned();
    let etag = body
        .as_ref()
        .map(|body| format!("\"{}\"", Digest::sha256_of(body).short()));
    let (status, body) = match (&etag, body) {
        (None, _) | (_, None) => (404, Vec::new()),
        (etag, Some(_)) if *etag == known => (304, Vec::new()),
        (_, Some(body)) => (200, body),
    };
    answers.lock().expect("answers").push((path, status));
    let etag = etag.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} X\r\netag: {etag}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream
        .write_all(head.as_bytes())
        .and_then(|()| stream.write_all(&body));
}

fn feeds(env: &Env, server: &Server, feeds: &[(&str, &str, &str)]) -> String {
    let entries = feeds.iter().map(|(name, format, ecosystem)| {
        format!(
            "[[feed]]\nname = \"{name}\"\nurl = \"{}/{name}\"\nformat = \"{format}\"\necosystems = [\"{ecosystem}\"]\n\
             licence = \"facts\"\nrepublish = true\n",
            server.address
        )
    });
    env.write("feeds.toml", entries.collect::<String>())
        .display()
        .to_string()
}

fn status(env: &Env) -> Value {
    serde_json::from_str(&env.run(&["db", "status", "--json"]).expect_code(0).stdout).expect("JSON")
}

#[test]
fn an_update_fetches_only_what_changed_and_a_feed_that_fails_keeps_its_state() {
    let Some(real) = shared("advisories-real") else {
        return;
    };
    let env = Env::new();
    let server = Server::start();
    let feed = |name: &str| std::fs::read(real.join(name)).expect("a feed");
    server.put("/osv-pypi", feed("PyPI.jsonl.gz"));
    server.put("/secdb", feed("native/alpine-secdb-2020.jsonl.gz"));
    let list = feeds(
        &env,
        &server,
        &[("osv-pypi", "osv", "PyPI"), ("secdb", "secdb", "Alpine")],
    );
    let update = || env.run(&["db", "update", "--feeds", &list]);

    let first = update().expect_code(0);
    assert!(
        first
            .stderr
            .contains("osv-pypi: 2660 advisories (9 withdrawn)"),
        "{}",
        first.stderr
    );
    assert_eq!(
        server.answers(),
        [("/osv-pypi".to_owned(), 200), ("/secdb".to_owned(), 200)]
    );

    let second = update().expect_code(0);
    assert_eq!(second.stdout, first.stdout, "the snapshot is the same");
    assert_eq!(
        server.answers(),
        [("/osv-pypi".to_owned(), 304), ("/secdb".to_owned(), 304)]
    );

    server.put("/osv-pypi", "<html>moved</html>");
    server.files.lock().expect("files").remove("/secdb");
    let third = update().expect_code(3);
    assert!(
        third.stderr.contains("warning: osv-pypi") && third.stderr.contains("warning: secdb"),
        "{}",
        third.stderr
    );
    assert!(third.stderr.contains("2 of 2 feeds"), "{}", third.stderr);
    assert_eq!(third.stdout, first.stdout, "the old state is kept");
    assert_eq!(
        strings(&status(&env)["sources"], "name"),
        ["osv-pypi", "secdb"]
    );
}

#[test]
fn the_snapshot_digest_does_not_depend_on_the_order_of_imports_or_the_machine() {
    let record = |id: &str| {
        json!({"id": id, "modified": "2024-01-01T00:00:00Z", "affected": [{
        "package": {"ecosystem": "npm", "name": id.to_lowercase()},
        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.0.0"}]}]}]})
    };
    let digests = [["a", "b"], ["b", "a"]].map(|order| {
        let env = Env::new();
        for name in order {
            let lines =
                [format!("{name}-1"), format!("{name}-2")].map(|id| record(&id).to_string());
            let file = env.write(&format!("{name}.jsonl"), lines.join("\n"));
            env.run(&["db", "import", &file.display().to_string()])
                .expect_code(0);
        }
        status(&env)["snapshot"].clone()
    });
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn an_import_tells_what_it_left_out_and_a_file_that_is_no_feed_changes_nothing() {
    let env = Env::new();
    let good = json!({"id": "A-1", "affected": [{"package": {"ecosystem": "npm", "name": "a"}, "versions": ["1.0.0"]}]});
    let file = env.write(
        "mixed.jsonl",
        format!("{good}\nno json\n{{\"id\": \"A-2\"}}\n"),
    );
    let run = env
        .run(&["db", "import", &file.display().to_string()])
        .expect_code(0);
    assert!(run.stderr.contains("not JSON"), "{}", run.stderr);
    let before = status(&env);
    let other = env.write("photo.jpg", [0xff, 0xd8, 0xff]);
    let run = env
        .run(&["db", "import", &other.display().to_string()])
        .expect_code(3);
    assert!(run.stderr.contains("photo.jpg"), "{}", run.stderr);
    assert_eq!(status(&env), before);
}

#[test]
fn a_feed_that_does_not_exist_is_refused_with_those_that_do() {
    let env = Env::new();
    let run = env.run(&["db", "update", "osv/pip"]).expect_code(2);
    assert!(
        run.stderr.contains("osv/pip") && run.stderr.contains("PyPI"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_scan_fetches_only_the_feeds_that_its_image_needs() {
    let env = Env::new();
    let server = Server::start();
    server.put(
        "/npm",
        advisory("CVE-2024-1", "npm", "left-pad", "2.0.0").to_string(),
    );
    server.put(
        "/pypi",
        advisory("CVE-2024-2", "PyPI", "django", "2.0.0").to_string(),
    );
    let list = feeds(
        &env,
        &server,
        &[("npm", "osv", "npm"), ("pypi", "osv", "PyPI")],
    );
    let sbom = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        {"type": "library", "name": "left-pad", "version": "1.0.0", "purl": "pkg:npm/left-pad@1.0.0"}]});
    let sbom = env
        .write("app.cdx.json", sbom.to_string())
        .display()
        .to_string();
    let scan = || env.scan(&sbom, &["--update", "--feeds", &list]);
    let evidence = scan().expect_code(1).evidence();
    assert_eq!(strings(&evidence["findings"], "id"), ["CVE-2024-1"]);
    assert_eq!(server.answers(), [("/npm".to_owned(), 200)]);
    server.files.lock().expect("files").remove("/npm");
    let again = scan().expect_code(1);
    assert!(again.stderr.contains("warning: npm"), "{}", again.stderr);
    assert_eq!(strings(&again.evidence()["findings"], "id"), ["CVE-2024-1"]);
}
