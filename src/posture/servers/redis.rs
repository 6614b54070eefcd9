//! Redis and Valkey: `key value` (<https://redis.io/docs/latest/operate/oss_and_stack/management/config-file/>).

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, NoAuthentication, Writes};
use crate::posture::reader::settings;

pub(super) const FAMILY: Family = Family {
    name: "redis",
    is_read: |path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_here = ["etc/", "usr/local/etc/", "opt/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        is_here
            && matches!(
                name,
                "redis.conf" | "valkey.conf" | "redis-default.conf" | "sentinel.conf"
            )
    },
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &['#']).filter_map(|(line, text)| {
        let (key, value) = text.split_once(char::is_whitespace)?;
        let value = unquoted(value);
        let (kind, value) = match &*key.to_ascii_lowercase() {
            "dir" | "unixsocket" | "pidfile" | "logfile" => (Writes, absolute(value)?),
            "port" | "tls-port" => (Listens, port(value)?),
            // Without it anybody who reaches the port is let in, unless a password is set: that is not looked at here.
            "protected-mode" if value == "no" => (NoAuthentication, "protected-mode no".to_owned()),
            _ => return None,
        };
        Some((line, kind, value))
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use crate::posture::servers::testing::*;

    #[test]
    fn files_ports_and_an_open_door_are_told() {
        let text = "bind 0.0.0.0\nport 6379\ntls-port 0\nprotected-mode no\ndir /var/lib/redis\nlogfile \"\"\npidfile /run/redis/redis.pid\n";
        let expected = [
            (2, Listens, "6379"),
            (4, NoAuthentication, "protected-mode no"),
            (5, Writes, "/var/lib/redis"),
            (7, Writes, "/run/redis/redis.pid"),
        ];
        says("etc/redis/redis.conf", text, &expected);
    }
}
