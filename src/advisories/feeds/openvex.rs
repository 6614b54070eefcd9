//! OpenVEX documents about packages of distributions, <https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md>; Canonical
//! publishes one for each CVE and each notice.
//!
//! ```text
//! { "@context": "https://openvex.dev/ns/…", timestamp, statements: [ { vulnerability: { name, aliases }, timestamp, status,
//!     justification, impact_statement, action_statement, products: [ { "@id": PURL } ] } ] }
//! ```
//! A product is one version. Canonical writes the one that the archive has now, not the one with which a fix came: `fixed` and
//! `not_affected` hold from that version on, and say nothing of those before it. For these there are the OSV records beside the
//! documents. `affected` and `under_investigation` hold for the release.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::input::{FeedInput, Place, each_file, each_record};
use super::openvex_product::{Product, product};
use crate::advisories::advisory::{Advisory, Range, Status, Unordered};
use crate::advisories::ecosystem;
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;
use crate::advisories::version::VersionKey;

/// 64 MB: a CVE that hundreds of packages carry has half a megabyte.
const MAX_DOCUMENT: u64 = 64_000_000;

#[derive(Deserialize)]
struct Document {
    #[serde(rename = "@context")]
    context: String,
    timestamp: Option<String>,
    statements: Vec<Statement>,
}

#[derive(Deserialize)]
struct Statement {
    vulnerability: Vulnerability,
    timestamp: Option<String>,
    status: String,
    #[serde(default)]
    products: Vec<ProductEntry>,
    #[serde(rename = "action_statement")]
    action: Option<String>,
}

/// Version 0.0.1 of the form has the bare name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Vulnerability {
    Name(String),
    Object {
        name: String,
        #[serde(default)]
        aliases: Vec<String>,
        #[serde(default)]
        description: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
enum ProductEntry {
    Id(String),
    Object {
        #[serde(rename = "@id")]
        id: Option<String>,
        identifiers: Option<Identifiers>,
    },
}

#[derive(Deserialize)]
struct Identifiers {
    purl: Option<String>,
}

impl ProductEntry {
    fn purl(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object { id, identifiers } => identifiers
                .as_ref()
                .and_then(|identifiers| identifiers.purl.as_deref())
                .or(id.as_deref())
                .unwrap_or_default(),
        }
    }
}

/// What all documents say of one vulnerability.
#[derive(Default)]
struct Gathered {
    advisory: Advisory,
    /// By ecosystem and name: of several statements the latest counts, as the specification says.
    said: BTreeMap<(String, String), Said>,
}

#[derive(Default)]
struct Said {
    at: String,
    ranges: Vec<Range>,
    unordered: Vec<Unordered>,
}

/// Reads documents; what several of them say of one vulnerability becomes one advisory.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let mut gathered: BTreeMap<String, Gathered> = BTreeMap::new();
    each_file(input, &mut |file, reader| {
        let mut take = |place: &Place<'_>, bytes: &[u8], intake: &mut Intake<'_>| {
            take(place, bytes, &mut gathered, intake);
            Ok(())
        };
        each_record(file, reader, MAX_DOCUMENT, intake, &mut take)
    })?;
    gathered.into_values().try_for_each(|gathered| {
        let mut advisory = gathered.advisory;
        for said in gathered.said.into_values() {
            advisory.ranges.extend(said.ranges);
            advisory.unordered.extend(said.unordered);
        }
        intake.add(advisory)
    })
}

fn take(
    place: &Place<'_>,
    bytes: &[u8],
    gathered: &mut BTreeMap<String, Gathered>,
    intake: &mut Intake<'_>,
) {
    let Some(document) = intake.tally.read_json::<Document>(place, bytes) else {
        return;
    };
    if !document.context.starts_with("https://openvex.dev/ns") {
        let reason = SkipReason::InvalidRecord;
        return intake
            .tally
            .skip(reason, || format!("{place}: no OpenVEX document"));
    }
    intake.tally.recognised += 1;
    for statement in document.statements {
        take_statement(
            place,
            statement,
            document.timestamp.as_deref(),
            gathered,
            intake,
        );
    }
}

fn take_statement(
    place: &Place<'_>,
    statement: Statement,
    document_time: Option<&str>,
    gathered: &mut BTreeMap<String, Gathered>,
    intake: &mut Intake<'_>,
) {
    let Some(status) = status(&statement) else {
        let reason = SkipReason::InvalidRecord;
        let place = || format!("{place}: status `{}`", statement.status);
        return intake.tally.skip(reason, place);
    };
    let (name, aliases, description) = match statement.vulnerability {
        Vulnerability::Name(name) => (name, Vec::new(), String::new()),
        Vulnerability::Object {
            name,
            aliases,
            description,
        } => (name, aliases, description),
    };
    let entry = gathered.entry(name.clone()).or_default();
    let advisory = &mut entry.advisory;
    advisory.id = name;
    // Canonical's aliases are links.
    let ids = aliases.into_iter().filter(|alias| !alias.contains('/'));
    advisory.aliases.extend(ids);
    if advisory.text.is_empty() {
        advisory.text = description;
    }
    let at = statement.timestamp.as_deref().or(document_time);
    let at = at.unwrap_or_default();
    let modified = Some(at.to_owned()).filter(|at| !at.is_empty());
    advisory.detail.modified = advisory.detail.modified.take().max(modified);
    for entry_of_product in &statement.products {
        let purl = entry_of_product.purl();
        match product(purl) {
            Ok(product) => take_product(product, status, at, entry, intake),
            Err(reason) => intake.tally.skip(reason, || purl.to_owned()),
        }
    }
}

/// The specification's four words; Canonical's reasons for staying affected begin its action statement.
fn status(statement: &Statement) -> Option<Status> {
    let action = statement.action.as_deref().unwrap_or_default();
    // What follows is quoted from notes, in anybody's words.
    let action = action.split("CVE Notes").next().unwrap_or_default();
    Some(match statement.status.as_str() {
        "not_affected" | "fixed" => Status::NotAffected,
        "under_investigation" => Status::UnderInvestigation,
        "affected" if action.contains("decided to not fix") => Status::WontFix,
        "affected" if action.contains("no longer supported") => Status::EndOfLife,
        "affected" if action.contains("deferred") => Status::Deferred,
        "affected" => Status::Affected,
        _ => return None,
    })
}

fn take_product(
    product: Product,
    status: Status,
    at: &str,
    gathered: &mut Gathered,
    intake: &mut Intake<'_>,
) {
    let Product {
        ecosystem,
        name,
        version,
    } = product;
    let key = (ecosystem.clone(), name.clone());
    let said = gathered.said.entry(key).or_default();
    match at.cmp(said.at.as_str()) {
        std::cmp::Ordering::Less => return,
        std::cmp::Ordering::Greater => *said = Said::default(),
        std::cmp::Ordering::Equal => {}
    }
    at.clone_into(&mut said.at);
    let mut range = Range::everything(&ecosystem, &name, status);
    if let (Status::NotAffected, Some(version)) = (status, version) {
        match low_key(&ecosystem, &version) {
            Ok(low) => range.low = low,
            Err(error) => {
                let place = || format!("{}: {ecosystem} {name}: {error}", gathered.advisory.id);
                intake.tally.skip(SkipReason::UnorderedVersion, place);
                said.unordered.push(Unordered {
                    ecosystem,
                    package: name,
                    events: format!("not affected from {version}"),
                });
                return;
            }
        }
        range.introduced = Some(version);
    }
    said.ranges.push(range);
}

fn low_key(ecosystem: &str, version: &str) -> Result<VersionKey, String> {
    match ecosystem::scheme(ecosystem).map(|scheme| scheme.key(version)) {
        Some(Ok(key)) => Ok(key),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("no version order".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::advisories::matching::testing::{add, deb, found, ids, on, record};
    use crate::advisories::{FeedInput, Format, ImportReport, SkipReason, Source, Status, Store};

    fn import(store: &mut Store, text: &str) -> Result<ImportReport, String> {
        let input = FeedInput::Stream("vex".into(), Box::new(text.as_bytes()));
        let report = store.import(&Source::named("vex"), Format::OpenVex, input);
        report.map_err(|error| error.to_string())
    }

    /// Written after version 0.2.0 of the specification, in Canonical's manner.
    fn document(cve: &str, statements: &str) -> String {
        let statements = statements.replace(
            "VULN",
            &format!(r#""vulnerability": {{"name": "{cve}", "aliases": ["https://x/{cve}"]}}"#),
        );
        format!(
            r#"{{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://x", "author": "x", "timestamp": "2026-01-02T00:00:00Z", "version": 1, "statements": [{statements}]}}"#
        ) + "\n"
    }

    #[test]
    fn each_status_is_a_row_of_its_release() {
        let products = |version: &str| {
            format!(
                r#"[{{"@id": "pkg:deb/ubuntu/a@{version}?arch=source&distro=jammy"}}, {{"@id": "pkg:deb/ubuntu/liba@{version}?arch=amd64&distro=jammy"}}, {{"@id": "pkg:npm/a@1"}}]"#
            )
        };
        let documents = [
            document(
                "CVE-2026-0001",
                &format!(
                    r#"{{VULN, "status": "affected", "products": {}}}"#,
                    products("2")
                ),
            ),
            document(
                "CVE-2026-0002",
                &format!(
                    r#"{{VULN, "status": "affected", "action_statement": "the team decided to not fix it. CVE Notes: deferred", "products": {}}}"#,
                    products("2")
                ),
            ),
            document(
                "CVE-2026-0003",
                &format!(
                    r#"{{VULN, "status": "under_investigation", "products": {}}}"#,
                    products("2")
                ),
            ),
            document(
                "CVE-2026-0004",
                &format!(
                    r#"{{VULN, "status": "fixed", "products": {}}}"#,
                    products("2")
                ),
            ),
            document(
                "CVE-2026-0005",
                &format!(
                    r#"{{VULN, "status": "not_affected", "justification": "component_not_present", "products": {}}}"#,
                    products("2")
                ),
            ),
            document(
                "CVE-2026-0006",
                &format!(
                    r#"{{VULN, "status": "odd", "products": {}}}"#,
                    products("2")
                ),
            ),
        ];
        let mut store = Store::in_memory().expect("store");
        let report = import(&mut store, &documents.concat()).expect("imported");
        assert_eq!(
            (report.records, report.advisories, report.ranges),
            (6, 5, 5)
        );
        assert_eq!(report.skipped[&SkipReason::BinaryPackage].count, 5);
        assert_eq!(report.skipped[&SkipReason::NotOfDistribution].count, 5);
        assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 1);
        let all: String = (1..=5)
            .map(|number| {
                record(
                    &format!("UBUNTU-CVE-2026-000{number}"),
                    "Ubuntu:22.04:LTS",
                    "a",
                    "9",
                    &format!(r#","upstream":["CVE-2026-000{number}"]"#),
                )
            })
            .collect();
        let jammy = on("ubuntu", "22.04");
        let told = |store: &Store, version: &str| {
            let outcome = found(store, &jammy, &[deb("liba", "a", version)]);
            let told: Vec<_> = outcome
                .matches
                .iter()
                .map(|found| (found.advisory.id.clone(), found.status))
                .collect();
            told
        };
        let of = |number: u8, status| (format!("CVE-2026-000{number}"), status);
        let stays = [
            of(1, Status::Affected),
            of(2, Status::WontFix),
            of(3, Status::UnderInvestigation),
        ];
        assert_eq!(told(&store, "2"), stays);
        add(&mut store, "osv", &all);
        let outcome = found(&store, &jammy, &[deb("liba", "a", "2")]);
        assert_eq!(
            ids(&outcome),
            ["CVE-2026-0001", "CVE-2026-0002", "CVE-2026-0003"],
            "fixed and not affected speak against it"
        );
        let outcome = found(&store, &jammy, &[deb("liba", "a", "1")]);
        assert_eq!(outcome.matches.len(), 5, "but not of the versions before");
    }

    #[test]
    fn of_two_statements_about_a_package_the_later_one_counts() {
        let statement = |time: &str, status: &str| {
            format!(
                r#"{{VULN, "timestamp": "{time}", "status": "{status}", "products": ["pkg:deb/ubuntu/a@1?arch=source&distro=jammy"]}}"#
            )
        };
        let (early, late) = (
            statement("2025-01-01T00:00:00Z", "affected"),
            statement("2026-01-01T00:00:00Z", "not_affected"),
        );
        for order in [[&early, &late], [&late, &early]] {
            let documents: String = order
                .iter()
                .map(|statement| document("CVE-2026-0001", statement))
                .collect();
            let mut store = Store::in_memory().expect("store");
            assert_eq!(import(&mut store, &documents).expect("imported").ranges, 1);
            assert!(
                found(&store, &on("ubuntu", "22.04"), &[deb("a", "a", "1")])
                    .matches
                    .is_empty()
            );
        }
    }

    #[test]
    fn what_is_no_openvex_is_refused() {
        let mut store = Store::in_memory().expect("store");
        for text in [
            "{}",
            r#"{"@context": "https://www.w3.org/ns", "statements": []}"#,
            "[]",
            "{\"@context\": 1}",
        ] {
            assert!(import(&mut store, text).is_err(), "{text}");
        }
    }
}
