//! memcached as Debian starts it: one option of the command line in a line (memcached(1)).

use super::{Family, Said, absolute, port};
use crate::model::ServerSettingKind::{Listens, User, Writes};
use crate::posture::reader::settings;

pub(super) const FAMILY: Family = Family {
    name: "memcached",
    is_read: |path| path == "etc/memcached.conf",
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &['#']).filter_map(|(line, text)| {
        let (option, value) = text.split_once([' ', '='])?;
        let value = value.trim();
        let (kind, value) = match option {
            "-u" | "--user" => (User, value.to_owned()),
            "-p" | "--port" | "-U" | "--udp-port" => (Listens, port(value)?),
            "-P" | "--pidfile" | "-s" | "--unix-socket" | "logfile" => (Writes, absolute(value)?),
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
    fn options_are_told() {
        let text = "-d\nlogfile /var/log/memcached.log\n-m 64\n-p 11211\n-u memcache\n-l 127.0.0.1\n-P /run/memcached/memcached.pid\n";
        let expected = [
            (2, Writes, "/var/log/memcached.log"),
            (4, Listens, "11211"),
            (5, User, "memcache"),
            (7, Writes, "/run/memcached/memcached.pid"),
        ];
        says("etc/memcached.conf", text, &expected);
    }
}
