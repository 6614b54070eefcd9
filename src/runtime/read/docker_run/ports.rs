//! `--publish`: `80`, `8080:80/tcp`, `127.0.0.1:8080:80`, `[::1]:53:53/udp`, ranges.

use super::{apply::Run, word::Word};
use crate::runtime::{PublishedPort, Spot};

impl Run<'_> {
    pub(super) fn publish(&mut self, value: &Word, at: &Spot) {
        for part in value.text.split(',').filter(|part| !part.is_empty()) {
            if let Some(why) = value.why(part) {
                let said = format!("part of a published port is not known: {why}");
                self.gap(said, at);
            }
            match port(part, at) {
                Some(port) => self.spec.ports.push(port),
                None if value.why(part).is_none() => {
                    self.gap(format!("`{part}` is no port that can be published"), at);
                }
                None => {}
            }
        }
    }
}

/// Reads a port; a number that has no value is any.
fn port(text: &str, at: &Spot) -> Option<PublishedPort> {
    let (rest, protocol) = text.rsplit_once('/').unwrap_or((text, "tcp"));
    let (before, container) = match rest.rsplit_once(':') {
        Some((before, container)) => (Some(before), container),
        None => (None, rest),
    };
    let (ip, host) = match before {
        None => (None, ""),
        Some(before) => match before.rsplit_once(':') {
            // An address with colons stands in brackets.
            Some((ip, host)) if !before.ends_with(']') => (Some(ip), host),
            _ if before.contains('.') || before.ends_with(']') => (Some(before), ""),
            _ => (None, before),
        },
    };
    let ip = ip.map(|ip| ip.trim_start_matches('[').trim_end_matches(']'));
    let (container_port, container_end) = range(container)?;
    let (host_port, host_end) = if host.is_empty() || host.contains('$') {
        (None, None)
    } else {
        let (first, last) = range(host)?;
        (Some(first).filter(|port| *port != 0), Some(last))
    };
    let is_range =
        host_end.is_some_and(|last| Some(last) != host_port) || container_end != container_port;
    Some(PublishedPort {
        host_ip: ip.filter(|ip| !ip.is_empty()).map(str::to_owned),
        host_port,
        host_port_end: host_end.filter(|_| is_range && host_port.is_some()),
        container_port,
        protocol: protocol.to_ascii_lowercase(),
        at: at.clone(),
    })
}

/// The first and the last port of `80` or `80-90`.
fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}
