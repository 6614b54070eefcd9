//! Passwords in connection URIs: what stands around them tells those of documentation and of tests.

use super::{Claim, Verdict};
use crate::secrets::placeholder::{Stand, stand_of};

/// Hosts that only documentation and tests connect to (RFC 6761), and words that stand where a host goes.
const EXAMPLE_HOSTS: [&[u8]; 26] = [
    b"localhost",
    b"host",
    b"hostname",
    b"127.0.0.1",
    b"[::1]",
    b"[",
    b"0.0.0.0",
    b"server",
    b"ip",
    b"address",
    b"myhost",
    b"foo",
    b"bar",
    b"proxy",
    b"proxyhost",
    b"proxy-host",
    b"myproxy",
    b"somehost",
    b"remotehost",
    b"remote",
    b"domain",
    b"site",
    b"url",
    b"db",
    b"h",
    b"domain.tld",
];
/// Domains in which nobody's host can be (RFC 2606).
const RESERVED_DOMAINS: [&[u8]; 8] = [
    b"example.com",
    b"example.org",
    b"example.net",
    b"example.edu",
    b"example",
    b".test",
    b".invalid",
    b".localhost",
];
/// Domains that documentation takes for examples, though somebody owns them.
const EXAMPLE_DOMAINS: [&[u8]; 7] = [
    b"domain.com",
    b"acme.com",
    b"yourdomain.com",
    b"mydomain.com",
    b"foo.com",
    b"bar.com",
    b"host.com",
];
/// Words that stand where a user goes.
const EXAMPLE_USERS: [&[u8]; 23] = [
    b"aladdin",
    b"samuel",
    b"john",
    b"user",
    b"username",
    b"usr",
    b"name",
    b"login",
    b"me",
    b"myuser",
    b"my_user",
    b"foo",
    b"joe",
    b"bob",
    b"alice",
    b"userid",
    b"uid",
    b"u",
    b"test",
    b"testuser",
    b"proxyuser",
    b"scott",
    b"someuser",
];
/// Passwords that documentation gives such a user, beside the careless ones.
const EXAMPLE_PASSWORDS: [&[u8]; 10] = [
    b"p",
    b"pw",
    b"pass",
    b"passwd",
    b"password",
    b"tiger",
    b"bar",
    b"p4ssw0rd",
    b"mypass",
    b"testpassword",
];

/// A URI: the value is its password, and its host follows behind an `@`.
pub(super) fn uri(claim: &Claim<'_>) -> Verdict {
    let behind = claim.block.get(claim.value_end..).unwrap_or_default();
    let behind = behind.strip_prefix(b"@").unwrap_or(behind);
    // Oracle's own form of a host: `@//db.corp:1521/service`.
    judge(claim, behind.strip_prefix(b"//").unwrap_or(behind))
}

/// A DSN of Go's driver for `MySQL`: the host follows in parentheses.
pub(super) fn dsn(claim: &Claim<'_>) -> Verdict {
    let behind = claim.block.get(claim.value_end..).unwrap_or_default();
    judge(claim, behind.strip_prefix(b"@tcp(").unwrap_or(behind))
}

fn judge(claim: &Claim<'_>, behind: &[u8]) -> Verdict {
    let host = host_of(behind);
    let user = user_of(claim);
    let password = claim.value().to_ascii_lowercase();
    let is_reserved = RESERVED_DOMAINS.iter().any(|domain| host.ends_with(domain));
    if is_reserved || is_pattern(claim.value()) {
        return Verdict::Refuted;
    }
    let is_example_host = host.is_empty()
        || EXAMPLE_HOSTS.contains(&host.as_slice())
        || EXAMPLE_DOMAINS.iter().any(|domain| host.ends_with(domain));
    let is_example_user = EXAMPLE_USERS.contains(&user.as_slice())
        || user.len() == 1
        || memchr::memchr(b'%', &user).is_some();
    let is_weak = stand_of(&password) != Stand::Real
        || EXAMPLE_PASSWORDS.contains(&password.as_slice())
        || (!user.is_empty() && password.starts_with(&user));
    match (is_weak, is_example_host, is_example_user) {
        (true, true, _) | (true, _, true) => Verdict::Refuted,
        (_, true, _) => Verdict::Doubtful,
        _ => Verdict::Plausible,
    }
}

fn host_of(behind: &[u8]) -> Vec<u8> {
    let is_end = |byte: &u8| {
        !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'[' | b']'))
    };
    // 253: the longest domain name. Brackets stay in, for IPv6; its colons end it early, which `[` alone tells.
    let behind = behind.get(..253).unwrap_or(behind);
    let host = behind.split(is_end).next().unwrap_or_default();
    host.to_ascii_lowercase()
}

/// What stands before the `:` in front of the password.
fn user_of(claim: &Claim<'_>) -> Vec<u8> {
    let before = claim
        .block
        .get(claim.start..claim.value_start.saturating_sub(1))
        .unwrap_or_default();
    let user = before.rsplit(|byte| matches!(byte, b'/' | b'"' | b'\'' | b' ' | b'`' | b'='));
    user.clone().next().unwrap_or_default().to_ascii_lowercase()
}

/// A regular expression or a format string, as programs have them that read or write such URIs.
fn is_pattern(value: &[u8]) -> bool {
    let signs = value.iter().filter(|byte| {
        matches!(
            byte,
            b'(' | b')' | b'[' | b']' | b'^' | b'|' | b'*' | b'{' | b'}' | b','
        )
    });
    signs.count() >= 2
        || value.ends_with(b"]+")
        || value.starts_with(b"%")
        || value.starts_with(b"[")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> Verdict {
        let mut claim = crate::secrets::proof::claim(text.as_bytes());
        claim.value_end = text.find('@').expect("host");
        claim.value_start = text[..claim.value_end].rfind(':').expect("user") + 1;
        uri(&claim)
    }

    #[test]
    fn what_documentation_writes_is_no_password() {
        for text in [
            "http://user:pass@host/",
            "http://user:password@proxy:3128",
            "http://username:password@proxyserver.corp:8080/",
            "ftp://joe:passwd@ftp.corp.internal/",
            "http://u:p@h/",
            "https://ci:k3J9fQpZ7Lr@www.example.com/",
            "redis://user:password@redis.corp.internal",
            "http://foo:bar@baz.corp/",
            "https?://[^:]+:([^@]+)@[a-z]",
        ] {
            assert_eq!(check(text), Verdict::Refuted, "{text}");
        }
    }

    #[test]
    fn an_example_host_makes_a_doubtful_password_and_any_other_a_plausible_one() {
        assert_eq!(check("db://app:k3J9fQpZ@localhost:5432"), Verdict::Doubtful);
        assert_eq!(check("db://app:k3J9fQpZ@${HOST}"), Verdict::Doubtful);
        assert_eq!(check("db://app:k3J9fQpZ@HOST/"), Verdict::Doubtful);
        assert_eq!(
            check("db://app:k3J9fQpZ@db.prod.internal:5432/app"),
            Verdict::Plausible
        );
        assert_eq!(
            check("db://admin:changeme@db.prod.internal"),
            Verdict::Plausible
        );
    }
}
