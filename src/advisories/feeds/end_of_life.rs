//! Until when releases of distributions are looked after: endoflife.date's JSON in all its forms, and distro-info-data's CSV.
//!
//! ```text
//! { result: [ { name, releases: [ { name, isEol, eolFrom, eoesFrom } ] } ] }     /api/v1/products/full; one product: an object
//! { product, releases: [ { releaseCycle, eol, eoes } ] }                         the repository's own records
//! [ { cycle, eol, extendedSupport } ]                                            /api/debian.json: the file's name is the product
//! version,codename,series,created,release,eol,eol-lts,eol-elts                   /usr/share/distro-info/debian.csv
//! version,codename,series,created,release,eol,eol-server,eol-esm                 /usr/share/distro-info/ubuntu.csv
//! ```
//! What comes after standard support is Debian's LTS, Ubuntu's ESM, Red Hat's ELS, SUSE's LTSS, never what a third party sells.

use std::io::{BufRead, Cursor, Read};

use serde::Deserialize;
use serde_json::Value;

use super::input::{FeedInput, Place, each_file, each_record, read_error};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::report::SkipReason;
use crate::advisories::signals::EndOfLife;
use crate::model::Date;
use crate::model::limits::read_at_most;

/// 64 MB: ten times all products of 2026 in their longest form.
const MAX_DOCUMENT: u64 = 64_000_000;

/// Products of endoflife.date that are distributions, and the `ID` of their os-release, in lower case.
const DISTRIBUTIONS: [(&str, &str); 29] = [
    ("almalinux", "almalinux"),
    ("alpine", "alpine"),
    ("alpine-linux", "alpine"),
    ("amazon-linux", "amzn"),
    ("azure-linux", "azurelinux"),
    ("cbl-mariner", "mariner"),
    ("centos", "centos"),
    // Its os-release says `centos`, too: `signals` tells them apart.
    ("centos-stream", "centos-stream"),
    ("debian", "debian"),
    ("devuan", "devuan"),
    ("eurolinux", "eurolinux"),
    ("fedora", "fedora"),
    ("linuxmint", "linuxmint"),
    ("mageia", "mageia"),
    ("mariner", "mariner"),
    ("nixos", "nixos"),
    ("openeuler", "openeuler"),
    ("opensuse", "opensuse-leap"),
    ("openwrt", "openwrt"),
    ("oracle-linux", "ol"),
    ("photon", "photon"),
    ("pop-os", "pop"),
    ("postmarketos", "postmarketos"),
    ("rhel", "rhel"),
    ("rocky-linux", "rocky"),
    ("slackware", "slackware"),
    ("sles", "sles"),
    ("ubuntu", "ubuntu"),
    ("vmware-photon", "photon"),
];

#[derive(Deserialize)]
struct Document {
    result: Option<Value>,
    product: Option<String>,
    releases: Option<Vec<Release>>,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    #[serde(default)]
    releases: Vec<Release>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Release {
    #[serde(alias = "releaseCycle", alias = "cycle")]
    name: Value,
    #[serde(default)]
    is_eol: bool,
    /// A day; `false`: none is set; `true`: over, and nobody knows since when.
    #[serde(alias = "eolFrom")]
    eol: Option<Value>,
    #[serde(alias = "eoesFrom", alias = "extendedSupport")]
    eoes: Option<Value>,
}

/// Reads documents of any of the forms.
pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_file(input, &mut |file, reader| take_file(file, reader, intake))
}

fn take_file(
    file: &str,
    reader: &mut dyn BufRead,
    intake: &mut Intake<'_>,
) -> Result<(), IntakeError> {
    let failed = read_error(file);
    let mut first = [0];
    if reader.read(&mut first).map_err(&failed)? == 0 {
        return Ok(());
    }
    let mut whole = Cursor::new(first).chain(reader);
    if first == *b"{" {
        return each_record(file, &mut whole, MAX_DOCUMENT, intake, &mut take_document);
    }
    if first != *b"[" && first != *b"v" {
        let reason = SkipReason::UnknownFile;
        intake.tally.skip(reason, || file.to_owned());
        return Ok(());
    }
    let bytes = read_at_most(whole, MAX_DOCUMENT).map_err(&failed)?;
    if first == *b"[" {
        take_array(file, &bytes, intake)
    } else {
        take_table(file, &String::from_utf8_lossy(&bytes), intake)
    }
}

fn take_document(
    place: &Place<'_>,
    bytes: &[u8],
    intake: &mut Intake<'_>,
) -> Result<(), IntakeError> {
    let Some(document) = intake.tally.read_json::<Document>(place, bytes) else {
        return Ok(());
    };
    let products = match document {
        Document {
            product: Some(name),
            releases: Some(releases),
            ..
        } => Ok(vec![Product { name, releases }]),
        Document {
            result: Some(one @ Value::Object(_)),
            ..
        } => serde_json::from_value(one).map(|one| vec![one]),
        Document {
            result: Some(many), ..
        } => serde_json::from_value(many),
        Document { .. } => {
            let reason = SkipReason::InvalidRecord;
            intake.tally.skip(reason, || format!("{place}: no product"));
            return Ok(());
        }
    };
    match products {
        Ok(products) => products
            .into_iter()
            .try_for_each(|product| take_product(&product, intake)),
        Err(error) => {
            let reason = SkipReason::of_json(&error);
            intake.tally.skip(reason, || format!("{place}: {error}"));
            Ok(())
        }
    }
}

fn take_array(file: &str, bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    intake.tally.records += 1;
    let name = stem(file).to_owned();
    // Nothing else says that an array is of this format.
    if !DISTRIBUTIONS.iter().any(|(known, _)| *known == name) {
        let reason = SkipReason::UnknownFile;
        intake.tally.skip(reason, || file.to_owned());
        return Ok(());
    }
    match intake.tally.read_json(&file, bytes) {
        Some(releases) => take_product(&Product { name, releases }, intake),
        None => Ok(()),
    }
}

/// `debian` of `folder/debian.json`.
fn stem(file: &str) -> &str {
    let name = file.rsplit(['/', '\\', ' ']).next().unwrap_or(file);
    name.split('.').next().unwrap_or(name)
}

fn take_product(product: &Product, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    intake.tally.recognised += 1;
    let known = DISTRIBUTIONS.iter().find(|(name, _)| *name == product.name);
    let Some((_, id)) = known else {
        let reason = SkipReason::NotADistribution;
        intake.tally.skip(reason, || product.name.clone());
        return Ok(());
    };
    for release in &product.releases {
        // A release that is written as a number: `9`.
        let name = match &release.name {
            Value::String(name) => name.clone(),
            other => other.to_string(),
        };
        let ends = day(release.eol.as_ref());
        let Ok(ends) = ends.filter_over(release.is_eol) else {
            let reason = SkipReason::NoDate;
            intake.tally.skip(reason, || format!("{id} {name}"));
            continue;
        };
        let extended = day(release.eoes.as_ref()).date();
        let life = EndOfLife {
            release: name,
            ends,
            extended: extended.filter(|extended| Some(*extended) > ends),
        };
        intake.add_lifecycle(id, &life)?;
    }
    Ok(())
}

/// What stands in the place of a day.
enum Day {
    On(Date),
    /// None is set.
    Open,
    /// Text that is no day, or only that it is over.
    Unknown,
}

fn day(value: Option<&Value>) -> Day {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => Day::Open,
        Some(Value::String(text)) => text.parse().map_or(Day::Unknown, Day::On),
        Some(_) => Day::Unknown,
    }
}

impl Day {
    fn date(self) -> Option<Date> {
        match self {
            Self::On(date) => Some(date),
            Self::Open | Self::Unknown => None,
        }
    }

    /// The day, or that none is set; an error where it is over and nobody knows since when.
    fn filter_over(self, is_over: bool) -> Result<Option<Date>, ()> {
        match self {
            Self::On(date) => Ok(Some(date)),
            Self::Open if !is_over => Ok(None),
            Self::Open | Self::Unknown => Err(()),
        }
    }
}

/// One of distro-info-data's tables: which, its columns tell.
fn take_table(file: &str, text: &str, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    let mut lines = text.lines();
    let heads: Vec<&str> = lines.next().unwrap_or_default().trim().split(',').collect();
    let column = |name: &str| heads.iter().position(|head| *head == name);
    let (Some(version), Some(ends)) = (column("version"), column("eol")) else {
        intake
            .tally
            .skip(SkipReason::UnknownFile, || file.to_owned());
        return Ok(());
    };
    let (id, extended) = match (column("eol-lts"), column("eol-esm")) {
        (Some(extended), _) => ("debian", Some(extended)),
        (_, Some(extended)) => ("ubuntu", Some(extended)),
        // Before 2020 Debian's table had no other end.
        _ if stem(file) == "debian" => ("debian", None),
        _ => ("ubuntu", None),
    };
    for line in lines.filter(|line| !line.trim().is_empty()) {
        intake.tally.records += 1;
        intake.tally.recognised += 1;
        let fields: Vec<&str> = line.trim().split(',').collect();
        let field = |column: usize| fields.get(column).copied().unwrap_or_default();
        let date = |column: usize| field(column).parse::<Date>().ok();
        // `22.04 LTS`; unstable has no number.
        let release = field(version).split(' ').next().unwrap_or_default();
        if release.is_empty() {
            let reason = SkipReason::UnknownRelease;
            intake.tally.skip(reason, || line.to_owned());
            continue;
        }
        let life = EndOfLife {
            release: release.to_owned(),
            ends: date(ends),
            extended: extended
                .and_then(date)
                .filter(|day| Some(*day) > date(ends)),
        };
        intake.add_lifecycle(id, &life)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::advisories::matching::testing::on;
    use crate::advisories::{FeedInput, Format, ImportReport, SkipReason, Source, Store};
    use crate::model::Distribution;

    fn import(name: &str, text: &str) -> (Store, ImportReport) {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream(name.to_owned(), Box::new(text.as_bytes()));
        let report = store
            .import(&Source::named("eol"), Format::EndOfLife, input)
            .expect("imported");
        (store, report)
    }

    fn told(store: &Store, distribution: &Distribution) -> Option<(String, String, String)> {
        let life = store.end_of_life(distribution).expect("asked")?;
        let text = |date: Option<crate::model::Date>| {
            date.map_or_else(String::new, |date| date.to_string())
        };
        Some((life.release.clone(), text(life.ends), text(life.extended)))
    }

    fn row(release: &str, ends: &str, extended: &str) -> (String, String, String) {
        (release.into(), ends.into(), extended.into())
    }

    #[test]
    fn every_form_says_the_same() {
        let full = r#"{"schema_version": "1.0.0", "result": [
            {"name": "debian", "releases": [{"name": "9", "isEol": true, "eolFrom": "2020-07-18", "eoesFrom": "2022-06-30"},
                {"name": "1", "isEol": true, "eolFrom": null}]},
            {"name": "alpine-linux", "releases": [{"name": "3.20", "isEol": false, "eolFrom": "2026-04-01"}]},
            {"name": "oracle-linux", "releases": [{"name": "10", "isEol": false, "eolFrom": null}]},
            {"name": "python", "releases": []}]}"#;
        let (store, report) = import("full", full);
        assert_eq!(report.signals, 3);
        assert_eq!(report.skipped[&SkipReason::NoDate].examples, ["debian 1"]);
        assert_eq!(
            report.skipped[&SkipReason::NotADistribution].examples,
            ["python"]
        );
        let debian = Some(row("9", "2020-07-18", "2022-06-30"));
        assert_eq!(told(&store, &on("debian", "9")), debian);
        assert_eq!(
            told(&store, &on("alpine", "3.20.3")),
            Some(row("3.20", "2026-04-01", ""))
        );
        assert_eq!(told(&store, &on("ol", "10.1")), Some(row("10", "", "")));
        assert_eq!(told(&store, &on("debian", "1")), None);
        for (name, form) in [
            (
                "one",
                r#"{"result": {"name": "debian", "releases": [{"name": "9", "eolFrom": "2020-07-18", "eoesFrom": "2022-06-30"}]}}"#,
            ),
            (
                "lines",
                r#"{"product": "debian", "releases": [{"releaseCycle": "9", "eol": "2020-07-18", "eoes": "2022-06-30"}]}"#,
            ),
            (
                "a/debian.json",
                r#"[{"cycle": 9, "eol": "2020-07-18", "extendedSupport": "2022-06-30"}]"#,
            ),
            (
                "debian.csv",
                "version,codename,series,created,release,eol,eol-lts,eol-elts\n9,Stretch,stretch,2015-04-26,2017-06-17,2020-07-18,2022-06-30,2027-06-30\n,Sid,sid,1993-08-16\n",
            ),
        ] {
            assert_eq!(
                told(&import(name, form).0, &on("debian", "9")),
                debian,
                "{name}"
            );
        }
    }

    #[test]
    fn ubuntus_table_is_told_by_its_columns() {
        let (store, report) = import(
            "x",
            "version,codename,series,created,release,eol,eol-server,eol-esm\n22.04 LTS,J,jammy,2021-10-14,2022-04-21,2027-06-01,2027-06-01,2032-04-21\n24.10,O,oracular,2024-04-25,2024-10-10,2025-07-10\n",
        );
        assert_eq!(report.signals, 2);
        assert_eq!(
            told(&store, &on("ubuntu", "22.04")),
            Some(row("22.04", "2027-06-01", "2032-04-21"))
        );
        assert_eq!(
            told(&store, &on("ubuntu", "24.10")),
            Some(row("24.10", "2025-07-10", ""))
        );
    }

    #[test]
    fn what_is_none_of_the_forms_is_refused() {
        for text in [
            "{}",
            "[",
            "[1]",
            "{\"result\": 7}",
            "version\n",
            "v",
            "",
            "x",
        ] {
            let mut store = Store::in_memory().expect("store");
            let input = FeedInput::Stream("x".into(), Box::new(text.as_bytes()));
            let report = store.import(&Source::named("eol"), Format::EndOfLife, input);
            assert!(report.is_err(), "{text}");
        }
    }
}
