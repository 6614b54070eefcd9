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

#[test]
fn a_service_that_shares_its_settings_gets_its_own_copy() {
    let text = "x-base: &base\n  image: x\n  cap_add: [NET_ADMIN]\n  security_opt:\n    - apparmor=shop\n\
                services:\n  a:\n    <<: *base\n  b: &b\n    <<: *base\n    user: root\n  c: *b\n";
    let plan = plan(&nginx().0, &Choices::default());
    let after = patch_compose(text, "a", &plan).expect("a");
    let (before, after) = (tree::documents(text), tree::documents(&after));
    let (before, after) = (
        before.expect("yaml").remove(0),
        after.expect("yaml").remove(0),
    );
    for other in ["b", "c"] {
        let meaning = |root: &tree::Node| root.at(&["services", other]).map(compare::Meaning::of);
        assert_eq!(meaning(&before), meaning(&after), "{other}");
    }
    let own = |key: &str| {
        let node = after.at(&["services", "a", key]).expect("a key");
        node.items()
            .iter()
            .filter_map(tree::Node::text)
            .collect::<Vec<_>>()
    };
    assert_eq!(own("cap_add"), Vec::<&str>::new());
    assert_eq!(
        own("security_opt"),
        ["apparmor=shop", "no-new-privileges:true"]
    );
    // Anchored, or an alias: what others are, too.
    assert!(patch_compose(text, "b", &plan).is_err());
    assert!(patch_compose(text, "c", &plan).is_err());
}

#[test]
fn broken_files_and_services_that_are_not_there_are_errors() {
    let plan = plan(&nginx().0, &Choices::default());
    assert!(matches!(
        patch_compose(FILE, "shop", &plan),
        Err(PatchError::Missing { path }) if path == "services.shop"
    ));
    for text in ["services: [", "a: b\n c: d\n"] {
        assert!(matches!(
            patch_compose(text, "web", &plan),
            Err(PatchError::Syntax(_))
        ));
        assert!(services(text).is_err() && workloads(text).is_err());
    }
}
