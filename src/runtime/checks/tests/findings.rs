//! The ten findings that were measured on a real engine or read in its code.

use super::*;

#[test]
fn finding_1_no_capabilities_of_a_user_prove_nothing_while_the_default_stays_in_the_bounding_set() {
    let mut spec = hardened(Form::DockerRun);
    spec.capabilities.dropped.clear();
    spec.no_new_privileges = Setting::Absent;
    assert_eq!(severity(&spec, "PLM-R-002"), Severity::Medium);
    spec.no_new_privileges = said(true);
    assert_eq!(
        severity(&spec, "PLM-R-002"),
        Severity::Low,
        "nothing takes them out of the set then"
    );
}

#[test]
fn finding_2_dropping_all_capabilities_does_not_stop_setuid_root() {
    let mut spec = hardened(Form::DockerRun);
    spec.no_new_privileges = Setting::Absent;
    let image = ImageFacts {
        setuid_files: vec![LayerPath::from("usr/bin/su")],
        ..ImageFacts::default()
    };
    let found = outcome(
        &Subject::new(&spec, &nobody).with_image(&image),
        "PLM-R-009",
    );
    let Outcome::Failed(failures) = found else {
        panic!("{found:?}");
    };
    assert_eq!(failures[0].severity, Some(Severity::High));
}

#[test]
fn finding_2_the_well_known_example_has_both_switches_and_still_runs_as_root() {
    // docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges alpine:3.20 id
    let mut spec = bare(Form::DockerRun);
    spec.image = said("alpine:3.20".to_owned());
    spec.read_only_root = said(true);
    spec.capabilities.dropped = words(&["ALL"]);
    spec.no_new_privileges = said(true);
    spec.command = said(strings(&["id"]));
    assert_eq!(
        name(&spec, "PLM-R-101"),
        "not-evaluated",
        "the image decides"
    );
    let image = ImageFacts {
        uid: Some(0),
        gid: Some(0),
        ..ImageFacts::default()
    };
    let subject = Subject::new(&spec, &nobody).with_image(&image);
    assert_eq!(outcome(&subject, "PLM-R-101").name(), "failed");
    for id in ["PLM-R-002", "PLM-R-009", "PLM-R-017"] {
        assert_eq!(name(&spec, id), "passed", "{id}");
    }
}

fn with_capability(effective: bool) -> ImageFacts {
    let capabilities = FileCapabilities {
        permitted: CapabilitySet::NONE.with(Capability::NET_RAW),
        inheritable: CapabilitySet::NONE,
        effective,
    };
    ImageFacts {
        start_program: Some(LayerPath::from("usr/bin/ping")),
        file_capabilities: vec![(LayerPath::from("usr/bin/ping"), capabilities)],
        ..ImageFacts::default()
    }
}

#[test]
fn finding_3_an_effective_file_capability_outside_of_the_bounding_set_cannot_be_run() {
    let mut spec = hardened(Form::DockerRun);
    spec.command = Setting::Absent;
    let check = |spec: &RuntimeSpec, effective| {
        let image = with_capability(effective);
        outcome(&Subject::new(spec, &nobody).with_image(&image), "PLM-R-125")
    };
    let Outcome::Failed(failures) = check(&spec, true) else {
        panic!("it cannot start");
    };
    assert_eq!(failures[0].fix.as_deref(), Some("--cap-add NET_RAW"));
    assert_eq!(
        check(&spec, false),
        Outcome::Passed,
        "without the effective bit it starts"
    );
    spec.capabilities.added = words(&["NET_RAW"]);
    assert_eq!(check(&spec, true), Outcome::Passed);
    spec.capabilities.added.clear();
    spec.entrypoint = said(strings(&["/usr/bin/ping", "host"]));
    assert_eq!(check(&spec, true).name(), "failed", "by its own name, too");
    spec.entrypoint = said(strings(&["/bin/other"]));
    assert_eq!(check(&spec, true), Outcome::Passed);
}

#[test]
fn finding_4_a_capability_added_to_a_user_is_of_no_use_without_a_file_that_has_it() {
    let mut spec = hardened(Form::DockerRun);
    spec.capabilities.added = words(&["NET_ADMIN"]);
    assert_eq!(
        name(&spec, "PLM-R-007"),
        "not-evaluated",
        "a file of the image may have it"
    );
    let bare = ImageFacts::default();
    let subject = Subject::new(&spec, &nobody).with_image(&bare);
    assert_eq!(outcome(&subject, "PLM-R-007").name(), "failed");
    spec.capabilities.added = words(&["NET_RAW"]);
    let image = with_capability(true);
    let subject = Subject::new(&spec, &nobody).with_image(&image);
    assert_eq!(outcome(&subject, "PLM-R-007").name(), "passed");
    spec.container.form = Form::Quadlet;
    assert_eq!(
        name(&spec, "PLM-R-007"),
        "not-applicable",
        "Podman makes it ambient"
    );
}

#[test]
fn finding_5_a_tmpfs_over_a_folder_of_the_image_keeps_its_owner_and_mode() {
    let mut image = ImageFacts::default();
    let folder = FolderFacts {
        uid: 0,
        gid: 0,
        mode: 0o755,
    };
    image.folders.insert(LayerPath::from("run"), folder);
    let cases: &[(&str, &[&str], &str)] = &[
        ("/run", &["mode=1777"], "failed"),
        ("/run", &["uid=10001", "gid=10001"], "passed"),
        ("/new", &[], "passed"),
    ];
    for (target, options, expected) in cases {
        let mut spec = hardened(Form::DockerRun);
        spec.mounts = vec![tmpfs(target, options)];
        let subject = Subject::new(&spec, &nobody).with_image(&image);
        assert_eq!(
            outcome(&subject, "PLM-R-019").name(),
            *expected,
            "{target} {options:?}"
        );
    }
}

#[test]
fn finding_6_a_tmpfs_is_noexec_by_itself_and_without_a_size_unless_it_is_said() {
    let mut spec = hardened(Form::DockerRun);
    spec.mounts = vec![tmpfs("/tmp", &[])];
    assert_eq!(name(&spec, "PLM-R-018"), "passed");
    assert_eq!(name(&spec, "PLM-R-020"), "passed");
    spec.mounts[0].size = Setting::Absent;
    spec.mounts[0].options = strings(&["exec"]);
    assert_eq!(name(&spec, "PLM-R-018"), "failed");
    assert_eq!(name(&spec, "PLM-R-020"), "failed");
}

#[test]
fn finding_7_ports_below_1024_need_no_capability_in_a_network_namespace_of_its_own() {
    let mut spec = hardened(Form::DockerRun);
    spec.capabilities.added = words(&["NET_BIND_SERVICE"]);
    assert_eq!(severity(&spec, "PLM-R-007"), Severity::Negligible);
    spec.account.user = said("0".to_owned());
    spec.namespaces.network = said(Namespace::Host);
    assert_eq!(
        name(&spec, "PLM-R-007"),
        "passed",
        "there 1024 is the host's own"
    );
    spec.namespaces.network = Setting::Absent;
    let port_start = (
        "net.ipv4.ip_unprivileged_port_start".to_owned(),
        "1024".to_owned(),
    );
    spec.sysctls = vec![Stated::new(port_start, spot("--sysctl"))];
    assert_eq!(name(&spec, "PLM-R-007"), "passed");
}

#[test]
fn finding_8_capabilities_that_an_entry_point_needs_are_no_finding_for_root() {
    // Postgres' own entry point: which of them it needs depends on the volume's state.
    let mut spec = hardened(Form::DockerRun);
    spec.account.user = said("0".to_owned());
    spec.capabilities.added = words(&["SETUID", "SETGID", "DAC_OVERRIDE"]);
    for id in ["002", "003", "004", "005", "006", "007", "008"] {
        assert_eq!(name(&spec, &format!("PLM-R-{id}")), "passed", "{id}");
    }
}

#[test]
fn finding_9_adding_all_beats_dropping_all() {
    let mut spec = hardened(Form::DockerRun);
    spec.capabilities.added = words(&["all"]);
    let found = failures(&spec, "PLM-R-003");
    assert_eq!(found[0].detail, "ALL is added, which beats the drop of ALL");
    assert_eq!(name(&spec, "PLM-R-002"), "failed");
    assert_eq!(name(&spec, "PLM-R-004"), "not-evaluated");
}

#[test]
fn finding_10_the_same_settings_are_judged_alike_in_every_form() {
    for form in FORMS {
        let mut spec = hardened(form);
        spec.mounts = vec![bind("/var/run/docker.sock", true), bind("/", false)];
        spec.namespaces.pid = said(Namespace::Host);
        spec.no_new_privileges = said(false);
        for id in ["PLM-R-009", "PLM-R-031", "PLM-R-050", "PLM-R-052"] {
            assert_eq!(name(&spec, id), "failed", "{form:?} {id}");
        }
    }
}
