//! What is not said means something else in every form.

use super::*;

/// What a check comes to for a container of which nothing is said, in the order of [`FORMS`].
fn absent(id: &str) -> [&'static str; 6] {
    FORMS.map(|form| name(&bare(form), id))
}

#[test]
fn what_is_not_said_is_what_the_forms_engine_does() {
    const P: &str = "passed";
    const F: &str = "failed";
    const U: &str = "not-evaluated";
    const A: &str = "not-applicable";
    // docker run, inspect, Compose, Kubernetes, quadlet, OCI
    let cases = [
        ("PLM-R-001", [P, P, P, P, P, A]),
        ("PLM-R-002", [F, F, F, F, F, P]),
        ("PLM-R-006", [F, F, F, F, U, P]),
        ("PLM-R-009", [F, F, F, F, F, F]),
        ("PLM-R-010", [P, P, P, U, P, F]),
        ("PLM-R-011", [A, A, A, F, A, A]),
        ("PLM-R-012", [A, A, A, A, A, A]),
        ("PLM-R-013", [P, U, P, P, P, U]),
        ("PLM-R-014", [P, U, P, P, P, U]),
        ("PLM-R-015", [P, U, P, P, P, F]),
        ("PLM-R-017", [F, F, F, F, F, F]),
        ("PLM-R-030", [P, P, P, P, P, F]),
        ("PLM-R-033", [P, P, P, A, P, F]),
        ("PLM-R-034", [P, P, P, F, P, F]),
        ("PLM-R-038", [F, U, P, A, P, A]),
        ("PLM-R-075", [F, F, F, F, F, F]),
        ("PLM-R-077", [F, F, F, U, U, F]),
        ("PLM-R-079", [P, P, P, A, P, A]),
        ("PLM-R-081", [U, U, U, A, U, A]),
        ("PLM-R-093", [A, A, A, F, A, A]),
        ("PLM-R-101", [U, F, U, F, U, F]),
        ("PLM-R-102", [U, A, U, U, U, A]),
        ("PLM-R-156", [U, F, U, F, U, A]),
    ];
    for (id, expected) in cases {
        let expected = if id == "PLM-R-102" {
            // Root in its own group is what PLM-R-101 is about.
            [U, P, U, U, U, P]
        } else {
            expected
        };
        assert_eq!(absent(id), expected, "{id}");
    }
}

#[test]
fn kubernetes_takes_the_number_over_the_wish() {
    let mut spec = bare(Form::Kubernetes);
    assert_eq!(
        severity(&spec, "PLM-R-101"),
        Severity::Medium,
        "the image may be root"
    );
    spec.account.must_not_be_root = said(true);
    assert_eq!(name(&spec, "PLM-R-101"), "passed");
    spec.account.user = said("0".to_owned());
    let found = failures(&spec, "PLM-R-101");
    assert!(found[0].detail.contains("the kubelet refuses"), "{found:?}");
    spec.account.user = said("1000".to_owned());
    spec.account.must_not_be_root = Setting::Absent;
    assert_eq!(name(&spec, "PLM-R-101"), "passed");
}

#[test]
fn root_in_a_user_namespace_of_its_own_is_low() {
    let mut spec = bare(Form::Kubernetes);
    spec.account.user = said("0".to_owned());
    spec.namespaces.user = said(Namespace::Private);
    assert_eq!(severity(&spec, "PLM-R-101"), Severity::Low);
    spec.capabilities.added = words(&["SYS_ADMIN"]);
    assert_eq!(severity(&spec, "PLM-R-004"), Severity::Medium);
}

#[test]
fn a_name_is_resolved_with_the_image_and_not_guessed_without() {
    let mut spec = hardened(Form::Compose);
    spec.account.user = said("app".to_owned());
    assert_eq!(name(&spec, "PLM-R-101"), "not-evaluated");
    let mut image = ImageFacts::default();
    image.accounts.insert("app".to_owned(), (1000, 1000));
    image.accounts.insert("toor".to_owned(), (0, 0));
    let check = |spec: &RuntimeSpec| {
        outcome(&Subject::new(spec, &nobody).with_image(&image), "PLM-R-101").name()
    };
    assert_eq!(check(&spec), "passed");
    spec.account.user = said("toor".to_owned());
    assert_eq!(check(&spec), "failed");
    spec.account.user = said("ghost".to_owned());
    assert_eq!(check(&spec), "not-evaluated");
}

#[test]
fn a_number_without_a_group_has_group_0() {
    let mut spec = hardened(Form::DockerRun);
    spec.account.group = Setting::Absent;
    assert_eq!(severity(&spec, "PLM-R-102"), Severity::Low);
    let mut image = ImageFacts::default();
    image.accounts.insert("app".to_owned(), (10001, 10001));
    let subject = Subject::new(&spec, &nobody).with_image(&image);
    assert_eq!(outcome(&subject, "PLM-R-102").name(), "passed");
}

#[test]
fn docker_itself_disables_labels_for_a_container_with_the_hosts_processes() {
    let mut spec = hardened(Form::Inspect);
    spec.confinement.selinux = said(SeLinux {
        disabled: true,
        ..SeLinux::default()
    });
    assert_eq!(name(&spec, "PLM-R-014"), "failed");
    spec.namespaces.pid = said(Namespace::Host);
    assert_eq!(name(&spec, "PLM-R-014"), "not-evaluated");
}

#[test]
fn an_init_container_is_held_against_the_main_ones_of_its_pod() {
    let main = hardened(Form::Kubernetes);
    let mut init = hardened(Form::Kubernetes);
    init.container.role = Role::Init;
    init.read_only_root = Setting::Absent;
    assert_eq!(name(&init, "PLM-R-096"), "not-evaluated");
    assert_eq!(name(&main, "PLM-R-096"), "not-applicable");
    let all = [main, init.clone()];
    let found = outcome(&Subject::new(&init, &nobody).among(&all), "PLM-R-096");
    let Outcome::Failed(failures) = found else {
        panic!("{found:?}");
    };
    assert_eq!(
        failures[0].detail,
        "it can write its root file system, and no main container of the pod does"
    );
}
