//! The sources against the real thing: Debian's docker-registry filled by skopeo, Docker's engine, and a real image in
//! every form that skopeo writes.
//!
//! What a test needs and this machine lacks makes it print `skipped: …`, or fail if `PLIMSOLL_REQUIRE_REAL=1` is set.
#![expect(clippy::expect_used, reason = "a test ends where an expectation does")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use plimsoll::model::Digest;
use plimsoll::model::limits::read_at_most;
use plimsoll::source::{Credentials, Image, ReadOrder, SourceError, SourceOptions, open};

/// The image that all forms hold: a real `docker save` of alpine:3.10, one layer, 14 packages.
const IMAGE_ID: &str = "sha256:af341ccd2df8b0e2d67cf8dd32e087bfda4e5756ebd1c76bbf3efa0dc246590e";

/// Its layer.
const DIFF_ID: &str = "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028";

/// `user:secret`, as `htpasswd -nbB` writes it.
const HTPASSWD: &str = "user:$2b$05$dztlNpsZqzfKU4gWZfVZLO03d1zw0fENwgpDJ5iXeFpGIvnZdv1jq\n";

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

/// A server that ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Asked and not killed: Docker's engine has to end its containerd.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn wait_until(what: &str, is_ready: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_ready() {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{what} did not start"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn run(command: &mut Command) {
    let output = command.output().expect("a command that runs");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn put(path: &Path, text: &str) {
    File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("written");
}

fn unpacked(archive: &Path, folder: &tempfile::TempDir) -> PathBuf {
    let plain = folder.path().join("plain.tar");
    run(Command::new("sh")
        .args(["-c", "gzip -dc \"$1\" > \"$2\"", "sh"])
        .args([archive, &plain]));
    plain
}

fn skopeo_copy(from: &Path, to: &str) {
    // Skopeo 1.9 does not open a packed one.
    let folder = tempfile::tempdir().expect("a folder");
    let from = format!("docker-archive:{}", unpacked(from, &folder).display());
    let copy = [
        "copy",
        "--quiet",
        "--insecure-policy",
        "--dest-tls-verify=false",
        "--dest-creds=user:secret",
    ];
    let credentials = if to.starts_with("docker://") {
        copy.len()
    } else {
        copy.len() - 2
    };
    run(Command::new("skopeo")
        .args(copy.iter().take(credentials))
        .args([&from, to]));
}

/// A registry on this machine: plain, or with the given parts of its configuration.
struct Registry {
    host: String,
    _server: Server,
    folder: tempfile::TempDir,
}

impl Registry {
    fn start(with_password: bool, with_tls: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let host = free.expect("a free port").to_string();
        let path = |name: &str| folder.path().join(name).display().to_string();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: {host}\n",
            path("store")
        );
        if with_tls {
            let request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1";
            run(Command::new("openssl").args(request.split(' ')).args([
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                &path("key"),
                "-out",
                &path("certificate"),
            ]));
            let _ = writeln!(
                config,
                "  tls: {{certificate: {}, key: {}}}",
                path("certificate"),
                path("key")
            );
        }
        if with_password {
            put(&folder.path().join("htpasswd"), HTPASSWD);
            let _ = writeln!(
                config,
                "auth: {{htpasswd: {{realm: test, path: {}}}}}",
                path("htpasswd")
            );
        }
        put(&folder.path().join("config.yml"), &config);
        let mut command = Command::new("docker-registry");
        let command = command
            .arg("serve")
            .arg(path("config.yml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let server = Server(command.spawn().expect("docker-registry"));
        wait_until("docker-registry", || {
            std::net::TcpStream::connect(&host).is_ok()
        });
        Self {
            host,
            _server: server,
            folder,
        }
    }
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
