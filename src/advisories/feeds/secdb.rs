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
use crate::advisories::intake::{Intake, IntakeError};
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
    let document = match intake.tally.read_json(place, bytes) {
        Some(Document {
            doc: Some(inner), ..
        }) => *inner,
        Some(document) => document,
        None => return,
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
                let Issues { ids, aliases } = Issues::read(&text, intake);
                for id in ids {
                    let advisory = gathered.entry(id.clone()).or_insert_with(|| Advisory {
                        id,
                        ..Advisory::default()
                    });
                    advisory.aliases.extend(aliases.iter().cloned());
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

/// The issues in a text that was written by hand: `CVE-2017-2616 (+ regression fix)`, `CVE_2019-1234`,
/// `CVE-2016-6258 XSA-182`.
struct Issues {
    ids: Vec<String>,
    /// What stands beside CVEs are other names of them.
    aliases: Vec<String>,
}

impl Issues {
    fn read(text: &str, intake: &mut Intake<'_>) -> Self {
        // `CVE 2018-16859` is in Alpine's data.
        let joined = text.replace("CVE ", "CVE-");
        let words = joined.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '(' | ')'));
        let ids: Vec<String> = words.filter_map(id_of).collect();
        let (cves, others): (Vec<_>, Vec<_>) =
            ids.into_iter().partition(|id| id.starts_with("CVE-"));
        if !cves.is_empty() {
            return Self {
                ids: cves,
                aliases: others,
            };
        }
        let mut ids = others;
        if ids.is_empty() {
            intake.tally.skip(SkipReason::NotAnId, || text.to_owned());
            ids.extend(Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
        }
        Self {
            ids,
            aliases: Vec::new(),
        }
    }
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
    // GitHub's ids have lower-case letters behind the prefix.
    let number = if prefix.eq_ignore_ascii_case("ghsa") {
        number.to_ascii_lowercase()
    } else {
        number.to_ascii_uppercase()
    };
    is_id.then(|| {
        format!(
            "{}-{}",
            prefix.to_ascii_uppercase(),
            number.replace('_', "-")
        )
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

#[cfg(test)]
mod tests {
    use crate::advisories::matching::testing::{apk, found, on};
    use crate::advisories::{FeedInput, Format, ImportReport, SkipReason, Source, Status, Store};

    fn import(store: &mut Store, text: &'static str) -> ImportReport {
        let input = FeedInput::Stream("secdb".into(), Box::new(text.as_bytes()));
        store
            .import(&Source::named("alpine"), Format::Secdb, input)
            .expect("imported")
    }

    #[test]
    fn hand_written_ids_versions_and_the_never_affected_are_read() {
        let mut store = Store::in_memory().expect("store");
        let report = import(
            &mut store,
            r#"{"distroversion":"v3.20","reponame":"main","packages":[
                {"pkg":{"name":"a","secfixes":{
                    "0":["CVE-2024-0001"],
                    "1.2-r3":["CVE-2017-2616 (+ regression fix)","CVE_2019-1234","XSA-295"],
                    "1.3-r0":["CVE-2016-6258 XSA-182","ghsa-AAAA-bbbb-1cc2","something odd"],
                    "1.4-33":["CVE-2024-0009"]}}},
                {"pkg":{"name":"b","secfixes":null}}]}"#,
        );
        assert_eq!((report.records, report.advisories), (1, 8));
        assert_eq!(
            report.skipped[&SkipReason::NotAnId].examples,
            ["something odd"]
        );
        assert_eq!(report.skipped[&SkipReason::UnorderedVersion].count, 1);
        let alpine = on("alpine", "3.20.3");
        let outcome = found(&store, &alpine, &[apk("a-dev", "a", "1.2-r2")]);
        let ids: Vec<_> = outcome
            .matches
            .iter()
            .map(|found| found.advisory.id.as_str())
            .collect();
        assert_eq!(
            ids,
            [
                "CVE-2016-6258",
                "CVE-2017-2616",
                "CVE-2019-1234",
                "GHSA-aaaa-bbbb-1cc2",
                "XSA-295",
                "something odd"
            ]
        );
        assert_eq!(outcome.matches[0].advisory.aliases, ["XSA-182"]);
        assert_eq!(outcome.matches[0].status, Status::Fixed);
        assert_eq!(
            outcome.gaps.len(),
            1,
            "the fix in 1.4-33 cannot be compared: {:?}",
            outcome.gaps
        );
        assert_eq!(
            found(&store, &alpine, &[apk("a", "a", "1.3-r0")]).matches,
            []
        );
    }

    #[test]
    fn each_of_the_distributions_is_told_by_the_document() {
        let mut store = Store::in_memory().expect("store");
        let lines = r#"{"path":"v3.3/community.yaml","doc":{"distroversion":"v3.3","packages":null}}
{"urlprefix":"https://packages.wolfi.dev","reponame":"os","packages":[{"pkg":{"name":"w","secfixes":{"2-r0":["CVE-2024-1"]}}}]}
{"urlprefix":"https://packages.cgr.dev/chainguard","reponame":"chainguard","packages":[{"pkg":{"name":"c","secfixes":{"2-r0":["CVE-2024-2"]}}}]}
{"packages":[]}
{"distroversion":7}
{"#;
        let report = import(&mut store, lines);
        assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 2);
        assert_eq!(report.skipped[&SkipReason::InvalidJson].count, 1);
        let wolfi = on("wolfi", "20230201");
        let outcome = found(
            &store,
            &wolfi,
            &[apk("w", "w", "1-r0"), apk("c", "c", "1-r0")],
        );
        assert_eq!(outcome.matches.len(), 2);
    }
}
