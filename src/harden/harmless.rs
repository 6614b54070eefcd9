//! Words of an image's commands that may be repeated: those that could hold a secret may not.

/// Parts of a name whose value is nobody's business.
const SECRET_WORDS: &[&str] = &[
    "pass", "secret", "token", "key", "cred", "auth", "pwd", "private", "salt", "cookie",
    "session", "bearer",
];
/// A word this long that mixes letters and digits like a key is taken for one.
const KEY_LENGTH: usize = 20;

/// The words, if none of them could hold a secret.
pub(super) fn harmless(words: &[String]) -> Option<Vec<String>> {
    let is_harmful = words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        could_hold_secret(word)
            || before.is_some_and(|before| {
                before.starts_with('-')
                    && (names_secret(before) || takes_secret(before) && !is_plain(word))
            })
    });
    (!is_harmful).then(|| words.to_vec())
}

/// A path or a number: `gunicorn -p /run/app.pid`, `app -p 8080`.
fn is_plain(word: &str) -> bool {
    word.starts_with('/') || word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Flags of the clients that health checks call, with a password, an account or a header behind them: `redis-cli -a`, `curl -u`,
/// `ldapsearch -w`, `sqlcmd -P`, `curl -b`.
fn takes_secret(flag: &str) -> bool {
    const FLAGS: [&str; 12] = [
        "-p",
        "-P",
        "-u",
        "-U",
        "-a",
        "-w",
        "-b",
        "-H",
        "--user",
        "--header",
        "--cookie",
        "--proxy-user",
    ];
    FLAGS.contains(&flag)
        || ["-a", "-p", "-u"]
            .iter()
            .any(|short| flag.len() > 2 && flag.starts_with(short) && !flag.starts_with("--"))
}

fn names_secret(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    SECRET_WORDS.iter().any(|part| lower.contains(part))
}

/// Whether a word names a secret with a value behind it, holds the user part of a URL, or looks like a key.
fn could_hold_secret(word: &str) -> bool {
    let has_value = word
        .split_whitespace()
        .any(|part| part.contains(['=', ':']) && names_secret(part));
    let flag_with_value = word.contains(char::is_whitespace)
        && word
            .split_whitespace()
            .any(|part| part.starts_with('-') && (names_secret(part) || takes_secret(part)));
    let in_url = word
        .split("://")
        .skip(1)
        .any(|rest| rest.split('/').next().unwrap_or_default().contains('@'));
    let joined_password = word
        .split_whitespace()
        .any(|part| part.starts_with("-p") && part.len() > 2 && !part.starts_with("--"));
    has_value
        || flag_with_value
        || in_url
        || joined_password && word.contains(char::is_whitespace)
        || word
            .split(|c: char| !c.is_ascii_alphanumeric() && c != '+' && c != '_')
            .any(looks_like_key)
}

fn looks_like_key(word: &str) -> bool {
    let any = |test: fn(&char) -> bool| word.chars().any(|c| test(&c));
    word.len() >= KEY_LENGTH && any(char::is_ascii_digit) && any(char::is_ascii_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_harmless(words: &[&str]) -> bool {
        harmless(
            &words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        )
        .is_some()
    }

    #[test]
    fn usual_commands_are_repeated_and_those_with_secrets_are_not() {
        assert!(is_harmless(&["nginx", "-g", "daemon off;"]));
        assert!(is_harmless(&[
            "docker-entrypoint.sh",
            "redis-server",
            "--port",
            "6379"
        ]));
        assert!(is_harmless(&["curl", "-f", "http://localhost:8080/health"]));
        assert!(is_harmless(&["gunicorn", "-p", "/tmp/a.pid"]));
        assert!(!is_harmless(&["redis-server", "--requirepass", "x"]));
        assert!(!is_harmless(&["app", "--db-password=x"]));
        assert!(!is_harmless(&["app", "postgres://app:x@db/app"]));
        assert!(!is_harmless(&["sh", "-c", "mysqladmin ping -pgeheim"]));
        assert!(!is_harmless(&["sh", "-c", "redis-cli -a geheim ping"]));
        assert!(!is_harmless(&[
            "app",
            &["9f8e7d6c5b", "4a3f2e1d0c"].concat()
        ]));
    }
}
