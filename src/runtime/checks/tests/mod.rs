//! What holds for every check, and what was measured on a real engine.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::samples::{
    FORMS, bare, bind, hardened, name, of, outcome, said, spot, strings, tmpfs, unknown, words,
};
use super::*;
use crate::model::{Capability, CapabilitySet, FileCapabilities, LayerPath, Severity};
use crate::runtime::{
    Device, EnvironmentVariable, Mount, MountKind, Namespace, PublishedPort, Restart, Role,
    RuntimeSpec, SeLinux, Setting, Stated, UnknownKey,
};

mod docker_bench;
mod findings;
mod forms;
mod programs;
mod table;

fn nobody(_: &str, _: &str) -> Option<String> {
    None
}

/// The failures of a check.
fn failures(spec: &RuntimeSpec, id: &str) -> Vec<crate::model::Failure> {
    match of(spec, id) {
        Outcome::Failed(failures) => failures,
        other => panic!("{id}: {other:?}"),
    }
}

/// How bad the first failure is.
fn severity(spec: &RuntimeSpec, id: &str) -> Severity {
    let own = failures(spec, id)[0].severity;
    let check = checks()
        .iter()
        .find(|check| check.check.id == id)
        .expect("a check");
    own.unwrap_or(check.check.severity)
}

#[test]
fn ids_are_unique_and_in_order_and_there_are_enough() {
    let ids: Vec<_> = checks().iter().map(|check| check.check.id).collect();
    let sorted: BTreeSet<_> = ids.iter().copied().collect();
    assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
    assert!(ids.len() >= 65, "{}", ids.len());
    assert!(
        ids.iter()
            .all(|id| id.starts_with("PLM-R-") && id.len() == 9)
    );
}

#[test]
fn every_check_says_why_what_to_do_and_where_it_looks() {
    for check in checks() {
        let id = check.check.id;
        assert!(
            check.check.why.ends_with('.') && check.check.fix.ends_with('.'),
            "{id}"
        );
        assert!(!check.check.nist.is_empty(), "{id}");
        let places = FORMS
            .iter()
            .filter(|form| !check.fields.of(**form).is_empty());
        assert!(places.count() > 0, "{id}");
    }
}

#[test]
fn a_hardened_container_has_no_finding_above_negligible() {
    for form in FORMS {
        let spec = hardened(form);
        for checked in run(&Subject::new(&spec, &nobody)) {
            if let Outcome::Failed(failures) = &checked.outcome {
                for failure in failures {
                    let severity = failure.severity.unwrap_or(checked.check.severity);
                    assert!(
                        severity <= Severity::Negligible,
                        "{form:?} {} {failure:?}",
                        checked.check.id
                    );
                }
            }
        }
    }
}

#[test]
fn what_cannot_be_told_is_never_passed_and_says_why() {
    for form in FORMS {
        let mut spec = hardened(form);
        spec.privileged = unknown();
        spec.no_new_privileges = unknown();
        spec.read_only_root = unknown();
        spec.limits.memory = unknown();
        spec.limits.cpu = unknown();
        spec.limits.pids = unknown();
        spec.namespaces.network = unknown();
        spec.namespaces.pid = unknown();
        spec.account.user = unknown();
        spec.command = unknown();
        for id in [
            "001", "002", "009", "010", "017", "030", "031", "075", "076", "077", "090", "091",
            "101",
        ] {
            let outcome = of(&spec, &format!("PLM-R-{id}"));
            let Outcome::NotEvaluated(why) = &outcome else {
                panic!("{form:?} {id}: {outcome:?}");
            };
            assert!(
                why.contains("the variable X has no value (field, line 7)"),
                "{why}"
            );
        }
    }
}

#[test]
fn a_failure_has_a_place_and_the_line_that_mends_it_in_the_words_of_its_form() {
    let lines = [
        (Form::DockerRun, "--cap-drop ALL"),
        (Form::Compose, "cap_drop: [ALL]"),
        (Form::Kubernetes, "capabilities: {drop: [ALL]}"),
        (Form::Quadlet, "DropCapability=all"),
    ];
    for (form, line) in lines {
        let found = failures(&bare(form), "PLM-R-002");
        assert_eq!(found[0].fix.as_deref(), Some(line));
        assert_eq!(
            (found[0].place.field.as_deref(), found[0].place.line),
            (Some("web"), Some(7))
        );
    }
}

#[test]
fn of_a_privileged_container_what_depends_on_it_is_not_evaluated() {
    let mut spec = hardened(Form::Compose);
    spec.privileged = said(true);
    assert_eq!(name(&spec, "PLM-R-001"), "failed");
    for id in [
        "002", "003", "004", "005", "006", "010", "012", "013", "014", "015", "058", "059", "125",
    ] {
        let expected = Outcome::NotEvaluated("privileged: see PLM-R-001".to_owned());
        assert_eq!(of(&spec, &format!("PLM-R-{id}")), expected, "{id}");
    }
    assert_eq!(name(&spec, "PLM-R-009"), "passed");
}

#[test]
fn a_windows_pod_has_only_checks_that_windows_knows() {
    let mut spec = bare(Form::Kubernetes);
    spec.kubernetes.as_mut().expect("a pod").os = said("windows".to_owned());
    assert_eq!(name(&spec, "PLM-R-002"), "not-applicable");
    assert_eq!(name(&spec, "PLM-R-101"), "not-applicable");
    assert_eq!(name(&spec, "PLM-R-075"), "failed");
    spec.kubernetes.as_mut().expect("a pod").host_process = said(true);
    assert_eq!(severity(&spec, "PLM-R-095"), Severity::Critical);
}

#[test]
fn no_value_of_the_environment_and_no_argument_is_in_any_finding() {
    let value = ["hunter", "2", "hunter", "2"].concat();
    let mut spec = bare(Form::Compose);
    spec.environment = vec![EnvironmentVariable {
        name: "DB_PASSWORD".to_owned(),
        value: Some(value.clone()),
        at: spot("environment.DB_PASSWORD"),
    }];
    spec.command = said(strings(&[
        "serve",
        "--token",
        &value,
        &format!("--key={value}"),
    ]));
    let engine = |name: &str, seen: &str| {
        let is_named = ["DB_PASSWORD", "token", "key"].contains(&name);
        (is_named && seen == value).then(|| "password".to_owned())
    };
    let checked = run(&Subject::new(&spec, &engine));
    let shown = format!("{checked:?}");
    assert!(!shown.contains(&value));
    let secrets = checked
        .iter()
        .find(|one| one.check.id == "PLM-R-090")
        .expect("the check");
    let Outcome::Failed(failures) = &secrets.outcome else {
        panic!("{secrets:?}");
    };
    let details: Vec<_> = failures
        .iter()
        .map(|failure| failure.detail.as_str())
        .collect();
    assert_eq!(
        details,
        [
            "the command has a password (word 2)",
            "the command has a password (word 4)",
            "the variable DB_PASSWORD holds a password",
        ]
    );
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("0".to_owned()),
        Just("root".to_owned()),
        Just("unconfined".to_owned()),
        Just("ALL".to_owned()),
        Just("SYS_ADMIN".to_owned()),
        Just("/".to_owned()),
        Just("/var/run/docker.sock".to_owned()),
        Just("/etc".to_owned()),
        Just("always".to_owned()),
        "\\PC{0,12}",
    ]
}

fn setting<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Setting<T>> {
    prop_oneof![Just(Setting::Absent), Just(unknown()), value.prop_map(said),]
}

fn any_namespace() -> impl Strategy<Value = Namespace> {
    prop_oneof![
        Just(Namespace::Host),
        Just(Namespace::Private),
        Just(Namespace::Shareable),
        Just(Namespace::None),
        Just(Namespace::DefaultBridge),
        any_text().prop_map(Namespace::Joined),
    ]
}

fn any_mount() -> impl Strategy<Value = Mount> {
    let kind = prop_oneof![
        Just(MountKind::Host),
        Just(MountKind::Volume),
        Just(MountKind::Memory),
        Just(MountKind::Scratch),
        any_text().prop_map(MountKind::Other),
    ];
    (
        kind,
        setting(any_text()),
        setting(any_text()),
        setting(any::<bool>()),
        prop::collection::vec(any_text(), 0..3),
    )
        .prop_map(|(kind, source, target, read_only, options)| Mount {
            kind,
            source,
            target,
            read_only,
            propagation: None,
            options,
            size: Setting::Absent,
            at: spot("mount"),
        })
}

prop_compose! {
    fn any_spec()(
        form in 0_usize..6,
        role in 0_usize..3,
        (privileged, nnp, read_only, user, group, image) in (
            setting(any::<bool>()), setting(any::<bool>()), setting(any::<bool>()), setting(any_text()), setting(any_text()), setting(any_text()),
        ),
        (network, pid, ipc, userns) in (
            setting(any_namespace()), setting(any_namespace()), setting(any_namespace()), setting(any_namespace()),
        ),
        (added, dropped, exact) in (
            prop::collection::vec(any_text(), 0..3), prop::collection::vec(any_text(), 0..3), setting(any::<u64>().prop_map(CapabilitySet)),
        ),
        mounts in prop::collection::vec(any_mount(), 0..4),
        (seccomp, apparmor, pids, memory, retries, policy) in (
            setting(any_text()), setting(any_text()), setting(any::<i64>()), setting(any::<u64>()), any::<Option<u64>>(), any_text(),
        ),
        (command, ports, device) in (
            setting(prop::collection::vec(any_text(), 0..4)),
            prop::collection::vec((any::<Option<u16>>(), any::<Option<u16>>(), any::<u16>()), 0..3),
            any_text(),
        ),
    ) -> RuntimeSpec {
        let mut spec = bare(FORMS[form]);
        spec.container.role = [Role::Main, Role::Init, Role::Ephemeral][role];
        (spec.privileged, spec.no_new_privileges, spec.read_only_root) = (privileged, nnp, read_only);
        (spec.account.user, spec.account.group, spec.image) = (user, group, image);
        (spec.namespaces.network, spec.namespaces.pid, spec.namespaces.ipc, spec.namespaces.user) = (network, pid, ipc, userns);
        let stated = |words: Vec<String>| words.into_iter().map(|word| Stated::new(word, spot("cap"))).collect();
        (spec.capabilities.added, spec.capabilities.dropped, spec.capabilities.exact) = (stated(added), stated(dropped), exact);
        (spec.mounts, spec.command) = (mounts, command);
        (spec.confinement.seccomp, spec.confinement.apparmor) = (seccomp, apparmor);
        (spec.limits.pids, spec.limits.memory) = (pids, memory);
        spec.restart = said(Restart { policy, max_retries: retries });
        spec.devices = vec![Device { host: device, inside: None, permissions: None, at: spot("device") }];
        spec.ports = ports.into_iter().map(|(host_port, host_port_end, container_port)| PublishedPort {
            host_ip: None, host_port, host_port_end, container_port, protocol: "tcp".to_owned(), at: spot("port"),
        }).collect();
        spec
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_settings_are_judged_and_always_alike(spec in any_spec()) {
        let beside = [spec.clone()];
        let image = ImageFacts::default();
        let bare = Subject::new(&spec, &nobody);
        for subject in [bare, bare.with_image(&image).among(&beside)] {
            let first = run(&subject);
            prop_assert_eq!(first.len(), checks().len());
            prop_assert_eq!(&first, &run(&subject));
        }
    }
}
