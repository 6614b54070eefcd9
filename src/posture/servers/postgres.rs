//! PostgreSQL: `postgresql.conf` (`key = value`), and `pg_hba.conf`, which says who is let in
//! (<https://www.postgresql.org/docs/current/auth-pg-hba-conf.html>).

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, NoAuthentication, Writes};
use crate::posture::reader::settings;

pub(super) const FAMILY: Family = Family {
    name: "postgres",
    is_read: |path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        let is_here = ["etc/", "var/lib/", "opt/", "usr/local/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        is_here && matches!(name, "postgresql.conf" | "pg_hba.conf")
    },
    read: |path, bytes| {
        if path.ends_with("pg_hba.conf") {
            admissions(bytes)
        } else {
            read(bytes)
        }
    },
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    for (line, text) in settings(bytes, &['#']) {
        let text = text.split('#').next().unwrap_or_default();
        let Some((key, value)) = text
            .split_once('=')
            .or_else(|| text.split_once(char::is_whitespace))
        else {
            continue;
        };
        let value = unquoted(value);
        match key.trim() {
            "port" => said.extend(port(value).map(|port| (line, Listens, port))),
            "data_directory" | "external_pid_file" | "log_directory" => {
                said.extend(absolute(value).map(|path| (line, Writes, path)));
            }
            "unix_socket_directories" => {
                let folders = value.split(',').filter_map(absolute);
                said.extend(folders.map(|path| (line, Writes, path)));
            }
            _ => {}
        }
    }
    said
}

/// `host database user address method`: `trust` lets in whoever asks. From the own machine, or by the socket, that is a common
/// setting in a container.
fn admissions(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &['#']).filter_map(|(line, text)| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (kind, address, rest) = match words.as_slice() {
            [kind, _, _, address, rest @ ..] => (*kind, *address, rest),
            _ => return None,
        };
        let is_host = kind.starts_with("host");
        let is_own = address.starts_with("127.")
            || address.starts_with("::1")
            || matches!(address, "localhost" | "samehost");
        // The method comes after the address, or after a mask that is written by itself.
        let is_trusted = rest.iter().take(2).any(|word| *word == "trust");
        (is_host && !is_own && is_trusted)
            .then(|| (line, NoAuthentication, format!("trust {address}")))
    });
    said.collect()
}

#[cfg(test)]
mod tests {
    use crate::posture::servers::testing::*;

    #[test]
    fn folders_and_the_port_are_told() {
        let text = "data_directory = '/var/lib/postgresql/15/main'\t# use data in another directory\nport = 5432\nunix_socket_directories = '/var/run/postgresql, /tmp'\n#port = 1\nssl_key_file = '/x'\n";
        let expected = [
            (1, Writes, "/var/lib/postgresql/15/main"),
            (2, Listens, "5432"),
            (3, Writes, "/var/run/postgresql"),
            (3, Writes, "/tmp"),
        ];
        says("etc/postgresql/15/main/postgresql.conf", text, &expected);
    }

    #[test]
    fn whoever_is_let_in_from_elsewhere_without_a_password_is_told() {
        let text = "local all all trust\nhost all all 127.0.0.1/32 trust\nhost all all ::1/128 trust\nhost all all 0.0.0.0/0 trust\nhost all all 10.0.0.0 255.0.0.0 trust\nhost all all all scram-sha-256\n";
        let expected = [
            (4, NoAuthentication, "trust 0.0.0.0/0"),
            (5, NoAuthentication, "trust 10.0.0.0"),
        ];
        says("var/lib/postgresql/data/pg_hba.conf", text, &expected);
    }
}
