//! What holds a service in: capabilities, security options, namespaces.

use super::load::join;
use super::part::{Content, Part, boolean};
use super::service::Reader;
use crate::runtime::read::ReadError;
use crate::runtime::{Namespace, SeLinux, Setting};

/// Takes a key that is one of these.
pub(super) fn take(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<bool, ReadError> {
    let spec = &mut reader.spec;
    match key {
        "privileged" => spec.privileged = part.flag(field)?,
        "read_only" => spec.read_only_root = part.flag(field)?,
        "cap_add" | "cap_drop" => capabilities(reader, key, part, field)?,
        "security_opt" => security(reader, part, field)?,
        "network_mode" => spec.namespaces.network = namespace(part, field)?,
        "networks" => networks(reader, part, field)?,
        "pid" => spec.namespaces.pid = namespace(part, field)?,
        "ipc" => spec.namespaces.ipc = namespace(part, field)?,
        "uts" => spec.namespaces.uts = namespace(part, field)?,
        "userns_mode" => spec.namespaces.user = namespace(part, field)?,
        "cgroup" => spec.namespaces.cgroup = namespace(part, field)?,
        "cgroup_parent" => spec.cgroup_parent = part.setting(field)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn capabilities(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<(), ReadError> {
    let texts = part.texts(field)?;
    let capabilities = &mut reader.spec.capabilities;
    if let Some(unknown) = texts.unknown.first() {
        capabilities.unknown = Some(unknown.value.clone());
    }
    match key {
        "cap_add" => capabilities.added = texts.known,
        _ => capabilities.dropped = texts.known,
    }
    Ok(())
}

/// `host`, `service:web`, `container:x`, a network's name.
fn namespace(part: &Part, field: &str) -> Result<Setting<Namespace>, ReadError> {
    part.read(field, "a mode", |text| Some(mode(text)))
        .map(|setting| match setting {
            Setting::Stated(stated) if stated.value == Namespace::Named(String::new()) => {
                Setting::Absent
            }
            other => other,
        })
}

fn mode(text: &str) -> Namespace {
    match text {
        "host" => Namespace::Host,
        "private" => Namespace::Private,
        "shareable" => Namespace::Shareable,
        "none" => Namespace::None,
        "bridge" | "default" => Namespace::DefaultBridge,
        _ => match text.split_once(':') {
            Some(("service" | "container", name)) => Namespace::Joined(name.to_owned()),
            _ => Namespace::Named(text.to_owned()),
        },
    }
}

/// The networks that a service is in; the first one is told, but one of the host goes before all.
fn networks(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    let names: Vec<(&str, &Part)> = match &part.content {
        Content::List(items) => items
            .iter()
            .map(|item| {
                let name = item.sketch().ok_or_else(|| item.wrong(field, "names of networks"))?;
                Ok((name, item))
            })
            .collect::<Result<_, ReadError>>()?,
        _ => part
            .map(field)?
            .iter()
            .map(|(key, value)| (key.name.as_str(), value))
            .collect(),
    };
    let found = names.iter().map(|(name, at)| match at.why() {
        Some(why) => Setting::Unknown {
            why: why.to_owned(),
            at: at.spot(field),
        },
        None => Setting::stated(network(reader.root, name), at.spot(format!("{field}.{name}"))),
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|setting| setting.value() != Some(&Namespace::Host));
    let first = found.into_iter().next().unwrap_or_default();
    if reader.spec.namespaces.network.is_absent() {
        reader.spec.namespaces.network = first;
    }
    Ok(())
}

/// A network by its name in the file: a network of the engine's own (`host`, `bridge`, `none`) can be behind it.
fn network(root: &Part, name: &str) -> Namespace {
    let defined = root.get("networks").and_then(|networks| networks.get(name));
    let real = defined.and_then(|network| {
        let of = |part: &Part| part.get("name").and_then(Part::text).map(str::to_owned);
        of(network).or_else(|| network.get("external").and_then(of))
    });
    match real.as_deref() {
        Some("host") => Namespace::Host,
        Some("bridge") => Namespace::DefaultBridge,
        Some("none") => Namespace::None,
        _ => Namespace::Named(name.to_owned()),
    }
}

/// A service that names no network is in `default`, which the file may define as one of the engine's own.
pub(super) fn default_network(reader: &mut Reader<'_>) {
    let defined = reader.root.get("networks").and_then(|networks| networks.get("default"));
    let Some(defined) = defined else {
        return;
    };
    let namespace = network(reader.root, "default");
    if reader.spec.namespaces.network.is_absent() && !matches!(namespace, Namespace::Named(_)) {
        let at = defined.spot("networks.default");
        reader.spec.namespaces.network = Setting::stated(namespace, at);
    }
}

/// `security_opt`: <https://docs.docker.com/reference/cli/docker/container/run/#security-opt>.
fn security(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let text = item.sketch().ok_or_else(|| item.wrong(&field, "a text"))?;
        option(reader, item, text, &field);
    }
    Ok(())
}

fn option(reader: &mut Reader<'_>, item: &Part, text: &str, field: &str) {
    // Both `=` and the older `:` are taken; what comes first counts.
    let split = text.find(['=', ':']).and_then(|at| text.split_at_checked(at));
    let (name, value) = split.map_or((text, ""), |(name, value)| {
        (name, value.get(1..).unwrap_or_default())
    });
    let why = item.why().map(str::to_owned);
    let is_unknown = value.contains(super::MISSING) || name.contains(super::MISSING);
    let at = item.spot(field);
    let flag = |value: &str| match (boolean(value), &why) {
        (_, Some(why)) if is_unknown => Setting::Unknown {
            why: why.clone(),
            at: at.clone(),
        },
        (Some(flag), _) => Setting::stated(flag, at.clone()),
        (None, _) => Setting::Unknown {
            why: format!("`{name}` takes true or false"),
            at: at.clone(),
        },
    };
    match name {
        "no-new-privileges" if value.is_empty() => {
            reader.spec.no_new_privileges = Setting::stated(true, at);
        }
        "no-new-privileges" => reader.spec.no_new_privileges = flag(value),
        "writable-cgroups" => reader.spec.writable_cgroups = flag(value),
        "systempaths" if value == "unconfined" => {
            reader.spec.confinement.unmasked_paths = Setting::stated(true, at);
        }
        "apparmor" => reader.spec.confinement.apparmor = super::service::piece(item, value, field),
        "seccomp" => seccomp(reader, item, value, field),
        "label" if !is_unknown => label(reader, item, value, field),
        "label" => {
            reader.spec.confinement.selinux = Setting::Unknown {
                why: why.unwrap_or_default(),
                at,
            };
        }
        _ if is_unknown => hidden(reader, item, why.unwrap_or_default(), field),
        _ => reader.gap(item, field, format!("the security option `{name}` is not known")),
    }
}

/// An option that is a variable could be any of them: none of them is known then.
fn hidden(reader: &mut Reader<'_>, item: &Part, why: String, field: &str) {
    let unknown = |why: &str| Setting::Unknown {
        why: why.to_owned(),
        at: item.spot(field),
    };
    let spec = &mut reader.spec;
    if spec.no_new_privileges.is_absent() {
        spec.no_new_privileges = unknown(&why);
    }
    let confinement = &mut spec.confinement;
    if confinement.seccomp.is_absent() {
        confinement.seccomp = Setting::Unknown {
            why: why.clone(),
            at: item.spot(field),
        };
    }
    if confinement.apparmor.is_absent() {
        confinement.apparmor = Setting::Unknown {
            why,
            at: item.spot(field),
        };
    }
}

/// A profile by its name, or a file with one, which Compose reads.
fn seccomp(reader: &mut Reader<'_>, item: &Part, value: &str, field: &str) {
    let setting = super::service::piece(item, value, field);
    if let Some(name) = setting.value()
        && !matches!(name.as_str(), "unconfined" | "builtin" | "default")
    {
        let path = join(&item.mark.source.folder, name);
        match reader.around.file(&path) {
            Ok(text) => match serde_json::from_str(&text) {
                Ok(profile) => reader.spec.confinement.seccomp_profile = Some(profile),
                Err(_) => reader.gap(item, field, format!("the seccomp profile {path} is no JSON")),
            },
            Err(why) => {
                reader.gap(item, field, format!("the seccomp profile {path} could not be read: {why}"));
            }
        }
    }
    reader.spec.confinement.seccomp = setting;
}

fn label(reader: &mut Reader<'_>, item: &Part, value: &str, field: &str) {
    let mut labels = reader
        .spec
        .confinement
        .selinux
        .value()
        .cloned()
        .unwrap_or_else(SeLinux::default);
    let (name, word) = value.split_once(':').unwrap_or((value, ""));
    let word = Some(word.to_owned());
    match name {
        "disable" => labels.disabled = true,
        "type" => labels.kind = word,
        "user" => labels.user = word,
        "role" => labels.role = word,
        "level" => labels.level = word,
        _ => {
            reader.gap(item, field, format!("the label option `{name}` is not known"));
            return;
        }
    }
    reader.spec.confinement.selinux = Setting::stated(labels, item.spot(field));
}
