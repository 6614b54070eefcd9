//! Ports of the host that lead to a service.

use super::part::{Content, Part};
use super::service::Reader;
use crate::runtime::PublishedPort;
use crate::runtime::read::{ReadError, port_word};

/// Takes `ports`.
pub(super) fn take(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<bool, ReadError> {
    if key != "ports" {
        return Ok(false);
    }
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let words = match &item.content {
            Content::Map(_) => long(item, &field)?,
            _ => item
                .sketch()
                .map(port_word::port)
                .ok_or_else(|| item.wrong(&field, "a port or a mapping"))?,
        };
        let unknown = unknown(item);
        match words.and_then(|words| port(&words, item, &field)) {
            Some(published) => reader.spec.ports.push(published),
            None if unknown.is_none() => {
                return Err(item.mark.fault(format!(
                    "column {}: `{field}` is no port that is published",
                    item.mark.column
                )));
            }
            None => {}
        }
        if let Some(why) = unknown {
            reader.gap(item, &field, format!("the port is not known: {why}"));
        }
    }
    Ok(true)
}

/// Why a part of it is not known.
fn unknown(item: &Part) -> Option<String> {
    let keys = ["target", "published", "host_ip", "protocol"];
    let inside = keys.iter().find_map(|key| item.get(key)?.why());
    item.why().or(inside).map(str::to_owned)
}

fn long(item: &Part, field: &str) -> Result<Option<port_word::ShortPort>, ReadError> {
    let text = |name: &str| -> Result<Option<String>, ReadError> {
        let part = item.get(name).filter(|part| !part.is_nothing());
        part.map(|part| {
            let sketch = part.sketch().map(str::to_owned);
            sketch.ok_or_else(|| part.wrong(&format!("{field}.{name}"), "a port or a text"))
        })
        .transpose()
    };
    let container =
        text("target")?.ok_or_else(|| item.mark.fault(format!("`{field}` has no `target`")))?;
    Ok(Some(port_word::ShortPort {
        host_ip: text("host_ip")?.filter(|ip| !ip.is_empty()),
        host: text("published")?.filter(|port| !port.is_empty()),
        container,
        protocol: text("protocol")?.unwrap_or_else(|| "tcp".to_owned()),
    }))
}

/// `None` if the address or the port inside is not known: it could be one that is not reached from outside. An unknown port of the host
/// is any.
fn port(words: &port_word::ShortPort, item: &Part, field: &str) -> Option<PublishedPort> {
    let missing = |text: &str| text.contains(super::MISSING);
    if words.host_ip.as_deref().is_some_and(missing) {
        return None;
    }
    let (container_port, _) = port_word::range(&words.container)?;
    let host = match words.host.as_deref() {
        Some(host) if missing(host) => None,
        Some(host) => Some(port_word::range(host)?),
        None => None,
    };
    Some(PublishedPort {
        host_ip: words.host_ip.clone(),
        host_port: host.map(|(first, _)| first),
        host_port_end: host.and_then(|(_, last)| last),
        container_port,
        protocol: words.protocol.clone(),
        at: item.spot(field),
    })
}
