//! A published port as one word, as Compose and quadlets have it: `127.0.0.1:8080:80/tcp`.
//!
//! Pure text: what a piece with an unknown variable means is for the reader of the form to say.

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
    fn a_port_is_taken_apart() {
        for (text, ip, host, container, protocol) in [
            ("80", None, None, "80", "tcp"),
            ("8080:80", None, Some("8080"), "80", "tcp"),
            (
                "8000-8005:80-85/udp",
                None,
                Some("8000-8005"),
                "80-85",
                "udp",
            ),
            (
                "127.0.0.1:80:80",
                Some("127.0.0.1"),
                Some("80"),
                "80",
                "tcp",
            ),
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
            let _ = (port(&text), range(&text));
        }
    }
}
