//! Every check has an image that fails and one that passes.

use std::collections::BTreeSet;

use super::*;

type Case = (&'static str, Image, Image);

fn cache(size: u64) -> Observation {
    Observation::PackageCache {
        of: "apt lists".to_owned(),
        size,
    }
}

fn accounts_and_modes() -> Vec<Case> {
    vec![
        ("PLM-I-001", good().user(""), good()),
        ("PLM-I-002", good().user("app"), good()),
        (
            "PLM-I-003",
            good().user("4242"),
            good().user("4242").env("HOME=/tmp"),
        ),
        ("PLM-I-004", good().user("4242"), good()),
        (
            "PLM-I-005",
            good()
                .account("web", 7, 7, "/bin/sh")
                .user("7:7")
                .file("bin/sh", 0o755, 0, 0),
            good(),
        ),
        ("PLM-I-006", good().passwd("toor", 0, 0), good()),
        ("PLM-I-007", good().passwd("twin", 10001, 7), good()),
        (
            "PLM-I-008",
            good().shadow("web", PasswordKind::Empty),
            good(),
        ),
        (
            "PLM-I-009",
            good().shadow("web", PasswordKind::Weak),
            good(),
        ),
        ("PLM-I-010", good().sudo("app"), good()),
        (
            "PLM-I-011",
            good().tool("usr/bin/sudo", ToolKind::PrivilegeTool),
            good(),
        ),
        ("PLM-I-012", good().file("opt/x", 0o4755, 0, 0), good()),
        (
            "PLM-I-013",
            good().file("opt/x", 0o2755, 0, 5),
            good().file("opt/x", 0o2644, 0, 5),
        ),
        (
            "PLM-I-014",
            good().file("opt/x", 0o4757, 0, 0),
            good().file("opt/x", 0o4755, 0, 0),
        ),
    ]
}

fn rights() -> Vec<Case> {
    vec![
        (
            "PLM-I-015",
            good().entry("dev/sda", EntryShape::Device, 0o660, (0, 0), None),
            good().entry("dev/null", EntryShape::Device, 0o666, (0, 0), None),
        ),
        (
            "PLM-I-016",
            good().capable("usr/bin/ping", &["NET_RAW"], false),
            good(),
        ),
        (
            "PLM-I-017",
            good().capable("usr/bin/x", &["SETUID"], false),
            good().capable("usr/bin/ping", &["NET_RAW"], true),
        ),
        (
            "PLM-I-018",
            good()
                .capable("usr/bin/caddy", &["NET_BIND_SERVICE"], true)
                .entrypoint(&["caddy"]),
            good()
                .capable("usr/bin/caddy", &["NET_BIND_SERVICE"], false)
                .entrypoint(&["caddy"]),
        ),
        (
            "PLM-I-019",
            good().folder("data", 0o777, 0, 0),
            good().folder("tmp", 0o1777, 0, 0),
        ),
        (
            "PLM-I-020",
            good().file("usr/lib/x.so", 0o666, 0, 0),
            good().file("data/x", 0o666, 0, 0),
        ),
        (
            "PLM-I-021",
            good().file("usr/bin/app", 0o755, 10001, 0),
            good(),
        ),
        (
            "PLM-I-022",
            good().file("etc/cron.d/x", 0o666, 0, 0),
            good().file("etc/cron.d/x", 0o644, 0, 0),
        ),
        (
            "PLM-I-023",
            good().env("PATH=/usr/bin:"),
            good().env("PATH=/usr/bin"),
        ),
        (
            "PLM-I-024",
            good().fact("etc/ld.so.preload", Observation::Preload),
            good(),
        ),
    ]
}

fn contents_and_history() -> Vec<Case> {
    vec![
        (
            "PLM-I-025",
            good().tool("sbin/apk", ToolKind::PackageManager),
            good(),
        ),
        ("PLM-I-026", good().tool("bin/sh", ToolKind::Shell), good()),
        (
            "PLM-I-027",
            good().tool("usr/bin/gdb", ToolKind::Debugger),
            good(),
        ),
        (
            "PLM-I-028",
            good().tool("usr/sbin/sshd", ToolKind::SshServer),
            good(),
        ),
        (
            "PLM-I-029",
            good().fact("var/lib/apt/lists/x", cache(9)),
            good().fact("var/lib/apt/lists/x", cache(0)),
        ),
        (
            "PLM-I-030",
            good().unseen("var/lib/apt/lists/x", cache(9)),
            good(),
        ),
        (
            "PLM-I-031",
            good().with(|view| view.hidden_bytes = Some(30)),
            good(),
        ),
        (
            "PLM-I-032",
            good().env("DB_PASSWORD=x1"),
            good().env("DB_PASSWORD_FILE=/run/x"),
        ),
        (
            "PLM-I-033",
            good().history("RUN |1 NPM_TOKEN=abc /bin/sh -c npm ci # buildkit"),
            good(),
        ),
        (
            "PLM-I-034",
            good().history("RUN /bin/sh -c curl -fsSL https://x/y | bash # buildkit"),
            good(),
        ),
        (
            "PLM-I-035",
            good().history("RUN /bin/sh -c curl -k https://x -o y # buildkit"),
            good(),
        ),
        (
            "PLM-I-036",
            good().history("/bin/sh -c apt-get update"),
            good().history("/bin/sh -c set -eux; apt-get update; apt-get install -y x"),
        ),
        (
            "PLM-I-037",
            good().history("ADD https://x.example/y /y # buildkit"),
            good(),
        ),
        (
            "PLM-I-038",
            good().history("ADD conf /etc/conf # buildkit"),
            good().history("ADD root.tar.gz /opt # buildkit"),
        ),
        (
            "PLM-I-039",
            good().history("RUN /bin/sh -c apk add curl # buildkit"),
            good().history("RUN /bin/sh -c apk add curl=8.1-r0 # buildkit"),
        ),
    ]
}

fn config_and_origin() -> Vec<Case> {
    let config = |change: fn(&mut ImageView)| good().with(change);
    vec![
        (
            "PLM-I-040",
            config(|view| view.config.config.healthcheck = None),
            good(),
        ),
        ("PLM-I-041", good().port("80/tcp"), good().port("8080/tcp")),
        ("PLM-I-042", good().port("22/tcp"), good().port("8080/tcp")),
        (
            "PLM-I-043",
            good().volume("/etc/"),
            good().volume("/var/lib/app"),
        ),
        (
            "PLM-I-044",
            config(|view| "/usr/bin".clone_into(&mut view.config.config.working_dir)),
            good(),
        ),
        (
            "PLM-I-045",
            config(|view| view.config.config.on_build.push("COPY . /x".to_owned())),
            good(),
        ),
        (
            "PLM-I-046",
            good().entrypoint(&["/bin/sh", "-c", "app"]),
            good(),
        ),
        (
            "PLM-I-047",
            good().entrypoint(&["chrome", "--no-sandbox"]),
            good(),
        ),
        (
            "PLM-I-048",
            config(|view| view.config.created = Some("2025-01-01T00:00:00Z".to_owned())),
            good(),
        ),
        (
            "PLM-I-049",
            config(|view| view.end_of_life = Some("2024-06-30".parse().ok())),
            good(),
        ),
        ("PLM-I-050", config(|view| view.annotations.clear()), good()),
        (
            "PLM-I-051",
            config(|view| "host:5000/app".clone_into(&mut view.name)),
            config(|view| "app:1".clone_into(&mut view.name)),
        ),
        (
            "PLM-I-052",
            config(|view| "app:1".clone_into(&mut view.name)),
            good(),
        ),
        (
            "PLM-I-053",
            good().with(|view| bases(view, 1)),
            good().with(|view| bases(view, 2)),
        ),
        (
            "PLM-I-054",
            good().file("usr/bin/tool", 0o4755, 0, 0),
            good(),
        ),
    ]
}

/// The image is built on the base of this layer; the base of layer 2 is the newer one.
fn bases(view: &mut ImageView, layer: u8) {
    let diff_id = |byte: u8| {
        let text = format!("sha256:{}", format!("{byte:02x}").repeat(32));
        crate::model::DiffId(text.parse().expect("a digest"))
    };
    let base = |layer: u8, created: &str| crate::posture::BaseKnown {
        name: "debian:12".to_owned(),
        digest: Some(format!("sha256:{layer}")),
        layers: vec![diff_id(layer)],
        created: created.parse().ok(),
    };
    view.bases = vec![base(1, "2026-01-01"), base(2, "2026-02-01")];
    view.config.rootfs.diff_ids = vec![diff_id(layer), diff_id(9)];
}

#[test]
fn every_check_fails_where_it_should_and_passes_where_it_should() {
    let cases: Vec<Case> = [
        accounts_and_modes(),
        rights(),
        contents_and_history(),
        config_and_origin(),
    ]
    .concat();
    let covered: BTreeSet<&str> = cases.iter().map(|(id, ..)| *id).collect();
    let all: BTreeSet<&str> = checks().iter().map(|check| check.check.id).collect();
    assert_eq!(covered, all);
    for (id, bad, good) in cases {
        assert_eq!(
            bad.outcome(id).name(),
            "failed",
            "{id}: {:?}",
            bad.outcome(id)
        );
        let outcome = good.outcome(id);
        let is_clean = match &outcome {
            Outcome::Passed | Outcome::NotApplicable => true,
            // What the distribution itself brings is negligible.
            Outcome::Failed(_) | Outcome::NotEvaluated(_) => false,
        };
        assert!(is_clean, "{id}: {outcome:?}");
    }
}

#[test]
fn ids_are_in_order_and_every_check_says_why_and_what_to_do() {
    let mut before = "";
    for ImageCheck { check, .. } in checks() {
        assert!(before < check.id, "{}", check.id);
        before = check.id;
        assert!(check.id.starts_with("PLM-I-") && check.id.len() == 9);
        for text in [check.title, check.why, check.fix] {
            assert!(
                !text.is_empty() && text.is_ascii() | text.contains('…'),
                "{text}"
            );
        }
        assert!(!check.nist.is_empty(), "{}", check.id);
    }
    assert!(checks().len() >= 40);
}

#[test]
fn an_image_of_which_nothing_is_known_passes_no_check_that_looks_at_files_or_history() {
    let empty = Image::default();
    for id in [
        "PLM-I-006",
        "PLM-I-008",
        "PLM-I-009",
        "PLM-I-022",
        "PLM-I-033",
        "PLM-I-034",
        "PLM-I-035",
        "PLM-I-036",
        "PLM-I-037",
        "PLM-I-038",
        "PLM-I-039",
        "PLM-I-048",
        "PLM-I-049",
        "PLM-I-053",
    ] {
        assert_eq!(empty.outcome(id).name(), "not-evaluated", "{id}");
    }
    assert_eq!(run(&empty.0).len(), checks().len());
}
