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

/// A service of these lines, patched; twice is the same.
fn service(lines: &str, image: &crate::harden::samples::Image) -> String {
    let plan = plan(&image.0, &Choices::default());
    let text = format!("services:\n  web:\n    image: x\n    {lines}\n");
    let after = patch_compose(&text, "web", &plan).expect("web");
    assert_eq!(patch_compose(&after, "web", &plan).as_ref(), Ok(&after));
    after
}

#[test]
fn nothing_is_mounted_where_something_is() {
    for lines in [
        "volumes: [\"${DATA:-/srv/x}:/data:rw\"]",
        "volumes:\n      - type: bind\n        source: ./x\n        target: /data/",
        "volumes: [/data]",
        "tmpfs: [/data]",
    ] {
        let after = service(lines, &redis());
        assert!(!after.contains("web-data"), "{after}");
        assert!(!after.contains("\nvolumes:"), "{after}");
    }
}

#[test]
fn what_is_said_otherwise_is_put_right() {
    for (lines, wanted) in [
        (
            "tmpfs: /run",
            "    tmpfs:\n      - \"/run:uid=33,gid=33,size=16m\"\n",
        ),
        (
            "security_opt: ['no-new-privileges:false']",
            "    security_opt: [no-new-privileges:true]\n",
        ),
        (
            "security_opt: ['no-new-privileges=true']",
            "    security_opt: ['no-new-privileges=true']\n",
        ),
        ("cap_drop: [NET_RAW]  # why", "    cap_drop: [ALL]  # why\n"),
        ("pids_limit: -1  # why", "    pids_limit: 256  # why\n"),
        ("mem_limit: 1g", "    mem_limit: 1g\n"),
        ("init: false", "    init: false\n"),
        ("restart: always", "    restart: always\n"),
        ("read_only: false # why", "    read_only: true # why\n"),
    ] {
        let after = service(lines, &nginx());
        assert!(after.contains(wanted), "{lines}: {after}");
    }
}

#[test]
fn lines_that_end_in_two_characters_all_do_afterwards() {
    let after = patched(&FILE.replace('\n', "\r\n"));
    assert_eq!(after, PATCHED.replace('\n', "\r\n"));
}
