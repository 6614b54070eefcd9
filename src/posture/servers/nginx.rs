//! nginx: directives of <https://nginx.org/en/docs/ngx_core_module.html> and `ngx_http_core_module`, each ended by `;`.

use super::{Family, Said, absolute, port, unquoted};
use crate::model::ServerSettingKind::{Listens, User, Writes};
use crate::posture::reader::{has_extension, settings};

pub(super) const FAMILY: Family = Family {
    name: "nginx",
    is_read: |path| {
        let is_here = [
            "etc/nginx/",
            "usr/local/nginx/conf/",
            "usr/local/openresty/nginx/conf/",
            "opt/bitnami/nginx/conf/",
        ]
        .iter()
        .any(|folder| path.starts_with(folder));
        is_here && (has_extension(path, "conf") || path.contains("/sites-"))
    },
    read: |_, bytes| read(bytes),
};

fn read(bytes: &[u8]) -> Vec<Said> {
    let mut said = Vec::new();
    for (line, text) in settings(bytes, &['#']) {
        for directive in text.split([';', '{', '}']) {
            let mut words = directive.split_whitespace();
            let (Some(key), Some(value)) = (words.next(), words.next()) else {
                continue;
            };
            let value = match key {
                "user" => Some((User, unquoted(value).to_owned())),
                "listen" => listens(value).map(|port| (Listens, port)),
                "pid" | "access_log" | "error_log" | "lock_file" => {
                    absolute(value).map(|path| (Writes, path))
                }
                _ if key.ends_with("_temp_path") || key.ends_with("_cache_path") => {
                    absolute(value).map(|path| (Writes, path))
                }
                _ => None,
            };
            said.extend(value.map(|(kind, value)| (line, kind, value)));
        }
    }
    said
}

/// An address without a port listens on port 80; a Unix socket on none.
fn listens(address: &str) -> Option<String> {
    if address.starts_with("unix:") {
        return None;
    }
    let has_port =
        !address.ends_with(']') && (address.contains(':') || !address.contains(['.', '*']));
    if has_port {
        port(address)
    } else {
        Some("80".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use crate::posture::servers::testing::*;

    #[test]
    fn user_files_and_ports_are_told() {
        let text = "user  nginx nginx;\nworker_processes auto; pid /run/nginx.pid;\n# pid /x;\nhttp {\n access_log /var/log/nginx/access.log main;\n error_log stderr;\n client_body_temp_path /tmp/body;\n server { listen 80 default_server; listen [::]:8443 ssl; listen unix:/run/x; listen 10.0.0.1; }\n}\n";
        let expected = [
            (1, User, "nginx"),
            (2, Writes, "/run/nginx.pid"),
            (5, Writes, "/var/log/nginx/access.log"),
            (7, Writes, "/tmp/body"),
            (8, Listens, "80"),
            (8, Listens, "8443"),
            (8, Listens, "80"),
        ];
        says("etc/nginx/nginx.conf", text, &expected);
        says(
            "etc/nginx/sites-enabled/default",
            "listen *:81;",
            &[(1, Listens, "81")],
        );
    }
}
