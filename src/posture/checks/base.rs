//! Where the image comes from: its reference, its base, and how far behind that is.

use super::{IMAGE, ImageCheck, ImageView, NIST_TRUST, NIST_VULNERABILITIES, config_failure};
use crate::model::{Check, Outcome, Severity};
use crate::posture::base::{known_base, lag, named_base};

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-050",
            title: "Base is not named by a digest",
            severity: Severity::Low,
            cis: &["4.2"],
            nist: NIST_TRUST,
            why: "Nobody can tell what the image was built on, nor whether that is a base to trust.",
            fix: "FROM name:tag@sha256:…, and the labels org.opencontainers.image.base.name and .digest.",
            ..IMAGE
        },
        run: pinned_base,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-051",
            title: "Image is named without a tag or by `latest`",
            severity: Severity::Medium,
            cis: &["5.28"],
            nist: NIST_TRUST,
            why: "The name stands for something else tomorrow, and nobody knows which version runs.",
            fix: "Name a version and the digest: name:1.2.3@sha256:….",
            ..IMAGE
        },
        run: latest,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-052",
            title: "Image is not named by a digest",
            severity: Severity::Low,
            cis: &["5.28"],
            nist: NIST_TRUST,
            why: "A tag can be moved to another image, by its owner or by whoever takes over the account.",
            fix: "Name the digest beside the tag: name:1.2.3@sha256:….",
            ..IMAGE
        },
        run: pinned,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-053",
            title: "Base is behind the newest of its name",
            severity: Severity::Medium,
            cis: &["4.4"],
            nist: NIST_VULNERABILITIES,
            why: "What was corrected in the base since is not in the image.",
            fix: "Build again with the newest base.",
            ..IMAGE
        },
        run: behind,
    },
];

fn pinned_base(view: &ImageView) -> Outcome {
    let named = named_base(view);
    if named.digest.is_some() {
        return Outcome::Passed;
    }
    let layers = &view.config.rootfs.diff_ids;
    let known = known_base(layers, &view.bases)
        .map(|found| format!("; its layers begin with those of {}", found.base.name));
    let from_name = named
        .name
        .map(|name| format!("the base is `{name}`, without a digest"));
    let detail = from_name.unwrap_or_else(|| "no label or annotation names the base".to_owned());
    Outcome::Failed(vec![config_failure(
        "labels",
        format!("{detail}{}", known.unwrap_or_default()),
    )])
}

/// The reference's tag and digest. A local file or folder has neither: such names are told by the `form:` before them.
fn reference(view: &ImageView) -> Option<(Option<&str>, bool)> {
    const LOCAL: [&str; 6] = ["docker-archive:", "oci:", "oci-archive:", "dir:", "/", "."];
    let name = view.name.strip_prefix("docker:").unwrap_or(&view.name);
    if name.is_empty() || LOCAL.iter().any(|start| name.starts_with(start)) {
        return None;
    }
    let (name, digest) = name
        .split_once('@')
        .map_or((name, None), |(name, digest)| (name, Some(digest)));
    // A colon before a slash is a registry's port.
    let last = name.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    Some((tag, digest.is_some()))
}

fn latest(view: &ImageView) -> Outcome {
    match reference(view) {
        None => Outcome::NotApplicable,
        Some((_, true)) => Outcome::Passed,
        Some((None, _)) => {
            Outcome::Failed(vec![config_failure("reference", "no tag, so `latest`")])
        }
        Some((Some("latest"), _)) => {
            Outcome::Failed(vec![config_failure("reference", "the tag is `latest`")])
        }
        Some(_) => Outcome::Passed,
    }
}

fn pinned(view: &ImageView) -> Outcome {
    match reference(view) {
        None => Outcome::NotApplicable,
        Some((_, true)) => Outcome::Passed,
        Some((_, false)) => Outcome::Failed(vec![config_failure("reference", "no digest")]),
    }
}

fn behind(view: &ImageView) -> Outcome {
    let layers = &view.config.rootfs.diff_ids;
    if view.bases.is_empty() {
        return Outcome::NotEvaluated("no list of bases was given".to_owned());
    }
    let Some(found) = known_base(layers, &view.bases) else {
        return Outcome::NotEvaluated("the layers begin with those of no known base".to_owned());
    };
    let base = found.base;
    let Some(behind) = lag(base, &view.bases) else {
        return Outcome::Passed;
    };
    let detail = format!(
        "the first {} layers are {}, {} days and {} versions behind the newest",
        found.layers, base.name, behind.days, behind.count
    );
    let failure = config_failure("rootfs", detail);
    let fix = behind
        .newest
        .digest
        .as_ref()
        .map(|digest| format!("FROM {}@{digest}", base.name));
    Outcome::Failed(vec![match fix {
        Some(fix) => failure.with_fix(fix),
        None => failure,
    }])
}
