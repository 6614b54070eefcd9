//! What single families tell apart.

use super::*;

#[test]
fn setuid_files_of_the_distribution_are_negligible_and_others_are_not() {
    let image = good()
        .file("usr/bin/passwd", 0o4755, 0, 0)
        .file("usr/lib/openssh/ssh-keysign", 0o4755, 0, 0)
        .file("opt/passwd", 0o4755, 0, 0)
        .with(|view| {
            view.owners.insert(
                "usr/lib/openssh/ssh-keysign".into(),
                "openssh-client".to_owned(),
            );
        });
    let severities: Vec<_> = image
        .failures("PLM-I-012")
        .into_iter()
        .map(|failure| failure.severity)
        .collect();
    assert_eq!(
        severities,
        [None, Some(Severity::Negligible), Some(Severity::Negligible)]
    );
}

#[test]
fn code_is_writable_through_its_folder_and_its_links_too() {
    for (image, is_writable) in [
        (good().folder("usr/bin", 0o775, 0, 10001), true),
        (good().folder("usr/bin", 0o1777, 0, 0), false),
        (good().file("usr/bin/app", 0o775, 0, 10001), true),
        (
            good()
                .link("start", "opt/x")
                .file("opt/x", 0o755, 10001, 1)
                .entrypoint(&["/start"]),
            true,
        ),
        (
            good()
                .env("PYTHONPATH=/lib/py")
                .folder("lib/py", 0o777, 0, 0),
            true,
        ),
        (
            good()
                .file("app/main.py", 0o644, 10001, 1)
                .entrypoint(&["/usr/bin/app", "/app/main.py"]),
            true,
        ),
        (good(), false),
    ] {
        assert_eq!(
            !image.failures("PLM-I-021").is_empty(),
            is_writable,
            "{:?}",
            image.outcome("PLM-I-021")
        );
    }
    assert_eq!(
        good().entrypoint(&["/nowhere"]).outcome("PLM-I-021").name(),
        "not-evaluated"
    );
    assert_eq!(
        good().user("0").outcome("PLM-I-021"),
        Outcome::NotApplicable
    );
}

#[test]
fn a_group_that_nobody_has_writes_nothing() {
    let image = good()
        .group("staff", 50, &[])
        .file("etc/profile", 0o664, 0, 50);
    assert_eq!(image.outcome("PLM-I-022"), Outcome::Passed);
    let image = good()
        .group("staff", 50, &["app"])
        .file("etc/profile", 0o664, 0, 50);
    assert_eq!(image.failures("PLM-I-022").len(), 1);
    let image = good().user("").file("usr/bin/app", 0o755, 33, 33);
    assert_eq!(image.failures("PLM-I-022")[0].detail, "uid 33 owns it");
}

#[test]
fn a_shell_is_needed_by_scripts_and_shell_form() {
    let image = good()
        .tool("bin/sh", ToolKind::Shell)
        .file("bin/sh", 0o755, 0, 0);
    assert_eq!(image.outcome("PLM-I-026").name(), "failed");
    assert_eq!(
        image
            .clone()
            .entrypoint(&["/bin/sh", "-c", "x"])
            .outcome("PLM-I-026"),
        Outcome::NotApplicable
    );
    let script = Observation::Script(crate::model::ScriptFact::default());
    let scripted = image
        .clone()
        .file("run", 0o755, 0, 0)
        .fact("run", script)
        .entrypoint(&["/run"]);
    assert_eq!(scripted.outcome("PLM-I-026"), Outcome::NotApplicable);
    assert_eq!(
        image.entrypoint(&["/nowhere"]).outcome("PLM-I-026").name(),
        "not-evaluated"
    );
}

#[test]
fn an_ssh_server_that_is_started_or_exposed_is_worse() {
    let image = good().tool("usr/sbin/sshd", ToolKind::SshServer);
    assert_eq!(image.failures("PLM-I-028")[0].severity, None);
    assert_eq!(
        image.clone().port("22/tcp").failures("PLM-I-028")[0].severity,
        Some(Severity::High)
    );
    assert_eq!(
        image
            .entrypoint(&["/usr/sbin/sshd", "-D"])
            .failures("PLM-I-028")[0]
            .severity,
        Some(Severity::High)
    );
}

#[test]
fn a_health_check_that_the_config_cannot_keep_is_no_failure() {
    let none = |is_oci: Option<bool>| {
        good().with(|view| {
            view.config.config.healthcheck = None;
            view.is_oci_config = is_oci;
        })
    };
    assert_eq!(
        none(Some(true)).outcome("PLM-I-040"),
        Outcome::NotApplicable
    );
    assert_eq!(none(Some(false)).outcome("PLM-I-040").name(), "failed");
    assert_eq!(
        none(Some(true))
            .history("HEALTHCHECK CMD x")
            .outcome("PLM-I-040")
            .name(),
        "not-evaluated"
    );
    let off = good()
        .with(|view| view.config.config.healthcheck = Some(serde_json::json!({"Test": ["NONE"]})));
    assert_eq!(off.outcome("PLM-I-040").name(), "failed");
}

#[test]
fn dates_of_reproducible_builds_say_nothing_of_age() {
    for created in [
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1980-01-01T00:00:01Z",
        "",
        "soon",
    ] {
        let image = good().with(|view| view.config.created = Some(created.to_owned()));
        assert_eq!(
            image.outcome("PLM-I-048").name(),
            "not-evaluated",
            "{created}"
        );
    }
    let limit = good().with(|view| view.max_age_days = Some(10));
    assert_eq!(limit.outcome("PLM-I-048").name(), "failed");
}

#[test]
fn a_reference_is_read_with_its_port_and_local_files_have_none() {
    for (name, latest, pinned) in [
        ("app", "failed", "failed"),
        ("app:latest", "failed", "failed"),
        ("host:5000/app", "failed", "failed"),
        ("host:5000/app:1", "passed", "failed"),
        ("app:latest@sha256:00", "passed", "passed"),
        ("docker:app", "failed", "failed"),
        ("docker-archive:app.tar", "not-applicable", "not-applicable"),
        ("./app.tar", "not-applicable", "not-applicable"),
    ] {
        let image = good().with(|view| name.clone_into(&mut view.name));
        assert_eq!(image.outcome("PLM-I-051").name(), latest, "{name}");
        assert_eq!(image.outcome("PLM-I-052").name(), pinned, "{name}");
    }
}

#[test]
fn effective_root_names_every_way() {
    let su = || good().file("usr/bin/su", 0o4755, 0, 0);
    let sudo = || good().file("usr/bin/sudo", 0o4755, 0, 0).user("app");
    for (image, way) in [
        (su().shadow("root", PasswordKind::Empty), "su to `root`"),
        (sudo().sudo("app"), "a rule for `app`"),
        (sudo().sudo("ALL"), "a rule for `ALL`"),
        (
            sudo().sudo("%ops").group("ops", 7, &["app"]),
            "a rule for `%ops`",
        ),
        (
            good().file("usr/bin/bash", 0o4755, 0, 0),
            "runs whatever it is told",
        ),
        (
            good().file("usr/bin/python3.11", 0o4755, 0, 0),
            "runs whatever it is told",
        ),
        (
            good().file("opt/x", 0o4755, 0, 0),
            "what it does is not known",
        ),
        (
            good().capable("usr/bin/x", &["SETUID"], true),
            "its file gives SETUID",
        ),
        (
            good().file("etc/passwd", 0o666, 0, 0),
            "it says who root is",
        ),
        (
            good().file("etc/passwd", 0o664, 0, 0).user("1001"),
            "it says who root is",
        ),
        (
            good()
                .folder("etc/cron.d", 0o777, 0, 0)
                .file("usr/sbin/cron", 0o755, 0, 0),
            "a cron daemon",
        ),
        (
            good().folder("usr/bin", 0o777, 0, 0),
            "looks for programs there",
        ),
        (
            good().user("app").group("docker", 7, &["app"]),
            "the group `docker`",
        ),
        (sudo().group("sudo", 27, &["app"]), "with its password"),
    ] {
        let details: Vec<String> = image
            .failures("PLM-I-054")
            .into_iter()
            .map(|failure| failure.detail)
            .collect();
        assert!(
            details.iter().any(|detail| detail.contains(way)),
            "{way}: {details:?}"
        );
        assert!(
            details
                .iter()
                .all(|detail| detail.contains("no-new-privileges"))
        );
    }
}

#[test]
fn effective_root_passes_what_needs_a_password_or_another_user() {
    for image in [
        good().file("usr/bin/su", 0o4755, 0, 0),
        good().file("usr/bin/sudo", 0o4755, 0, 0).sudo("other"),
        good().sudo("app"),
        good().shadow("root", PasswordKind::Empty),
        good().file("opt/x", 0o4750, 0, 7),
        good().file("opt/x", 0o4755, 33, 0),
        good().folder("etc/cron.d", 0o777, 0, 0),
        good().capable("usr/bin/ping", &["NET_RAW"], true),
        good().user("app:app").group("docker", 7, &["app"]),
        good().file("usr/bin/mount", 0o4755, 0, 0),
    ] {
        assert_eq!(image.outcome("PLM-I-054"), Outcome::Passed);
    }
    assert_eq!(
        good().user("who").outcome("PLM-I-054").name(),
        "not-evaluated"
    );
}
