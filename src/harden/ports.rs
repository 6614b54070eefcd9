//! Where it listens.

use std::collections::BTreeMap;

use crate::model::{Observation, ServerSettingKind, Untrusted};
use crate::posture::ImageView;

use super::candidates::is_of;
use super::servers::Server;
use super::start::Start;
use super::{Confidence, Line};

/// Ports with their reasons, TCP and UDP.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) tcp: Vec<Line<u16>>,
    pub(super) udp: Vec<Line<u16>>,
    pub(super) warnings: Vec<String>,
}

/// What the config exposes, and what the server's own settings say.
pub(super) fn decide(view: &ImageView, start: &Start, server: Option<&Server>) -> Ports {
    let mut ports: BTreeMap<(bool, u16), (Confidence, String)> = BTreeMap::new();
    let mut warnings = Vec::new();
    for written in view.config.config.exposed_ports.keys() {
        match exposed(written) {
            Some(key) => {
                ports.insert(key, (Confidence::Proven, format!("EXPOSE {written}")));
            }
            None => warnings.push(format!(
                "EXPOSE {} is not understood: its ports are not planned",
                Untrusted(written)
            )),
        }
    }
    for (path, _, fact) in view.observations() {
        let Observation::Server(setting) = fact else {
            continue;
        };
        if setting.setting != ServerSettingKind::Listens || !is_of(server, start, &setting.server) {
            continue;
        }
        if let Some(port) = listens(&setting.value) {
            let reason = format!(
                "the configuration of {} listens there ({path}:{})",
                Untrusted(&setting.server),
                setting.line
            );
            ports
                .entry((false, port))
                .or_insert((Confidence::Inferred, reason));
        }
    }
    let lines = |is_udp: bool| {
        let wanted = ports.iter().filter(move |((udp, _), _)| *udp == is_udp);
        wanted
            .map(|((_, port), (confidence, reason))| {
                Line::new(*port, *confidence, note(*port, reason))
            })
            .collect()
    };
    Ports {
        tcp: lines(false),
        udp: lines(true),
        warnings,
    }
}

fn note(port: u16, reason: &str) -> String {
    if port >= 1024 {
        return reason.to_owned();
    }
    format!(
        "{reason}; below 1024, but in a network namespace of its own no capability is needed (net.ipv4.ip_unprivileged_port_start=0)"
    )
}

/// `80`, `80/tcp`, `53/udp`: whether it is UDP, and the port.
fn exposed(written: &str) -> Option<(bool, u16)> {
    let (port, protocol) = written.split_once('/').unwrap_or((written, "tcp"));
    let is_udp = match protocol.to_ascii_lowercase().as_str() {
        "tcp" => false,
        "udp" => true,
        _ => return None,
    };
    port.parse()
        .ok()
        .filter(|port| *port != 0)
        .map(|port| (is_udp, port))
}

/// The port of `80`, `*:80`, `[::]:80 default_server`, `0.0.0.0:80`; none of `unix:/run/x`.
fn listens(value: &str) -> Option<u16> {
    let address = value.split_whitespace().next()?;
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    port.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_in_the_forms_of_config_and_servers() {
        assert_eq!(exposed("80/tcp"), Some((false, 80)));
        assert_eq!(exposed("53/UDP"), Some((true, 53)));
        assert_eq!(exposed("8080"), Some((false, 8080)));
        for wrong in ["", "0", "x/tcp", "70000", "80/sctp", "1-2/tcp"] {
            assert_eq!(exposed(wrong), None, "{wrong}");
        }
        assert_eq!(listens("[::]:80 default_server"), Some(80));
        assert_eq!(listens("*:8080"), Some(8080));
        assert_eq!(listens("443 ssl"), Some(443));
        assert_eq!(listens("unix:/run/app.sock"), None);
        assert_eq!(listens(""), None);
    }
}
