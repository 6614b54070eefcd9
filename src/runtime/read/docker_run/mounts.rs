//! `--volume`, `--mount`, `--tmpfs`, `--secret`.

use super::{apply::Run, word::Word};
use crate::runtime::read::{engine_words, host_path, volume_word};
use crate::runtime::{EnvironmentVariable, Mount, MountKind, Setting, Spot, Stated};

impl Run<'_> {
    pub(super) fn volume(&mut self, value: &Word, at: &Spot) {
        let mut mount = volume_word::mount(&value.text, at);
        for part in [&mut mount.source, &mut mount.target] {
            if let Some(text) = part.value().cloned() {
                *part = value.setting(&text, at);
            }
        }
        // What is not known can be a path as well as a volume: it is looked at as the worse of the two.
        if mount.source.unknown().is_some() {
            mount.kind = MountKind::Host;
        }
        if let Some(option) = mount
            .options
            .iter()
            .find(|option| value.why(option).is_some())
        {
            let why = value.why(option).unwrap_or_default().to_owned();
            mount.read_only = Setting::Unknown {
                why,
                at: at.clone(),
            };
            mount.options.retain(|option| value.why(option).is_none());
        }
        self.spec.mounts.push(mount);
    }

    pub(super) fn tmpfs(&mut self, value: &Word, at: &Spot) {
        let (target, options) = value.text.split_once(':').unwrap_or((&value.text, ""));
        let mut mount = volume_word::empty(MountKind::Memory, at);
        mount.target = value.setting(&host_path::normalise(target), at);
        volume_word::apply_options(options, &mut mount);
        if let Some(why) = value.why(options) {
            let said = format!("options of a tmpfs are not known: {why}");
            self.gap(said, at);
        }
        self.spec.mounts.push(mount);
    }

    /// Fields with commas between them, one of them quoted where it has a comma itself (docker/cli `opts/mount.go`, podman-run(1)).
    pub(super) fn mount(&mut self, value: &Word, at: &Spot) {
        let fields = fields(&value.text);
        let pairs: Vec<_> = fields.iter().map(|field| pair(field)).collect();
        if let Some((key, _)) = pairs.iter().find(|(key, _)| value.why(key).is_some()) {
            let why = value.why(key).unwrap_or_default().to_owned();
            self.gap(format!("part of a --mount is not known: {why}"), at);
        }
        let kind = pairs.iter().rev().find(|(key, _)| key == "type");
        let kind = kind.map_or("volume", |(_, kind)| kind);
        let mut mount = volume_word::empty(mount_kind(kind), at);
        for (key, text) in &pairs {
            let text = text.as_str();
            match key.as_str() {
                "source" | "src" => mount.source = value.setting(text, at),
                "target" | "dst" | "destination" => {
                    mount.target = value.setting(&host_path::normalise(text), at);
                }
                "readonly" | "ro" => {
                    let text = if text.is_empty() { "true" } else { text };
                    mount.read_only = value.read(text, at, "boolean", engine_words::boolean);
                }
                "rw" | "readwrite" => {
                    let text = if text.is_empty() { "true" } else { text };
                    let read = |text: &str| engine_words::boolean(text).map(|said| !said);
                    mount.read_only = value.read(text, at, "boolean", read);
                }
                "bind-propagation" => {
                    mount.propagation = Some(Stated::new(text.to_owned(), at.clone()));
                }
                "tmpfs-size" => mount.size = value.setting(text, at),
                "type" => {}
                _ => mount.options.push(option(key, text)),
            }
        }
        disguise(&pairs, value, at, &mut mount);
        if mount.kind == MountKind::Host
            && let Some(source) = mount.source.value()
        {
            mount.source = Setting::stated(host_path::normalise(source), at.clone());
        }
        self.spec.mounts.push(mount);
    }

    /// Podman: a secret as a file, or as a variable with `type=env`.
    pub(super) fn secret(&mut self, value: &Word, at: &Spot) {
        let fields = fields(&value.text);
        let name = fields.first().map_or("", String::as_str);
        let pairs: Vec<_> = fields.iter().skip(1).map(|field| pair(field)).collect();
        let find = |wanted: &str| pairs.iter().find(|(key, _)| key == wanted);
        let target = find("target").map_or(name, |(_, target)| target);
        if find("type").is_some_and(|(_, kind)| kind == "env") {
            self.spec.environment.push(EnvironmentVariable {
                name: target.to_owned(),
                value: None,
                at: at.clone(),
            });
            return;
        }
        let target = if target.starts_with('/') {
            target.to_owned()
        } else {
            format!("/run/secrets/{target}")
        };
        let mut mount = volume_word::empty(MountKind::Other("secret".to_owned()), at);
        mount.source = value.setting(name, at);
        mount.target = value.setting(&target, at);
        mount.read_only = Setting::stated(true, at.clone());
        self.spec.mounts.push(mount);
    }
}

fn mount_kind(word: &str) -> MountKind {
    match word {
        // Podman's `glob` is a bind of each file that a pattern names.
        "bind" | "glob" => MountKind::Host,
        "volume" => MountKind::Volume,
        "tmpfs" | "ramfs" => MountKind::Memory,
        other => MountKind::Other(other.to_owned()),
    }
}

/// `volume-opt=o=bind,volume-opt=device=/etc` makes a path of the host of a volume.
fn disguise(pairs: &[(String, String)], value: &Word, at: &Spot, mount: &mut Mount) {
    let find = |wanted: &str| {
        let options = pairs.iter().filter(|(key, _)| key == "volume-opt");
        let mut options = options.filter_map(|(_, option)| option.split_once('='));
        options.find_map(|(key, text)| (key == wanted).then_some(text))
    };
    let is_bind = find("o").is_some_and(|option| {
        let mut words = option.split(',');
        words.any(|word| matches!(word, "bind" | "rbind"))
    });
    // A disk of the host is mounted whole.
    let is_disk = find("device").is_some_and(|device| device.starts_with("/dev/"));
    if let (true, Some(device)) = (is_bind || is_disk, find("device")) {
        mount.kind = MountKind::Host;
        mount.source = value.setting(device, at);
    }
}

/// A field as it is kept among the options.
fn option(key: &str, text: &str) -> String {
    if text.is_empty() {
        key.to_owned()
    } else {
        format!("{key}={text}")
    }
}

fn pair(field: &str) -> (String, String) {
    let (key, value) = field.split_once('=').unwrap_or((field, ""));
    (key.trim().to_ascii_lowercase(), value.to_owned())
}

/// The fields of a line of comma-separated values; in a quoted one `""` is a quote.
fn fields(line: &str) -> Vec<String> {
    let mut fields = Vec::new();
    let mut field = String::new();
    let mut is_quoted = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if is_quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    fields
}
