//! Debian's `docker-registry` on this machine.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use plimsoll::model::Digest;

use crate::env::Env;

/// A real registry on a port of its own, gone when it is dropped.
pub struct Registry {
    process: Child,
    data: PathBuf,
    pub address: String,
}

impl Registry {
    /// `None`, and said so, where there is none on this machine.
    pub fn start(env: &Env) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let address = format!("127.0.0.1:{port}");
        let data = env.path("registry");
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: '{address}'}}\n",
            data.display()
        );
        let config = env.write("registry.yml", config);
        let started = Command::new("docker-registry")
            .arg("serve")
            .arg(config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(process) = started else {
            assert!(
                std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
                "docker-registry is required"
            );
            println!("skipped: this machine has no docker-registry");
            return None;
        };
        for _ in 0..100 {
            if std::net::TcpStream::connect(&address).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(Self {
            process,
            data,
            address,
        })
    }

    /// Has skopeo copy something into the registry or out of it; whether it did.
    pub fn copy(from: &str, to: &str) -> bool {
        Command::new("skopeo")
            .args([
                "copy",
                "-q",
                "--src-tls-verify=false",
                "--dest-tls-verify=false",
            ])
            .args([from, to])
            .status()
            .is_ok_and(|status| status.success())
    }

    /// The file that holds a blob.
    pub fn blob(&self, digest: &Digest) -> PathBuf {
        let hex = digest.hex();
        let blobs = self.data.join("docker/registry/v2/blobs/sha256");
        blobs.join(&hex[..2]).join(&hex).join("data")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
