//! The checks on images built by hand.

mod families;
mod page;
mod table;
mod traps;

use super::*;
use crate::layers::Attributes;
use crate::model::{
    Account, EntryFact, EntryShape, FileCapabilities, Group, History, Observation, PasswordKind,
    PasswordState, ProgramFact, ToolKind,
};
use crate::posture::Seen;

/// An image, step by step.
#[derive(Clone, Default)]
struct Image(ImageView);

/// An image with the usual folders, an ELF program that root owns, two accounts, and a numeric user.
fn good() -> Image {
    Image::default()
        .user("10001:10001")
        .passwd("root", 0, 0)
        .passwd("app", 10001, 10001)
        .shadow("root", PasswordKind::Locked)
        .shadow("app", PasswordKind::Locked)
        .group("root", 0, &[])
        .group("app", 10001, &[])
        .folder("etc", 0o755, 0, 0)
        .folder("usr", 0o755, 0, 0)
        .folder("usr/bin", 0o755, 0, 0)
        .file("usr/bin/app", 0o755, 0, 0)
        .fact("usr/bin/app", Observation::Program(ProgramFact::default()))
        .entrypoint(&["/usr/bin/app"])
        .with(|view| {
            view.name = "registry.example:5000/app:1.2@sha256:00".to_owned();
            view.config.config.working_dir = "/app".to_owned();
            view.config.config.healthcheck =
                Some(serde_json::json!({"Test": ["CMD", "/usr/bin/app"]}));
            view.config.created = Some("2026-11-01T00:00:00Z".to_owned());
            view.date = "2026-11-24".parse().ok();
            view.end_of_life = Some(None);
            view.layer_bytes = vec![100];
            view.hidden_bytes = Some(0);
            let digest = "org.opencontainers.image.base.digest".to_owned();
            view.annotations.insert(digest, "sha256:00".to_owned());
        })
        .history("RUN /bin/sh -c true # buildkit")
}

impl Image {
    fn with(mut self, change: impl FnOnce(&mut ImageView)) -> Self {
        change(&mut self.0);
        self
    }

    fn fact(self, path: &str, fact: Observation) -> Self {
        self.with(|view| {
            let seen = view
                .visible
                .entry(path.into())
                .or_insert_with(Seen::default);
            seen.facts.push(fact);
        })
    }

    fn entry(
        self,
        path: &str,
        kind: EntryShape,
        mode: u32,
        owner: (u64, u64),
        capabilities: Option<FileCapabilities>,
    ) -> Self {
        let (uid, gid) = owner;
        let entry = EntryFact {
            kind,
            mode,
            uid,
            gid,
            target: None,
            capabilities,
        };
        self.fact(path, Observation::Entry(entry)).with(|view| {
            let is_folder = kind == EntryShape::Folder;
            let attributes = Attributes {
                mode,
                uid,
                gid,
                is_folder,
            };
            view.attributes.insert(path, attributes);
        })
    }

    fn file(self, path: &str, mode: u32, uid: u64, gid: u64) -> Self {
        self.entry(path, EntryShape::File, mode, (uid, gid), None)
    }

    fn folder(self, path: &str, mode: u32, uid: u64, gid: u64) -> Self {
        self.entry(path, EntryShape::Folder, mode, (uid, gid), None)
    }

    fn link(self, path: &str, target: &str) -> Self {
        let entry = EntryFact {
            kind: EntryShape::Symlink,
            mode: 0o777,
            uid: 0,
            gid: 0,
            target: Some(target.into()),
            capabilities: None,
        };
        self.fact(path, Observation::Entry(entry))
    }

    fn capable(self, path: &str, names: &[&str], effective: bool) -> Self {
        let capabilities = FileCapabilities {
            permitted: names.iter().filter_map(|name| name.parse().ok()).collect(),
            inheritable: crate::model::CapabilitySet::NONE,
            effective,
        };
        self.entry(path, EntryShape::File, 0o755, (0, 0), Some(capabilities))
    }

    fn tool(self, path: &str, kind: ToolKind) -> Self {
        self.fact(path, Observation::Tool(kind))
    }

    fn user(self, user: &str) -> Self {
        self.with(|view| user.clone_into(&mut view.config.config.user))
    }

    fn env(self, variable: &str) -> Self {
        self.with(|view| view.config.config.env.push(variable.to_owned()))
    }

    fn entrypoint(self, words: &[&str]) -> Self {
        self.with(|view| {
            view.config.config.entrypoint = words.iter().map(|word| (*word).to_owned()).collect();
        })
    }

    fn history(self, text: &str) -> Self {
        self.with(|view| {
            view.config.history.push(History {
                created_by: text.to_owned(),
                ..History::default()
            });
        })
    }

    fn no_history(self) -> Self {
        self.with(|view| view.config.history.clear())
    }

    fn port(self, port: &str) -> Self {
        self.with(|view| {
            view.config
                .config
                .exposed_ports
                .insert(port.to_owned(), serde_json::json!({}));
        })
    }

    fn volume(self, path: &str) -> Self {
        self.with(|view| {
            view.config
                .config
                .volumes
                .insert(path.to_owned(), serde_json::json!({}));
        })
    }

    fn passwd(self, name: &str, uid: u64, gid: u64) -> Self {
        self.account(name, uid, gid, "/usr/sbin/nologin")
    }

    fn account(self, name: &str, uid: u64, gid: u64, shell: &str) -> Self {
        let line = self.0.accounts().count() as u64 + 1;
        let account = Account {
            line,
            name: name.to_owned(),
            uid,
            gid,
            home: format!("/home/{name}"),
            shell: shell.to_owned(),
            has_empty_password: false,
        };
        self.fact("etc/passwd", Observation::Account(account))
    }

    fn group(self, name: &str, gid: u64, members: &[&str]) -> Self {
        let line = self.0.groups().count() as u64 + 1;
        let group = Group {
            line,
            name: name.to_owned(),
            gid,
            members: members.iter().map(|name| (*name).to_owned()).collect(),
        };
        self.fact("etc/group", Observation::Group(group))
    }

    fn shadow(self, name: &str, state: PasswordKind) -> Self {
        let state = PasswordState {
            line: 1,
            name: name.to_owned(),
            state,
        };
        self.fact("etc/shadow", Observation::Password(state))
    }

    fn sudo(self, who: &str) -> Self {
        let rule = Observation::PasswordlessSudo {
            line: 3,
            who: who.to_owned(),
        };
        self.fact("etc/sudoers", rule)
    }

    fn unseen(self, path: &str, fact: Observation) -> Self {
        self.with(|view| {
            view.hidden.push(crate::posture::Unseen {
                path: path.into(),
                layer: 0,
                hidden_by: 1,
                facts: vec![fact],
            });
        })
    }

    fn outcome(&self, id: &str) -> Outcome {
        let found = checks()
            .iter()
            .find(|check| check.check.id == id)
            .expect("a check");
        (found.run)(&self.0)
    }

    /// Details of the failures of a check; empty if it did not fail.
    fn failures(&self, id: &str) -> Vec<Failure> {
        match self.outcome(id) {
            Outcome::Failed(failures) => failures,
            _ => Vec::new(),
        }
    }
}
