use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use plimsoll::advisories::Store;
use serde_json::Value;

use super::{Voyage, bytes, exchange, get, import, snapshot, snapshot_of};
use crate::env::advisory;

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
                std::thread::sleep(Duration::from_mins(1));
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
