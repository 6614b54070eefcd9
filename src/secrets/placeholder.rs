//! Values that stand where a secret would: in templates, documentation and examples.

/// What a value stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Nothing tells it from a secret.
    Real,
    /// A word that people put where a password goes, in documentation and in careless set-ups alike.
    Weak,
    /// A variable, a template's slot, a documentation's key, a filler: no secret.
    Filler,
}

/// Beginnings of what a shell, a template or a format string fills in later.
const SLOTS: [&[u8]; 10] = [
    b"${",
    b"$(",
    b"{{",
    b"<%",
    b"%(",
    b"#{",
    b"@@",
    b"&lt;",
    b"...",
    b"\xe2\x80\xa6",
];

/// Words that no random token holds by chance and that documentation is full of; compared in lower case.
const FILLER_WORDS: [&[u8]; 21] = [
    b"example",
    b"xxxxx",
    b"your_",
    b"your-",
    b"yourt",
    b"yourp",
    b"yours",
    b"yourk",
    b"placeholder",
    b"_here",
    b"-here",
    b"goes_here",
    b"replace_me",
    b"change-me",
    b"putyour",
    b"redacted",
    b"insert",
    b"dummy",
    b"123456789",
    b"abcdefgh",
    // The key of Azure's storage emulator, which Microsoft publishes.
    b"eby8vdm02xnocqfl",
];

/// Whole values that are a password only where somebody was careless.
const WEAK_PASSWORDS: [&str; 44] = [
    "opensesame",
    "password",
    "passwd",
    "passw0rd",
    "pass",
    "pwd",
    "pw",
    "secret",
    "secrets",
    "changeme",
    "change_me",
    "changeit",
    "change-me",
    "default",
    "test",
    "testing",
    "test123",
    "tester",
    "user",
    "username",
    "admin",
    "root",
    "guest",
    "foo",
    "bar",
    "baz",
    "foobar",
    "qwerty",
    "letmein",
    "postgres",
    "mysql",
    "redis",
    "mongo",
    "rabbitmq",
    "hunter2",
    "token",
    "key",
    "none",
    "null",
    "pass123",
    "password1",
    "password123",
    "mypassword",
    "xyzzy",
];

/// Judges a value by its text alone.
pub(super) fn stand_of(value: &[u8]) -> Stand {
    let lower = value.to_ascii_lowercase();
    if is_slot(&lower) || is_filler(&lower) {
        return Stand::Filler;
    }
    let plain = plain_of(&lower);
    let names_itself = value.len() < 24
        && [&b"password"[..], b"passwd", b"secret", b"sensitive"]
            .iter()
            .any(|word| contains(&plain, word));
    let digits_only = value.len() < 9 && value.iter().all(u8::is_ascii_digit);
    let is_weak = value.len() < 4 || digits_only;
    let is_listed = |text: &[u8]| WEAK_PASSWORDS.iter().any(|weak| weak.as_bytes() == text);
    if is_weak || names_itself || is_listed(&lower) || is_listed(&plain) {
        return Stand::Weak;
    }
    Stand::Real
}

/// A word without the digits and signs that people put into it and behind it: `p4ssw0rd1!` is `password`.
pub(super) fn plain_of(lower: &[u8]) -> Vec<u8> {
    let end = lower
        .iter()
        .rposition(|byte| !byte.is_ascii_digit() && *byte != b'!')
        .map_or(0, |last| last + 1);
    let word = lower.get(..end).unwrap_or_default().iter();
    word.map(|byte| match byte {
        b'0' => b'o',
        b'1' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        other => *other,
    })
    .collect()
}

fn is_slot(value: &[u8]) -> bool {
    let wrapped =
        |open: u8, close: u8| value.first() == Some(&open) && value.last() == Some(&close);
    let is_name = |rest: &[u8]| {
        !rest.is_empty()
            && rest
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    SLOTS.iter().any(|slot| contains(value, slot))
        || wrapped(b'<', b'>')
        || wrapped(b'{', b'}')
        || wrapped(b'[', b']')
        || wrapped(b'%', b'%')
        || wrapped(b'_', b'_')
        || value.strip_prefix(b"$").is_some_and(is_name)
        || matches!(
            value,
            b"%s" | b"%v" | b"%d" | b"%q" | b"{}" | b"{0}" | b"*" | b":password" | b"{password"
        )
}

fn is_filler(value: &[u8]) -> bool {
    FILLER_WORDS.iter().any(|word| contains(value, word)) || is_monotonous(value)
}

/// Whether some stretch that makes up half of the value is one and the same character: `000000`, `AKIAXXXXXXXXXXXXXXXX`.
fn is_monotonous(value: &[u8]) -> bool {
    let longest_run = value
        .chunk_by(|one, next| one == next)
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    (longest_run >= 4 && longest_run * 2 + 2 >= value.len())
        || (longest_run == 3 && value.len() == 3)
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_templates_and_documentation_are_no_secrets() {
        for value in [
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "$(cat /run/secret)",
            "{{ .Values.password }}",
            "<token>",
            "{password}",
            "%PASSWORD%",
            "%s",
            "xxxxxxxxxxxx",
            "0000000000",
            "****",
            "your-token-here",
            "YOUR_API_KEY",
            "ab...",
            "AKIAXXXXXXXXXXXXXXXX",
            "[password]",
            "__PASSWORD__",
            "insert-key-here",
            "REDACTED",
        ] {
            assert_eq!(stand_of(value.as_bytes()), Stand::Filler, "{value}");
        }
        let documented = ["AKIAIOSFODNN7", "EXAMPLE"].concat();
        assert_eq!(stand_of(documented.as_bytes()), Stand::Filler);
    }

    #[test]
    fn careless_passwords_are_weak_and_others_real() {
        for value in [
            "changeme",
            "Password",
            "12345678",
            "abc",
            "guest",
            "P4ssw0rd!",
            "secr3t",
            "Password01",
            "admin123",
        ] {
            assert_eq!(stand_of(value.as_bytes()), Stand::Weak, "{value}");
        }
        for value in ["Tr0ub4dor&3", "correct horse", "k3J9fQpZ", "pa$$w0rt"] {
            assert_eq!(stand_of(value.as_bytes()), Stand::Real, "{value}");
        }
    }
}
