//! `HAProxy`: words of <https://docs.haproxy.org/2.8/configuration.html>.

use super::{Family, Said, absolute, port};
use crate::model::ServerSettingKind::{Listens, User, Writes};
use crate::posture::reader::{has_extension, settings};

pub(super) const FAMILY: Family = Family {
    name: "haproxy",
    is_read: |path| {
        let is_here = ["etc/haproxy/", "usr/local/etc/haproxy/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        is_here && has_extension(path, "cfg")
    },
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    let mut is_global = false;
    for (line, text) in settings(bytes, &['#']) {
        let mut words = text.split_whitespace();
        let (Some(key), value) = (words.next(), words.next()) else {
            continue;
        };
        match (key, value) {
            ("global", None) => is_global = true,
            (
                "defaults" | "frontend" | "backend" | "listen" | "userlist" | "peers" | "resolvers",
                _,
            ) => {
                is_global = false;
            }
            // Below a `userlist` it would be an account of a visitor.
            ("user", Some(value)) if is_global => said.push((line, User, value.to_owned())),
            ("chroot" | "pidfile", Some(value)) => {
                said.extend(absolute(value).map(|path| (line, Writes, path)));
            }
            ("bind", Some(value)) => {
                let ports = value.split(',').filter_map(port);
                said.extend(ports.map(|port| (line, Listens, port)));
            }
            ("stats", Some("socket")) => {
                let path = words.next().and_then(absolute);
                said.extend(path.map(|path| (line, Writes, path)));
            }
            _ => {}
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use crate::posture::servers::testing::*;

    #[test]
    fn the_account_the_cage_and_the_ports_are_told() {
        let text = "global\n  user haproxy\n  chroot /var/lib/haproxy\n  stats socket /run/haproxy/admin.sock mode 660\nfrontend a\n  bind *:80,:443 ssl crt /etc/x\nuserlist u\n  user bob insecure-password hunter2\n";
        let expected = [
            (2, User, "haproxy"),
            (3, Writes, "/var/lib/haproxy"),
            (4, Writes, "/run/haproxy/admin.sock"),
            (6, Listens, "80"),
            (6, Listens, "443"),
        ];
        says("etc/haproxy/haproxy.cfg", text, &expected);
    }
}
