//! Apache httpd: directives of <https://httpd.apache.org/docs/2.4/mod/core.html>, and Debian's `envvars`, whose variables its
//! configuration uses (`User ${APACHE_RUN_USER}`).

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, User, Writes};
use crate::posture::reader::{has_extension, settings};

pub(super) const FAMILY: Family = Family {
    name: "apache",
    is_read: |path| {
        let is_here = [
            "etc/apache2/",
            "etc/httpd/",
            "usr/local/apache2/conf/",
            "opt/bitnami/apache/conf/",
        ]
        .iter()
        .any(|folder| path.starts_with(folder));
        is_here
            && (has_extension(path, "conf")
                || path.ends_with("/envvars")
                || path.contains("/sites-"))
    },
    read: |path, bytes| {
        if path.ends_with("/envvars") {
            variables(bytes)
        } else {
            directives(bytes)
        }
    },
};

fn directives(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &['#']).filter_map(|(line, text)| {
        let (key, value) = text.split_once(char::is_whitespace)?;
        let value = unquoted(value.split_whitespace().next()?);
        let (kind, value) = match &*key.to_ascii_lowercase() {
            // A variable's value is in `envvars`.
            "user" if !value.contains('$') => (User, value.to_owned()),
            "listen" => (Listens, port(value)?),
            "pidfile" | "errorlog" | "customlog" | "scoreboardfile" | "defaultruntimedir" => {
                (Writes, absolute(value)?)
            }
            _ => return None,
        };
        Some((line, kind, value))
    });
    said.collect()
}

/// `export APACHE_RUN_USER=www-data`; `$SUFFIX` is empty but for a second server.
fn variables(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &['#']).filter_map(|(line, text)| {
        let text = text.strip_prefix("export ").unwrap_or(text);
        let (name, value) = text.split_once('=')?;
        let value = unquoted(value)
            .replace("$SUFFIX", "")
            .replace("${SUFFIX}", "");
        let (kind, value) = match name.trim() {
            "APACHE_RUN_USER" => (User, default_of(&value)?.to_owned()),
            "APACHE_PID_FILE" | "APACHE_RUN_DIR" | "APACHE_LOCK_DIR" | "APACHE_LOG_DIR" => {
                (Writes, absolute(default_of(&value)?)?)
            }
            _ => return None,
        };
        Some((line, kind, value))
    });
    said.collect()
}

/// The value, or what `${NAME:=value}` has for one that is not set, as the official image writes it.
fn default_of(value: &str) -> Option<&str> {
    let Some(inner) = value
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return Some(value).filter(|value| !value.contains('$'));
    };
    let (_, default) = inner.split_once(":=").or_else(|| inner.split_once(":-"))?;
    Some(default).filter(|default| !default.contains('$'))
}

#[cfg(test)]
mod tests {
    use crate::posture::servers::testing::*;

    #[test]
    fn directives_are_told_in_any_case() {
        let text = "User ${APACHE_RUN_USER}\nuser daemon\nListen 0.0.0.0:8080\nPidFile \"/run/httpd.pid\"\nErrorLog logs/error_log\nCustomLog /var/log/a.log common\n";
        let expected = [
            (2, User, "daemon"),
            (3, Listens, "8080"),
            (4, Writes, "/run/httpd.pid"),
            (6, Writes, "/var/log/a.log"),
        ];
        says("etc/httpd/conf/httpd.conf", text, &expected);
    }

    #[test]
    fn the_variables_of_debian_are_told() {
        let text = "export APACHE_RUN_USER=www-data\nexport APACHE_PID_FILE=/var/run/apache2$SUFFIX/apache2.pid\n: x\nexport APACHE_RUN_DIR=${APACHE_RUN_DIR:=/var/run/apache2}\nexport OTHER=hunter2\n";
        let expected = [
            (1, User, "www-data"),
            (2, Writes, "/var/run/apache2/apache2.pid"),
            (4, Writes, "/var/run/apache2"),
        ];
        says("etc/apache2/envvars", text, &expected);
    }
}
