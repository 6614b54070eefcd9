//! The evidence document, `plimsoll.evidence/v1`. Its JSON Schema is `docs/schema/evidence-v1.schema.json`.

use serde::{Deserialize, Serialize};

use super::{
    CheckRecord, Gate, PostureFinding, SettingsRecord, StandardRecord, Verdict, WayOutRecord,
};
use crate::advisories::{Epss, Exploited, ExtendedFix, Status};
use crate::model::{
    Accounting, Confidence, Date, DiffId, Digest, Distribution, Fingerprint, Gap, GapKind,
    LayerPath, Platform, Severity,
};
use crate::prove::Proof as ContainerProof;

/// The document's form; raised when a reader of the old one could misread the new one.
pub const SCHEMA: &str = "plimsoll.evidence/v1";

/// Everything that a scan says about one image. The same image, advisories, policy and Plimsoll give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// [`SCHEMA`].
    pub schema: String,
    /// What it comes to.
    pub verdict: Verdict,
    /// What was scanned.
    pub subject: Subject,
    /// The distribution that its packages belong to, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distribution: Option<Distribution>,
    /// What was found, worst first.
    pub findings: Vec<Finding>,
    /// What could not be judged.
    pub gaps: Vec<Gap>,
    /// Every package that the running container has. Those that are part of a package of the distribution are left out unless the
    /// policy wants all.
    pub packages: Vec<PackageRecord>,
    /// Packages that only lower layers hold, if the policy wants them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deleted: Vec<DeletedRecord>,
    /// Files of the distribution's packages that were compared with the digest that their package records.
    #[serde(default)]
    pub files_compared: u64,
    /// Whose the files are that the running container has.
    #[serde(default)]
    pub files: Accounting,
    /// What the checks of the container boundary came to: all that were made, not only those that failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckRecord>,
    /// The runtime settings that were audited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<SettingsRecord>,
    /// The ways in which root inside a container reaches the host, by the audited settings; the surest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ways_out: Vec<WayOutRecord>,
    /// The standards that were asked about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub standards: Vec<StandardRecord>,
    /// What was seen in the image's restricted container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Box<ContainerProof>>,
    /// The advisories that the packages were matched with; `None` where there are no packages to match, as in runtime settings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub advisories: Option<Advisories>,
    /// The day for which it was asked whether the distribution is still looked after; only where the advisories have its ends of
    /// support, since nothing else depends on a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of_date: Option<Date>,
    /// What decided over the verdict.
    pub policy: Policy,
    /// What made this document.
    pub tool: Tool,
}

impl Evidence {
    /// Whether it is about runtime settings alone, and no image was looked at.
    pub fn is_of_settings(&self) -> bool {
        !self.settings.is_empty() && self.is_without_layers()
    }

    /// Whether no byte of an image was read, and no list of its packages: it is about settings, or about a container.
    pub fn is_without_layers(&self) -> bool {
        self.subject.layers.is_empty() && self.subject.sbom.is_none()
    }

    /// Gaps in what is aboard: that advisories are missing, or cannot be compared, takes nothing away from a list of packages.
    pub fn inventory_gaps(&self) -> impl Iterator<Item = &Gap> {
        let is_of_matching = |kind| {
            matches!(
                kind,
                GapKind::NoAdvisories
                    | GapKind::EndOfLife
                    | GapKind::StarterAdvisories
                    | GapKind::UnorderedVersion
                    | GapKind::UnknownDistribution
                    | GapKind::IntegrityUnchecked
            )
        };
        let gaps = self.gaps.iter();
        gaps.filter(move |gap| !is_of_matching(gap.kind))
    }
}

/// The scanned image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// Its reference in full.
    pub name: String,
    /// Digest of the manifest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_digest: Option<Digest>,
    /// Digest of the config: the image id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_digest: Option<Digest>,
    /// What it is built for.
    pub platform: Platform,
    /// When its config says that it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// Its layers, base first.
    pub layers: Vec<LayerRecord>,
    /// The list that all of this rests on, where no byte of the image was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sbom: Option<SbomRecord>,
}

/// A list of packages that was scanned in an image's place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SbomRecord {
    /// Digest of the document's bytes.
    pub digest: Digest,
    /// Its form and version: `CycloneDX 1.6`.
    pub form: String,
    /// What wrote it, as it says itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What it says that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The digest that it gives that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_digest: Option<Digest>,
}

/// One layer, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// Digest of the stored blob.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Digest of the uncompressed tar: of the bytes that were read. `None` if the layer could not be walked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diff_id: Option<DiffId>,
    /// The build instruction that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Regular files that were offered to the detectors.
    pub files: u64,
    /// Bytes of those files.
    pub file_bytes: u64,
}

/// A package of the running container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PackageRecord {
    /// The canonical package URL; `None` for a name that no URL can carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Type, name, version and all that its database says.
    #[serde(flatten)]
    pub package: crate::model::Package,
    /// Where it is recorded.
    pub place: Place,
    /// The package of the distribution that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<String>,
}

/// A package that a lower layer holds and the running container does not have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeletedRecord {
    /// The package, and where it was recorded.
    #[serde(flatten)]
    pub package: PackageRecord,
    /// The index of the layer that took it out of sight.
    pub removed_in: usize,
}

/// A place in the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<LayerPath>,
    /// The line in it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Index of the layer that brought it, 0 is the base; `None` for a place in the image's config.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<usize>,
    /// The part of the config that it is in: `env`, `label`, `history`, with its name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
}

/// Something that somebody should act on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Finding {
    /// A package with a known vulnerability.
    Vulnerability(Box<VulnerabilityFinding>),
    /// A secret that whoever has the image can read.
    Secret(SecretFinding),
    /// A file of a package whose content is not what the package brought.
    Integrity(IntegrityFinding),
    /// A hole in the container boundary: of the image, of its runtime settings, or of a live container.
    Posture(Box<PostureFinding>),
}

impl Finding {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Vulnerability(finding) => finding.severity,
            Self::Secret(finding) => finding.severity,
            Self::Integrity(finding) => finding.severity,
            Self::Posture(finding) => finding.severity,
        }
    }

    /// Whether it is a package that is itself the attack.
    pub fn is_malicious(&self) -> bool {
        matches!(self, Self::Vulnerability(finding) if finding.malicious)
    }

    /// Whether the running container has it, or only a lower layer: that does not count for the verdict.
    pub fn is_deleted(&self) -> bool {
        matches!(self, Self::Vulnerability(finding) if finding.removed_in.is_some())
    }

    /// Whether somebody looked at it and accepts it: that does not count for the verdict.
    pub fn is_accepted(&self) -> bool {
        matches!(self, Self::Secret(finding) if finding.places.iter().all(|place| place.accepted.is_some()))
    }

    /// The order of all documents, total: worst first, vulnerabilities before secrets before files before the boundary, then by id and place.
    pub fn order(&self) -> impl Ord + use<> {
        let (kind, id, subject, places) = match self {
            Self::Vulnerability(finding) => (
                0,
                finding.id.clone(),
                format!("{}\n{}\n{}", finding.name, finding.version, finding.package),
                vec![finding.place.clone()],
            ),
            Self::Secret(finding) => (
                1,
                finding.rule.clone(),
                finding
                    .fingerprint
                    .map_or_else(String::new, |fingerprint| fingerprint.to_string()),
                finding
                    .places
                    .iter()
                    .map(|place| place.place.clone())
                    .collect(),
            ),
            Self::Integrity(finding) => (
                2,
                finding.owner.clone(),
                String::new(),
                vec![finding.place.clone()],
            ),
            Self::Posture(finding) => (
                3,
                finding.check.clone(),
                finding.subject.clone().unwrap_or_default(),
                Vec::new(),
            ),
        };
        (
            std::cmp::Reverse(self.severity()),
            kind,
            id,
            subject,
            places,
        )
    }
}

/// A package with a known vulnerability.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct VulnerabilityFinding {
    /// The id that people know it by: its CVE where it has one.
    pub id: String,
    /// All other ids of the same vulnerability.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub aliases: Vec<String>,
    /// The vendor's severity before all others.
    pub severity: Severity,
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity_source: Option<String>,
    /// One line.
    pub title: String,
    /// The package's URL, or its name where it has none.
    pub package: String,
    /// The package's name.
    pub name: String,
    /// The installed version.
    pub version: String,
    /// The package is itself the attack.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub malicious: bool,
    /// The vendor's word: affected, fixed in a later version, will not fix, …
    pub status: Status,
    /// The version that repairs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_version: Option<String>,
    /// The version that repairs it for those with the vendor's extended support, which this image does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_in_extended: Option<ExtendedFix>,
    /// It is known to be exploited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exploited: Option<Exploited>,
    /// How likely its exploitation is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epss: Option<Epss>,
    /// The advisories that it was compared with did not tell it: it is new because they changed, and not the image.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
    /// Where the package is recorded.
    pub place: Place,
    /// The index of the layer that took the package out of sight: only a lower layer still holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_in: Option<usize>,
    /// The advisory rows that apply, each with the comparison that decided.
    pub proof: Vec<Proof>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What to do.
    pub remedy: String,
}

/// Why a package matches an advisory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Proof {
    /// The advisory's own id.
    pub advisory: String,
    /// The feed that it came from.
    pub source: String,
    /// The ecosystem that it speaks of, such as `Debian:12`.
    pub ecosystem: String,
    /// The name that matched: of the package, or of its source package.
    pub name: String,
    /// The version that was compared.
    pub version: String,
    /// The affected range, as text.
    pub range: String,
    /// The order that was used: `dpkg`, `pep440`, …; `None` where the version is listed by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The row is about the distribution that the package's own is rebuilt from: Red Hat's word on an AlmaLinux package.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inferred: bool,
}

/// A secret, with every place that it is in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecretFinding {
    /// The rule that found it.
    pub rule: String,
    /// What it is.
    pub title: String,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// Enough to recognise it by.
    pub redacted: String,
    /// Equal for equal secrets; `None` for a value that could be guessed from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// Where it is, layer by layer.
    pub places: Vec<SecretPlace>,
    /// Which credential to rotate, and where.
    pub remedy: String,
    /// How the build keeps it out of the image.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub removal: String,
}

/// One place of a secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretPlace {
    /// File and layer, or part of the config.
    #[serde(flatten)]
    pub place: Place,
    /// The member of the archive that the file is; inside another archive both names with a `!` between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The build instruction that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Whether the running container sees it.
    pub visible: bool,
    /// The index of the layer that whoever has the image takes it out of, where the running container does not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recoverable_from: Option<usize>,
    /// The package of the distribution that brought the file as it is: everyone has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it is accepted, where an exception says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<String>,
}

/// A file of one of the distribution's packages that is not what the package brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntegrityFinding {
    /// A program is worse than a text, and a configuration file is there to be changed.
    pub severity: Severity,
    /// The package that brought another content.
    pub owner: String,
    /// Whether the package expects its users to change it.
    pub is_configuration: bool,
    /// The file, and the layer that brought what is there now.
    pub place: Place,
    /// What to do.
    pub remedy: String,
}

/// The advisories that were used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Advisories {
    /// Digest over all their content: the same feeds give the same digest on any machine.
    pub snapshot: Digest,
    /// The feeds in it.
    pub sources: Vec<AdvisorySource>,
    /// The time that the store was asked about, where that was not the present: all is as it would have been then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// What the findings were compared with: those that are `new` were not told by it, though the image is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared_with: Option<EarlierAdvisories>,
}

/// The advisories of an earlier time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlierAdvisories {
    /// The time.
    pub as_of: String,
    /// Digest over their content then.
    pub snapshot: Digest,
}

/// One feed of the snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AdvisorySource {
    /// Its name; `starter` for the small set inside Plimsoll, which is no coverage.
    pub name: String,
    /// How many advisories it has.
    pub advisories: u64,
    /// When the newest of them was changed, as the feed says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
}

/// What decided over the verdict.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each one is a choice of the user's"
)]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Findings below this severity do not fail the scan.
    pub fail_on: Gate,
    /// Whether secrets were looked for.
    pub secrets: bool,
    /// Whether the image's container boundary was checked.
    #[serde(default)]
    pub posture: bool,
    /// Digest over the bases that the user knows; `None` where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bases: Option<Digest>,
    /// Whether the files of packages were compared with the digests that the packages record.
    #[serde(default)]
    pub integrity: bool,
    /// Whether packages that are part of a package of the distribution were listed and matched, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Whether packages that only lower layers hold were listed and matched, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// What made the document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `plimsoll`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Digest over the detectors and their versions.
    pub detectors: Digest,
}
