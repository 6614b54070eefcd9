//! Runs of characters of one kind: what every scheme cuts its versions into.

/// The digits that a text begins with, and the rest.
pub(super) fn digits(text: &str) -> (&str, &str) {
    while_all(text, |c| c.is_ascii_digit())
}

/// The longest beginning whose characters are all of one kind, and the rest.
pub(super) fn while_all(text: &str, kind: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !kind(c)).unwrap_or(text.len()))
}

/// Whether a text is a decimal number.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Components of the kind `1.20.3`, each a number, with one of `separators` between two of them.
pub(super) fn numbers<'a>(text: &'a str, separators: &[char]) -> Option<Vec<&'a str>> {
    let components: Vec<&str> = text.split(separators).collect();
    components
        .iter()
        .all(|component| is_number(component))
        .then_some(components)
}
