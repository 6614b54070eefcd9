//! The short forms of mounts, ports and devices that Docker, Compose and Podman share: `./x:/y:ro`, `127.0.0.1:80:80/tcp`.
//!
//! Pure text: what a piece with an unknown variable means is for the reader of the form to say.

/// A mount in its short form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ShortVolume {
    /// Path or name; `None` of an anonymous volume.
    pub(super) source: Option<String>,
    pub(super) target: String,
    /// `ro`, `z`, `rshared`, … in their order.
    pub(super) options: Vec<String>,
}

/// A port in its short form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ShortPort {
    pub(super) host_ip: Option<String>,
    /// A port or a range as written.
    pub(super) host: Option<String>,
    /// A port or a range as written.
    pub(super) container: String,
    pub(super) protocol: String,
}

/// `[SOURCE:]TARGET[:OPTIONS]`. A drive letter (`C:\x`) belongs to its path.
pub(super) fn volume(text: &str) -> ShortVolume {
    let mut pieces = pieces(text).into_iter();
    let (first, second) = (pieces.next().unwrap_or_default(), pieces.next());
    let Some(target) = second else {
        return ShortVolume {
            target: first,
            ..ShortVolume::default()
        };
    };
    let rest: Vec<String> = pieces.collect();
    let options = rest.iter().flat_map(|words| words.split(','));
    ShortVolume {
        source: Some(first).filter(|source| !source.is_empty()),
        target,
        options: options
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect(),
    }
}

/// Splits at colons, but not behind a drive letter.
fn pieces(text: &str) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    let mut parts = text.split(':').peekable();
    while let Some(part) = parts.next() {
        let is_drive = part.len() == 1 && part.chars().all(|letter| letter.is_ascii_alphabetic());
        let path_follows = parts
            .peek()
            .is_some_and(|next| next.starts_with('\\') || (next.starts_with('/') && done.is_empty()));
        // `C:/x:/y` is a drive; so is `C:\x`. A volume with a name of one letter and a target (`v:/y`) has nothing behind it.
        let more = parts.clone().count() > 1;
        if is_drive && path_follows && (more || parts.peek().is_some_and(|next| next.starts_with('\\'))) {
            let rest = parts.next().unwrap_or_default();
            done.push(format!("{part}:{rest}"));
        } else {
            done.push(part.to_owned());
        }
    }
    done
}

/// Whether a source is a path of the host, and no volume's name.
pub(super) fn is_path(source: &str) -> bool {
    let mut letters = source.chars();
    match letters.next() {
        Some('/' | '.' | '~' | '\\') => true,
        Some(letter) => {
            letter.is_ascii_alphabetic()
                && letters.next() == Some(':')
                && matches!(letters.next(), Some('/' | '\\'))
        }
        None => false,
    }
}

/// The propagation among a mount's options.
pub(super) fn is_propagation(word: &str) -> bool {
    matches!(
        word.strip_prefix('r').unwrap_or(word),
        "shared" | "slave" | "private"
    ) || matches!(word, "unbindable" | "runbindable")
}

/// `[[IP:]HOST:]CONTAINER[/PROTOCOL]`, ports or ranges; `None` if it is none.
pub(super) fn port(text: &str) -> Option<ShortPort> {
    let (rest, protocol) = text
        .rsplit_once('/')
        .map_or((text, "tcp"), |(rest, protocol)| (rest, protocol));
    let (rest, container) = rest
        .rsplit_once(':')
        .map_or((None, rest), |(rest, container)| (Some(rest), container));
    let (host_ip, host) = match rest {
        None => (None, None),
        Some(rest) => match rest.rsplit_once(':') {
            // `[::1]:80` is an address and a port, `[::1]` an address alone.
            Some((ip, host)) if !rest.ends_with(']') => (Some(ip), Some(host)),
            Some(_) => (Some(rest), None),
            None if rest.contains('.') => (Some(rest), None),
            None => (None, Some(rest)),
        },
    };
    let plain = |ip: &str| ip.trim_matches(['[', ']']).to_owned();
    (!container.is_empty()).then(|| ShortPort {
        host_ip: host_ip.map(plain).filter(|ip| !ip.is_empty()),
        host: host.filter(|host| !host.is_empty()).map(str::to_owned),
        container: container.to_owned(),
        protocol: protocol.to_ascii_lowercase(),
    })
}

/// First and last of `80` or `80-90`.
pub(super) fn range(text: &str) -> Option<(u16, Option<u16>)> {
    let Some((first, last)) = text.split_once('-') else {
        return text.trim().parse().ok().map(|port| (port, None));
    };
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, Some(last)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_volume_is_taken_apart() {
        for (text, source, target, options) in [
            ("/data", None, "/data", ""),
            ("db:/data", Some("db"), "/data", ""),
            ("v:/data", Some("v"), "/data", ""),
            ("./x:/y:ro,z", Some("./x"), "/y", "ro,z"),
            ("C:\\x:/y:ro", Some("C:\\x"), "/y", "ro"),
            ("c:/x:/y", Some("c:/x"), "/y", ""),
            ("~/.ssh:/k", Some("~/.ssh"), "/k", ""),
        ] {
            let short = volume(text);
            assert_eq!(
                (short.source.as_deref(), short.target.as_str(), short.options.join(",")),
                (source, target, options.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_port_is_taken_apart() {
        for (text, ip, host, container, protocol) in [
            ("80", None, None, "80", "tcp"),
            ("8080:80", None, Some("8080"), "80", "tcp"),
            ("8000-8005:80-85/udp", None, Some("8000-8005"), "80-85", "udp"),
            ("127.0.0.1:80:80", Some("127.0.0.1"), Some("80"), "80", "tcp"),
            ("127.0.0.1::80", Some("127.0.0.1"), None, "80", "tcp"),
            ("[::1]:80:80", Some("::1"), Some("80"), "80", "tcp"),
            ("::1:80:80", Some("::1"), Some("80"), "80", "tcp"),
        ] {
            let short = port(text).expect("a port");
            assert_eq!(
                (
                    short.host_ip.as_deref(),
                    short.host.as_deref(),
                    short.container.as_str(),
                    short.protocol.as_str()
                ),
                (ip, host, container, protocol),
                "{text}"
            );
        }
        assert_eq!(range("80-90"), Some((80, Some(90))));
        assert_eq!(range("90-80"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart(text in "\\PC{0,40}") {
            let _ = (volume(&text), port(&text), range(&text));
        }
    }
}
