//! Bad input: each is a clear error or a gap, and the exit code tells which.

use serde_json::json;

use crate::env::{Env, Run, strings};
use crate::image::{ImageBuilder, Packing, Written};

const APK: &str = "P:musl\nV:1.1.22-r2\nA:x86_64\nL:MIT\no:musl\n\n";
const ALPINE: &str = "ID=alpine\nVERSION_ID=3.10.9\nPRETTY_NAME=\"Alpine Linux v3.10\"\n";

/// An advisory for Alpine 3.10 that does not hit `APK`: with it, a good image is clean.
fn quiet_store(env: &Env) {
    env.import(&[
        json!({"id": "TEST-1", "modified": "2024-01-01T00:00:00Z", "affected": [{
            "package": {"ecosystem": "Alpine:v3.10", "name": "zlib"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2.11-r2"}]}]
        }]}),
    ])
    .expect_code(0);
}

fn alpine() -> ImageBuilder {
    ImageBuilder::new().layer("ADD alpine", |layer| {
        layer
            .file("etc/os-release", ALPINE)
            .file("lib/apk/db/installed", APK)
    })
}

fn layout(env: &Env, image: &ImageBuilder) -> (String, Written) {
    let folder = env.path("layout");
    let written = image.write_layout(&folder);
    (format!("oci:{}", folder.display()), written)
}

fn scan(image: &ImageBuilder) -> Run {
    let env = Env::new();
    quiet_store(&env);
    let (reference, _) = layout(&env, image);
    env.scan(&reference, &[])
}

fn gaps(run: &Run) -> Vec<String> {
    strings(&run.evidence()["gaps"], "kind")
        .into_iter()
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_good_image_is_clean() {
    let run = scan(&alpine()).expect_code(0);
    assert_eq!(run.evidence()["verdict"], "clean");
    assert_eq!(run.stderr, "");
}

#[test]
fn a_layer_with_another_digest_is_refused() {
    let env = Env::new();
    let (reference, written) = layout(&env, &alpine());
    let blob = env
        .path("layout/blobs/sha256")
        .join(written.layers[0].hex());
    let mut bytes = std::fs::read(&blob).expect("the blob");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&blob, bytes).expect("the blob");
    let run = env.scan(&reference, &[]).expect_code(3);
    assert!(
        run.stderr.contains("layer 1 of 1") && run.stderr.contains("digest"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("hint:"), "{}", run.stderr);
    assert_eq!(run.stdout, "");
}

#[test]
fn a_truncated_layer_is_refused() {
    let env = Env::new();
    let (reference, written) = layout(&env, &alpine());
    let blob = env
        .path("layout/blobs/sha256")
        .join(written.layers[0].hex());
    let bytes = std::fs::read(&blob).expect("the blob");
    std::fs::write(&blob, &bytes[..bytes.len() / 2]).expect("the blob");
    let run = env.scan(&reference, &[]).expect_code(3);
    assert!(run.stderr.contains("bytes"), "{}", run.stderr);
}

#[test]
fn a_config_that_claims_another_layers_diff_id_is_refused_by_a_warm_cache_too() {
    let env = Env::new();
    quiet_store(&env);
    let (reference, _) = layout(&env, &alpine());
    env.scan(&reference, &[]).expect_code(0);
    // The evil image's blob is new, its config names the clean layer.
    let clean = alpine();
    let evil_tar = b"not the clean layer".repeat(100);
    let folder = env.path("evil");
    let evil = clean.with_blob(0, Packing::Gzip, &evil_tar);
    evil.write_layout(&folder);
    let run = env
        .scan(&format!("oci:{}", folder.display()), &[])
        .expect_code(3);
    assert!(run.stderr.contains("config says"), "{}", run.stderr);
}

#[test]
fn a_layer_that_is_no_tar_is_a_gap() {
    let image = alpine().raw_layer(
        b"<!doctype html>".repeat(100),
        b"<!doctype html>".repeat(100),
        "application/vnd.oci.image.layer.v1.tar",
        "COPY page",
    );
    let run = scan(&image).expect_code(4);
    assert_eq!(run.evidence()["verdict"], "not-assessable");
    assert_eq!(gaps(&run), ["malformed-layer"]);
}

#[test]
fn an_unknown_media_type_is_only_a_hint() {
    let tar = ImageBuilder::tar(|layer| {
        layer
            .file("etc/os-release", ALPINE)
            .file("lib/apk/db/installed", APK)
    });
    let image =
        ImageBuilder::new().raw_layer(tar.clone(), tar, "application/octet-stream", "ADD alpine");
    scan(&image).expect_code(0);
}

#[test]
fn an_encrypted_layer_is_a_gap() {
    let image = alpine().raw_layer(
        b"x".to_vec(),
        b"x".to_vec(),
        "application/vnd.oci.image.layer.v1.tar+gzip+encrypted",
        "COPY secret",
    );
    assert_eq!(gaps(&scan(&image).expect_code(4)), ["unsupported-layer"]);
}

#[test]
fn an_unknown_distribution_is_not_assessable() {
    let image = ImageBuilder::new().layer("ADD", |layer| layer.file("lib/apk/db/installed", APK));
    let run = scan(&image).expect_code(4);
    assert!(
        gaps(&run).contains(&"unknown-distribution".to_owned()),
        "{}",
        run.stdout
    );
}

#[test]
fn a_distribution_without_advisories_is_not_assessable() {
    let image = ImageBuilder::new().layer("ADD", |layer| {
        layer
            .file("etc/os-release", "ID=hannah\nVERSION_ID=7\n")
            .file("lib/apk/db/installed", APK)
    });
    assert!(gaps(&scan(&image).expect_code(4)).contains(&"no-advisories".to_owned()));
}

#[test]
fn a_malformed_package_database_is_a_gap_that_names_it() {
    let image = alpine().layer("COPY", |layer| {
        layer
            .file("var/lib/rpm/rpmdb.sqlite", "this is no database")
            .file("app/x.dist-info/METADATA", [0xff, 0xfe, 0])
    });
    let run = scan(&image).expect_code(4);
    let evidence = run.evidence();
    let paths = strings(&evidence["gaps"], "path");
    assert!(
        paths.contains(&"var/lib/rpm/rpmdb.sqlite") && paths.contains(&"app/x.dist-info/METADATA"),
        "{paths:?}"
    );
}

#[test]
fn an_empty_image_is_not_clean() {
    assert_eq!(
        gaps(&scan(&ImageBuilder::new().layer("ADD", |layer| layer)).expect_code(4)),
        ["nothing-found"]
    );
}

#[test]
fn a_missing_platform_lists_those_that_there_are() {
    let env = Env::new();
    let (reference, _) = layout(&env, &alpine());
    let run = env
        .scan(&reference, &["--platform", "linux/s390x"])
        .expect_code(3);
    assert!(
        run.stderr.contains("linux/s390x") && run.stderr.contains("linux/amd64"),
        "{}",
        run.stderr
    );
}

#[test]
fn an_unreachable_registry_is_an_error_with_a_hint() {
    let env = Env::new();
    let run = env.scan("127.0.0.1:1/app:1", &[]).expect_code(3);
    assert!(
        run.stderr.contains("127.0.0.1:1") && run.stderr.contains("hint:"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_corrupt_store_is_an_error_that_says_what_to_do() {
    let env = Env::new();
    let (reference, _) = layout(&env, &alpine());
    let store = env.write("broken.db", "no database".repeat(1000));
    let run = env
        .scan(&reference, &["--db", &store.display().to_string()])
        .expect_code(3);
    assert!(
        run.stderr
            .contains("broken.db is not an advisory store: name another file"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_store_that_is_named_but_missing_is_an_error() {
    let env = Env::new();
    let (reference, _) = layout(&env, &alpine());
    let run = env
        .scan(&reference, &["--db", "/nowhere/advisories.db"])
        .expect_code(3);
    assert!(
        run.stderr.contains("/nowhere/advisories.db"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_cache_folder_that_cannot_be_used_is_a_warning_and_the_result_is_the_same() {
    let env = Env::new();
    quiet_store(&env);
    let (reference, _) = layout(&env, &alpine());
    let good = env.scan(&reference, &[]).expect_code(0);
    let file = env.write("a-file", "");
    let run = env
        .scan(&reference, &["--cache-dir", &file.display().to_string()])
        .expect_code(0);
    assert_eq!(run.stdout, good.stdout);
    assert!(run.stderr.starts_with("warning: "), "{}", run.stderr);
}

#[test]
fn a_full_disk_under_the_cache_is_a_warning_and_the_result_is_the_same() {
    let env = Env::new();
    quiet_store(&env);
    let (reference, _) = layout(&env, &alpine());
    let good = env.scan(&reference, &["--no-cache"]).expect_code(0);
    // No file of this process may grow beyond 8 blocks: to SQLite that is a disk that is full.
    let command = env.command();
    let binary = command.get_program().to_owned();
    let mut limited = assert_cmd::Command::new("sh");
    limited
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 8; exec \"$0\" scan --no-posture -o json \"$1\"",
        ])
        .arg(binary)
        .arg(&reference)
        .env("PLIMSOLL_DATE", "2021-01-01")
        .env("XDG_DATA_HOME", env.path("data"))
        .env("HOME", env.path("home"))
        .env("PLIMSOLL_CACHE_DIR", env.path("full"));
    let run = Run::from(limited.output().expect("a shell")).expect_code(0);
    assert_eq!(run.stdout, good.stdout);
    assert!(
        run.stderr.starts_with("warning: the layer cache"),
        "{}",
        run.stderr
    );
}

#[test]
fn nonsense_on_the_command_line_is_usage() {
    let env = Env::new();
    for arguments in [
        &["scan"][..],
        &["scan", "--fail-on", "severe", "x"],
        &["scan", "-o", "jsn", "x"],
        &["scan", "--platform", "linux", "x"],
        &["scan", "--limit", "files=3", "x"],
        &["scan", "UPPER/case::x"],
        &["sail"],
    ] {
        let run = env.run(arguments).expect_code(2);
        assert!(
            run.stderr.contains("error"),
            "{arguments:?}: {}",
            run.stderr
        );
    }
}

#[test]
fn an_output_that_cannot_be_written_is_an_error_and_leaves_nothing() {
    let env = Env::new();
    quiet_store(&env);
    let (reference, _) = layout(&env, &alpine());
    let run = env
        .run(&["scan", "-o", "json=/nowhere/evidence.json", &reference])
        .expect_code(3);
    assert!(
        run.stderr.contains("/nowhere/evidence.json"),
        "{}",
        run.stderr
    );
}

#[test]
fn files_of_an_ecosystem_that_is_not_read_yet_are_not_clean() {
    let image = alpine().layer("COPY a.ez", |layer| layer.file("plugins/a.ez", "PK"));
    let run = scan(&image).expect_code(4);
    assert_eq!(gaps(&run), ["unread-ecosystem"]);
}
