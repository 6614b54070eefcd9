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

#[test]
fn a_volume_that_the_pod_has_is_not_taken_for_scratch() {
    let own = "      - name: web-tmp\n        persistentVolumeClaim: {claimName: data}\n";
    let text = format!("{FILE}{own}");
    let plan = plan(&nginx().0, &Choices::default());
    let pod = ["spec", "template", "spec"];
    let after = patch_kubernetes(&text, 1, &pod, "web", &plan).expect("web");
    assert!(
        after.contains("- name: web-tmp-2\n          mountPath: /tmp\n"),
        "{after}"
    );
    assert!(
        after.contains("- name: web-tmp-2\n        emptyDir:\n"),
        "{after}"
    );
}

#[test]
fn a_container_or_pod_that_is_not_there_is_said() {
    let plan = plan(&nginx().0, &Choices::default());
    for (document, path, container) in [
        (0, ["spec"], "web"),
        (1, ["spec"], "web"),
        (7, ["spec"], "web"),
    ] {
        let error = patch_kubernetes(FILE, document, &path, container, &plan).expect_err("missing");
        assert!(matches!(error, PatchError::Missing { .. }), "{error}");
    }
}
