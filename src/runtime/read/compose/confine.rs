//! What holds a service in: capabilities, security options, namespaces.

use super::load::join;
use super::part::{Content, Part};
use super::service::Reader;
use crate::runtime::read::ReadError;
use crate::runtime::read::engine_words;
use crate::runtime::read::security_option::SecurityOption;
use crate::runtime::{Namespace, Setting, Spot};

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
        "network_mode" => {
            spec.namespaces.network = namespace(part, field, engine_words::network)?;
        }
        "networks" => networks(reader, part, field)?,
        "pid" => spec.namespaces.pid = namespace(part, field, engine_words::namespace)?,
        "ipc" => spec.namespaces.ipc = namespace(part, field, engine_words::namespace)?,
        "uts" => spec.namespaces.uts = namespace(part, field, engine_words::namespace)?,
        "userns_mode" => {
            spec.namespaces.user = namespace(part, field, engine_words::user_namespace)?;
        }
        "cgroup" => spec.namespaces.cgroup = namespace(part, field, engine_words::namespace)?,
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

/// `host`, `service:web`, `container:x`, …; `words` are those of the namespace's kind.
fn namespace(
    part: &Part,
    field: &str,
    words: fn(&str) -> Option<Namespace>,
) -> Result<Setting<Namespace>, ReadError> {
    // An empty text says nothing; a word that is not known is not guessed at.
    Ok(match part.setting(field)? {
        Setting::Stated(stated) if stated.value.is_empty() => Setting::Absent,
        Setting::Stated(stated) => match words(&stated.value) {
            Some(namespace) => Setting::stated(namespace, stated.at),
            None => Setting::Unknown {
                why: format!("the mode `{}` is not known", stated.value),
                at: stated.at,
            },
        },
        Setting::Unknown { why, at } => Setting::Unknown { why, at },
        Setting::Absent => Setting::Absent,
    })
}

/// The networks that a service is in; the first one is told, but one of the host goes before all.
fn networks(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    let names: Vec<(&str, &Part)> = match &part.content {
        Content::List(items) => items
            .iter()
            .map(|item| {
                let name = item
                    .sketch()
                    .ok_or_else(|| item.wrong(field, "names of networks"))?;
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
        None => Setting::stated(
            network(reader.root, name),
            at.spot(format!("{field}.{name}")),
        ),
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
    let defined = reader
        .root
        .get("networks")
        .and_then(|networks| networks.get("default"));
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
    let word = SecurityOption::of(text);
    if let Some(why) = item.why() {
        hidden(reader, item, word, why);
        return;
    }
    word.apply(&item.spot(field), &mut reader.spec);
    if let SecurityOption::Seccomp(name) = word {
        profile(reader, item, name, field);
    }
}

/// An option with a variable that has no value is unknown; one that is all variable could be any of them.
fn hidden(reader: &mut Reader<'_>, item: &Part, word: SecurityOption<'_>, why: &str) {
    let at = item.spot("security_opt");
    let is_any = matches!(word, SecurityOption::Unknown(_));
    let spec = &mut reader.spec;
    if is_any || matches!(word, SecurityOption::NoNewPrivileges(_)) {
        hide(&mut spec.no_new_privileges, why, &at);
    }
    if is_any || matches!(word, SecurityOption::Seccomp(_)) {
        hide(&mut spec.confinement.seccomp, why, &at);
    }
    if is_any || matches!(word, SecurityOption::AppArmor(_)) {
        hide(&mut spec.confinement.apparmor, why, &at);
    }
    if is_any || matches!(word, SecurityOption::Label(_)) {
        hide(&mut spec.confinement.selinux, why, &at);
    }
    if is_any
        || matches!(
            word,
            SecurityOption::SystemPaths(_) | SecurityOption::Unmask(_)
        )
    {
        hide(&mut spec.confinement.unmasked_paths, why, &at);
    }
    if is_any || matches!(word, SecurityOption::WritableCgroups(_)) {
        hide(&mut spec.writable_cgroups, why, &at);
    }
}

fn hide<T>(slot: &mut Setting<T>, why: &str, at: &Spot) {
    *slot = Setting::Unknown {
        why: why.to_owned(),
        at: at.clone(),
    };
}

/// A file with a profile is read, as Compose does.
fn profile(reader: &mut Reader<'_>, item: &Part, name: &str, field: &str) {
    if name.is_empty() || name.starts_with('{') || matches!(name, "unconfined" | "builtin") {
        return;
    }
    let path = join(&item.mark.source.folder, name);
    match reader.around.file(&path) {
        Ok(text) => match serde_json::from_str(&text) {
            Ok(profile) => reader.spec.confinement.seccomp_profile = Some(profile),
            Err(_) => reader.gap(
                item,
                field,
                format!("the seccomp profile {path} is no JSON"),
            ),
        },
        Err(why) => {
            reader.gap(
                item,
                field,
                format!("the seccomp profile {path} could not be read: {why}"),
            );
        }
    }
}
