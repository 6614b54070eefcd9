//! Words that Docker and Podman read the same way wherever they stand: on a command line, in what `inspect` says, in a unit file.

use super::host_path;
use crate::runtime::{Account, Namespace, Restart, Setting, Spot};

/// A boolean as Go's `strconv.ParseBool` reads it, which is behind every flag.
pub(super) fn boolean(word: &str) -> Option<bool> {
    match word {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// `NAME`, `UID`, `NAME:GROUP`, `UID:GID`, `:GID`.
pub(super) fn account(word: &str, at: &Spot, account: &mut Account) {
    let (user, group) = match word.split_once(':') {
        Some((user, group)) => (user, group),
        None => (word, ""),
    };
    if !user.is_empty() {
        account.user = Setting::stated(user.to_owned(), at.clone());
    }
    if !group.is_empty() {
        account.group = Setting::stated(group.to_owned(), at.clone());
    }
}

/// A network: `host`, `bridge`, `container:db`, a name with options behind it. `None`: nothing is said.
pub(super) fn network(word: &str) -> Option<Namespace> {
    let word = name_of_long_form(word).unwrap_or(word);
    if let Some(joined) = joined(word) {
        return Some(joined);
    }
    // Podman takes several networks, and options behind a colon.
    let first = word.split([',', ':']).next().unwrap_or(word).trim();
    match first {
        "" => None,
        "host" => Some(Namespace::Host),
        "none" => Some(Namespace::None),
        "default" | "bridge" => Some(Namespace::DefaultBridge),
        "private" | "pasta" | "slirp4netns" => Some(Namespace::Private),
        name => Some(Namespace::Named(name.to_owned())),
    }
}

/// `name=NET,alias=web`: the long form of `--network`.
fn name_of_long_form(word: &str) -> Option<&str> {
    word.contains('=')
        .then(|| word.split(',').find_map(|part| part.strip_prefix("name=")))?
}

/// A PID, IPC, UTS or cgroup namespace. `None`: an empty word says nothing, and another one is not known.
pub(super) fn namespace(word: &str) -> Option<Namespace> {
    match word {
        "host" => Some(Namespace::Host),
        "private" => Some(Namespace::Private),
        "shareable" => Some(Namespace::Shareable),
        "none" => Some(Namespace::None),
        other => joined(other),
    }
}

/// A user namespace: Docker knows `host`, Podman more. `nomap`, `keep-id` and `auto` all map root to somebody else.
pub(super) fn user_namespace(word: &str) -> Option<Namespace> {
    match word.split([':', ',']).next().unwrap_or(word) {
        "auto" | "keep-id" | "nomap" | "private" => Some(Namespace::Private),
        "host" => Some(Namespace::Host),
        _ => joined(word),
    }
}

/// The namespace of another container or of a process.
fn joined(word: &str) -> Option<Namespace> {
    if let Some(path) = word.strip_prefix("ns:") {
        return Some(namespace_at(path));
    }
    let name = word
        .strip_prefix("container:")
        .or_else(|| word.strip_prefix("service:"))
        .or_else(|| (word == "pod").then_some(word))?;
    Some(Namespace::Joined(name.to_owned()))
}

/// The namespace behind a path: that of process 1 is the host's.
pub(super) fn namespace_at(path: &str) -> Namespace {
    let path = host_path::normalise(path);
    if path.starts_with("/proc/1/ns/") {
        Namespace::Host
    } else {
        Namespace::Joined(path)
    }
}

/// `no`, `always`, `on-failure:5`.
pub(super) fn restart(word: &str) -> Restart {
    let (policy, retries) = match word.split_once(':') {
        Some((policy, retries)) => (policy, retries.parse().ok()),
        None => (word, None),
    };
    Restart {
        policy: policy.to_owned(),
        // The engine stores "as often as it likes" as 0.
        max_retries: retries.filter(|count| *count > 0),
    }
}

/// A number of billionths of a processor, as people write it: 1500000000 is `1.5`.
pub(super) fn processors(billionths: u64) -> String {
    const ONE: u64 = 1_000_000_000;
    let fraction = format!("{:09}", billionths % ONE);
    let text = format!("{}.{}", billionths / ONE, fraction.trim_end_matches('0'));
    text.trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_told_apart() {
        for (word, expected) in [
            ("", None),
            ("host", Some(Namespace::Host)),
            ("none", Some(Namespace::None)),
            ("bridge", Some(Namespace::DefaultBridge)),
            ("default", Some(Namespace::DefaultBridge)),
            ("container:db", Some(Namespace::Joined("db".to_owned()))),
            (
                "name=shop,alias=web",
                Some(Namespace::Named("shop".to_owned())),
            ),
            ("name=host", Some(Namespace::Host)),
            ("pasta:-T,5432", Some(Namespace::Private)),
            ("slirp4netns", Some(Namespace::Private)),
            (
                "shop:ip=10.0.0.2",
                Some(Namespace::Named("shop".to_owned())),
            ),
            ("a,b", Some(Namespace::Named("a".to_owned()))),
            ("ns:/proc/1/ns/net", Some(Namespace::Host)),
            ("ns:/proc//1/ns/net", Some(Namespace::Host)),
            (
                "ns:/run/netns/x",
                Some(Namespace::Joined("/run/netns/x".to_owned())),
            ),
            ("hostile", Some(Namespace::Named("hostile".to_owned()))),
        ] {
            assert_eq!(network(word), expected, "{word}");
        }
    }

    #[test]
    fn a_word_that_no_engine_knows_is_no_namespace() {
        assert_eq!(namespace("hosts"), None);
        assert_eq!(namespace(""), None);
        assert_eq!(user_namespace("keep-id:uid=5"), Some(Namespace::Private));
        assert_eq!(user_namespace("host"), Some(Namespace::Host));
        assert_eq!(user_namespace("dockremap"), None);
    }

    #[test]
    fn a_user_and_a_group_are_split_at_the_colon() {
        for (word, user, group) in [
            ("0:0", Some("0"), Some("0")),
            ("1000", Some("1000"), None),
            ("app:app", Some("app"), Some("app")),
            (":5", None, Some("5")),
            ("", None, None),
        ] {
            let mut read = Account::default();
            account(word, &Spot::default(), &mut read);
            let parts = (
                read.user.value().map(String::as_str),
                read.group.value().map(String::as_str),
            );
            assert_eq!(parts, (user, group), "{word}");
        }
    }

    #[test]
    fn retries_without_a_number_have_no_end() {
        for (word, policy, retries) in [
            ("no", "no", None),
            ("always", "always", None),
            ("on-failure", "on-failure", None),
            ("on-failure:5", "on-failure", Some(5)),
            ("on-failure:0", "on-failure", None),
        ] {
            let read = restart(word);
            assert_eq!((read.policy.as_str(), read.max_retries), (policy, retries));
        }
    }

    #[test]
    fn processors_are_written_as_people_do() {
        for (billionths, text) in [
            (1_500_000_000, "1.5"),
            (2_000_000_000, "2"),
            (250_000_000, "0.25"),
            (1, "0.000000001"),
        ] {
            assert_eq!(processors(billionths), text);
        }
    }
}
