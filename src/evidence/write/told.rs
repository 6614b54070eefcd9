//! One finding in the words that all row-like forms share: what, where, how bad, what to do.

use crate::evidence::{Evidence, Finding, Place, PosturePlace};
use crate::model::{Digest, Severity, Untrusted};

/// A finding as a row.
pub(super) struct Told {
    /// `vulnerability`, `secret`, `integrity`, `posture`.
    pub(super) kind: &'static str,
    /// How bad.
    pub(super) severity: Severity,
    /// CVE, rule, check, or the package whose file was changed.
    pub(super) id: String,
    /// What it is, in a line.
    pub(super) title: String,
    /// What it is about: `openssl 3.0.1`, a redacted secret, a file, a container.
    pub(super) subject: String,
    /// The file inside the image, or the file of settings; `None` for the image's config.
    pub(super) path: Option<String>,
    /// The line in it, from 1.
    pub(super) line: Option<u64>,
    /// The layer, from 1.
    pub(super) layer: Option<usize>,
    /// What repairs it: a version.
    pub(super) fixed_in: Option<String>,
    /// What to do, as a sentence without its stop.
    pub(super) remedy: String,
    /// Where to read more.
    pub(super) url: Option<String>,
    /// Equal for equal findings of any scan of any version of the image: neither layer nor line is in it.
    pub(super) fingerprint: String,
    /// Whether it counts for the verdict at all: what is accepted or deleted does not.
    pub(super) counts: bool,
}

/// Every finding as a row, in the document's order.
pub(super) fn told(evidence: &Evidence) -> impl Iterator<Item = Told> {
    evidence.findings.iter().map(told_of)
}

/// One finding as a row.
pub(super) fn told_of(finding: &Finding) -> Told {
    let mut told = match finding {
        Finding::Vulnerability(found) => Told {
            id: found.id.clone(),
            title: found.title.clone(),
            subject: format!("{} {}", found.name, found.version),
            fixed_in: found.fixed_version.clone(),
            remedy: found.remedy.clone(),
            url: found.url.clone(),
            ..at("vulnerability", &found.place)
        },
        Finding::Secret(found) => Told {
            id: found.rule.clone(),
            title: found.title.clone(),
            subject: found.redacted.clone(),
            remedy: found.remedy.clone(),
            ..found
                .places
                .first()
                .map_or_else(|| nowhere("secret"), |place| at("secret", &place.place))
        },
        Finding::Integrity(found) => Told {
            id: found.owner.clone(),
            title: "A file is not what its package brought".to_owned(),
            subject: found
                .place
                .path
                .as_ref()
                .map_or_else(String::new, |path| format!("/{}", path.as_str())),
            remedy: found.remedy.clone(),
            ..at("integrity", &found.place)
        },
        Finding::Posture(found) => Told {
            id: found.check.clone(),
            title: found.title.clone(),
            subject: found.subject.clone().unwrap_or_else(|| "image".to_owned()),
            remedy: found.remedy.clone(),
            url: None,
            ..found
                .places
                .first()
                .map_or_else(|| nowhere("posture"), of_settings)
        },
    };
    told.severity = finding.severity();
    told.counts = !finding.is_deleted() && !finding.is_accepted();
    let key = [
        told.kind,
        &told.id,
        &told.subject,
        told.path.as_deref().unwrap_or_default(),
    ]
    .join("\n");
    told.fingerprint = Digest::sha256_of(key.as_bytes()).to_string();
    for text in [
        &mut told.id,
        &mut told.title,
        &mut told.subject,
        &mut told.remedy,
    ] {
        *text = Untrusted(text).to_string();
    }
    told.title.truncate(told.title.trim_end_matches('.').len());
    if let Some(first) = told.remedy.chars().next() {
        told.remedy
            .replace_range(..first.len_utf8(), &first.to_uppercase().to_string());
    }
    told
}

fn nowhere(kind: &'static str) -> Told {
    Told {
        kind,
        severity: Severity::Unknown,
        id: String::new(),
        title: String::new(),
        subject: String::new(),
        path: None,
        line: None,
        layer: None,
        fixed_in: None,
        remedy: String::new(),
        url: None,
        fingerprint: String::new(),
        counts: true,
    }
}

fn at(kind: &'static str, place: &Place) -> Told {
    Told {
        path: place.path.as_ref().map(|path| path.as_str().to_owned()),
        line: place.line,
        layer: place.layer.map(|layer| layer + 1),
        ..nowhere(kind)
    }
}

fn of_settings(found: &PosturePlace) -> Told {
    let place = &found.place;
    let inside = place.path.as_ref().map(|path| path.as_str().to_owned());
    Told {
        path: inside.or_else(|| place.file.clone()),
        line: place.line,
        layer: place.layer.map(|layer| layer + 1),
        ..nowhere("posture")
    }
}
