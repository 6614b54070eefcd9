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
    if sbom.packages.is_empty() {
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
    packages.sort_unstable();
    packages.dedup();
    deleted.sort_unstable();
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
        files_compared: 0,
        files: Accounting::default(),
        gaps,
    }
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
