//! Whole pods: levels, overrides, the minimal pods of upstream's fixtures, and what a violation says.

use proptest::prelude::*;

use super::*;

/// The least that a pod must say to be restricted, by version, as upstream's fixtures have it.
fn minimal(minor: u32) -> String {
    let escalation = if minor >= 8 {
        "allowPrivilegeEscalation: false"
    } else {
        ""
    };
    let capabilities = if minor >= 22 {
        ", capabilities: {drop: [ALL]}"
    } else {
        ""
    };
    let seccomp = if minor >= 19 {
        ", seccompProfile: {type: RuntimeDefault}"
    } else {
        ""
    };
    let container = format!("securityContext: {{{escalation}{capabilities}}}");
    format!(
        "spec: {{securityContext: {{runAsNonRoot: true{seccomp}}}, initContainers: [{{name: initcontainer1, {container}}}], containers: [{{name: container1, {container}}}]}}"
    )
}

fn violated(pod: &Pod, level: Level, minor: u32) -> Vec<&'static str> {
    let controls = evaluate(pod, level, Version(minor));
    controls
        .iter()
        .filter(|control| !control.allowed)
        .map(|control| control.id)
        .collect()
}

#[test]
fn the_minimal_pod_of_each_version_is_restricted() {
    for minor in 0..=40 {
        let pod = pod(&minimal(minor));
        assert_eq!(
            violated(&pod, Level::Restricted, minor),
            Vec::<&str>::new(),
            "v1.{minor}"
        );
        assert_eq!(
            violated(&pod, Level::Baseline, minor),
            Vec::<&str>::new(),
            "v1.{minor}"
        );
    }
}

#[test]
fn the_minimal_pod_of_a_version_fails_the_check_that_the_next_one_brings() {
    for (minor, brings) in [
        (8, "allowPrivilegeEscalation"),
        (19, "seccompProfile_restricted"),
        (22, "capabilities_restricted"),
    ] {
        let older = pod(&minimal(minor - 1));
        assert_eq!(
            violated(&older, Level::Restricted, minor),
            [brings],
            "v1.{minor}"
        );
    }
}

#[test]
fn a_bare_pod_is_baseline_and_not_restricted() {
    let pod = pod("spec: {containers: [{name: a, image: nginx}]}");
    assert_eq!(violated(&pod, Level::Baseline, 37), Vec::<&str>::new());
    assert_eq!(
        violated(&pod, Level::Restricted, 37),
        [
            "allowPrivilegeEscalation",
            "capabilities_restricted",
            "runAsNonRoot",
            "seccompProfile_restricted"
        ]
    );
    assert_eq!(evaluate(&pod, Level::Privileged, Version::latest()), []);
}

#[test]
fn baseline_has_twelve_checks_and_restricted_seven_more() {
    let latest = Version::latest();
    assert_eq!(ids(Level::Baseline, latest).count(), 12);
    assert_eq!(ids(Level::Restricted, latest).count(), 19);
    assert_eq!(ids(Level::Restricted, Version(0)).count(), 13);
    assert_eq!(ids(Level::Privileged, latest).count(), 0);
}

#[test]
fn both_checks_are_told_where_one_overrides_the_other_and_both_fail() {
    let pod = of_pod("volumes: [{name: a, hostPath: {path: /}}]");
    let controls = evaluate(&pod, Level::Restricted, Version(37));
    let of = |id: &str| {
        controls
            .iter()
            .find(|control| control.id == id)
            .expect("it")
    };
    assert_eq!(
        of("hostPathVolumes").overridden_by,
        Some("restrictedVolumes")
    );
    assert!(of("hostPathVolumes").is_violated() && of("restrictedVolumes").is_violated());
    assert_eq!(of("restrictedVolumes").overridden_by, None);
    let alone = evaluate(&pod, Level::Baseline, Version(37));
    assert!(alone.iter().all(|control| control.overridden_by.is_none()));
}

#[test]
fn a_windows_pod_is_not_asked_by_the_overridden_checks_of_baseline_either() {
    let text = |os: &str| {
        format!(
            "spec: {{os: {{name: {os}}}, securityContext: {{runAsNonRoot: true, seccompProfile: {{type: Unconfined}}}}, containers: [{{name: a, securityContext: {{capabilities: {{add: [SYS_TIME]}}}}}}]}}"
        )
    };
    assert_eq!(
        violated(&pod(&text("windows")), Level::Restricted, 25),
        Vec::<&str>::new()
    );
    assert_eq!(
        violated(&pod(&text("windows")), Level::Baseline, 25),
        ["capabilities_baseline", "seccompProfile_baseline"]
    );
    assert_eq!(
        violated(&pod(&text("windows")), Level::Restricted, 24).len(),
        5
    );
    let unknown = evaluate(&pod(&text("'{{ .os }}'")), Level::Restricted, Version(25));
    assert!(unknown.iter().all(|control| !control.is_violated()));
    assert_eq!(
        unknown
            .iter()
            .filter(|control| control.not_evaluated.is_some())
            .count(),
        3
    );
}

#[test]
fn a_violation_names_container_field_value_and_place() {
    let pod =
        pod("spec:\n  containers:\n  - name: app\n    securityContext:\n      privileged: true\n");
    let controls = evaluate(&pod, Level::Restricted, Version::latest());
    let of = |id: &str| {
        controls
            .iter()
            .find(|control| control.id == id)
            .expect("it")
    };
    let privileged = of("privileged");
    assert_eq!(
        privileged.detail,
        "container app: securityContext.privileged is \"true\"; allowed: false, or not set"
    );
    let place = privileged.places.first().expect("a place");
    assert_eq!(place.field, "spec.containers[0].securityContext.privileged");
    assert_eq!(
        (place.line, place.file.as_deref()),
        (Some(5), Some("pod.yaml"))
    );
    let missing = of("allowPrivilegeEscalation")
        .places
        .first()
        .expect("a place");
    assert_eq!(
        missing.field,
        "spec.containers[0].securityContext.allowPrivilegeEscalation"
    );
    assert_eq!(missing.line, Some(5));
}

#[test]
fn what_is_not_evaluated_says_which_field_and_why() {
    let pod = of_pod("hostPID: 'true'");
    let controls = evaluate(&pod, Level::Baseline, Version::latest());
    let control = controls
        .iter()
        .find(|control| control.id == "hostNamespaces")
        .expect("it");
    assert_eq!(
        control.not_evaluated.as_deref(),
        Some("spec.hostPID: it is text, where a boolean is expected")
    );
    assert!(!control.allowed && !control.is_violated());
}

#[test]
fn a_container_without_a_name_is_told_by_its_place() {
    let pod = pod("spec: {containers: [{}, {securityContext: {privileged: true}}]}");
    let controls = evaluate(&pod, Level::Baseline, Version::latest());
    let names: Vec<_> = controls
        .iter()
        .flat_map(|control| &control.violations)
        .collect();
    assert_eq!(
        names
            .first()
            .and_then(|violation| violation.container.as_deref()),
        Some("containers[1]")
    );
}

proptest! {
    #[test]
    fn any_pod_is_evaluated(text in "[ \\-a-zA-Z:\\[\\]{},0-9'\n]{0,120}", minor in 0_u32..45) {
        if let Ok(documents) = documents(&format!("spec: {{containers: [{text}]}}")) {
            for root in documents {
                let Some(spec) = root.get("spec").cloned() else { continue };
                let pod = Pod { name: String::new(), metadata: Some(root.clone()), spec, path: "spec".to_owned(), at: Spot::default() };
                for control in evaluate(&pod, Level::Restricted, Version(minor)) {
                    prop_assert!(!(control.allowed && control.not_evaluated.is_some()));
                    prop_assert_eq!(control.violations.len(), control.places.len());
                }
            }
        }
    }
}
