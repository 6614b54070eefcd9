//! Alpine's security database, <https://secdb.alpinelinux.org/>: which version of an origin package fixed which issue.
//!
//! ```text
//! { distroversion, reponame, packages: [ { pkg: { name, secfixes: { VERSION: [ ID, … ] } } } ] }
//! ```
//! It lists fixed issues only. Version `0` says that the package never was affected. Wolfi and Chainguard publish the
//! same form without `distroversion`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::input::{FeedInput, Place, each_file, each_record};
use crate::advisories::advisory::{Advisory, Range, Status, Unordered};
use crate::advisories::ecosystem;
use crate::advisories::import::{Intake, IntakeError};
use crate::advisories::report::SkipReason;

/// 256 MB: ten times Wolfi's, the largest of these documents.
const MAX_DOCUMENT: u64 = 256_000_000;

/// A document, or a line of a bundle that wraps one as `doc`.
#[derive(Deserialize)]
struct Document {
    doc: Option<Box<Document>>,
    distroversion: Option<String>,
    reponame: Option<String>,
    urlprefix: Option<String>,
    packages: Option<Vec<Entry>>,
}

#[derive(Deserialize)]
struct Entry {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    secfixes: Option<BTreeMap<String, Option<Vec<Value>>>>,
}

/// Reads one or many documents. An issue appears in many of them and becomes one advisory, so all of a source are
/// gathered first: the whole of Alpine is some 20,000 issues.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let mut gathered: BTreeMap<String, Advisory> = BTreeMap::new();
    each_file(input, &mut |file, reader| {
        let mut take = |place: &Place<'_>, bytes: &[u8], intake: &mut Intake<'_>| {
            take(place, bytes, &mut gathered, intake);
            Ok(())
        };
        each_record(file, reader, MAX_DOCUMENT, intake, &mut take)
    })?;
    gathered
        .into_values()
        .try_for_each(|advisory| intake.add(advisory))
}

fn take(
    place: &Place<'_>,
    bytes: &[u8],
    gathered: &mut BTreeMap<String, Advisory>,
    intake: &mut Intake<'_>,
) {
    let document = match serde_json::from_slice::<Document>(bytes) {
        Ok(Document {
            doc: Some(inner), ..
        }) => *inner,
        Ok(document) => document,
        Err(error) => {
            let reason = if error.is_data() {
                SkipReason::InvalidRecord
            } else {
                SkipReason::InvalidJson
            };
            return intake.tally.skip(reason, || format!("{place}: {error}"));
        }
    };
    let Some(ecosystem) = ecosystem_of(&document) else {
        return intake.tally.skip(SkipReason::InvalidRecord, || {
            format!("{place}: it does not say of which distribution it is")
        });
    };
    intake.tally.recognised += 1;
    for Entry { pkg } in document.packages.into_iter().flatten() {
        for (version, ids) in pkg.secfixes.unwrap_or_default() {
            let ids = ids.into_iter().flatten();
            for text in ids.filter_map(|id| id.as_str().map(str::to_owned)) {
                for id in ids_of(&text, intake) {
                    let advisory = gathered.entry(id.clone()).or_insert_with(|| Advisory {
                        id,
                        ..Advisory::default()
                    });
                    take_fix(&ecosystem, &pkg.name, &version, advisory, intake);
                }
            }
        }
    }
}

/// A repository without any fix has `packages: null`.
fn ecosystem_of(document: &Document) -> Option<String> {
    if let Some(version) = &document.distroversion {
        return Some(format!("Alpine:{version}"));
    }
    let says = |word: &str| {
        [&document.reponame, &document.urlprefix]
            .into_iter()
            .any(|field| field.as_ref().is_some_and(|field| field.contains(word)))
    };
    ["wolfi", "chainguard"]
        .into_iter()
        .zip(["Wolfi", "Chainguard"])
        .find(|(word, _)| says(word))
        .map(|(_, name)| name.to_owned())
}

/// The ids in a text that was written by hand: `CVE-2017-2616 (+ regression fix)`, `CVE_2019-1234`, two with a space.
fn ids_of(text: &str, intake: &mut Intake<'_>) -> Vec<String> {
    // `CVE 2018-16859` is in Alpine's data.
    let joined = text.replace("CVE ", "CVE-");
    let words = joined.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')'));
    let ids: Vec<String> = words.filter_map(id_of).collect();
    if !ids.is_empty() {
        return ids;
    }
    intake.tally.skip(SkipReason::NotAnId, || text.to_owned());
    let text = text.trim();
    (!text.is_empty())
        .then(|| text.to_owned())
        .into_iter()
        .collect()
}

/// An id is letters, a separator, and something with a digit in it.
fn id_of(word: &str) -> Option<String> {
    let (prefix, number) = word.split_once(['-', '_'])?;
    let is_id = (2..=12).contains(&prefix.len())
        && prefix.bytes().all(|byte| byte.is_ascii_alphabetic())
        && number.bytes().any(|byte| byte.is_ascii_digit())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let is_ghsa = prefix.eq_ignore_ascii_case("ghsa");
    is_id.then(|| match is_ghsa {
        // GitHub's ids have lower-case letters behind the prefix.
        true => format!("GHSA-{}", number.to_ascii_lowercase()),
        false => format!(
            "{}-{}",
            prefix.to_ascii_uppercase(),
            number.replace('_', "-").to_ascii_uppercase()
        ),
    })
}

fn take_fix(
    ecosystem: &str,
    package: &str,
    version: &str,
    advisory: &mut Advisory,
    intake: &mut Intake<'_>,
) {
    if version == "0" {
        let range = Range::everything(ecosystem, package, Status::NotAffected);
        advisory.ranges.push(range);
        return;
    }
    let key = ecosystem::scheme(ecosystem).map(|scheme| scheme.key(version));
    match key {
        Some(Ok(high)) => advisory.ranges.push(Range {
            high,
            fixed: Some(version.to_owned()),
            ..Range::everything(ecosystem, package, Status::Fixed)
        }),
        Some(Err(error)) => {
            intake.tally.skip(SkipReason::UnorderedVersion, || {
                format!("{}: {ecosystem} {package}: {error}", advisory.id)
            });
            advisory.unordered.push(Unordered {
                ecosystem: ecosystem.to_owned(),
                package: package.to_owned(),
                events: format!("fixed {version}"),
            });
        }
        None => intake
            .tally
            .skip(SkipReason::NoVersionScheme, || ecosystem.to_owned()),
    }
}
