//! Whether a package's licence is an expression of SPDX: <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What a licence's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::evidence::write) enum License {
    /// An identifier of the list.
    Id,
    /// Several, with AND, OR and WITH.
    Expression,
    /// The author's own words.
    Words,
}

impl License {
    pub(in crate::evidence::write) fn of(text: &str) -> Self {
        if is_listed(text) {
            Self::Id
        } else if is_expression(text) {
            Self::Expression
        } else {
            Self::Words
        }
    }
}

/// The identifiers, one a line below a comment.
static IDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("spdx_ids.txt").lines();
    lines.filter(|line| !line.starts_with('#')).collect()
});

fn is_listed(text: &str) -> bool {
    IDS.contains(text)
}

/// Every token in its place: a licence, then an operator or the end, with brackets that close.
fn is_expression(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut is_licence_next = true;
    let spaced = text.replace('(', " ( ").replace(')', " ) ");
    let mut tokens = spaced.split_ascii_whitespace().peekable();
    if tokens.peek().is_none() {
        return false;
    }
    while let Some(token) = tokens.next() {
        match (token, is_licence_next) {
            ("(", true) => depth += 1,
            (")", false) if depth > 0 => depth -= 1,
            ("AND" | "OR", false) => is_licence_next = true,
            ("WITH", false) => {
                if !tokens.next().is_some_and(is_listed) {
                    return false;
                }
            }
            (license, true) if is_simple(license) => is_licence_next = false,
            _ => return false,
        }
    }
    depth == 0 && !is_licence_next
}

/// An identifier, with a plus for later versions, or a document's own reference.
fn is_simple(token: &str) -> bool {
    is_listed(token) || token.strip_suffix('+').is_some_and(is_listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_expressions_and_words_are_told_apart() {
        for (text, license) in [
            ("MIT", License::Id),
            ("GPL-2.0-only", License::Id),
            ("MIT OR Apache-2.0", License::Expression),
            ("(MIT AND (BSD-3-Clause OR ISC))", License::Expression),
            (
                "GPL-2.0-only WITH Classpath-exception-2.0",
                License::Expression,
            ),
            ("GPL-2.0+", License::Id),
            ("Apache-2.0+", License::Expression),
            ("", License::Words),
            ("GPL", License::Words),
            ("MIT License", License::Words),
            ("MIT OR", License::Words),
            ("MIT and ISC", License::Words),
            ("(MIT", License::Words),
            ("MIT)", License::Words),
            ("MIT WITH charm", License::Words),
            ("# Identifiers", License::Words),
            ("LicenseRef-mine", License::Words),
        ] {
            assert_eq!(License::of(text), license, "{text}");
        }
    }
}
