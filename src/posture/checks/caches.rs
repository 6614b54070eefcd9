//! Bytes that nobody needs at run time.

use std::collections::BTreeMap;

use super::{IMAGE, ImageCheck, ImageView};
use crate::model::{Check, CheckPlace, Failure, LayerPath, Observation, Outcome, Severity};

/// From this share on, hidden bytes are worth a word.
const HIDDEN_PERCENT: u64 = 20;

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-029",
            title: "Package cache left in the image",
            severity: Severity::Low,
            cis: &["4.7"],
            nist: super::NIST_VULNERABILITIES,
            why: "An old index makes a later build install old packages, and the bytes travel with every pull.",
            fix: "Remove it in the RUN that made it, or mount it: RUN --mount=type=cache.",
            ..IMAGE
        },
        run: left,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-030",
            title: "Package cache removed only in a later layer",
            severity: Severity::Low,
            cis: &["4.7"],
            why: "A later layer hides the files, and the image still carries them.",
            fix: "Remove it in the RUN that made it.",
            ..IMAGE
        },
        run: hidden,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-031",
            title: "Large share of bytes that later layers hide",
            severity: Severity::Negligible,
            cis: &["4.3"],
            why: "Hidden files can still be taken out of the image, and everybody pulls them.",
            fix: "Build in stages, and copy only what is needed.",
            ..IMAGE
        },
        run: share,
    },
];

fn cache(fact: &Observation) -> Option<(&str, u64)> {
    match fact {
        Observation::PackageCache { of, size } => Some((of, *size)),
        _ => None,
    }
}

/// One failure for each kind of cache in each layer, at the first of its files.
fn failures<'a>(
    files: impl Iterator<Item = (&'a LayerPath, usize, &'a Observation)>,
    what: &str,
) -> Vec<Failure> {
    let mut sums: BTreeMap<(&str, usize), (u64, u64, &LayerPath)> = BTreeMap::new();
    for (path, layer, fact) in files {
        if let Some((of, size)) = cache(fact) {
            let sum = sums.entry((of, layer)).or_insert((0, 0, path));
            sum.0 += 1;
            sum.1 = sum.1.saturating_add(size);
        }
    }
    sums.into_iter()
        .filter(|(_, (_, bytes, _))| *bytes > 0)
        .map(|((of, layer), (count, bytes, path))| {
            let folder = LayerPath::from(path.parent().unwrap_or_default());
            Failure::new(
                format!("{of}: {count} files, {bytes} bytes{what}"),
                CheckPlace::file_of_layer(folder, layer, None),
            )
        })
        .collect()
}

fn left(view: &ImageView) -> Outcome {
    Outcome::of(failures(view.observations(), ""))
}

fn hidden(view: &ImageView) -> Outcome {
    let files = view.hidden.iter().flat_map(|unseen| {
        unseen
            .facts
            .iter()
            .map(move |fact| (&unseen.path, unseen.layer, fact))
    });
    Outcome::of(failures(files, " that a later layer hides"))
}

/// Sizes are known only of hidden files that were observed, and of those with a size: the share is a lower bound.
fn share(view: &ImageView) -> Outcome {
    let total: u64 = view
        .layer_bytes
        .iter()
        .fold(0, |sum, bytes| sum.saturating_add(*bytes));
    if total == 0 {
        return Outcome::NotEvaluated("the bytes of the layers are not known".to_owned());
    }
    let hidden = view.hidden_bytes.unwrap_or_else(|| {
        let facts = view.hidden.iter().flat_map(|unseen| &unseen.facts);
        facts
            .filter_map(cache)
            .fold(0, |sum, (_, bytes)| sum.saturating_add(bytes))
    });
    let percent = u64::try_from(u128::from(hidden) * 100 / u128::from(total)).unwrap_or(u64::MAX);
    if percent > HIDDEN_PERCENT {
        let detail = format!("{hidden} of {total} bytes, {percent} percent");
        return Outcome::Failed(vec![super::config_failure("rootfs", detail)]);
    }
    if view.hidden_bytes.is_none() && view.layer_bytes.len() > 1 {
        return Outcome::NotEvaluated(
            "the bytes of hidden files are known only of package caches".to_owned(),
        );
    }
    Outcome::Passed
}
