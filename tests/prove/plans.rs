//! The servers of `images.sh`, how they answer, and the plans to run them with.

use plimsoll::harden::{Confidence, Grant, Line, Plan, PlannedMount, PlannedUser, Writable};
use plimsoll::prove::{Settings, WritablePlace};

/// An image of `images.sh`.
pub(crate) struct Server {
    /// Its name.
    pub(crate) name: &'static str,
    /// Account of the service.
    user: (u64, u64),
    /// Where it writes: memory.
    tmpfs: &'static [&'static str],
    /// Where it keeps its data.
    volume: Option<&'static str>,
    /// What tells that it answers; `None`: its own health check, or that it stays up.
    pub(crate) command: Option<&'static [&'static str]>,
}

/// All of them. Users as Debian's packages number them in an image with nothing else.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        name: "nginx",
        user: (33, 33),
        tmpfs: &["run", "var/lib/nginx"],
        volume: None,
        command: Some(&[
            "curl",
            "--silent",
            "--fail",
            "--output",
            "/dev/null",
            "http://127.0.0.1/",
        ]),
    },
    Server {
        name: "redis",
        user: (100, 101),
        tmpfs: &["tmp"],
        volume: Some("data"),
        command: Some(&["redis-cli", "ping"]),
    },
    Server {
        name: "postgres",
        user: (100, 102),
        tmpfs: &["tmp", "run/postgresql"],
        volume: Some("var/lib/postgresql/data"),
        command: Some(&["pg_isready"]),
    },
    Server {
        name: "python",
        user: (10001, 10001),
        tmpfs: &["tmp", "srv/app/cache"],
        volume: None,
        command: None,
    },
    Server {
        name: "static",
        user: (65532, 65532),
        tmpfs: &[],
        volume: None,
        command: Some(&["/answer", "check"]),
    },
];

fn line<T>(value: T) -> Line<T> {
    Line {
        value,
        reason: "by hand".to_owned(),
        confidence: Confidence::Assumed,
    }
}

impl Server {
    /// Its image on the engine.
    pub(crate) fn image(&self) -> String {
        format!("plimsoll-prove/{}:1", self.name)
    }

    /// The plan to run it with. Here `harden`'s own plan of the image takes the place of the one by hand.
    pub(crate) fn plan(&self) -> Plan {
        let (uid, gid) = self.user;
        let mount = |path: &str, writable| {
            line(PlannedMount {
                path: path.into(),
                writable,
                uid,
                gid,
            })
        };
        let tmpfs = self
            .tmpfs
            .iter()
            .map(|path| mount(path, Writable::Tmpfs { size: 64 << 20 }));
        let volume = self.volume.iter().map(|path| mount(path, Writable::Volume));
        Plan {
            image: self.image(),
            name: self.name.to_owned(),
            user: line(PlannedUser {
                uid,
                gid,
                name: None,
            }),
            capabilities: Vec::<Line<Grant>>::new(),
            read_only: line(true),
            mounts: tmpfs.chain(volume).collect(),
            no_new_privileges: line(true),
            pids: line(128),
            memory: line(512 << 20),
            cpu_millis: line(2000),
            ports: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Started as root by its entry point, without any capability.
    pub(crate) fn as_root(&self) -> Settings {
        let mut settings = Settings::of_plan(&self.plan());
        settings.user = Some("0:0".to_owned());
        // What is the service's stays the service's.
        settings.writable.retain(WritablePlace::is_tmpfs);
        settings
    }
}
