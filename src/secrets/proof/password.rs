//! Values of no structure: whether what is assigned is a password or token, or a piece of a program or of its texts.

use super::Verdict;
use crate::secrets::placeholder::plain_of;

/// What shows that a value names a password, instead of being one.
const NAMES: [&[u8]; 12] = [
    b"passw",
    b"passphrase",
    b"secret",
    b"token",
    b"credential",
    b"getenv",
    b"environ",
    b"process.",
    b"config.",
    b"self.",
    b"this.",
    b"args.",
];

/// Where the value was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// A variable or command that takes nothing but passwords.
    Certain,
    /// Any assignment: the texts of programs are full of them.
    Any,
}

/// A password that a person or a generator chose, and not a word, a name, a path or a hash.
pub(super) fn password(value: &[u8], ground: Ground) -> Verdict {
    let lower = value.to_ascii_lowercase();
    let plain = plain_of(&lower);
    let has_name = |text: &[u8]| {
        NAMES
            .iter()
            .any(|name| memchr::memmem::find(text, name).is_some())
    };
    let names = || has_name(&lower) || (ground == Ground::Any && has_name(&plain));
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let is_word = value.iter().all(|byte| {
        byte.is_ascii_alphabetic()
            || matches!(byte, b'_' | b'-' | b'.' | b' ' | b':' | b'/' | b'\\' | b'*')
    });
    if !value.iter().all(u8::is_ascii_graphic) || is_slot(value) || is_path(value) {
        return Verdict::Refuted;
    }
    if is_hash(value) {
        return Verdict::Doubtful;
    }
    if ground == Ground::Any
        && (value.ends_with(b"@") || memchr::memchr_iter(b'/', value).count() > 1)
    {
        return Verdict::Refuted;
    }
    match (
        names() && (!has_digit || ground == Ground::Any),
        is_word,
        ground,
    ) {
        (true, _, _) | (_, true, Ground::Any) => Verdict::Refuted,
        (_, true, Ground::Certain) if value.len() < 12 => Verdict::Doubtful,
        _ if !has_digit && ground == Ground::Any => Verdict::Refuted,
        _ => Verdict::Plausible,
    }
}

/// A long random value, and not an identifier, a path or a UUID.
pub(super) fn random_token(value: &[u8]) -> Verdict {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let words = value
        .split(|byte| !byte.is_ascii_alphanumeric())
        .filter(|part| part.len() >= 3 && part.iter().all(u8::is_ascii_alphabetic))
        .count();
    let longest_letters = value
        .split(|byte| !byte.is_ascii_alphabetic())
        .map(<[u8]>::len)
        .max()
        .unwrap_or(0);
    let sequence = value.windows(4).filter(|four| is_sequence(four)).count();
    // Words of an identifier in camel case: random letters make few, and words most of it.
    let lower_case = value
        .split(|byte| !byte.is_ascii_lowercase())
        .filter(|run| run.len() >= 4)
        .map(<[u8]>::len)
        .sum::<usize>();
    if lower_case * 2 > value.len() {
        return Verdict::Refuted;
    }
    if is_uuid(value) || is_path(value) || words >= 2 || digits < 2 || sequence * 4 >= value.len() {
        return Verdict::Refuted;
    }
    // Of 32 random letters and digits, 16 letters in a row are one case in twelve; words make them all the time.
    if longest_letters > 20 || longest_letters * 4 > value.len() * 3 {
        return Verdict::Doubtful;
    }
    Verdict::Plausible
}

/// Whether four bytes follow each other, as in `abcdef` and `0123456789`.
fn is_sequence(four: &[u8]) -> bool {
    four.windows(2)
        .all(|pair| matches!(pair, [one, next] if one.wrapping_add(1) == *next))
}

fn is_slot(value: &[u8]) -> bool {
    let is_variable = matches!(value, [b'$', next, ..] if next.is_ascii_alphabetic() || matches!(next, b'{' | b'(' | b'_'))
        && !is_hash(value);
    is_variable
        || matches!(
            value,
            [b'%', .., b'%'] | [b'<', ..] | [b'@', b'{', ..] | [b'&', b'l', b't', ..]
        )
}

fn is_path(value: &[u8]) -> bool {
    value.starts_with(b"/") && memchr::memchr_iter(b'/', value).count() > 1
        || value.starts_with(b"./")
        || value.starts_with(b"~/")
        || memchr::memmem::find(value, b"://").is_some()
}

/// The hash of a password (`$2b$…`), or of anything (32, 40, 56, 64, 96 or 128 hexadecimal digits).
fn is_hash(value: &[u8]) -> bool {
    let is_hex = value.iter().all(u8::is_ascii_hexdigit);
    let is_crypt = matches!(value, [b'$', kind, rest @ ..]
        if kind.is_ascii_alphanumeric() && memchr::memchr(b'$', rest).is_some_and(|at| at < 12 && rest.len() > 20));
    is_crypt || (is_hex && matches!(value.len(), 32 | 40 | 56 | 64 | 96 | 128))
}

fn is_uuid(value: &[u8]) -> bool {
    let parts: Vec<usize> = value.split(|byte| *byte == b'-').map(<[u8]>::len).collect();
    parts == [8, 4, 4, 4, 12]
        && value
            .iter()
            .all(|byte| byte.is_ascii_hexdigit() || *byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_names_paths_and_code_are_no_passwords() {
        for text in [
            "Passwort",
            "user_password",
            "getenv-it",
            "self.password",
            "/etc/shadow",
            "./secret.txt",
            "$PASSWORD",
            "${PASSWORD}",
            "https://host/",
            "token.value",
            "contraseña",
            "invalid-password",
            "Forgotten",
        ] {
            assert_eq!(
                password(text.as_bytes(), Ground::Any),
                Verdict::Refuted,
                "{text}"
            );
        }
        for text in ["k3J9fQpZ7Lr", "Tr0ub4dor&3", "hunter2!x"] {
            assert_eq!(
                password(text.as_bytes(), Ground::Any),
                Verdict::Plausible,
                "{text}"
            );
        }
    }

    #[test]
    fn a_word_is_a_possible_password_where_nothing_else_can_stand() {
        assert_eq!(password(b"letmein", Ground::Certain), Verdict::Doubtful);
        assert_eq!(
            password(b"k3J9fQpZ7Lr", Ground::Certain),
            Verdict::Plausible
        );
    }

    #[test]
    fn hashes_are_told_apart() {
        let crypt = ["$2b$12", "$", "abcdefghijklmnopqrstuv"].concat();
        assert_eq!(password(crypt.as_bytes(), Ground::Any), Verdict::Doubtful);
        assert_eq!(
            password(b"da39a3ee5e6b4b0d3255bfef95601890afd80709", Ground::Any),
            Verdict::Doubtful
        );
    }

    #[test]
    fn identifiers_uuids_and_sequences_are_no_tokens() {
        for text in [
            "AES256_CBC_WITH_PADDING",
            "getAccessTokenFromCache",
            "7d444840-9dc0-11d1-b245-5ffdce74fad2",
            "com.acme.oauth2.TokenProvider",
            "abcdefghijklmnop0123456789",
        ] {
            assert_eq!(random_token(text.as_bytes()), Verdict::Refuted, "{text}");
        }
        assert_eq!(
            random_token(b"k3J9fQpZ7LrVbN5cYp8HdJ3sGT4uW6yA"),
            Verdict::Plausible
        );
    }
}
