//! OpenSSH's server (`sshd_config(5)`).

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, NoAuthentication, Writes};
use crate::posture::reader::{has_extension, settings};

pub(super) const FAMILY: Family = Family {
    name: "sshd",
    is_read: |path| {
        path == "etc/ssh/sshd_config"
            || path.starts_with("etc/ssh/sshd_config.d/") && has_extension(path, "conf")
    },
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let said = settings(bytes, &['#']).filter_map(|(line, text)| {
        let (key, value) = text.split_once(|sign: char| sign.is_whitespace() || sign == '=')?;
        let value = unquoted(value.trim().trim_start_matches('='));
        let (kind, value) = match &*key.to_ascii_lowercase() {
            "port" | "listenaddress" => (Listens, port(value)?),
            "pidfile" => (Writes, absolute(value)?),
            "permitemptypasswords" if value.eq_ignore_ascii_case("yes") => {
                (NoAuthentication, "PermitEmptyPasswords yes".to_owned())
            }
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
    fn the_port_and_empty_passwords_are_told() {
        let text = "Port 2222\n#PermitEmptyPasswords yes\npermitemptypasswords Yes\nPermitRootLogin no\nListenAddress 0.0.0.0\n";
        let expected = [
            (1, Listens, "2222"),
            (3, NoAuthentication, "PermitEmptyPasswords yes"),
        ];
        says("etc/ssh/sshd_config", text, &expected);
    }
}
