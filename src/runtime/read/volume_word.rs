//! A mount as one word: `/host:/inside:ro`, which `-v`, Compose's short form and `HostConfig.Binds` share, and its options.

use super::host_path;
use crate::runtime::{Mount, MountKind, Setting, Spot, Stated};

/// What can stand for the propagation of a mount (`mount(8)`).
const PROPAGATION: [&str; 8] = [
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "unbindable",
    "runbindable",
];

/// A mount of which only its kind and place are known.
pub(super) fn empty(kind: MountKind, at: &Spot) -> Mount {
    Mount {
        kind,
        source: Setting::Absent,
        target: Setting::Absent,
        read_only: Setting::Absent,
        propagation: None,
        options: Vec::new(),
        size: Setting::Absent,
        at: at.clone(),
    }
}

/// Reads `TARGET`, `SOURCE:TARGET` or `SOURCE:TARGET:OPTIONS`.
pub(super) fn mount(word: &str, at: &Spot) -> Mount {
    let (first, rest) = split(word);
    let (source, target, options) = match rest.map(split) {
        None => (None, first, None),
        Some((target, options)) => (Some(first), target, options),
    };
    let kind = match source {
        Some(source) if is_path(source) => MountKind::Host,
        _ => MountKind::Volume,
    };
    let mut mount = empty(kind, at);
    if let Some(source) = source.filter(|source| !source.is_empty()) {
        let source = match mount.kind {
            MountKind::Host => host_path::normalise(source),
            _ => source.to_owned(),
        };
        mount.source = Setting::stated(source, at.clone());
    }
    mount.target = Setting::stated(host_path::normalise(target), at.clone());
    apply_options(options.unwrap_or_default(), &mut mount);
    mount
}

/// Cuts at the first colon that is not that of a Windows drive, nor inside of `${…}`.
fn split(word: &str) -> (&str, Option<&str>) {
    let mut braces = 0_usize;
    for (index, letter) in word.char_indices() {
        match letter {
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            ':' if braces == 0 && !(index == 1 && is_drive(word)) => {
                let (before, after) = (word.get(..index), word.get(index + 1..));
                return (before.unwrap_or(word), after);
            }
            _ => {}
        }
    }
    (word, None)
}

/// Whether it begins like `C:\` or `c:/`.
fn is_drive(word: &str) -> bool {
    let mut letters = word.chars();
    letters
        .next()
        .is_some_and(|letter| letter.is_ascii_alphabetic())
        && letters.next() == Some(':')
        && matches!(letters.next(), Some('\\' | '/'))
        && {
            // `a:/b` is the volume `a` (too short for a name in Docker, but allowed in Podman), `a:/b:/c` a drive.
            word.contains('\\')
                || word.matches(':').count() > 1 && !word.starts_with(char::is_lowercase)
        }
}

/// Whether a source is a path of the host, and no name of a volume.
pub(super) fn is_path(source: &str) -> bool {
    source.starts_with(['/', '.', '~', '\\']) || source.contains('/') || is_drive(source)
}

/// Reads options with commas between them: `ro,Z,rshared`, `rw,noexec,size=64m`.
pub(super) fn apply_options(options: &str, mount: &mut Mount) {
    for option in options
        .split(',')
        .map(str::trim)
        .filter(|option| !option.is_empty())
    {
        let at = mount.at.clone();
        match option.split_once('=') {
            None if matches!(option, "ro" | "readonly") => {
                mount.read_only = Setting::stated(true, at);
            }
            None if option == "rw" => mount.read_only = Setting::stated(false, at),
            None if PROPAGATION.contains(&option) => {
                mount.propagation = Some(Stated::new(option.to_owned(), at));
            }
            Some(("size", size)) => mount.size = Setting::stated(size.to_owned(), at),
            _ => mount.options.push(option.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(word: &str) -> (MountKind, Option<String>, Option<String>, Option<bool>) {
        let mount = mount(word, &Spot::default());
        (
            mount.kind.clone(),
            mount.source.value().cloned(),
            mount.target.value().cloned(),
            mount.read_only.value().copied(),
        )
    }

    #[test]
    fn every_form_of_a_mount_is_read() {
        use MountKind::{Host, Volume};
        for (word, kind, source, target, read_only) in [
            ("/data", Volume, None, "/data", None),
            ("/etc:/y:ro", Host, Some("/etc"), "/y", Some(true)),
            ("/etc/ssl:/x", Host, Some("/etc/ssl"), "/x", None),
            ("named:/etc", Volume, Some("named"), "/etc", None),
            (
                "//var/run/docker.sock:/s",
                Host,
                Some("/var/run/docker.sock"),
                "/s",
                None,
            ),
            ("./x:/y:rw", Host, Some("./x"), "/y", Some(false)),
            (".:/src", Host, Some("."), "/src", None),
            ("..:/src", Host, Some(".."), "/src", None),
            ("~/.ssh/:/k:ro,z", Host, Some("~/.ssh"), "/k", Some(true)),
            ("a/b:/y", Host, Some("a/b"), "/y", None),
            ("C:\\data:/y:ro", Host, Some("C:\\data"), "/y", Some(true)),
            ("C:/data:/y", Host, Some("C:/data"), "/y", None),
            ("a:/y", Volume, Some("a"), "/y", None),
            ("a:/y:ro", Volume, Some("a"), "/y", Some(true)),
            ("/:/host:rslave", Host, Some("/"), "/host", None),
        ] {
            let expected = (
                kind,
                source.map(str::to_owned),
                Some(target.to_owned()),
                read_only,
            );
            assert_eq!(read(word), expected, "{word}");
        }
    }

    #[test]
    fn options_are_told_apart() {
        let mount = mount("/a:/b:ro,Z,rshared,nocopy,size=64m", &Spot::default());
        assert_eq!(mount.options, ["Z", "nocopy"]);
        assert_eq!(
            mount.propagation.as_ref().map(|said| said.value.as_str()),
            Some("rshared")
        );
        assert_eq!(mount.size.value().map(String::as_str), Some("64m"));
    }

    proptest! {
        #[test]
        fn any_word_is_a_mount(word in "\\PC{0,60}") {
            let _ = mount(&word, &Spot::default());
        }
    }
}
