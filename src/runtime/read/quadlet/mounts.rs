//! What a quadlet mounts: volumes, `--mount` words, tmpfs, secrets.

use super::container::{gap, set, text};
use super::unit::{Entry, Unit, unit};
use crate::runtime::read::{Surroundings, host_path::normalise, volume_word};
use crate::runtime::{EnvironmentVariable, Mount, MountKind, RuntimeSpec, Setting, Spot, Stated};

/// Where Podman's own socket is for whoever runs the unit, and its one name here.
const API_SOCKET: (&str, &str) = ("%t/podman/podman.sock", "/run/podman/podman.sock");

/// Takes a key that is one of these.
pub(super) fn take(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) -> bool {
    match entry.key.as_str() {
        "Volume" => volume(entry, around, spec),
        "Mount" => text(entry, spec, |spec, stated| {
            let found = mount(&stated.value, &stated.at);
            spec.mounts.push(found);
        }),
        "Tmpfs" => text(entry, spec, |spec, stated| {
            let (path, options) = stated.value.split_once(':').unwrap_or((&stated.value, ""));
            let mut found = volume_word::empty(MountKind::Memory, &stated.at);
            found.target = Setting::stated(path.to_owned(), stated.at.clone());
            volume_word::apply_options(options, &mut found);
            spec.mounts.push(found);
        }),
        "Secret" => text(entry, spec, secret),
        _ => return false,
    }
    true
}

/// `[SOURCE:]TARGET[:OPTIONS]`; a source that ends with `.volume` is a unit.
fn volume(entry: &Entry, around: &dyn Surroundings, spec: &mut RuntimeSpec) {
    // The socket is one of the engine's whoever runs the unit.
    let written = entry.text.replacen(API_SOCKET.0, API_SOCKET.1, 1);
    let known = Entry {
        text: written.clone(),
        ..entry.clone()
    };
    let value = known.value();
    let Some(word) = value.value() else {
        let mut found = volume_word::mount(&written, &entry.at);
        let why = value.unknown().unwrap_or_default();
        let is_unknown =
            |setting: &Setting<String>| setting.value().is_some_and(|text| text.contains('%'));
        for setting in [&mut found.source, &mut found.target] {
            if is_unknown(setting) {
                *setting = Setting::Unknown {
                    why: why.to_owned(),
                    at: entry.at.clone(),
                };
            }
        }
        if found.source.unknown().is_some() {
            found.kind = MountKind::Host;
        }
        spec.mounts.push(found);
        return;
    };
    let mut found = volume_word::mount(word, &entry.at);
    if let Some(name) = found
        .source
        .value()
        .filter(|name| name.ends_with(".volume"))
        .cloned()
        && found.kind == MountKind::Volume
    {
        let text = around.file(&name);
        let read = text.and_then(|text| unit(&name, &text).map_err(|error| error.to_string()));
        match read {
            Ok(unit) => by_unit(&unit, &mut found),
            Err(why) => gap(
                spec,
                entry,
                format!("the volume's unit {name} could not be read: {why}"),
            ),
        }
    }
    spec.mounts.push(found);
}

/// A volume whose options bind a folder of the host is that folder.
fn by_unit(unit: &Unit, found: &mut Mount) {
    let options = unit
        .last("Volume", "Options")
        .map(|entry| entry.text.as_str());
    let kind = unit.last("Volume", "Type").map(|entry| entry.text.as_str());
    let is_bind = options.is_some_and(|options| {
        options
            .split(',')
            .any(|word| matches!(word, "bind" | "rbind"))
    }) || matches!(kind, Some("bind" | "none"));
    if let Some(device) = unit.last("Volume", "Device").filter(|_| is_bind) {
        found.kind = MountKind::Host;
        found.source = device.read("a path", |path| Some(normalise(path)));
    } else if let Some(kind) = kind {
        found.kind = match kind {
            "tmpfs" => MountKind::Memory,
            other => MountKind::Other(other.to_owned()),
        };
    }
}

/// `type=bind,source=/a,target=/b,ro=true`: <https://docs.podman.io/en/latest/markdown/podman-run.1.html>, `--mount`.
fn mount(text: &str, at: &Spot) -> Mount {
    let pairs = || {
        text.split(',')
            .map(|word| word.split_once('=').unwrap_or((word, "")))
    };
    let kind = pairs().find_map(|(key, value)| (key == "type").then_some(value));
    let mut found = volume_word::empty(
        match kind {
            Some("bind" | "glob") => MountKind::Host,
            None | Some("volume") => MountKind::Volume,
            Some("tmpfs" | "ramfs") => MountKind::Memory,
            Some(other) => MountKind::Other(other.to_owned()),
        },
        at,
    );
    for (key, value) in pairs() {
        let stated = || Setting::stated(value.to_owned(), at.clone());
        let flag =
            |means: bool| Setting::stated(means != matches!(value, "false" | "0"), at.clone());
        match key {
            "type" | "" => {}
            "source" | "src" if found.kind == MountKind::Host => {
                found.source = Setting::stated(normalise(value), at.clone());
            }
            "source" | "src" => found.source = stated(),
            "target" | "destination" | "dst" => found.target = stated(),
            "ro" | "readonly" => found.read_only = flag(true),
            "rw" => found.read_only = flag(false),
            "bind-propagation" => {
                found.propagation = Some(Stated::new(value.to_owned(), at.clone()));
            }
            "tmpfs-size" => found.size = stated(),
            _ if value.is_empty() => found.options.push(key.to_owned()),
            _ => found.options.push(format!("{key}={value}")),
        }
    }
    found
}

/// `NAME[,type=mount|env][,target=…]`.
fn secret(spec: &mut RuntimeSpec, stated: Stated<String>) {
    let mut words = stated.value.split(',');
    let name = words.next().unwrap_or_default().to_owned();
    let options: Vec<_> = words.filter_map(|word| word.split_once('=')).collect();
    let option = |key: &str| {
        options
            .iter()
            .find_map(|(known, value)| (*known == key).then_some(*value))
    };
    let target = option("target").map(str::to_owned);
    if option("type") == Some("env") {
        set(
            spec,
            EnvironmentVariable {
                name: target.unwrap_or(name),
                value: None,
                at: stated.at,
            },
        );
        return;
    }
    let mut found = volume_word::empty(MountKind::Other("secret".to_owned()), &stated.at);
    let target = target.unwrap_or_else(|| name.clone());
    let target = if target.starts_with('/') {
        target
    } else {
        format!("/run/secrets/{target}")
    };
    found.source = Setting::stated(name, stated.at.clone());
    found.target = Setting::stated(target, stated.at.clone());
    found.read_only = Setting::stated(true, stated.at);
    spec.mounts.push(found);
}
