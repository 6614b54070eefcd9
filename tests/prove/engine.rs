//! An engine of its own for the tests: Debian's `dockerd` without a network, or one that is named.

use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// An engine. One that was started here is stopped when it is dropped, by its own process.
pub(crate) struct Engine {
    child: Option<Child>,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Engine {
    /// The engine of `PLIMSOLL_PROVE_SOCKET`, or a new one. `None` where it cannot be started.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(socket) = std::env::var_os("PLIMSOLL_PROVE_SOCKET") {
            return Some(Self {
                child: None,
                socket: socket.into(),
                _folder: folder,
            });
        }
        let path = |name: &str| folder.path().join(name);
        let socket = path("engine.sock");
        let mut command = Command::new("dockerd");
        command.args(["--iptables=false", "--bridge=none", "-H"]);
        command.arg(format!("unix://{}", socket.display()));
        for (option, name) in [
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "pid"),
        ] {
            command.arg(option).arg(path(name));
        }
        let log = File::create(path("log")).expect("a log");
        let child = command.stdout(Stdio::null()).stderr(log).spawn().ok()?;
        let mut engine = Self {
            child: Some(child),
            socket,
            _folder: folder,
        };
        let end = Instant::now() + Duration::from_mins(1);
        while Instant::now() < end {
            if UnixStream::connect(&engine.socket).is_ok() {
                return Some(engine);
            }
            if engine.child.as_mut()?.try_wait().ok()?.is_some() {
                return None;
            }
            sleep(Duration::from_millis(100));
        }
        None
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    /// Runs `docker`, and gives what it prints.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        let host = format!("unix://{}", self.socket.display());
        let output = Command::new("docker")
            .args(["-H", &host])
            .args(arguments)
            .output()
            .expect("docker");
        assert!(
            output.status.success(),
            "docker {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Whatever is there of proofs: containers, volumes and networks.
    pub(crate) fn left_over(&self) -> String {
        let label = "label=dev.plimsoll.prove";
        let lists: [&[&str]; 3] = [
            &["ps", "--all", "--quiet", "--filter", label],
            &["volume", "ls", "--quiet"],
            &["network", "ls", "--quiet", "--filter", label],
        ];
        lists.iter().map(|list| self.docker(list)).collect()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // By its own number, and politely: it then ends what it has started.
            let _ = Command::new("kill").arg(child.id().to_string()).status();
            let _ = child.wait();
        }
    }
}

/// The image archives of `tests/prove/images.sh`.
pub(crate) fn images() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("PLIMSOLL_PROVE_IMAGES")?);
    fs::metadata(folder.join("static.tar"))
        .is_ok()
        .then_some(folder)
}
