//! A list of packages in the place of an image: what it says is aboard.

use std::collections::BTreeMap;

use super::aboard::Aboard;
use crate::evidence::{DeletedRecord, LayerRecord, PackageRecord, Place, SbomRecord, Subject};
use crate::inventory::{Listed, Sbom};
use crate::model::{Accounting, DiffId, Digest, Distribution, Gap, GapKind, Platform};

/// What the list `name`, whose bytes have this digest, says.
///
/// Its packages keep the basis that it gives them; that all of it rests on a list is said of the subject.
pub(super) fn aboard(name: &str, digest: Digest, sbom: Sbom) -> Aboard {
    let mut layers: BTreeMap<DiffId, usize> = BTreeMap::new();
    for (index, id) in sbom.layers.iter().enumerate() {
        if let Some(id) = id {
            layers.entry(*id).or_insert(index);
        }
    }
    let mut gaps = sbom.gaps;
    // What Plimsoll wrote of an image without packages says so itself.
    let is_said = gaps.iter().any(|gap| gap.kind == GapKind::NothingFound);
    if sbom.packages.is_empty() && !is_said {
        gaps.push(Gap::new(GapKind::NothingFound, "the list has no package"));
    }
    let distribution = sbom.distribution;
    let mut packages = Vec::new();
    let mut deleted = Vec::new();
    for listed in sbom.packages {
        let removed_in = listed.removed_in;
        let record = record(listed, distribution.as_ref(), &layers);
        match removed_in.map(|id| layers.get(&id)) {
            None => packages.push(record),
            Some(Some(removed_in)) => deleted.push(DeletedRecord {
                package: record,
                removed_in: *removed_in,
            }),
            Some(None) => gaps.push(Gap::new(
                GapKind::UnreadableFile,
                "a package was deleted by a layer that the list does not name",
            )),
        }
    }
    // In the order in which an image's packages are.
    packages.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
    packages.dedup();
    deleted.sort_unstable_by(|one, other| {
        (order(&one.package), one.removed_in).cmp(&(order(&other.package), other.removed_in))
    });
    deleted.dedup();
    let layer = |diff_id| LayerRecord {
        digest: None,
        diff_id,
        instruction: None,
        files: 0,
        file_bytes: 0,
    };
    Aboard {
        subject: Subject {
            name: format!("sbom:{name}"),
            manifest_digest: None,
            config_digest: None,
            platform: sbom.platform.unwrap_or_else(|| Platform {
                os: String::new(),
                architecture: String::new(),
                variant: None,
            }),
            created: None,
            layers: sbom.layers.into_iter().map(layer).collect(),
            sbom: Some(SbomRecord {
                digest,
                form: sbom.form,
                tool: sbom.tool,
                subject: sbom.subject,
                subject_digest: sbom.digest,
            }),
        },
        distribution,
        packages,
        deleted,
        secrets: Vec::new(),
        modified: Vec::new(),
        view: None,
        files_compared: 0,
        files: Accounting::default(),
        gaps,
    }
}

fn order(record: &PackageRecord) -> impl Ord + '_ {
    (
        &record.package,
        &record.purl,
        &record.place,
        &record.owned_by,
    )
}

fn record(
    listed: Listed,
    distribution: Option<&Distribution>,
    layers: &BTreeMap<DiffId, usize>,
) -> PackageRecord {
    PackageRecord {
        purl: listed.package.purl(distribution),
        place: Place {
            path: listed.path,
            line: listed.package.line,
            layer: listed.layer.and_then(|id| layers.get(&id).copied()),
            config: None,
        },
        package: listed.package,
        owned_by: listed.owned_by,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::evidence::Evidence;
    use crate::evidence::write::{Format, Look, write};
    use crate::inventory::read_sbom;
    use crate::model::{Basis, Package, PackageType, SourcePackage};

    fn digest(number: u8) -> Digest {
        Digest::sha256_of(&[number])
    }

    /// Evidence about an image of three layers with these packages.
    fn evidence(
        distribution: Option<Distribution>,
        packages: Vec<PackageRecord>,
        deleted: Vec<DeletedRecord>,
        gaps: &[Gap],
    ) -> Evidence {
        let layer = |number| json!({"diff_id": digest(number), "files": 1, "file_bytes": 1});
        let mut evidence: Evidence = serde_json::from_value(json!({
            "schema": crate::evidence::SCHEMA,
            "verdict": "clean",
            "subject": {
                "name": "docker.io/library/app:1.0",
                "manifest_digest": digest(9),
                "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"},
                "created": "2024-05-22T18:18:12.05Z",
                "layers": [layer(0), layer(1), layer(2)],
            },
            "findings": [],
            "gaps": gaps,
            "packages": [],
            "advisories": {"snapshot": digest(8), "sources": []},
            "policy": {"fail_on": "low", "secrets": true},
            "tool": {"name": "plimsoll", "version": "0", "detectors": digest(7)},
        }))
        .expect("evidence");
        evidence.distribution = distribution;
        evidence.packages = packages;
        evidence.deleted = deleted;
        evidence
    }

    /// What is aboard by the list that is written of this evidence.
    fn read_back(evidence: &Evidence, format: Format) -> Aboard {
        let mut text = Vec::new();
        write(format, evidence, Look::default(), &mut text).expect("written");
        let sbom = read_sbom(&text).expect("well formed").expect("a list");
        aboard("a.json", Digest::sha256_of(&text), sbom)
    }

    fn debian() -> Distribution {
        Distribution {
            id: "debian".into(),
            id_like: vec!["a".into(), "b".into()],
            version_id: None,
            codename: Some("trixie".into()),
            pretty_name: Some("Debian GNU/Linux trixie/sid".into()),
            content_sets: vec!["x-rpms".into(), "y-rpms".into()],
            extended_support: vec!["esm-apps".into()],
        }
    }

    fn record(package: Package, distribution: Option<&Distribution>) -> PackageRecord {
        PackageRecord {
            purl: package.purl(distribution),
            place: Place {
                path: Some("var/lib/x".into()),
                line: package.line,
                layer: Some(1),
                config: None,
            },
            package,
            owned_by: None,
        }
    }

    const FORMATS: [Format; 2] = [Format::CycloneDx, Format::Spdx];

    #[test]
    fn what_is_known_of_the_image_and_its_gaps_comes_back() {
        let debian = debian();
        let package = Package::new(PackageType::DEB, "a", "1");
        let gaps = [
            Gap::at(GapKind::UnreadableFile, "a/b".into(), "line 3 is \"odd\""),
            Gap::new(GapKind::StarterAdvisories, "only the starter set"),
        ];
        let record = record(package, Some(&debian));
        let deleted = DeletedRecord {
            package: record.clone(),
            removed_in: 2,
        };
        let evidence = evidence(Some(debian), vec![record], vec![deleted], &gaps);
        for format in FORMATS {
            let back = read_back(&evidence, format);
            let sbom = back.subject.sbom.expect("a list");
            assert_eq!(sbom.subject.as_deref(), Some("docker.io/library/app:1.0"));
            assert_eq!(sbom.subject_digest, Some(digest(9)));
            assert!(sbom.tool.is_some_and(|tool| tool.starts_with("plimsoll")));
            assert_eq!(back.subject.platform.to_string(), "linux/arm64/v8");
            let layers = back.subject.layers.iter().map(|layer| layer.diff_id);
            assert!(layers.eq((0..3).map(|number| Some(DiffId(digest(number))))));
            assert_eq!(back.distribution, evidence.distribution);
            assert_eq!(back.packages, evidence.packages);
            assert_eq!(back.deleted, evidence.deleted);
            // What the store does not know is found out again.
            assert_eq!(back.gaps, gaps[..1]);
        }
    }

    #[test]
    fn an_empty_list_is_not_clean() {
        for format in FORMATS {
            let back = read_back(&evidence(None, Vec::new(), Vec::new(), &[]), format);
            let kinds: Vec<GapKind> = back.gaps.iter().map(|gap| gap.kind).collect();
            assert_eq!(kinds, [GapKind::NothingFound]);
        }
    }

    #[test]
    fn that_an_image_has_no_package_is_said_once() {
        let gaps = [Gap::new(GapKind::NothingFound, "no package was found")];
        for format in FORMATS {
            let back = read_back(&evidence(None, Vec::new(), Vec::new(), &gaps), format);
            assert_eq!(back.gaps, gaps);
        }
    }

    fn a_package() -> impl Strategy<Value = PackageRecord> {
        let types = prop::sample::select(vec![
            "deb", "apk", "rpm", "alpm", "npm", "pypi", "golang", "maven", "composer", "generic",
            "julia",
        ]);
        let text = || proptest::option::of("[ -~]{1,8}|\\PC{1,4}");
        let what = (
            types,
            text(),
            "[ -~]{1,10}|\\PC{1,4}",
            "([0-9]:)?[ -~]{0,10}",
            text(),
        );
        let more = (
            proptest::option::of(("[a-z@]{1,6}", "[0-9.:-]{1,6}")),
            proptest::collection::vec("MIT|ISC|MIT OR ISC|GPL|[ -~]{1,8}", 0..3),
            proptest::collection::btree_map("cpe|[a-z-]{1,6}", "\\PC{0,8}", 0..3),
            (
                0..3_u8,
                proptest::option::of(1..99_u64),
                any::<bool>(),
                text(),
            ),
        );
        (what, more).prop_map(|(what, more)| {
            let (package_type, namespace, name, version, architecture) = what;
            let (source, licenses, properties, (basis, line, is_another, owned_by)) = more;
            let mut package = Package::new(PackageType::new(package_type), name, version);
            let is_os = package.package_type.is_os();
            package.namespace = namespace.filter(|_| !is_os);
            package.architecture = architecture;
            package.source = source.map(|(name, version)| SourcePackage { name, version });
            package.licenses = licenses;
            package.properties = properties;
            package.line = line;
            package.basis = [Basis::Recorded, Basis::Heuristic, Basis::Claimed][usize::from(basis)];
            package.distribution = (is_os && is_another).then(|| {
                Box::new(Distribution {
                    id: "ubuntu".into(),
                    ..debian()
                })
            });
            let mut record = record(package, Some(&debian()));
            record.owned_by = owned_by;
            record
        })
    }

    proptest! {
        #[test]
        fn any_package_comes_back_as_it_was_from_both_forms(
            mut packages in proptest::collection::vec(a_package(), 1..4)
        ) {
            packages.sort_by(|one, other| order(one).cmp(&order(other)));
            packages.dedup();
            let evidence = evidence(Some(debian()), packages, Vec::new(), &[]);
            for format in FORMATS {
                let back = read_back(&evidence, format);
                prop_assert_eq!(&back.gaps, &[]);
                prop_assert_eq!(&back.packages, &evidence.packages);
            }
        }
    }
}
