//! MySQL and MariaDB: sections of `key = value` in option files
//! (<https://dev.mysql.com/doc/refman/8.4/en/option-files.html>). Only sections of the server count.

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, NoAuthentication, User, Writes};
use crate::posture::reader::{has_extension, settings};

pub(super) const FAMILY: Family = Family {
    name: "mysql",
    is_read: |path| {
        let is_here = [
            "etc/my.cnf",
            "etc/my.cnf.d/",
            "etc/mysql/",
            "usr/local/etc/",
            "opt/bitnami/mysql/conf/",
            "opt/bitnami/mariadb/conf/",
        ]
        .iter()
        .any(|place| path.starts_with(place));
        is_here && has_extension(path, "cnf")
    },
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    let mut is_of_server = false;
    for (line, text) in settings(bytes, &['#', ';', '!']) {
        if let Some(section) = text.strip_prefix('[') {
            let section = section.split(']').next().unwrap_or_default();
            is_of_server = ["mysqld", "mariadb", "server"]
                .iter()
                .any(|server| section.starts_with(server));
            continue;
        }
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        let value = unquoted(value.split(" #").next().unwrap_or_default());
        // The server takes both signs in a key.
        let key = key.trim().replace('_', "-");
        let found = match &*key {
            _ if !is_of_server => None,
            "user" => Some((User, value.to_owned())),
            "port" => port(value).map(|port| (Listens, port)),
            "datadir"
            | "socket"
            | "pid-file"
            | "tmpdir"
            | "log-error"
            | "slow-query-log-file"
            | "general-log-file" => absolute(value).map(|path| (Writes, path)),
            "skip-grant-tables" if !crate::posture::reader::is_no(value) => {
                Some((NoAuthentication, "skip-grant-tables".to_owned()))
            }
            _ => None,
        };
        said.extend(found.map(|(kind, value)| (line, kind, value)));
    }
    said
}

#[cfg(test)]
mod tests {
    use crate::posture::servers::testing::*;

    #[test]
    fn settings_of_the_server_are_told_and_those_of_the_client_are_not() {
        let text = "[client]\nuser = x\nport = 1\n[mysqld]\nuser = mysql\npid_file = /run/mysqld/mysqld.pid\ndatadir=/var/lib/mysql\nport = 3306\nskip-grant-tables\n!includedir /etc/mysql/conf.d/\n";
        let expected = [
            (5, User, "mysql"),
            (6, Writes, "/run/mysqld/mysqld.pid"),
            (7, Writes, "/var/lib/mysql"),
            (8, Listens, "3306"),
            (9, NoAuthentication, "skip-grant-tables"),
        ];
        says("etc/mysql/mariadb.conf.d/50-server.cnf", text, &expected);
    }
}
