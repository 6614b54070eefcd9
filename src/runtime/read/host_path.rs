//! Paths of the host as people write them, in one spelling: a rule about `/var/run/docker.sock` must see `//var/run/./docker.sock`.

/// The same path without `//`, `/./`, `..` and a trailing `/`.
///
/// As text alone, no link of the host is followed. `~` stays, and so does a variable: what lies above them is not known, so a `..`
/// behind them stays, too. `/..` is `/`. A relative path keeps its leading `./`; an empty text stays empty. A path of Windows
/// (`C:\x`) keeps its backslashes.
pub fn normalise(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match (part, parts.last()) {
            ("..", None) if absolute => {}
            ("..", Some(last)) if is_collapsible(last, parts.len() == 1 && !absolute) => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if absolute {
        format!("/{joined}")
    } else if path.is_empty() {
        joined
    } else if joined.is_empty() {
        ".".to_owned()
    } else if path.starts_with("./") && parts.first() != Some(&"..") {
        format!("./{joined}")
    } else {
        joined
    }
}

/// Whether `..` behind this part leads to what is before it.
fn is_collapsible(part: &str, begins_relative: bool) -> bool {
    let is_home = begins_relative && part.starts_with('~');
    part != ".." && !is_home && !part.contains('$')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_spelling_of_a_path_becomes_one() {
        for (written, expected) in [
            ("/", "/"),
            ("//", "/"),
            ("/.", "/"),
            ("/..", "/"),
            ("/../../etc", "/etc"),
            ("//var/run/docker.sock", "/var/run/docker.sock"),
            ("/var/./run//docker.sock/", "/var/run/docker.sock"),
            ("/var/lib/../run/docker.sock", "/var/run/docker.sock"),
            ("/etc/", "/etc"),
            ("~", "~"),
            ("~/", "~"),
            ("~/.ssh/", "~/.ssh"),
            ("~/x/../.ssh", "~/.ssh"),
            ("~/../root", "~/../root"),
            ("/~/..", "/"),
            ("$HOME/../x", "$HOME/../x"),
            ("/${X}/../y", "/${X}/../y"),
            (".", "."),
            ("./", "."),
            ("./data/", "./data"),
            ("./a/../b", "./b"),
            ("./..", ".."),
            ("../x/", "../x"),
            ("../../x", "../../x"),
            ("a/..", "."),
            ("data", "data"),
            ("C:\\data", "C:\\data"),
            ("", ""),
        ] {
            assert_eq!(normalise(written), expected, "{written}");
        }
    }

    proptest! {
        #[test]
        fn a_normalised_path_stays_as_it_is(path in "[/.~$a]{0,12}") {
            let once = normalise(&path);
            prop_assert_eq!(normalise(&once), once);
        }

        #[test]
        fn any_text_has_a_spelling(path in "\\PC{0,60}") {
            let _ = normalise(&path);
        }
    }
}
