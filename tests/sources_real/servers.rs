//! Real servers and tools on this machine.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// `user:secret`, as `htpasswd -nbB` writes it.
const HTPASSWD: &str = "user:$2b$05$dztlNpsZqzfKU4gWZfVZLO03d1zw0fENwgpDJ5iXeFpGIvnZdv1jq\n";

/// A server that ends with the test.
pub(crate) struct Server(pub(crate) Child);

impl Drop for Server {
    fn drop(&mut self) {
        // Asked and not killed: Docker's engine has to end its containerd.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

pub(crate) fn wait_until(what: &str, is_ready: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_ready() {
        assert!(
            begin.elapsed() < Duration::from_secs(30),
            "{what} did not start"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().expect("a command that runs");
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

pub(crate) fn put(path: &Path, text: &str) {
    File::create(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .expect("written");
}

pub(crate) fn unpacked(archive: &Path, folder: &tempfile::TempDir) -> PathBuf {
    let plain = folder.path().join("plain.tar");
    run(Command::new("sh")
        .args(["-c", "gzip -dc \"$1\" > \"$2\"", "sh"])
        .args([archive, &plain]));
    plain
}

pub(crate) fn skopeo_copy(from: &Path, to: &str) {
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
pub(crate) struct Registry {
    pub(crate) host: String,
    _server: Server,
    pub(crate) folder: tempfile::TempDir,
}

impl Registry {
    pub(crate) fn start(with_password: bool, with_tls: bool) -> Self {
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
