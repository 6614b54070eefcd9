//! The sources against the real thing: Debian's docker-registry filled by skopeo, Docker's engine, and a real image in
//! every form that skopeo writes.
//!
//! What a test needs and this machine lacks makes it print `skipped: …`, or fail if `PLIMSOLL_REQUIRE_REAL=1` is set.
#![expect(clippy::expect_used, reason = "a test ends where an expectation does")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod servers;

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use plimsoll::model::Digest;
use plimsoll::model::limits::read_at_most;
use plimsoll::source::{Credentials, Image, ReadOrder, SourceError, SourceOptions, open};
use servers::{Registry, Server, put, run, skopeo_copy, unpacked, wait_until};

/// The image that all forms hold: a real `docker save` of alpine:3.10, one layer, 14 packages.
const IMAGE_ID: &str = "sha256:af341ccd2df8b0e2d67cf8dd32e087bfda4e5756ebd1c76bbf3efa0dc246590e";

/// Its layer.
const DIFF_ID: &str = "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028";

fn fixture() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/fixtures/images/alpine-3.10.docker-archive.tar.gz");
    available(path.exists(), "the alpine 3.10 fixture").then_some(path)
}

fn has(tools: &[&str]) -> bool {
    let runs = |tool: &str| {
        Command::new(tool)
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok()
    };
    tools.iter().all(|tool| available(runs(tool), tool))
}

fn available(is_there: bool, what: &str) -> bool {
    if !is_there {
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
            "{what} is required and not there"
        );
        println!("skipped: {what} is not there");
    }
    is_there
}

/// Reads every layer and checks it against its digest, and against its diffID where it is not compressed.
fn check_layers(image: &Image) {
    let diff_ids: Vec<_> = image
        .config
        .rootfs
        .diff_ids
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(diff_ids, [DIFF_ID], "{}", image.name);
    let id = image.config_digest.map(|digest| digest.to_string());
    // Skopeo writes the config anew when it makes an OCI image of a Docker one.
    assert!(
        id.as_deref() == Some(IMAGE_ID) || image.name.starts_with("oci:"),
        "{id:?}"
    );
    assert_eq!(image.layers.len(), 1);
    let order = match image.blobs.read_order() {
        ReadOrder::Any => (0..image.layers.len()).collect(),
        ReadOrder::Sequential(order) => order,
    };
    for layer in order.iter().filter_map(|index| image.layers.get(*index)) {
        let bytes =
            read_at_most(image.blobs.open(layer).expect("a layer"), 64 << 20).expect("its bytes");
        let actual = Digest::sha256_of(&bytes);
        let expected = layer.digest.or(layer.diff_id.map(|diff_id| diff_id.0));
        assert_eq!(Some(actual), expected, "{}", image.name);
        assert!(layer.size.is_none_or(|size| size == bytes.len() as u64));
    }
}

fn open_text(text: &str, options: &SourceOptions) -> Result<Image, SourceError> {
    open(&text.parse()?, options)
}

fn anonymous() -> SourceOptions {
    SourceOptions {
        docker_config: Some("no-such-folder".into()),
        ..SourceOptions::default()
    }
}

#[test]
fn a_real_archive_is_read_packed_and_plain() {
    let Some(fixture) = fixture() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let plain = unpacked(&fixture, &folder);
    for path in [&fixture, &plain] {
        for text in [
            path.display().to_string(),
            format!("docker-archive:{}", path.display()),
        ] {
            let image = open_text(&text, &anonymous()).expect("an image");
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            assert_eq!(image.name, format!("docker-archive:{name}"));
            check_layers(&image);
        }
    }
    let wrong = open_text(
        &format!("docker-archive:{}:other:1", plain.display()),
        &anonymous(),
    );
    assert!(matches!(wrong, Err(SourceError::WhichImage { .. })));
}

#[test]
fn every_form_that_skopeo_writes_is_the_same_image() {
    let Some(fixture) = fixture().filter(|_| has(&["skopeo"])) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let forms = [
        (
            format!("oci:{}:3.10", path("layout")),
            format!("oci:{}:3.10", path("layout")),
        ),
        (
            format!("oci-archive:{}:3.10", path("oci.tar")),
            format!("oci:{}:3.10", path("oci.tar")),
        ),
        (
            format!("docker-archive:{}:alpine:3.10", path("d.tar")),
            format!("docker-archive:{}:alpine:3.10", path("d.tar")),
        ),
    ];
    for (written, read) in &forms {
        skopeo_copy(&fixture, written);
        let bare = read.split(':').nth(1).expect("a path");
        for text in [read.as_str(), bare] {
            check_layers(&open_text(text, &anonymous()).expect(text));
        }
    }
    let packed = path("oci.tar.gz");
    run(Command::new("sh").args([
        "-c",
        "gzip -c \"$1\" > \"$2\"",
        "sh",
        &path("oci.tar"),
        &packed,
    ]));
    check_layers(&open_text(&packed, &anonymous()).expect("a packed layout"));
}

#[test]
fn a_real_registry_is_read_by_tag_and_digest() {
    let Some(fixture) = fixture().filter(|_| has(&["skopeo", "docker-registry"])) else {
        return;
    };
    let registry = Registry::start(false, false);
    let name = format!("{}/library/alpine", registry.host);
    skopeo_copy(&fixture, &format!("docker://{name}:3.10"));
    let image = open_text(&format!("{name}:3.10"), &anonymous()).expect("an image");
    check_layers(&image);
    let digest = image.manifest_digest.expect("a digest");
    check_layers(&open_text(&format!("{name}@{digest}"), &anonymous()).expect("the same"));
    let gone = open_text(&format!("{name}:none"), &anonymous());
    assert!(matches!(gone, Err(SourceError::NoSuchManifest { .. })));
}

#[test]
fn a_real_registry_with_a_password_is_read_with_it_and_not_without() {
    let Some(fixture) = fixture().filter(|_| has(&["skopeo", "docker-registry"])) else {
        return;
    };
    let registry = Registry::start(true, false);
    let name = format!("{}/alpine:3.10", registry.host);
    skopeo_copy(&fixture, &format!("docker://{name}"));
    let refused = open_text(&name, &anonymous()).err().expect("refused");
    assert!(
        matches!(refused, SourceError::Unauthorized { .. }),
        "{refused}"
    );

    let config = format!(
        r#"{{"auths": {{"{}": {{"auth": "dXNlcjpzZWNyZXQ="}}}}}}"#,
        registry.host
    );
    put(&registry.folder.path().join("config.json"), &config);
    let logged_in = SourceOptions {
        docker_config: Some(registry.folder.path().into()),
        ..anonymous()
    };
    check_layers(&open_text(&name, &logged_in).expect("let in by config.json"));

    let credentials = Credentials {
        user: "user".to_owned(),
        password: "wrong".to_owned(),
    };
    let wrong = SourceOptions {
        credentials: Some(credentials),
        ..anonymous()
    };
    let refused = open_text(&name, &wrong).err().expect("refused").to_string();
    assert!(
        refused.contains("user user") && !refused.contains("wrong"),
        "{refused}"
    );
}

#[test]
fn insecure_accepts_a_certificate_of_nobody_and_plain_http() {
    let Some(fixture) = fixture().filter(|_| has(&["skopeo", "docker-registry", "openssl"])) else {
        return;
    };
    let insecure = SourceOptions {
        insecure: true,
        ..anonymous()
    };
    for with_tls in [true, false] {
        let registry = Registry::start(false, with_tls);
        let name = format!("{}/alpine:3.10", registry.host);
        skopeo_copy(&fixture, &format!("docker://{name}"));
        check_layers(&open_text(&name, &insecure).expect("an image"));
    }
}

#[test]
fn an_image_of_a_real_engine_is_what_its_archive_says() {
    let Some(fixture) = fixture().filter(|_| has(&["dockerd", "docker"])) else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let host = format!("unix://{}", path("engine.sock").display());
    let mut command = Command::new("dockerd");
    command.args([
        "--iptables=false",
        "--bridge=none",
        "--storage-driver=vfs",
        "-H",
        &host,
    ]);
    for (option, name) in [
        ("--data-root", "data"),
        ("--exec-root", "exec"),
        ("--pidfile", "pid"),
    ] {
        command.arg(option).arg(path(name));
    }
    let log = File::create(path("log")).expect("a log");
    let mut engine = Server(
        command
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("dockerd"),
    );
    wait_until("dockerd or its end", || {
        UnixStream::connect(path("engine.sock")).is_ok()
            || fs::read(path("log")).is_ok_and(|log| is_refusal(&log))
    });
    let runs = engine.0.try_wait().is_ok_and(|status| status.is_none())
        && UnixStream::connect(path("engine.sock")).is_ok();
    if !available(runs, "a Docker engine that may start here") {
        return;
    }
    run(Command::new("docker")
        .args(["-H", &host, "load", "--quiet", "--input"])
        .arg(&fixture));

    let options = SourceOptions {
        engine_socket: Some(path("engine.sock")),
        ..anonymous()
    };
    let missing = open_text("docker:no-such:1", &options)
        .err()
        .expect("no such image");
    assert_eq!(missing.hint().as_deref(), Some("run docker pull no-such:1"));

    let image = open_text(&format!("docker:{IMAGE_ID}"), &options).expect("an image");
    assert!(image.blobs.diff_ids_are_verified());
    let archived = open_text(&fixture.display().to_string(), &anonymous()).expect("the archive");
    assert_eq!(image.config, archived.config);
    check_layers(&image);
}

fn is_refusal(log: &[u8]) -> bool {
    String::from_utf8_lossy(log).contains("failed to start daemon")
}
