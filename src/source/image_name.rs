//! The names of images in registries: `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`.
//!
//! Read by hand and not by the registry crate, whose regular expression takes 70 ms to compile: most of what a scan with a
//! warm cache may take in all.
//!
//! ```text
//! domain      component ("." component)*  or  "[" IPv6 "]", then optionally ":" port
//! component   letters, digits, and "-" within
//! path        part ("/" part)*
//! part        lower-case letters and digits, with "." or "_" or "__" or any number of "-" between them
//! tag         a letter, digit or "_", then up to 127 of these and "." and "-"
//! ```
//! <https://github.com/distribution/reference/blob/main/reference.go>

use std::net::Ipv6Addr;

use oci_distribution::Reference;

use crate::model::Digest;

const DOCKER_HUB: &str = "docker.io";

/// The longest repository name that registries take.
const LONGEST_REPOSITORY: usize = 255;

/// Reads a name; `Err` says what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Reference, String> {
    if text.contains("://") {
        return Err("a registry is written without https://".to_owned());
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (text, None),
    };
    if let Some(digest) = digest {
        digest
            .parse::<Digest>()
            .map_err(|error| error.to_string())?;
    }
    let last_part = rest.rfind('/').map_or(0, |slash| slash + 1);
    let colon = rest.rfind(':').filter(|colon| *colon >= last_part);
    let (name, tag) = match colon.and_then(|colon| rest.split_at_checked(colon)) {
        Some((name, tag)) => (name, tag.get(1..)),
        None => (rest, None),
    };
    if let Some(tag) = tag.filter(|tag| !is_tag(tag)) {
        return Err(format!(
            "`{tag}` is no tag: letters, digits, _ . -, at most 128 of them"
        ));
    }
    let (registry, repository) = split_registry(name)?;
    Ok(match (tag, digest) {
        (Some(tag), Some(digest)) => {
            Reference::with_tag_and_digest(registry, repository, tag.to_owned(), digest.to_owned())
        }
        (None, Some(digest)) => Reference::with_digest(registry, repository, digest.to_owned()),
        (tag, None) => {
            Reference::with_tag(registry, repository, tag.unwrap_or("latest").to_owned())
        }
    })
}

/// The first part is a registry if it cannot be a user of Docker Hub: it has a dot or a port, or is `localhost`.
fn split_registry(name: &str) -> Result<(String, String), String> {
    let registry = name.split_once('/').filter(|(first, _)| {
        first.contains(['.', ':']) || *first == "localhost" || first.contains(char::is_uppercase)
    });
    let (registry, repository) = registry.unwrap_or((DOCKER_HUB, name));
    if !is_registry(registry) {
        return Err(format!("`{registry}` is no registry's host"));
    }
    let registry = if registry == "index.docker.io" {
        DOCKER_HUB
    } else {
        registry
    };
    if repository.contains(char::is_uppercase) {
        return Err("repository names are lower-case".to_owned());
    }
    if repository.len() > LONGEST_REPOSITORY {
        return Err(format!(
            "a repository name has at most {LONGEST_REPOSITORY} characters"
        ));
    }
    if let Some(part) = repository.split('/').find(|part| !is_part(part)) {
        return Err(format!("`{part}` is no part of a repository name"));
    }
    let of_docker = registry == DOCKER_HUB && !repository.contains('/');
    let repository = if of_docker {
        format!("library/{repository}")
    } else {
        repository.to_owned()
    };
    Ok((registry.to_owned(), repository))
}

fn is_registry(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_component = |part: &str| {
        !part.is_empty()
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match address {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => host.split('.').all(is_component),
    };
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_part(part: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_separator = |separator: &[u8]| {
        matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|byte| *byte == b'-')
    };
    let bytes = part.as_bytes();
    let ends = [bytes.first(), bytes.last()];
    ends.iter()
        .all(|end| end.is_some_and(|byte| is_word(*byte)))
        && bytes
            .chunk_by(|left, right| is_word(*left) == is_word(*right))
            .all(|run| run.first().is_some_and(|first| is_word(*first)) || is_separator(run))
}

fn is_tag(tag: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    tag.len() <= 128
        && tag.bytes().next().is_some_and(is_word)
        && tag
            .bytes()
            .all(|byte| is_word(byte) || matches!(byte, b'.' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_read_as_the_registry_crate_reads_them() {
        let digest = Digest::sha256_of(b"");
        let at_digest = format!("quay.io/a@{digest}");
        let tag_and_digest = format!("localhost/a:1@{digest}");
        for text in [
            "alpine",
            "alpine:3.20",
            "a/b",
            "a/b:1",
            "localhost:5000/x:y",
            "localhost/x",
            "index.docker.io/a/b",
            "docker.io/alpine",
            "registry.example.com:443/a/b/c:v1.2-x_y",
            "1.2.3.4:5/a__b/c--d.e_f",
            "a:5000/b",
            "UP/b",
            &at_digest,
            &tag_and_digest,
        ] {
            let ours = parse(text).map(|name| name.whole());
            let theirs = text.parse::<Reference>().map(|name| name.whole());
            // The one difference: Docker and we take a first part with an upper-case letter for a host.
            if text == "UP/b" {
                assert_eq!(ours.as_deref(), Ok("UP/b:latest"));
            } else {
                assert_eq!(ours.ok(), theirs.ok(), "{text}");
            }
        }
        assert_eq!(
            parse("[::1]:5000/a")
                .map(|name| name.registry().to_owned())
                .as_deref(),
            Ok("[::1]:5000")
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, reason) in [
            ("https://quay.io/a", "without https://"),
            ("Alpine", "lower-case"),
            ("a b", "`a b` is no part"),
            ("", "`` is no part"),
            ("a//b", "`` is no part"),
            ("quay.io/", "`` is no part"),
            ("a/.b", "`.b` is no part"),
            ("a/..", "`..` is no part"),
            ("a_-b", "is no part"),
            ("a:", "`` is no tag"),
            ("a:-x", "`-x` is no tag"),
            ("a@sha256:00", "64 lower-case hex digits"),
            ("-x.y/a", "is no registry's host"),
            ("x.y:99999/a", "is no registry's host"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(
            parse(&"a".repeat(256)).is_err() && parse(&format!("a:{}", "t".repeat(129))).is_err()
        );
    }

    proptest! {
        #[test]
        fn what_is_accepted_the_registry_crate_accepts_too(text in "[a-zA-Z0-9./:@_-]{0,24}") {
            match (parse(&text), text.parse::<Reference>()) {
                (Ok(ours), Ok(theirs)) => {
                    prop_assume!(ours.registry().chars().all(|c| !c.is_uppercase()));
                    prop_assert_eq!(ours.whole(), theirs.whole());
                }
                (Ok(ours), Err(_)) => prop_assert!(ours.registry().contains(char::is_uppercase), "{}", text),
                (Err(_), _) => {}
            }
        }
    }
}
