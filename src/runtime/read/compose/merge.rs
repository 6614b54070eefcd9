//! Two Compose files to one: <https://github.com/compose-spec/compose-spec/blob/main/13-merge.md>.
//!
//! Mappings are merged, lists appended, and what has one place only (a mount by its target, a port) is there once: the later one holds.

use super::part::{Content, Key, Part, Tag};
use crate::runtime::Spot;
use crate::runtime::read::{ReadError, port_word, volume_word};

/// The second over the first.
pub(super) fn merge(base: Part, over: Part) -> Result<Part, ReadError> {
    merged(base, over, &mut Vec::new())
}

/// What a service says itself, over the one that it extends.
pub(super) fn extend(base: Part, own: Part) -> Result<Part, ReadError> {
    let mut path = vec!["services".to_owned(), String::new()];
    merged(base, own, &mut path)
}

/// How a key of a service is merged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// As its type is.
    Plain,
    /// The later one holds.
    Last,
    /// One text or a list: as lists.
    Texts,
    /// A mapping or a list of `NAME=VALUE`: as mappings.
    Pairs,
    /// A mapping of names or a list of them: as mappings.
    Names,
    /// A driver and its options: merged only for one driver.
    Logging,
}

fn rule(path: &[String]) -> Rule {
    let words: Vec<&str> = path.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["services", _, rest @ ..] => match rest {
            ["command" | "entrypoint" | "extends" | "gpus"]
            | ["healthcheck", "test"]
            | ["ulimits", _] => Rule::Last,
            ["dns" | "dns_opt" | "dns_search" | "tmpfs" | "env_file" | "label_file"] => Rule::Texts,
            ["environment" | "labels" | "annotations" | "sysctls"] | ["deploy", "labels"] => {
                Rule::Pairs
            }
            ["networks" | "depends_on" | "models"] => Rule::Names,
            ["logging"] => Rule::Logging,
            _ => Rule::Plain,
        },
        _ => Rule::Plain,
    }
}

fn merged(base: Part, over: Part, path: &mut Vec<String>) -> Result<Part, ReadError> {
    if over.tag == Some(Tag::Override) || base.is_nothing() {
        return Ok(over);
    }
    if over.is_nothing() {
        return Ok(base);
    }
    let field = path.join(".");
    match rule(path) {
        Rule::Last => return Ok(over),
        Rule::Texts => {
            let (first, second) = (as_list(base, &field)?, as_list(over, &field)?);
            return merged_by_type(first, second, path);
        }
        Rule::Pairs => {
            let first = base.with(Content::Map(base.pairs(&field)?));
            let second = over.with(Content::Map(over.pairs(&field)?));
            return merged_by_type(first, second, path);
        }
        Rule::Names => {
            let (first, second) = (as_names(base, &field)?, as_names(over, &field)?);
            return merged_by_type(first, second, path);
        }
        Rule::Logging => {
            let driver = |part: &Part| part.get("driver").and_then(Part::text).map(str::to_owned);
            if let (Some(first), Some(second)) = (driver(&base), driver(&over))
                && first != second
            {
                return Ok(over);
            }
        }
        Rule::Plain => {}
    }
    // `build: .` is short for its context; nothing of it is a setting of the container.
    if path.last().is_some_and(|key| key == "build") && path.len() == 3 {
        return Ok(over);
    }
    merged_by_type(base, over, path)
}

fn merged_by_type(base: Part, over: Part, path: &mut Vec<String>) -> Result<Part, ReadError> {
    let mark = over.mark.clone();
    let tag = base.tag;
    let content = match (base.content, over.content) {
        (Content::Map(first), Content::Map(second)) => {
            return Ok(Part {
                content: Content::Map(mappings(first, second, path)?),
                tag,
                mark: base.mark,
            });
        }
        (Content::List(first), Content::List(second)) => {
            let all = first.into_iter().chain(second).collect();
            return Ok(Part {
                content: Content::List(unique(all, path)),
                tag,
                mark: base.mark,
            });
        }
        (
            Content::Text(_) | Content::Unknown { .. },
            over @ (Content::Text(_) | Content::Unknown { .. }),
        ) => over,
        _ => {
            let (field, before) = (path.join("."), &base.mark);
            return Err(mark.fault(format!(
                "column {}: `{field}` is of another type than in {} line {}: they cannot be merged",
                mark.column, before.source.name, before.line
            )));
        }
    };
    Ok(Part { content, tag, mark })
}

fn mappings(
    first: Vec<(Key, Part)>,
    second: Vec<(Key, Part)>,
    path: &mut Vec<String>,
) -> Result<Vec<(Key, Part)>, ReadError> {
    let mut done = first;
    for (key, value) in second {
        let known = done.iter().position(|(known, _)| known.name == key.name);
        match known.and_then(|index| done.get_mut(index)) {
            None => done.push((key, value)),
            Some(_) if value.tag == Some(Tag::Reset) => {
                done.retain(|(known, _)| known.name != key.name);
            }
            Some((_, slot)) if key.name.starts_with("x-") => *slot = value,
            Some((_, slot)) => {
                path.push(key.name);
                let before = std::mem::replace(slot, value.with(Content::Nothing));
                *slot = merged(before, value, path)?;
                path.pop();
            }
        }
    }
    Ok(done)
}

/// Removes what `!reset` marks: also in the only file, as Compose does.
pub(super) fn without_reset(part: Part) -> Part {
    let Part { content, tag, mark } = part;
    let content = match content {
        Content::Map(entries) => Content::Map(
            entries
                .into_iter()
                .filter(|(_, value)| value.tag != Some(Tag::Reset))
                .map(|(key, value)| (key, without_reset(value)))
                .collect(),
        ),
        Content::List(items) => Content::List(
            items
                .into_iter()
                .filter(|value| value.tag != Some(Tag::Reset))
                .map(without_reset)
                .collect(),
        ),
        other => other,
    };
    Part { content, tag, mark }
}

fn as_list(part: Part, field: &str) -> Result<Part, ReadError> {
    let items = part.one_or_more(field)?.to_vec();
    let Part { tag, mark, .. } = part;
    let content = Content::List(items);
    Ok(Part { content, tag, mark })
}

fn as_names(part: Part, field: &str) -> Result<Part, ReadError> {
    let Content::List(items) = &part.content else {
        part.map(field)?;
        return Ok(part);
    };
    let names = items.iter().map(|item| {
        let name = item.sketch().ok_or_else(|| item.wrong(field, "names"))?;
        let mark = item.mark.clone();
        let key = Key {
            name: name.to_owned(),
            mark,
        };
        Ok((key, item.with(Content::Nothing)))
    });
    let entries = names.collect::<Result<_, ReadError>>()?;
    Ok(part.with(Content::Map(entries)))
}

/// Leaves of items for one place the last, where the first was.
fn unique(items: Vec<Part>, path: &[String]) -> Vec<Part> {
    let key = path.get(2).map_or("", String::as_str);
    if path.len() != 3 {
        return items;
    }
    let mut done: Vec<(Option<String>, Part)> = Vec::new();
    for item in items {
        let place = place(key, &item);
        let known = place
            .is_some()
            .then(|| done.iter_mut().find(|(known, _)| *known == place))
            .flatten();
        match known {
            Some((_, slot)) => *slot = item,
            None => done.push((place, item)),
        }
    }
    done.into_iter().map(|(_, item)| item).collect()
}

/// What an item of a service's list is the only one for.
fn place(key: &str, item: &Part) -> Option<String> {
    let text = |name: &str| item.get(name).and_then(Part::sketch).map(str::to_owned);
    match (key, item.sketch()) {
        ("volumes", Some(short)) => volume_word::mount(short, &Spot::default())
            .target
            .value()
            .cloned(),
        ("volumes", None) => text("target"),
        ("devices", Some(short)) => {
            let mut words = short.split(':');
            let host = words.next();
            words.next().or(host).map(str::to_owned)
        }
        ("devices", None) => text("target").or_else(|| text("source")),
        ("ports", Some(short)) => port_word::port(short).map(|port| {
            let host = port.host.unwrap_or_default();
            let ip = port.host_ip.unwrap_or_default();
            format!("{ip}:{host}:{}/{}", port.container, port.protocol)
        }),
        ("ports", None) => Some(format!(
            "{}:{}:{}/{}",
            text("host_ip").unwrap_or_default(),
            text("published").unwrap_or_default(),
            text("target")?,
            text("protocol").unwrap_or_else(|| "tcp".to_owned())
        )),
        ("secrets" | "configs", Some(name)) => Some(target(key, name)),
        ("secrets" | "configs", None) => text("target")
            .map_or_else(|| text("source"), Some)
            .map(|name| target(key, &name)),
        ("env_file", None) => text("path"),
        (
            "cap_add"
            | "cap_drop"
            | "security_opt"
            | "group_add"
            | "expose"
            | "dns"
            | "dns_opt"
            | "dns_search"
            | "env_file"
            | "tmpfs"
            | "volumes_from"
            | "device_cgroup_rules",
            Some(text),
        ) => Some(text.to_owned()),
        _ => None,
    }
}

/// Where a secret or config is put.
pub(super) fn target(kind: &str, name: &str) -> String {
    match kind {
        _ if name.starts_with('/') => name.to_owned(),
        "secrets" => format!("/run/secrets/{name}"),
        _ => format!("/{name}"),
    }
}
