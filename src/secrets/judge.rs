//! How sure the engine is of a match.

use std::ops::Range;

use super::placeholder::{Stand, stand_of};
use super::proof::{Claim, Verdict, entropy};
use super::rule::Rule;
use crate::model::Confidence;

/// A match that is worth telling.
pub(super) struct Judged {
    pub(super) confidence: Confidence,
    /// Where the value lies in the block.
    pub(super) value: Range<usize>,
}

/// Weighs a match; `None`: it is no secret. `published` is what [`is_published`] says of the file.
pub(super) fn judge(rule: &Rule, claim: &Claim<'_>, published: bool) -> Option<Judged> {
    let (verdict, value) = match rule.proof {
        Some(proof) => proof.check(claim),
        None => (Verdict::Plausible, claim.value_start..claim.value_end),
    };
    let text = claim.block.get(value.clone())?;
    let confidence = match verdict {
        Verdict::Refuted => return None,
        // Not even a filler word counts against it: in a long key one turns up by chance.
        Verdict::Proven => Confidence::Proven,
        Verdict::Plausible | Verdict::Doubtful => {
            let stand = stand_of(text);
            if stand == Stand::Filler || entropy(text) < rule.entropy {
                return None;
            }
            if stand == Stand::Weak || verdict == Verdict::Doubtful {
                Confidence::Possible
            } else {
                rule.confidence
            }
        }
    };
    let confidence = if published {
        confidence.min(Confidence::Possible)
    } else {
        confidence
    };
    Some(Judged { confidence, value })
}

/// Folders whose content is published with the software that they belong to.
const PUBLISHED: [&str; 18] = [
    "test",
    "tests",
    "testing",
    "testdata",
    "test-data",
    "test_data",
    "testsuite",
    "fixtures",
    "__fixtures__",
    "__tests__",
    "spec",
    "specs",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
];

/// Whether the file lies below a folder for tests, documentation or examples.
pub(super) fn is_published(folder: &str) -> bool {
    folder
        .split('/')
        .any(|part| PUBLISHED.iter().any(|name| part.eq_ignore_ascii_case(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_for_tests_and_documentation_are_told_by_whole_names() {
        for folder in [
            "usr/lib/python3/test",
            "usr/local/go/src/crypto/tls/testdata",
            "usr/share/doc/x",
            "a/Tests/b",
        ] {
            assert!(is_published(folder), "{folder}");
        }
        for folder in [
            "",
            "etc",
            "srv/latest",
            "opt/contest/app",
            "usr/share/documents",
        ] {
            assert!(!is_published(folder), "{folder}");
        }
    }
}
