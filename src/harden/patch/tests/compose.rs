//! A plan in a whole Compose file.

use super::*;
use crate::harden::samples::{nginx, redis};
use crate::harden::{Choices, plan};
use crate::model::Outcome;
use crate::runtime::checks::{Subject, run};
use crate::runtime::read::{Alone, compose};

const FILE: &str = include_str!("shop.compose.yaml");

/// Of all that is written, the lines of the service, and the volume at the end of the file.
const PATCHED: &str = include_str!("shop.patched.compose.yaml");

fn patched(text: &str) -> String {
    let web = plan(&nginx().0, &Choices::default());
    let cache = plan(&redis().0, &Choices::default());
    let text = patch_compose(text, "web", &web).expect("web");
    patch_compose(&text, "cache", &cache).expect("cache")
}

#[test]
fn a_plan_changes_its_lines_and_leaves_all_others() {
    let after = patched(FILE);
    assert_eq!(after, PATCHED, "{after}");
}

#[test]
fn a_plan_that_is_there_already_changes_nothing() {
    assert_eq!(patched(PATCHED), PATCHED);
}

#[test]
fn the_checks_that_a_plan_answers_do_not_fail_afterwards() {
    let settings = compose(&[("compose.yaml", PATCHED)], &Alone).expect("a file");
    let nobody = |_: &str, _: &str| None;
    for spec in &settings.specs {
        for checked in run(&Subject::new(spec, &nobody)) {
            let id = checked.check.id;
            let is_answered = matches!(
                id.strip_prefix("PLM-R-")
                    .and_then(|number| number.parse().ok()),
                Some(1..=10 | 17 | 20 | 75..=77 | 101..=102)
            );
            assert!(
                !is_answered || !matches!(checked.outcome, Outcome::Failed(_)),
                "{id} of {}: {:?}",
                spec.container.name,
                checked.outcome
            );
        }
    }
}

#[test]
fn services_are_named_in_their_order() {
    assert_eq!(services(FILE).expect("a file"), ["web", "cache"]);
}
