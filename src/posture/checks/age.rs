//! How old the image is, and whether somebody still looks after its distribution.

use super::{IMAGE, ImageCheck, ImageView, NIST_VULNERABILITIES, config_failure};
use crate::model::{Check, Date, Outcome, Severity};

/// Days after which an image is old, unless the view says otherwise.
const MAX_AGE: u64 = 180;

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-048",
            title: "Image is old",
            severity: Severity::Medium,
            cis: &["4.4"],
            nist: NIST_VULNERABILITIES,
            why: "What was corrected since is not in it.",
            fix: "Build it again on a schedule, from a base that is pulled anew.",
            ..IMAGE
        },
        run: old,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-049",
            title: "Distribution is past its end of support",
            severity: Severity::High,
            cis: &["4.4"],
            nist: NIST_VULNERABILITIES,
            why: "Nobody corrects its packages any more, and nobody says which are weak.",
            fix: "Move to a release that is looked after.",
            ..IMAGE
        },
        run: end_of_life,
    },
];

fn old(view: &ImageView) -> Outcome {
    let Some(today) = view.date else {
        return Outcome::NotEvaluated("no date was given".to_owned());
    };
    let created = view.config.created.as_deref().unwrap_or_default();
    let Some(day) = created.get(..10).and_then(|day| day.parse::<Date>().ok()) else {
        return Outcome::NotEvaluated("the config has no date of creation".to_owned());
    };
    // Reproducible builds write a fixed date: the epoch of Unix, of zip (1980), or the zero of Go's time.
    if day.as_number() < 20_000_101 {
        return Outcome::NotEvaluated(format!(
            "the date of creation, {day}, is that of a reproducible build"
        ));
    }
    let age = day.days_until(today);
    let limit = view.max_age_days.unwrap_or(MAX_AGE);
    if age > limit {
        return Outcome::Failed(vec![config_failure(
            "created",
            format!("made on {day}, {age} days ago; the limit is {limit}"),
        )]);
    }
    Outcome::Passed
}

fn end_of_life(view: &ImageView) -> Outcome {
    match view.end_of_life {
        None => Outcome::NotEvaluated(
            "it is not known how long the distribution is looked after".to_owned(),
        ),
        Some(None) => Outcome::Passed,
        Some(Some(day)) => Outcome::Failed(vec![config_failure(
            "os-release",
            format!("support ended on {day}"),
        )]),
    }
}
