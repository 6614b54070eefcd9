//! An image as the boundary's checks see it: the config, what the layers show, and who owns what.

use std::collections::BTreeMap;

use super::base::BaseKnown;
use crate::layers::{Attributes, Hidden, Squashed, VisibleAttributes};
use crate::model::{Account, Date, Digest, EntryShape, Group, ImageConfig, LayerPath, Observation};

/// Symbolic links that are followed for one path, as Linux does (`path_resolution(7)`).
const LINKS: usize = 40;
/// Where programs are looked for without a `PATH` (moby `oci/defaults.go`).
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What layers show of one path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Index of the layer that brought it.
    pub layer: usize,
    /// What it shows.
    pub facts: Vec<Observation>,
}

/// What a lower layer shows and the running container does not see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// Where it lay.
    pub path: LayerPath,
    /// The layer that holds it.
    pub layer: usize,
    /// The layer that hides it.
    pub hidden_by: usize,
    /// What it shows.
    pub facts: Vec<Observation>,
}

/// An image, as far as the boundary is concerned.
#[derive(Clone, Debug, Default)]
pub struct ImageView {
    /// Its reference as given: tells a tag from a digest.
    pub name: String,
    /// Its config.
    pub config: ImageConfig,
    /// Whether it has a config at all: a root file system has none, and nothing can be told from its absence.
    pub has_config: bool,
    /// The digest of its manifest, where it has one.
    pub manifest_digest: Option<Digest>,
    /// The annotations of its manifest.
    pub annotations: BTreeMap<String, String>,
    /// What the container sees.
    pub visible: BTreeMap<LayerPath, Seen>,
    /// What it does not see.
    pub hidden: Vec<Unseen>,
    /// Owner and mode of all that it sees.
    pub attributes: VisibleAttributes,
    /// Paths of files of packages of the distribution that are what the package brought, with the package.
    pub owners: BTreeMap<LayerPath, String>,
    /// Bytes of each layer's files, base first.
    pub layer_bytes: Vec<u64>,
    /// The day for which ages are judged.
    pub date: Option<Date>,
    /// Whether the distribution is past its end of support on that day, with the day it ended; `None`: not known.
    pub end_of_life: Option<Option<Date>>,
    /// Bytes of files that later layers hide; `None`: not known.
    pub hidden_bytes: Option<u64>,
    /// The age in days from which an image is old; `None`: the default.
    pub max_age_days: Option<u64>,
    /// Whether its config is of the OCI form, which keeps no health check; `None`: not known.
    pub is_oci_config: Option<bool>,
    /// Bases that the caller knows, in any order.
    pub bases: Vec<BaseKnown>,
}

/// A path with every link followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Where it ends.
    pub path: LayerPath,
    /// Owner and mode there; `None` if nothing is known of it.
    pub attributes: Option<Attributes>,
}

/// As whom the image starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunUser {
    /// As the config writes it.
    pub written: String,
    /// The number; `None` for a name that `/etc/passwd` does not have.
    pub uid: Option<u64>,
    /// The number of the group: what is written, or the account's, or 0.
    pub gid: Option<u64>,
    /// The account's name.
    pub name: Option<String>,
}

impl ImageView {
    /// What the layers show; the config, the annotations and what the packages tell are put in by whoever has them.
    pub fn of(squashed: &Squashed<'_>, layer_bytes: Vec<u64>) -> Self {
        let visible = squashed.visible.iter().filter_map(|file| {
            let (layer, facts) = file.current()?;
            let facts = facts.observations.clone();
            (!facts.is_empty()).then(|| (file.path.clone(), Seen { layer, facts }))
        });
        let overwritten = squashed.overwritten();
        let hidden = squashed.hidden.iter().copied().chain(overwritten);
        let mut hidden: Vec<Unseen> = hidden.filter_map(|hidden| unseen(&hidden)).collect();
        hidden.sort_by(|one, other| {
            let key = |unseen: &Unseen| (unseen.layer, unseen.hidden_by);
            one.path
                .cmp(&other.path)
                .then_with(|| key(one).cmp(&key(other)))
        });
        Self {
            visible: visible.collect(),
            hidden,
            attributes: squashed.attributes.clone(),
            layer_bytes,
            ..Self::default()
        }
    }

    /// Every observation of the running container.
    pub fn observations(&self) -> impl Iterator<Item = (&LayerPath, usize, &Observation)> {
        let seen = self.visible.iter();
        seen.flat_map(|(path, seen)| seen.facts.iter().map(move |fact| (path, seen.layer, fact)))
    }

    /// What is seen at a path.
    pub fn facts(&self, path: &str) -> &[Observation] {
        self.visible
            .get(path)
            .map_or(&[], |seen| seen.facts.as_slice())
    }

    /// Accounts of `/etc/passwd`, in its order.
    pub fn accounts(&self) -> impl Iterator<Item = &Account> {
        self.facts("etc/passwd")
            .iter()
            .filter_map(|fact| match fact {
                Observation::Account(account) => Some(account),
                _ => None,
            })
    }

    /// Groups of `/etc/group`, in its order.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.facts("etc/group")
            .iter()
            .filter_map(|fact| match fact {
                Observation::Group(group) => Some(group),
                _ => None,
            })
    }

    /// Owner and mode at a path, links in it not followed.
    pub fn attributes(&self, path: &str) -> Option<Attributes> {
        self.attributes.get(path)
    }

    /// Follows the links that are known, in every part of a path. A circle ends where it is met.
    pub fn resolve(&self, path: &str) -> Resolved {
        let mut rest: Vec<String> = LayerPath::from(path)
            .as_str()
            .split('/')
            .rev()
            .map(str::to_owned)
            .collect();
        let mut done = String::new();
        let mut links = 0;
        while let Some(part) = rest.pop() {
            if part.is_empty() {
                continue;
            }
            let next = if done.is_empty() {
                part
            } else {
                format!("{done}/{part}")
            };
            match self.link_target(&next).filter(|_| links < LINKS) {
                Some(target) => {
                    links += 1;
                    rest.extend(target.as_str().split('/').rev().map(str::to_owned));
                    done.clear();
                }
                None => done = next,
            }
        }
        let attributes = self.attributes.get(&done);
        Resolved {
            path: LayerPath::from(done.as_str()),
            attributes,
        }
    }

    fn link_target(&self, path: &str) -> Option<&LayerPath> {
        self.facts(path).iter().find_map(|fact| match fact {
            Observation::Entry(entry) if entry.kind == EntryShape::Symlink => entry.target.as_ref(),
            _ => None,
        })
    }

    /// The value of a variable of the image's environment; the last one counts.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let mut variables = self.config.config.env.iter().rev();
        variables.find_map(|variable| {
            variable
                .split_once('=')
                .filter(|(key, _)| *key == name)
                .map(|(_, value)| value)
        })
    }

    /// The folders in which programs are looked for.
    pub fn search_path(&self) -> impl Iterator<Item = &str> {
        self.variable("PATH").unwrap_or(DEFAULT_PATH).split(':')
    }

    /// Where the program of this name is: an absolute path, one below the working folder, or the first of its name in `PATH`.
    pub fn find_program(&self, word: &str) -> Option<Resolved> {
        let found = |path: &str| {
            Some(self.resolve(path))
                .filter(|resolved| resolved.attributes.is_some_and(|found| !found.is_folder))
        };
        if word.starts_with('/') {
            found(word)
        } else if word.contains('/') {
            found(&format!("{}/{word}", self.config.config.working_dir))
        } else {
            self.search_path()
                .find_map(|folder| found(&format!("{folder}/{word}")))
        }
    }

    /// What is started: the entry point with its arguments.
    pub fn start_command(&self) -> Vec<&str> {
        let config = &self.config.config;
        config
            .entrypoint
            .iter()
            .chain(&config.cmd)
            .map(String::as_str)
            .collect()
    }

    /// As whom the image starts (moby: `USER` empty is root; a number without a group has group 0 unless the account is known).
    pub fn run_user(&self) -> RunUser {
        self.user(&self.config.config.user)
    }

    /// What a `USER[:GROUP]` means in this image.
    pub fn user(&self, written: &str) -> RunUser {
        let (user, group) = written
            .split_once(':')
            .map_or((written, None), |(user, group)| (user, Some(group)));
        let user = if user.is_empty() { "0" } else { user };
        let number: Option<u64> = user.parse().ok();
        let account = self
            .accounts()
            .find(|account| account.name == user || number == Some(account.uid));
        let uid = number
            .or(account.map(|account| account.uid))
            .or((user == "root").then_some(0));
        let gid = match group.filter(|group| !group.is_empty()) {
            Some(group) => group.parse().ok().or_else(|| {
                self.groups()
                    .find(|known| known.name == group)
                    .map(|known| known.gid)
            }),
            None => account.map(|account| account.gid).or(uid.map(|_| 0)),
        };
        RunUser {
            written: written.to_owned(),
            uid,
            gid,
            name: account.map(|account| account.name.clone()),
        }
    }
}

fn unseen(hidden: &Hidden<'_>) -> Option<Unseen> {
    let facts = hidden.facts.observations.clone();
    (!facts.is_empty()).then(|| Unseen {
        path: hidden.path.clone(),
        layer: hidden.layer,
        hidden_by: hidden.hidden_by,
        facts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{DetectorSet, Expected, LayerReport, read_layer, squash};
    use crate::model::{Limits, ToolKind};

    /// An entry of a layer: typeflag, path, mode, content or link target.
    fn layer(entries: &[(u8, &str, u32, &str)]) -> LayerReport {
        let mut tar = tar::Builder::new(Vec::new());
        for (kind, path, mode, content) in entries {
            let mut header = tar::Header::new_ustar();
            header.set_entry_type(tar::EntryType::new(*kind));
            header.set_mode(*mode);
            let is_file = *kind == b'0';
            if !is_file && !content.is_empty() {
                header.set_link_name(content).expect("a target");
            }
            let bytes = if is_file { content.as_bytes() } else { &[] };
            header.set_size(bytes.len() as u64);
            tar.append_data(&mut header, path, bytes).expect("an entry");
        }
        let tar = tar.into_inner().expect("a tar");
        let detectors = DetectorSet::new(crate::posture::detectors());
        let read = read_layer(
            &tar[..],
            &Expected::default(),
            &detectors,
            &Limits::default(),
        );
        read.expect("a layer").report
    }

    #[test]
    fn an_image_shows_what_is_visible_and_what_its_layers_still_hold() {
        let layers = [
            layer(&[
                (b'5', "usr/bin", 0o755, ""),
                (b'2', "bin", 0o777, "usr/bin"),
                (b'0', "usr/bin/bash", 0o755, "x"),
                (b'2', "usr/bin/sh", 0o777, "bash"),
                (b'0', "usr/bin/old", 0o4755, "x"),
                (b'0', "usr/bin/fixed", 0o4755, "x"),
                (b'1', "usr/bin/other", 0o4755, "usr/bin/fixed"),
                (b'5', "srv", 0o777, ""),
                (
                    b'0',
                    "etc/passwd",
                    0o644,
                    "root:x:0:0::/root:/bin/bash\napp:x:7:8::/:\n",
                ),
            ]),
            layer(&[
                (b'0', "usr/bin/.wh.old", 0o644, ""),
                (b'0', "usr/bin/fixed", 0o755, "x"),
                (b'5', "srv", 0o755, ""),
            ]),
        ];
        let squashed = squash(&layers.each_ref());
        assert_eq!(squashed.gaps, []);
        let view = ImageView::of(&squashed, vec![1, 2]);
        assert_eq!(view.accounts().count(), 2);
        assert_eq!(view.user("app").gid, Some(8));
        let shell = view.find_program("/bin/sh").expect("a shell");
        assert_eq!(shell.path, LayerPath::from("usr/bin/bash"));
        assert!(
            view.facts("usr/bin/bash")
                .contains(&Observation::Tool(ToolKind::Shell))
        );
        let setuid = |facts: &[Observation]| {
            facts
                .iter()
                .any(|fact| matches!(fact, Observation::Entry(entry) if entry.mode & 0o4000 != 0))
        };
        assert!(setuid(view.facts("usr/bin/other")));
        assert!(!setuid(view.facts("usr/bin/fixed")));
        assert_eq!(view.facts("srv"), []);
        assert_eq!(view.attributes("srv").map(|srv| srv.mode), Some(0o755));
        let hidden: Vec<_> = view
            .hidden
            .iter()
            .map(|unseen| (unseen.path.as_str(), unseen.layer, unseen.hidden_by))
            .collect();
        assert_eq!(
            hidden,
            [
                ("srv", 0, 1),
                ("usr/bin/fixed", 0, 1),
                ("usr/bin/old", 0, 1)
            ]
        );
    }
}
