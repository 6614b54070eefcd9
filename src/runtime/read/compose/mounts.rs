//! What a service mounts: volumes, tmpfs, secrets, configs, devices, and the engine's socket.

use super::merge::target;
use super::part::{Content, Part};
use super::service::{Reader, piece};
use crate::runtime::read::{ReadError, host_path::normalise, volume_word};
use crate::runtime::{Device, Mount, MountKind, Setting, Stated};

/// Where `use_api_socket` puts the engine's socket, and where it takes it from.
const API_SOCKET: &str = "/var/run/docker.sock";

/// Takes a key that is one of these.
pub(super) fn take(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<bool, ReadError> {
    match key {
        "volumes" => volumes(reader, part, field)?,
        "tmpfs" => tmpfs(reader, part, field)?,
        "volumes_from" => reader.spec.volumes_from = reader.texts(part, field)?,
        "secrets" | "configs" => handed_in(reader, key, part, field)?,
        "devices" => devices(reader, part, field)?,
        "device_cgroup_rules" => reader.spec.device_rules = reader.texts(part, field)?,
        "use_api_socket" => api_socket(reader, part, field)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn volumes(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let mut found = match (&item.content, item.sketch()) {
            (_, Some(text)) => short_volume(reader.root, item, text, &field),
            (Content::Map(_), _) => long_volume(reader.root, item, &field)?,
            _ => return Err(item.wrong(&field, "a text or a mapping")),
        };
        if found.target.is_absent() {
            return Err(item
                .mark
                .fault(format!("`{field}` says no place in the container")));
        }
        found.at = item.spot(field);
        reader.spec.mounts.push(found);
    }
    Ok(())
}

/// `[SOURCE:]TARGET[:OPTIONS]`, pieces of which may be unknown.
fn short_volume(root: &Part, item: &Part, text: &str, field: &str) -> Mount {
    let missing = super::MISSING;
    let found = volume_word::mount(text, &item.spot(field));
    let mut mount = match found.source.value() {
        None => volume_word::empty(MountKind::Volume, &item.spot(field)),
        Some(source) if found.kind == MountKind::Host => host(item, source, field),
        // A path or a name: what is not known is taken for what could be worse, with an unknown source.
        Some(source) if source.contains(missing) => {
            let mut mount = volume_word::empty(MountKind::Host, &item.spot(field));
            mount.source = piece(item, source, field);
            mount
        }
        Some(name) => named(root, name, item, field),
    };
    mount.target = piece(item, found.target.value().map_or("", String::as_str), field);
    mount.read_only = found.read_only.or(mount.read_only);
    mount.propagation = found.propagation;
    mount.options = found.options;
    // A variable at the end may have options in it.
    if text.ends_with(missing) && mount.read_only.is_absent() {
        mount.options.retain(|word| !word.contains(missing));
        mount.read_only = Setting::Unknown {
            why: item.why().unwrap_or_default().to_owned(),
            at: item.spot(field),
        };
    }
    mount
}

/// A path of the host. A relative one begins at the folder of the file that says it.
fn host(item: &Part, source: &str, field: &str) -> Mount {
    let folder = &item.mark.source.folder;
    let path = if source.starts_with('.') && !folder.is_empty() {
        normalise(&format!("./{folder}{source}"))
    } else {
        normalise(source)
    };
    let kind = if source.starts_with("\\\\") || source.starts_with("//./pipe/") {
        MountKind::Other("npipe".to_owned())
    } else {
        MountKind::Host
    };
    let mut found = volume_word::empty(kind, &item.spot(field));
    found.source = piece(item, &path, field);
    found
}

/// A volume by its name. Driver options can make it a path of the host, or a file system of another machine.
fn named(root: &Part, name: &str, item: &Part, field: &str) -> Mount {
    let mut found = volume_word::empty(MountKind::Volume, &item.spot(field));
    found.source = piece(item, name, field);
    let Some(options) = root.at(&["volumes", name, "driver_opts"]) else {
        return found;
    };
    let text = |key: &str| options.get(key).and_then(Part::sketch).unwrap_or_default();
    let is_bind = text("o")
        .split(',')
        .any(|word| matches!(word.trim(), "bind" | "rbind"));
    let kind = text("type");
    let device = options.get("device");
    let is_disk = device
        .and_then(Part::sketch)
        .is_some_and(|path| path.starts_with("/dev/"));
    if is_bind || is_disk || (kind == "none" && device.is_some()) || kind == "bind" {
        let field = format!("volumes.{name}.driver_opts.device");
        found.kind = MountKind::Host;
        found.source = match device.and_then(|device| Some((device, device.sketch()?))) {
            Some((device, path)) => piece(device, &normalise(path), &field),
            None => Setting::Unknown {
                why: "the volume's device is not said".to_owned(),
                at: options.spot(field),
            },
        };
    } else if kind == "tmpfs" {
        found.kind = MountKind::Memory;
        let size = text("o")
            .split(',')
            .find_map(|word| word.trim().strip_prefix("size="));
        found.size = size.map_or(Setting::Absent, |size| piece(options, size, field));
    } else if !kind.is_empty() && !kind.contains(super::MISSING) {
        found.kind = MountKind::Other(kind.to_owned());
    }
    if text("o").split(',').any(|word| word.trim() == "ro") {
        found.read_only =
            Setting::stated(true, options.spot(format!("volumes.{name}.driver_opts.o")));
    }
    found
}

fn long_volume(root: &Part, item: &Part, field: &str) -> Result<Mount, ReadError> {
    let text = |name: &str| -> Result<Setting<String>, ReadError> {
        let part = item.get(name);
        part.map_or(Ok(Setting::Absent), |part| {
            part.setting(&format!("{field}.{name}"))
        })
    };
    let source = item.get("source");
    let sketch = source.and_then(Part::sketch).unwrap_or_default();
    let kind = text("type")?;
    let mut found = match (kind.value().map(String::as_str), source) {
        (Some("bind"), Some(source)) => host(source, sketch, &format!("{field}.source")),
        (Some("bind"), None) => volume_word::empty(MountKind::Host, &item.spot(field)),
        (Some("volume"), Some(source)) => named(root, sketch, source, &format!("{field}.source")),
        (Some("volume"), None) => volume_word::empty(MountKind::Volume, &item.spot(field)),
        (Some("tmpfs"), _) => volume_word::empty(MountKind::Memory, &item.spot(field)),
        (Some(other), _) => {
            let mut found =
                volume_word::empty(MountKind::Other(other.to_owned()), &item.spot(field));
            found.source = text("source")?;
            found
        }
        (None, _) if kind.unknown().is_some() => {
            let mut found = volume_word::empty(MountKind::Host, &item.spot(field));
            found.source = Setting::Unknown {
                why: kind.unknown().unwrap_or_default().to_owned(),
                at: item.spot(field),
            };
            found
        }
        (None, _) => return Err(item.mark.fault(format!("`{field}` has no `type`"))),
    };
    found.target = text("target")?;
    if let Some(flag) = item.get("read_only") {
        found.read_only = flag
            .flag(&format!("{field}.read_only"))?
            .or(found.read_only);
    }
    details(item, field, &mut found)?;
    Ok(found)
}

/// What the long form says for one kind of mount.
fn details(item: &Part, field: &str, found: &mut Mount) -> Result<(), ReadError> {
    let word = |path: &[&str]| -> Result<Setting<String>, ReadError> {
        let part = item.at(path);
        let field = format!("{field}.{}", path.join("."));
        part.map_or(Ok(Setting::Absent), |part| part.setting(&field))
    };
    match word(&["bind", "propagation"])? {
        Setting::Stated(stated) => found.propagation = Some(stated),
        Setting::Unknown { why, at } => found.propagation = Some(Stated::new(why, at)),
        Setting::Absent => {}
    }
    found.size = word(&["tmpfs", "size"])?.or(std::mem::take(&mut found.size));
    if let Some(mode) = word(&["tmpfs", "mode"])?.value() {
        found.options.push(format!("mode={mode}"));
    }
    if let Some(label) = word(&["bind", "selinux"])?.value() {
        found.options.push(label.clone());
    }
    for path in [["volume", "subpath"], ["image", "subpath"]] {
        if let Some(subpath) = word(&path)?.value() {
            found.options.push(format!("subpath={subpath}"));
        }
    }
    if let Some(flag) = item.at(&["volume", "nocopy"])
        && flag.flag(&format!("{field}.volume.nocopy"))?.value() == Some(&true)
    {
        found.options.push("nocopy".to_owned());
    }
    Ok(())
}

/// `/run` or `/run:size=64m,uid=33`.
fn tmpfs(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (number, item) in part.one_or_more(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let text = item.sketch().ok_or_else(|| item.wrong(&field, "a text"))?;
        let (path, options) = text.split_once(':').unwrap_or((text, ""));
        let mut found = volume_word::empty(MountKind::Memory, &item.spot(field.clone()));
        found.target = piece(item, path, &field);
        volume_word::apply_options(options, &mut found);
        if let Some(size) = found.size.value().cloned() {
            found.size = piece(item, &size, &field);
        }
        reader.spec.mounts.push(found);
    }
    Ok(())
}

/// Secrets and configs.
fn handed_in(
    reader: &mut Reader<'_>,
    kind: &str,
    part: &Part,
    field: &str,
) -> Result<(), ReadError> {
    let singular = kind.trim_end_matches('s');
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let mut found = volume_word::empty(
            MountKind::Other(singular.to_owned()),
            &item.spot(field.clone()),
        );
        let source = match item.content {
            Content::Map(_) => item.get("source"),
            _ => Some(item),
        };
        let Some(source) = source else {
            return Err(item.mark.fault(format!("`{field}` has no `source`")));
        };
        found.source = source.setting(&field)?;
        // A config from a file is that file, bound. A secret is handed in the same way, and meant to be.
        let name = source.sketch().unwrap_or_default();
        if kind == "configs"
            && let Some(file) = reader.root.at(&[kind, name, "file"])
            && let Some(path) = file.sketch()
        {
            let bound = host(file, path, &field);
            (found.kind, found.source) = (bound.kind, bound.source);
        }
        let inside = item.get("target").unwrap_or(source);
        found.target = match inside.sketch() {
            Some(name) => piece(inside, &target(kind, name), &field),
            None => Setting::Absent,
        };
        found.read_only = Setting::stated(true, item.spot(field));
        reader.spec.mounts.push(found);
    }
    Ok(())
}

/// `HOST[:INSIDE[:PERMISSIONS]]`, or a name by CDI (`vendor.com/class=name`).
fn devices(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let words: Vec<Option<String>> = match &item.content {
            Content::Map(_) => ["source", "target", "permissions"]
                .map(|name| item.get(name).and_then(Part::text).map(str::to_owned))
                .to_vec(),
            _ => item
                .sketch()
                .ok_or_else(|| item.wrong(&field, "a text or a mapping"))?
                .split(':')
                .map(|word| Some(word.to_owned()))
                .collect(),
        };
        let unknown = item
            .why()
            .or_else(|| item.get("source").and_then(Part::why));
        if let Some(why) = unknown.map(str::to_owned) {
            reader.gap(
                item,
                &field,
                format!("which device it is is not known: {why}"),
            );
        }
        let mut words = words.into_iter();
        let host = words.next().flatten().unwrap_or_default();
        if host.is_empty() {
            if unknown.is_none() {
                return Err(item.mark.fault(format!("`{field}` names no device")));
            }
            continue;
        }
        if host.contains(super::MISSING) {
            continue;
        }
        reader.spec.devices.push(Device {
            host: if host.starts_with('/') {
                normalise(&host)
            } else {
                host
            },
            inside: words.next().flatten(),
            permissions: words.next().flatten(),
            at: item.spot(field),
        });
    }
    Ok(())
}

fn api_socket(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    let source = match part.flag(field)? {
        Setting::Stated(stated) if stated.value => {
            Setting::stated(API_SOCKET.to_owned(), stated.at)
        }
        Setting::Unknown { why, at } => Setting::Unknown { why, at },
        _ => return Ok(()),
    };
    let at = part.spot(field);
    let mut found = volume_word::empty(MountKind::Host, &at);
    found.source = source;
    found.target = Setting::stated(API_SOCKET.to_owned(), at);
    reader.spec.mounts.push(found);
    Ok(())
}
