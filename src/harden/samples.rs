//! Images built by hand, after real ones, for the tests of this room.

use crate::model::{
    Account, EntryFact, EntryShape, FileCapabilities, LayerPath, Observation, ProgramFact,
    ScriptCause, ScriptFact, ServerSetting, ServerSettingKind,
};
use crate::posture::{Attributes, ImageView};

/// An image under construction.
pub(super) struct Image(pub(super) ImageView);

impl Image {
    pub(super) fn new(name: &str, entrypoint: &[&str], cmd: &[&str]) -> Self {
        let mut view = ImageView {
            name: name.to_owned(),
            ..ImageView::default()
        };
        view.config.config.entrypoint = entrypoint.iter().map(|word| (*word).to_owned()).collect();
        view.config.config.cmd = cmd.iter().map(|word| (*word).to_owned()).collect();
        Self(view)
    }

    /// A Debian system: root, www-data, `/bin/sh`, the links of `/var`.
    pub(super) fn debian(name: &str, entrypoint: &[&str], cmd: &[&str]) -> Self {
        Self::new(name, entrypoint, cmd)
            .account("root", 0, 0, "/root")
            .account("www-data", 33, 33, "/var/www")
            .folder("usr/bin", 0, 0, 0o755)
            .folder("tmp", 0, 0, 0o1777)
            .folder("run", 0, 0, 0o755)
            .folder("run/lock", 0, 0, 0o1777)
            .link("var/run", "run")
            .link("var/lock", "run/lock")
            .link("bin", "usr/bin")
            .program("usr/bin/dash", &[])
            .link("usr/bin/sh", "usr/bin/dash")
    }

    pub(super) fn user(mut self, user: &str) -> Self {
        user.clone_into(&mut self.0.config.config.user);
        self
    }

    pub(super) fn volume(mut self, path: &str) -> Self {
        self.0
            .config
            .config
            .volumes
            .insert(path.to_owned(), serde_json::json!({}));
        self
    }

    pub(super) fn expose(mut self, port: &str) -> Self {
        self.0
            .config
            .config
            .exposed_ports
            .insert(port.to_owned(), serde_json::json!({}));
        self
    }

    pub(super) fn env(mut self, variable: &str) -> Self {
        self.0.config.config.env.push(variable.to_owned());
        self
    }

    pub(super) fn workdir(mut self, path: &str) -> Self {
        path.clone_into(&mut self.0.config.config.working_dir);
        self
    }

    pub(super) fn health(mut self, test: &[&str]) -> Self {
        self.0.config.config.healthcheck =
            Some(serde_json::json!({"Test": test, "Interval": 10_000_000_000_u64}));
        self
    }

    pub(super) fn fact(mut self, path: &str, fact: Observation) -> Self {
        self.0
            .visible
            .entry(LayerPath::from(path))
            .or_default()
            .facts
            .push(fact);
        self
    }

    pub(super) fn account(self, name: &str, uid: u64, gid: u64, home: &str) -> Self {
        let line = self.0.accounts().count() as u64 + 1;
        let account = Account {
            line,
            name: name.to_owned(),
            uid,
            gid,
            home: home.to_owned(),
            shell: "/usr/sbin/nologin".to_owned(),
            has_empty_password: false,
        };
        self.fact("etc/passwd", Observation::Account(account))
    }

    fn attributes(mut self, path: &str, uid: u64, gid: u64, mode: u32, is_folder: bool) -> Self {
        self.0.attributes.insert(
            path,
            Attributes {
                mode,
                uid,
                gid,
                is_folder,
            },
        );
        self
    }

    pub(super) fn folder(self, path: &str, uid: u64, gid: u64, mode: u32) -> Self {
        let image = self.attributes(path, uid, gid, mode, true);
        if uid == 0 {
            return image;
        }
        let entry = EntryFact {
            kind: EntryShape::Folder,
            mode,
            uid,
            gid,
            target: None,
            capabilities: None,
        };
        image.fact(path, Observation::Entry(entry))
    }

    pub(super) fn file(self, path: &str, uid: u64, mode: u32) -> Self {
        self.attributes(path, uid, uid, mode, false)
    }

    pub(super) fn link(self, path: &str, target: &str) -> Self {
        let entry = EntryFact {
            kind: EntryShape::Symlink,
            mode: 0o777,
            uid: 0,
            gid: 0,
            target: Some(LayerPath::from(target)),
            capabilities: None,
        };
        self.attributes(path, 0, 0, 0o777, false)
            .fact(path, Observation::Entry(entry))
    }

    pub(super) fn program(self, path: &str, imports: &[&str]) -> Self {
        let program = ProgramFact {
            interpreter: None,
            imports: imports.iter().map(|name| (*name).to_owned()).collect(),
        };
        self.file(path, 0, 0o755)
            .fact(path, Observation::Program(program))
    }

    pub(super) fn file_capability(self, path: &str, number: u8, effective: bool) -> Self {
        let permitted = crate::model::Capability::of_number(number)
            .into_iter()
            .collect();
        let capabilities = Some(FileCapabilities {
            permitted,
            inheritable: crate::model::CapabilitySet::NONE,
            effective,
        });
        let entry = EntryFact {
            kind: EntryShape::File,
            mode: 0o755,
            uid: 0,
            gid: 0,
            target: None,
            capabilities,
        };
        self.fact(path, Observation::Entry(entry))
    }

    pub(super) fn setuid(self, path: &str) -> Self {
        let entry = EntryFact {
            kind: EntryShape::File,
            mode: 0o4755,
            uid: 0,
            gid: 0,
            target: None,
            capabilities: None,
        };
        self.program(path, &[])
            .file(path, 0, 0o4755)
            .fact(path, Observation::Entry(entry))
    }

    /// A shell script: line, command, account, paths.
    pub(super) fn script(self, path: &str, causes: &[(u64, &str, Option<&str>, &[&str])]) -> Self {
        let causes = causes
            .iter()
            .map(|(line, command, account, paths)| ScriptCause {
                line: *line,
                command: (*command).to_owned(),
                account: account.map(str::to_owned),
                paths: paths.iter().map(|path| (*path).to_owned()).collect(),
            });
        let script = ScriptFact {
            interpreter: "/bin/sh".to_owned(),
            causes: causes.collect(),
            is_opaque: false,
        };
        self.file(path, 0, 0o755)
            .fact(path, Observation::Script(script))
    }

    pub(super) fn setting(
        self,
        path: &str,
        line: u64,
        server: &str,
        setting: ServerSettingKind,
        value: &str,
    ) -> Self {
        let setting = ServerSetting {
            line,
            server: server.to_owned(),
            setting,
            value: value.to_owned(),
        };
        self.fact(path, Observation::Server(setting))
    }
}

/// nginx of Debian 12, started in the foreground.
pub(super) fn nginx() -> Image {
    Image::debian("nginx@sha256:00", &[], &["nginx", "-g", "daemon off;"])
        .expose("80/tcp")
        .program(
            "usr/sbin/nginx",
            &["chown", "setgid", "setuid", "initgroups"],
        )
        .folder("var/lib/nginx", 0, 0, 0o755)
        .folder("var/lib/nginx/body", 33, 33, 0o700)
        .folder("var/log/nginx", 33, 4, 0o755)
        .setting(
            "etc/nginx/nginx.conf",
            1,
            "nginx",
            ServerSettingKind::User,
            "www-data",
        )
        .setting(
            "etc/nginx/nginx.conf",
            3,
            "nginx",
            ServerSettingKind::Writes,
            "/run/nginx.pid",
        )
        .setting(
            "etc/nginx/nginx.conf",
            41,
            "nginx",
            ServerSettingKind::Writes,
            "/var/log/nginx/access.log",
        )
        .setting(
            "etc/nginx/sites-enabled/default",
            22,
            "nginx",
            ServerSettingKind::Listens,
            "80 default_server",
        )
}

/// redis 7 with the official entry script.
pub(super) fn redis() -> Image {
    Image::debian(
        "redis@sha256:00",
        &["docker-entrypoint.sh"],
        &["redis-server"],
    )
    .account("redis", 999, 999, "/home/redis")
    .volume("/data")
    .workdir("/data")
    .expose("6379/tcp")
    .folder("data", 999, 999, 0o755)
    .program("usr/local/bin/redis-server", &["setuid"])
    .program("usr/local/bin/redis-cli", &[])
    .program("usr/local/bin/gosu", &[])
    .script(
        "usr/local/bin/docker-entrypoint.sh",
        &[
            (12, "find", None, &[]),
            (12, "chown", Some("redis"), &[]),
            (13, "gosu", Some("redis"), &[]),
        ],
    )
}

/// postgres 15 with the official entry script.
pub(super) fn postgres() -> Image {
    let causes: &[(u64, &str, Option<&str>, &[&str])] = &[
        (50, "mkdir", None, &["$PGDATA"]),
        (52, "chmod", None, &["$PGDATA"]),
        (55, "mkdir", None, &["/var/run/postgresql"]),
        (56, "chmod", None, &["/var/run/postgresql"]),
        (68, "find", None, &["$PGDATA"]),
        (68, "chown", Some("postgres"), &[]),
        (69, "find", None, &["/var/run/postgresql"]),
        (69, "chown", Some("postgres"), &[]),
        (310, "gosu", Some("postgres"), &[]),
    ];
    Image::debian("postgres@sha256:00", &["docker-entrypoint.sh"], &["postgres"])
        .account("postgres", 999, 999, "/var/lib/postgresql")
        .env("PGDATA=/var/lib/postgresql/data")
        .env("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/postgresql/15/bin")
        .volume("/var/lib/postgresql/data")
        .expose("5432/tcp")
        .folder("var/lib/postgresql", 999, 999, 0o755)
        .folder("var/lib/postgresql/data", 999, 999, 0o700)
        .folder("run/postgresql", 999, 999, 0o3775)
        .program("usr/lib/postgresql/15/bin/postgres", &["setuid"])
        .program("usr/local/bin/gosu", &[])
        .script("usr/local/bin/docker-entrypoint.sh", causes)
}

/// apache 2.4 of Debian 12.
pub(super) fn apache() -> Image {
    Image::debian("apache@sha256:00", &[], &["apache2ctl", "-D", "FOREGROUND"])
        .expose("80/tcp")
        .program("usr/sbin/apache2", &["setuid", "initgroups"])
        .script(
            "usr/sbin/apache2ctl",
            &[(90, "mkdir", None, &["$APACHE_RUN_DIR"])],
        )
        .folder("var/log/apache2", 0, 4, 0o750)
        .setting(
            "etc/apache2/apache2.conf",
            89,
            "apache",
            ServerSettingKind::User,
            "${APACHE_RUN_USER}",
        )
}

/// A Python program with an account of its own.
pub(super) fn python() -> Image {
    Image::debian("shop@sha256:00", &[], &["python3", "app.py"])
        .account("app", 1000, 1000, "/home/app")
        .user("app")
        .workdir("/app")
        .expose("8000/tcp")
        .folder("app", 1000, 1000, 0o755)
        .folder("home/app", 1000, 1000, 0o700)
        .program("usr/bin/python3.11", &["setuid", "chown", "chroot"])
        .link("usr/bin/python3", "usr/bin/python3.11")
        .health(&[
            "CMD-SHELL",
            "curl -f http://localhost:8000/health || exit 1",
        ])
}

/// A static Go program in an empty image.
pub(super) fn go() -> Image {
    Image::new("api@sha256:00", &["/api"], &[])
        .program("api", &[])
        .expose("8080/tcp")
}
