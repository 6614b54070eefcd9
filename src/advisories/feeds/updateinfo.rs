//! `updateinfo.xml`: what an rpm repository says of its updates. Amazon's and Fedora's.
//!
//! ```text
//! updates: update type="security" { id, title, severity, issued date, updated date, description, release,
//!     references: reference href, id, type="cve" | "bugzilla" | …
//!     pkglist: collection: package name, epoch, version, release, arch }
//! ```
//! Which distribution a package is for is told by its release (`.amzn2`, `.fc42`), EPEL's by the update's (`Fedora EPEL
//! 9`).
//!
//! Amazon Linux 2 has topics (`ALAS2KERNEL-5.10-2022-001`), repositories whose packages can be named like those of the
//! core: `kernel` is 4.14 there, and 5.10 or 5.15 in two topics. A notice of a topic that bears a version is about that
//! series only: it begins there, where its fix is of it.

use std::collections::BTreeSet;
use std::io;

use super::input::{FeedInput, read_error};
use super::xml::{Element, Xml, each_document};
use crate::advisories::advisory::{
    Advisory, AdvisoryKind, Detail, Range, Reference, Status, Unordered,
};
use crate::advisories::intake::{Intake, IntakeError};
use crate::advisories::rating::vendor_rating;
use crate::advisories::report::SkipReason;
use crate::advisories::version::Scheme;

/// Packages of one update: a kernel's has some hundred, with all architectures.
const MAX_PACKAGES: usize = 100_000;

/// Links of one update.
const MAX_REFERENCES: usize = 100_000;

#[derive(Default)]
struct Update {
    kind: String,
    id: String,
    title: String,
    severity: String,
    release: String,
    description: String,
    issued: Option<String>,
    updated: Option<String>,
    /// Type, id, title and link.
    references: Vec<[String; 4]>,
    /// Name and `epoch:version-release`.
    packages: BTreeSet<(String, String)>,
}

pub(super) fn read(input: FeedInput<'_>, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    each_document(input, "updates", intake, |file, xml, intake| {
        let failed = read_error(file);
        while let Some(element) = xml.child().map_err(&failed)? {
            if element.name != "update" {
                xml.skip().map_err(&failed)?;
                continue;
            }
            intake.tally.records += 1;
            let update = read_update(&element, xml).map_err(&failed)?;
            take(&update, intake)?;
        }
        Ok(())
    })
}

fn read_update(element: &Element, xml: &mut Xml<'_>) -> io::Result<Update> {
    let mut update = Update {
        kind: attribute(element, "type"),
        ..Update::default()
    };
    while let Some(part) = xml.child()? {
        let date = |xml: &mut Xml<'_>| -> io::Result<Option<String>> {
            xml.skip()?;
            Ok(part.attribute("date").map(str::to_owned))
        };
        match part.name.as_str() {
            "id" => update.id = xml.text()?,
            "title" => update.title = xml.text()?,
            "severity" => update.severity = xml.text()?,
            "release" => update.release = xml.text()?,
            "description" => update.description = xml.text()?,
            "issued" => update.issued = date(xml)?,
            "updated" => update.updated = date(xml)?,
            "references" => {
                while let Some(reference) = xml.child()? {
                    xml.skip()?;
                    if update.references.len() < MAX_REFERENCES {
                        let fields = ["type", "id", "title", "href"];
                        let fields = fields.map(|field| attribute(&reference, field));
                        update.references.push(fields);
                    }
                }
            }
            "pkglist" => read_packages(&mut update.packages, xml)?,
            _ => xml.skip()?,
        }
    }
    Ok(update)
}

fn read_packages(packages: &mut BTreeSet<(String, String)>, xml: &mut Xml<'_>) -> io::Result<()> {
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "collection" => read_packages(packages, xml)?,
            "package" if packages.len() < MAX_PACKAGES => {
                let field = |name| element.attribute(name).unwrap_or_default();
                let epoch = element.attribute("epoch").unwrap_or("0");
                let version = format!("{epoch}:{}-{}", field("version"), field("release"));
                // An update is built from source packages, and nobody installs those.
                if !field("name").is_empty() && field("arch") != "src" {
                    packages.insert((field("name").to_owned(), version));
                }
                xml.skip()?;
            }
            _ => xml.skip()?,
        }
    }
    Ok(())
}

fn attribute(element: &Element, name: &str) -> String {
    element.attribute(name).unwrap_or_default().to_owned()
}

fn take(update: &Update, intake: &mut Intake<'_>) -> Result<(), IntakeError> {
    if update.id.is_empty() {
        let reason = SkipReason::InvalidRecord;
        intake
            .tally
            .skip(reason, || "an update without an id".to_owned());
        return Ok(());
    }
    intake.tally.recognised += 1;
    let mut advisory = head(update);
    let series = topic_series(&update.id);
    for (package, version) in &update.packages {
        let Some(ecosystem) = ecosystem_of(update, version) else {
            intake.tally.skip(SkipReason::UnknownRelease, || {
                format!("{}: {package} {version}", update.id)
            });
            continue;
        };
        match range(&ecosystem, package, version, series) {
            Ok(range) => advisory.ranges.push(range),
            Err(error) => {
                intake.tally.skip(SkipReason::UnorderedVersion, || {
                    format!("{}: {package}: {error}", update.id)
                });
                advisory.unordered.push(Unordered {
                    ecosystem,
                    package: package.clone(),
                    events: format!("fixed {version}"),
                });
            }
        }
    }
    intake.add(advisory)
}

fn range(
    ecosystem: &str,
    package: &str,
    version: &str,
    series: Option<&str>,
) -> Result<Range, crate::advisories::version::UnorderedVersion> {
    let mut range = Range {
        high: Scheme::Rpm.key(version)?,
        fixed: Some(version.to_owned()),
        ..Range::everything(ecosystem, package, Status::Fixed)
    };
    let (epoch, bare) = version.split_once(':').unwrap_or(("0", version));
    let is_of = |series: &&str| {
        bare.strip_prefix(series)
            .is_some_and(|rest| rest.starts_with(['.', '-']))
    };
    if let Some(series) = series.filter(is_of) {
        let introduced = format!("{epoch}:{series}");
        range.low = Scheme::Rpm.key(&introduced)?;
        range.introduced = Some(introduced);
    }
    Ok(range)
}

fn head(update: &Update) -> Advisory {
    let mut upstream = BTreeSet::new();
    let mut references = vec![];
    for [kind, id, title, href] in &update.references {
        if kind == "cve" {
            upstream.insert(id.clone());
        } else {
            // Fedora: `CVE-2024-1234 package: what it is [fedora-40]`
            upstream.extend(cves_in(title));
        }
        let kind = if kind == "self" { "ADVISORY" } else { "WEB" };
        references.extend((!href.is_empty()).then(|| Reference {
            kind: kind.to_owned(),
            url: href.clone(),
        }));
    }
    if upstream.is_empty() {
        upstream.extend(cves_in(&update.title));
    }
    Advisory {
        id: update.id.clone(),
        kind: match update.kind.as_str() {
            "security" => AdvisoryKind::Vulnerability,
            _ => AdvisoryKind::Update,
        },
        upstream: upstream.into_iter().collect(),
        rating: vendor_rating(&update.severity),
        detail: Detail {
            summary: update.title.clone(),
            references,
            published: update.issued.clone(),
            modified: update.updated.clone().or_else(|| update.issued.clone()),
            ..Detail::default()
        },
        text: update.description.clone(),
        ..Advisory::default()
    }
}

fn cves_in(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words
        .filter(|word| word.starts_with("CVE-"))
        .map(str::to_owned)
}

/// By the build's own mark, since ids differ: `ALAS-2018-939` is one of Amazon Linux and one of Amazon Linux 2.
fn ecosystem_of(update: &Update, version: &str) -> Option<String> {
    let marked = |mark: &str| {
        let (_, rest) = version.rsplit_once(mark)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest.get(..end).filter(|number| !number.is_empty())
    };
    if let Some(release) = update.release.strip_prefix("Fedora EPEL ") {
        return Some(format!("EPEL:{release}"));
    }
    let amazon = marked(".amzn").map(|release| format!("Amazon Linux:{release}"));
    amazon.or_else(|| marked(".fc").map(|release| format!("Fedora:{release}")))
}

/// The version in a topic's name: `5.10` of `ALAS2KERNEL-5.10-2022-001`, `14` of `ALAS2POSTGRESQL14-2023-001`.
fn topic_series(id: &str) -> Option<&str> {
    let mut parts = id.rsplitn(3, '-');
    let (_number, _year, head) = (parts.next()?, parts.next()?, parts.next()?);
    let topic = head.strip_prefix("ALAS")?;
    let topic = topic.strip_prefix("2023").unwrap_or(topic);
    let topic = topic.strip_prefix('2').unwrap_or(topic);
    let start = topic.rfind(|c: char| !c.is_ascii_digit() && c != '.')?;
    topic
        .get(start + 1..)
        .filter(|series| series.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::{found, ids, on, rpm};
    use crate::advisories::{Format, ImportReport, Source, Store};

    fn import(text: &str) -> (Store, ImportReport) {
        let mut store = Store::in_memory().expect("store");
        let input = FeedInput::Stream("updateinfo".to_owned(), Box::new(text.as_bytes()));
        let report = store
            .import(&Source::named("updateinfo"), Format::Updateinfo, input)
            .expect("imported");
        (store, report)
    }

    fn notice(id: &str, kind: &str, cve: &str, packages: &str) -> String {
        format!(
            "<update from=\"linux-security@amazon.com\" type=\"{kind}\"><id>{id}</id><severity>important</severity>
             <references><reference href=\"x\" id=\"{cve}\" type=\"cve\"/></references>
             <pkglist><collection short=\"c\"><name>n</name>{packages}</collection></pkglist></update>"
        )
    }

    /// In the form of Amazon's repositories, as dnf's documentation describes it; written for this test.
    #[test]
    fn a_topics_notice_is_about_its_series_only() {
        let kernel = |version: &str| {
            format!(
                "<package arch=\"x86_64\" epoch=\"0\" name=\"kernel\" version=\"{version}\" release=\"1.1.amzn2\"/>
                 <package arch=\"src\" epoch=\"0\" name=\"kernel-src\" version=\"{version}\" release=\"1.1.amzn2\"/>"
            )
        };
        let text = [
            notice(
                "ALAS2-2022-1000",
                "security",
                "CVE-2022-1",
                &kernel("4.14.290"),
            ),
            notice(
                "ALASKERNEL-5.10-2022-001",
                "security",
                "CVE-2022-2",
                &kernel("5.10.102"),
            ),
            notice(
                "ALAS2KERNEL-5.15-2022-001",
                "security",
                "CVE-2022-3",
                &kernel("5.15.43"),
            ),
            notice("ALAS2-2022-1001", "bugfix", "", &kernel("5.15.99")),
            notice(
                "ALAS2DOCKER-2022-001",
                "security",
                "CVE-2022-4",
                "<package arch=\"x86_64\" name=\"docker\" version=\"20.10\" release=\"3.amzn2\"/>
                 <package arch=\"x86_64\" name=\"elsewhere\" version=\"1\" release=\"1.el7\"/>",
            ),
            "<update type=\"security\"/>".to_owned(),
        ];
        let (store, report) = import(&format!("<updates>{}</updates>", text.concat()));
        assert_eq!((report.records, report.advisories), (6, 5));
        assert_eq!(report.not_vulnerabilities, 1);
        assert_eq!(report.skipped[&SkipReason::InvalidRecord].count, 1);
        assert_eq!(report.skipped[&SkipReason::UnknownRelease].count, 1);
        let at = |name: &str, version: &str| {
            let outcome = found(&store, &on("amzn", "2"), &[rpm(name, name, version)]);
            ids(&outcome).join(" ")
        };
        assert_eq!(at("kernel", "4.14.200-1.amzn2"), "CVE-2022-1");
        assert_eq!(at("kernel", "5.10.50-1.amzn2"), "CVE-2022-2");
        assert_eq!(at("kernel", "5.15.1-1.amzn2"), "CVE-2022-3");
        assert_eq!(at("kernel", "5.15.43-1.1.amzn2"), "");
        assert_eq!(at("docker", "19.3-1.amzn2"), "CVE-2022-4");
    }

    #[test]
    fn the_series_is_the_version_in_a_topics_name() {
        for (id, series) in [
            ("ALAS2KERNEL-5.10-2022-001", Some("5.10")),
            ("ALAS2POSTGRESQL14-2023-001", Some("14")),
            ("ALAS2PHP8.1-2023-001", Some("8.1")),
            ("ALAS2-2021-1699", None),
            ("ALAS-2018-1093", None),
            ("ALAS2023-2023-126", None),
            ("ALAS2LIVEPATCH-2023-001", None),
            ("ALAS2023LIVEPATCH-2024-001", None),
            ("FEDORA-2024-0123456789", None),
            ("", None),
        ] {
            assert_eq!(topic_series(id), series, "{id}");
        }
    }

    /// In the form of Fedora's repositories; written for this test.
    #[test]
    fn fedora_names_cves_in_the_titles_of_its_bugs() {
        let text = "<updates><update from=\"updates@fedoraproject.org\" status=\"stable\" type=\"security\" version=\"2.0\">
            <id>FEDORA-2025-0011223344</id><title>curl-8.11.1-2.fc42</title><issued date=\"2025-02-01 01:02:03\"/>
            <release>Fedora 42</release><severity>Moderate</severity>
            <references><reference href=\"https://bugzilla.redhat.com/1\" id=\"1\" type=\"bugzilla\"
              title=\"CVE-2025-0001 curl: leak [fedora-42]\"/></references>
            <pkglist><collection short=\"F42\"><name>Fedora 42</name>
              <package name=\"libcurl\" version=\"8.11.1\" release=\"2.fc42\" epoch=\"0\" arch=\"x86_64\"/></collection></pkglist>
            </update></updates>";
        let (store, _) = import(text);
        let libcurl = [rpm("libcurl", "curl", "8.11.1-1.fc42")];
        assert_eq!(
            ids(&found(&store, &on("fedora", "42"), &libcurl)),
            ["CVE-2025-0001"]
        );
        assert_eq!(ids(&found(&store, &on("fedora", "43"), &libcurl)), [""; 0]);
        let epel = text.replace("<release>Fedora 42", "<release>Fedora EPEL 9");
        let (store, _) = import(&epel);
        assert_eq!(store.status().expect("status").ecosystems[0].0, "EPEL:9");
    }
}
