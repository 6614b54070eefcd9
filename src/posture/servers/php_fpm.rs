//! PHP's process manager: pools of `key = value` (<https://www.php.net/manual/en/install.fpm.configuration.php>).

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, User, Writes};
use crate::posture::reader::{has_extension, settings};

pub(super) const FAMILY: Family = Family {
    name: "php-fpm",
    is_read: |path| {
        let is_here = ["etc/php", "usr/local/etc/php", "opt/bitnami/php/"]
            .iter()
            .any(|folder| path.starts_with(folder));
        let is_pool = path.contains("/pool.d/")
            || path.contains("php-fpm.d/")
            || path.ends_with("/php-fpm.conf");
        is_here && has_extension(path, "conf") && (is_pool || path == "etc/php-fpm.conf")
    },
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &[';', '#']).filter_map(|(line, text)| {
        let (key, value) = text.split_once('=')?;
        let value = unquoted(value);
        let (kind, value) = match key.trim() {
            "user" if !value.contains('$') => (User, value.to_owned()),
            "listen" => match absolute(value) {
                Some(socket) => (Writes, socket),
                None => (Listens, port(value)?),
            },
            "pid" | "error_log" | "slowlog" => (Writes, absolute(value)?),
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
    fn a_pool_says_its_account_and_where_it_listens() {
        let text = "[www]\nuser = www-data\nlisten = /run/php/php8.2-fpm.sock\n;listen = 1\nenv[PASSWORD] = hunter2\n";
        let expected = [
            (2, User, "www-data"),
            (3, Writes, "/run/php/php8.2-fpm.sock"),
        ];
        says("etc/php/8.2/fpm/pool.d/www.conf", text, &expected);
        says(
            "usr/local/etc/php-fpm.d/www.conf",
            "listen = 127.0.0.1:9000\n",
            &[(1, Listens, "9000")],
        );
    }
}
