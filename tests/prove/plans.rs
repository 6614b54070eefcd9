//! The servers of `images.sh`, how they answer, and the plans to run them with.

use super::engine::images;
use plimsoll::harden::{Choices, Plan, plan};
use plimsoll::prove::{Settings, WritablePlace};
use plimsoll::scan::{ScanOptions, Silent, view};
use plimsoll::source::{self, Reference, SourceOptions};

/// An image of `images.sh`.
pub(crate) struct Server {
    /// Its name.
    pub(crate) name: &'static str,
    /// What tells that it answers; `None`: its own health check, or that it stays up.
    pub(crate) command: Option<&'static [&'static str]>,
}

/// All of them. Users as Debian's packages number them in an image with nothing else.
pub(crate) const SERVERS: &[Server] = &[
    Server {
        name: "nginx",
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
        command: Some(&["redis-cli", "ping"]),
    },
    Server {
        name: "postgres",
        command: Some(&["pg_isready"]),
    },
    Server {
        name: "python",
        command: None,
    },
    Server {
        name: "static",
        command: Some(&["/answer", "check"]),
    },
];

impl Server {
    /// Its image on the engine.
    pub(crate) fn image(&self) -> String {
        format!("plimsoll-prove/{}:1", self.name)
    }

    /// The plan that is told from its image.
    pub(crate) fn plan(&self) -> Plan {
        let archive = images()
            .expect("the images")
            .join(format!("{}.tar", self.name));
        let reference: Reference = format!("docker-archive:{}", archive.display())
            .parse()
            .expect("a reference");
        let image = source::open(&reference, &SourceOptions::default()).expect("an archive");
        let view = view(&image, &ScanOptions::default(), &Silent).expect("a view");
        let choices = Choices {
            image: Some(self.image()),
            ..Choices::default()
        };
        plan(&view, &choices)
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
