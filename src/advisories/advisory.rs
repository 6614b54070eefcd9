//! One advisory in the form that every feed is turned into: what the store keeps and what the snapshot digest covers.

use serde::{Deserialize, Serialize};

use super::rating::{Cvss, Rating};
use super::version::VersionKey;
use crate::model::{Digest, Severity};

/// A record of a feed, normalised. Build it, then [`seal`](Self::seal) it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Advisory {
    /// The record's id in its feed: `GHSA-…`, `DSA-5417-1`, `CVE-…`.
    pub(super) id: String,
    pub(super) kind: AdvisoryKind,
    /// When it was taken back, if it was: such a record is kept and never matched.
    pub(super) withdrawn: Option<String>,
    /// Other ids of the same vulnerability.
    pub(super) aliases: Vec<String>,
    /// Vulnerabilities that this record passes on: a distribution's record for a CVE.
    pub(super) upstream: Vec<String>,
    pub(super) rating: Option<Rating>,
    pub(super) detail: Detail,
    /// The long description: kept for whoever asks for it, never read to match.
    pub(super) text: String,
    pub(super) ranges: Vec<Range>,
    pub(super) exact: Vec<Exact>,
    pub(super) unordered: Vec<Unordered>,
}

/// What is only read for a finding, never to find one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Detail {
    /// One line: the feed's, or the beginning of the long description.
    pub(super) summary: String,
    pub(super) cvss: Vec<Cvss>,
    pub(super) references: Vec<Reference>,
    pub(super) published: Option<String>,
    pub(super) modified: Option<String>,
}

/// A link of an advisory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Reference {
    /// OSV's word for it: `ADVISORY`, `FIX`, `WEB`, …
    pub kind: String,
    /// Where it leads; text of the feed, not checked.
    pub url: String,
}

/// One interval of versions of one package, and what holds for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Range {
    pub(super) ecosystem: String,
    pub(super) package: String,
    #[serde(serialize_with = "as_debug")]
    pub(super) low: VersionKey,
    #[serde(serialize_with = "as_debug")]
    pub(super) high: VersionKey,
    /// Whether `high` itself is inside.
    pub(super) inclusive: bool,
    pub(super) status: Status,
    /// The module stream that it is about, `nodejs:18`; empty for packages outside of modules, and where the feed does
    /// not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) module: String,
    /// The bounds as the feed writes them; `None` for an introduction before everything.
    pub(super) introduced: Option<String>,
    pub(super) fixed: Option<String>,
    pub(super) last_affected: Option<String>,
    /// The vendor's word for this package and release, where it is not one word for the whole record.
    pub(super) severity: Option<Severity>,
}

/// A version that is affected by being listed, and has no key: it is compared as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Exact {
    pub(super) ecosystem: String,
    pub(super) package: String,
    pub(super) version: String,
}

/// A range that cannot be looked up: the ecosystem has no version scheme yet, or the scheme refuses a bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Unordered {
    pub(super) ecosystem: String,
    pub(super) package: String,
    /// The range's events as the feed has them, for the gap's text.
    pub(super) events: String,
}

fn as_debug<S: serde::Serializer>(key: &VersionKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{key:?}"))
}

impl Advisory {
    /// Puts every list into its one order, without doubles, so that equal content is equal bytes.
    pub(super) fn seal(&mut self) {
        fn order<T: Ord>(list: &mut Vec<T>) {
            list.sort_unstable();
            list.dedup();
        }
        order(&mut self.aliases);
        order(&mut self.upstream);
        order(&mut self.ranges);
        // Two spellings of one bound (1.0, 1.0.0) have one key: one row says it.
        self.ranges.dedup_by(|a, b| a.row() == b.row());
        order(&mut self.exact);
        order(&mut self.unordered);
        order(&mut self.detail.references);
        if self.detail.summary.trim().is_empty() {
            self.detail.summary = first_sentence(&self.text);
        }
    }

    /// The digest of a sealed advisory's content.
    pub(super) fn content_digest(&self) -> Digest {
        // Serialisation of this type cannot fail: all its keys are strings, all its floats come from scores.
        Digest::sha256_of(&serde_json::to_vec(self).unwrap_or_default())
    }

    /// Whether it names any package at all.
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty() && self.exact.is_empty() && self.unordered.is_empty()
    }
}

/// What `PyPA`'s records and most of Bitnami's have in place of a summary.
fn first_sentence(text: &str) -> String {
    const LONGEST: usize = 160;
    let text = text.trim_start_matches(|c: char| c == '#' || c.is_whitespace());
    let line = text.lines().next().unwrap_or_default();
    let sentence = line
        .find(". ")
        .and_then(|end| line.get(..=end))
        .unwrap_or(line);
    match sentence.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", sentence.get(..end).unwrap_or_default().trim_end()),
        None => sentence.trim_end().to_owned(),
    }
}

impl Range {
    /// All versions of a package, with a status: the start for every importer.
    pub(super) fn everything(ecosystem: &str, package: &str, status: Status) -> Self {
        Self {
            ecosystem: ecosystem.to_owned(),
            package: package.to_owned(),
            low: VersionKey::lowest(),
            high: VersionKey::highest(),
            inclusive: false,
            status,
            introduced: None,
            fixed: None,
            last_affected: None,
            severity: None,
            module: String::new(),
        }
    }

    /// What makes a row of the store of its own.
    fn row(&self) -> impl PartialEq + use<'_> {
        let package = (&self.ecosystem, &self.package, &self.module);
        (package, &self.low, &self.high, self.inclusive, self.status)
    }

    /// Whether a version lies inside.
    pub(super) fn holds(&self, key: &VersionKey) -> bool {
        self.low <= *key && (*key < self.high || (self.inclusive && *key == self.high))
    }
}

/// Declares an enum whose public names are also what the store keeps as small numbers.
macro_rules! stored_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $code:literal, $text:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// The public name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub(super) const fn code(self) -> i64 {
                match self { $(Self::$variant => $code,)+ }
            }

            pub(super) const fn from_code(code: i64) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

stored_enum! {
    /// What the source says of a range of versions.
    Status {
        /// Affected, and no version with a fix is named.
        Affected = 0, "affected";
        /// Affected, and fixed in a later version.
        Fixed = 1, "fixed";
        /// Looked at, and not affected: evidence against other sources.
        NotAffected = 2, "not-affected";
        /// Affected, and the vendor will not fix it.
        WontFix = 3, "wont-fix";
        /// Affected, and no longer looked after.
        EndOfLife = 4, "end-of-life";
        /// The vendor has not decided whether it is affected.
        UnderInvestigation = 5, "under-investigation";
        /// Affected, and the fix is put off.
        Deferred = 6, "deferred";
    }
}

stored_enum! {
    /// What sort of record an advisory is. Only the first two are matched.
    AdvisoryKind {
        /// A vulnerability.
        Vulnerability = 0, "vulnerability";
        /// A package that is itself the attack (`MAL-…`).
        Malicious = 1, "malicious";
        /// Worth knowing, no vulnerability: `RustSec`'s `unmaintained`, `unsound`, `notice`.
        Informational = 2, "informational";
        /// An update without security content: AlmaLinux' `ALBA` and `ALEA`.
        Update = 3, "update";
    }
}

#[expect(
    clippy::derivable_impls,
    reason = "the macro writes the enum: no place for #[default]"
)]
impl Default for AdvisoryKind {
    fn default() -> Self {
        Self::Vulnerability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_codes_and_public_names_do_not_part() {
        for code in 0..7 {
            let status = Status::from_code(code).expect("seven statuses");
            assert_eq!(status.code(), code);
            assert_eq!(serde_json::to_value(status).expect("json"), status.name());
        }
        assert_eq!(Status::from_code(7), None);
        for code in 0..4 {
            let kind = AdvisoryKind::from_code(code).expect("four kinds");
            assert_eq!(
                (kind.code(), serde_json::to_value(kind).expect("json")),
                (code, kind.name().into())
            );
        }
    }

    #[test]
    fn a_missing_summary_is_the_beginning_of_the_text() {
        assert_eq!(first_sentence("\n# A title\nand text"), "A title");
        assert_eq!(first_sentence("In x 1.0. there is a bug."), "In x 1.0.");
        assert_eq!(first_sentence(""), "");
        let long = first_sentence(&"é ".repeat(200));
        assert!(long.ends_with('…') && long.chars().count() <= 161);
    }

    #[test]
    fn the_content_digest_does_not_depend_on_the_order_of_lists() {
        let range = |package| Range::everything("npm", package, Status::Affected);
        let mut one = Advisory {
            id: "A".into(),
            ..Advisory::default()
        };
        let mut other = one.clone();
        one.ranges = vec![range("a"), range("b"), range("a")];
        other.ranges = vec![range("b"), range("a")];
        one.seal();
        other.seal();
        assert_eq!(one.content_digest(), other.content_digest());
        other.withdrawn = Some("2024-01-01T00:00:00Z".into());
        assert_ne!(one.content_digest(), other.content_digest());
    }
}
