//! What servers' own configuration says of where they write, as whom they run, and where they listen: one file for each family. Only
//! values of the keys that are asked for leave this module, since any other can be a secret.

mod apache;
mod haproxy;
mod memcached;
mod mysql;
mod nginx;
mod php_fpm;
mod postgres;
mod redis;
mod sshd;

use super::reader::Reader;
use crate::layers::Interest;
use crate::model::{Observation, ServerSetting, ServerSettingKind};

/// Bytes of a value; a path or an account is shorter.
const VALUE_BYTES: usize = 512;

/// One server.
struct Family {
    name: &'static str,
    is_read: fn(&str) -> bool,
    /// What a file of this path says.
    read: fn(&str, &[u8]) -> Vec<Said>,
}

/// Line, kind and value of a setting.
type Said = (u64, ServerSettingKind, String);

/// One line for each.
const FAMILIES: [Family; 9] = [
    apache::FAMILY,
    haproxy::FAMILY,
    memcached::FAMILY,
    mysql::FAMILY,
    nginx::FAMILY,
    php_fpm::FAMILY,
    postgres::FAMILY,
    redis::FAMILY,
    sshd::FAMILY,
];

pub(super) const SERVERS: Reader = Reader {
    name: "posture/servers",
    version: 1,
    interests: &[
        Interest::Extension("conf"),
        Interest::Extension("cnf"),
        Interest::Extension("cfg"),
        Interest::Name("envvars"),
        Interest::Name("sshd_config"),
        Interest::Folder("sites-available"),
        Interest::Folder("sites-enabled"),
    ],
    is_read: |path| family(path).is_some(),
    read: |path, bytes| {
        family(path)
            .map(|family| observations(family, path, bytes))
            .unwrap_or_default()
    },
};

fn family(path: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| (family.is_read)(path))
}

fn observations(family: &Family, path: &str, bytes: &[u8]) -> Vec<Observation> {
    let said = (family.read)(path, bytes).into_iter();
    said.filter(|(_, _, value)| !value.is_empty() && value.len() <= VALUE_BYTES)
        .map(|(line, setting, value)| {
            Observation::Server(ServerSetting {
                line,
                server: family.name.to_owned(),
                setting,
                value,
            })
        })
        .collect()
}

/// The port at the end of an address: `80`, `*:80`, `[::]:80`, `127.0.0.1:80`.
fn port(address: &str) -> Option<String> {
    let port = address.rsplit(':').next()?;
    let number: u16 = port.parse().ok()?;
    (number > 0).then(|| number.to_string())
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> &str {
    value.trim().trim_matches(['"', '\''])
}

/// A path that is absolute; anything else (an address, `syslog`, `off`, a variable) is none.
fn absolute(value: &str) -> Option<String> {
    let value = unquoted(value);
    (value.starts_with('/') && !value.starts_with("/dev/")).then(|| value.to_owned())
}

#[cfg(test)]
mod testing {
    use super::*;
    pub(super) use ServerSettingKind::{Listens, NoAuthentication, User, Writes};

    /// Reads a file of this path, and compares line, kind and value.
    #[track_caller]
    pub(super) fn says(path: &str, text: &str, expected: &[(u64, ServerSettingKind, &str)]) {
        let family = family(path).unwrap_or_else(|| panic!("nobody reads {path}"));
        let said = (family.read)(path, text.as_bytes());
        let said: Vec<_> = said
            .iter()
            .map(|(line, kind, value)| (*line, *kind, &**value))
            .collect();
        assert_eq!(said, expected, "{path}: {text}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATHS: [&str; 11] = [
        "etc/apache2/apache2.conf",
        "etc/haproxy/haproxy.cfg",
        "etc/memcached.conf",
        "etc/mysql/my.cnf",
        "etc/nginx/nginx.conf",
        "etc/php/8.2/fpm/pool.d/www.conf",
        "etc/postgresql/15/main/postgresql.conf",
        "etc/postgresql/15/main/pg_hba.conf",
        "etc/redis/redis.conf",
        "etc/ssh/sshd_config",
        "etc/apache2/envvars",
    ];

    #[test]
    fn every_file_is_read_by_one_family() {
        for path in PATHS {
            let readers = FAMILIES.iter().filter(|family| (family.is_read)(path));
            assert_eq!(readers.count(), 1, "{path}");
        }
        for path in [
            "etc/resolv.conf",
            "srv/app.conf",
            "usr/share/doc/nginx/nginx.conf",
        ] {
            assert!(family(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_secret_beside_what_is_asked_for_is_not_told() {
        let text = "requirepass hunter2\npassword = hunter2\nuser = app\nauth_basic hunter2;\nbind :80 ssl hunter2\n";
        for path in PATHS {
            let shown = format!("{:?}", (SERVERS.read)(path, text.as_bytes()));
            assert!(!shown.contains("hunter2"), "{path}: {shown}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(user |port=|listen |\\[mysqld\\]|\n|;|\\{|\\}|=|#|\"|.){0,30}") {
            for path in PATHS {
                let _ = (SERVERS.read)(path, text.as_bytes());
            }
        }
    }
}
