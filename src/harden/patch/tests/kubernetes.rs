//! A plan in a whole manifest.

use super::*;
use crate::harden::samples::{nginx, redis};
use crate::harden::{Choices, plan};
use crate::runtime::read::kubernetes;
use crate::runtime::standards::pss::{Level, Version, evaluate};

const FILE: &str = include_str!("shop.kubernetes.yaml");
const PATCHED: &str = include_str!("shop.patched.kubernetes.yaml");

fn patched(text: &str) -> String {
    let pod = ["spec", "template", "spec"];
    let web = plan(&nginx().0, &Choices::default());
    let cache = plan(&redis().0, &Choices::default());
    let text = patch_kubernetes(text, 1, &pod, "web", &web).expect("web");
    patch_kubernetes(&text, 1, &pod, "cache", &cache).expect("cache")
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
fn a_patched_pod_is_restricted() {
    let settings = kubernetes("shop.yaml", PATCHED).expect("a manifest");
    let [pod] = settings.pods.as_slice() else {
        panic!("{:?}", settings.pods);
    };
    let version = "v1.31".parse::<Version>().expect("a version");
    for control in evaluate(pod, Level::Restricted, version) {
        assert!(control.allowed, "{control:?}");
    }
}

#[test]
fn workloads_are_found_with_their_containers() {
    let found = workloads(FILE).expect("a manifest");
    let [workload] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(
        (workload.document, workload.name.as_str()),
        (1, "Deployment/shop")
    );
    assert_eq!(workload.pod_path, ["spec", "template", "spec"]);
    assert_eq!(workload.containers, ["web", "cache"]);
}
