//! The container boundary from end to end: what an image says of it, the settings that it needs, and whether those hold in an audit.

use serde_json::{Value, json};

use crate::env::{Env, strings};
use crate::image::ImageBuilder;

const PASSWD: &str = "root:x:0:0:root:/root:/sbin/nologin\napp:x:10001:10001::/srv:/sbin/nologin\n";

/// An image that needs nothing: a program, an account, and no more.
fn good() -> ImageBuilder {
    ImageBuilder::new()
        .layer("COPY rootfs /", |layer| {
            layer
                .file("etc/os-release", "ID=alpine\nVERSION_ID=3.10.9\n")
                .file("lib/apk/db/installed", "P:musl\nV:9-r0\nA:x86_64\nL:MIT\no:musl\n\n")
                .file("etc/passwd", PASSWD)
                .file("etc/shadow", "root:*:1::::::\napp:!:1::::::\n")
                .file("etc/group", "root:x:0:\napp:x:10001:\n")
                .file_with_mode("usr/bin/app", "\u{7f}ELF", 0o755)
        })
        .config(json!({
            "User": "10001:10001", "Env": ["PATH=/usr/bin"], "Entrypoint": ["/usr/bin/app"], "WorkingDir": "/srv",
            "Labels": {"org.opencontainers.image.base.name": "alpine:3.10",
                "org.opencontainers.image.base.digest": format!("sha256:{}", "0".repeat(64))},
            "ExposedPorts": {"8080/tcp": {}},
            "Healthcheck": {"Test": ["CMD", "/usr/bin/app", "health"]},
        }))
}

fn scan(env: &Env, image: &ImageBuilder) -> (i32, Value) {
    image.write_layout(&env.path("layout"));
    let layout = format!("oci:{}", env.path("layout").display());
    let run = env.run(&["scan", "-o", "json", "--no-integrity", &layout]);
    (run.code, run.evidence())
}

fn result<'a>(evidence: &'a Value, check: &str) -> &'a str {
    let checks = evidence["checks"].as_array().expect("checks");
    let found = checks.iter().find(|one| one["check"] == check);
    found
        .and_then(|one| one["result"].as_str())
        .unwrap_or("none")
}

#[test]
fn an_image_that_needs_nothing_has_no_hole() {
    let env = Env::new();
    let (_, evidence) = scan(&env, &good());
    let posture: Vec<_> = evidence["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["kind"] == "posture")
        .collect();
    assert!(posture.is_empty(), "{posture:#?}");
    assert_eq!(evidence["checks"].as_array().map(Vec::len), Some(54));
    assert_eq!(crate::schema::faults(&evidence), [""; 0]);
}

#[test]
fn what_layers_and_config_show_is_told_with_layer_and_instruction() {
    let env = Env::new();
    let image = good()
        .layer("RUN chmod u+s /usr/bin/tool", |layer| {
            layer
                .file_with_mode("usr/bin/tool", "\u{7f}ELF", 0o4755)
                .file("etc/sudoers.d/app", "# rules\napp ALL=(ALL) NOPASSWD: ALL\n")
                .file_with_mode("etc/cron.d/job", "* * * * * root /usr/bin/x\n", 0o666)
                .file("etc/shadow", "root::1::::::\napp:!:1::::::\n")
        })
        .config(json!({"User": "0:0", "Env": ["PATH=/usr/bin:.", "API_KEY=aaaaaaaaaaaaaaaaaaaa"], "Volumes": {"/etc": {}}}));
    let (code, evidence) = scan(&env, &image);
    assert_eq!(code, 1);
    for (check, why) in [
        ("PLM-I-001", "root, as 0:0"),
        ("PLM-I-008", "an empty password"),
        ("PLM-I-010", "NOPASSWD"),
        ("PLM-I-012", "setuid"),
        ("PLM-I-020", "world-writable"),
        ("PLM-I-023", "a relative PATH"),
        ("PLM-I-032", "a credential in ENV"),
        ("PLM-I-043", "VOLUME /etc"),
    ] {
        assert_eq!(result(&evidence, check), "failed", "{check}: {why}");
    }
    let findings = evidence["findings"].as_array().expect("findings");
    let setuid = findings
        .iter()
        .find(|finding| finding["check"] == "PLM-I-012")
        .expect("the setuid file");
    let place = &setuid["places"][0];
    assert_eq!(
        (&place["path"], &place["layer"]),
        (&json!("usr/bin/tool"), &json!(1))
    );
    assert_eq!(place["instruction"], "RUN chmod u+s /usr/bin/tool");
    assert!(
        !evidence["findings"]
            .to_string()
            .contains("aaaaaaaaaaaaaaaaaaaa"),
        "the value is shown"
    );
    assert_eq!(crate::schema::faults(&evidence), [""; 0]);
}

#[test]
fn a_file_that_a_later_layer_repairs_is_as_the_container_sees_it() {
    let env = Env::new();
    let image = good()
        .layer("COPY tool /usr/bin/", |layer| {
            layer.file_with_mode("usr/bin/tool", "\u{7f}ELF", 0o4755)
        })
        .layer("RUN chmod 0755 /usr/bin/tool", |layer| {
            layer.file_with_mode("usr/bin/tool", "\u{7f}ELF", 0o755)
        })
        .layer("RUN rm /etc/shadow", |layer| layer.whiteout("etc/shadow"));
    let (_, evidence) = scan(&env, &image);
    assert_ne!(result(&evidence, "PLM-I-012"), "failed");
}

#[test]
fn a_root_file_system_has_no_config_and_nothing_is_concluded_from_that() {
    let env = Env::new();
    env.write("root/etc/passwd", PASSWD);
    env.write("root/etc/os-release", "ID=alpine\nVERSION_ID=3.10.9\n");
    let folder = format!("dir:{}", env.path("root").display());
    let evidence = env.run(&["scan", "-o", "json", &folder]).evidence();
    assert_eq!(result(&evidence, "PLM-I-001"), "not-evaluated");
}

#[test]
fn the_settings_that_an_image_needs_pass_the_audit_in_every_form() {
    let env = Env::new();
    good().write_layout(&env.path("layout"));
    let layout = format!("oci:{}", env.path("layout").display());
    let name = format!("registry.example/app:1@sha256:{}", "0".repeat(64));
    for (form, file) in [
        ("docker", "run.sh"),
        ("compose", "compose.yaml"),
        ("kubernetes", "app.yaml"),
        ("quadlet", "app.container"),
        ("oci", "config.json"),
    ] {
        let file = env.path(file).display().to_string();
        let arguments = [
            "harden",
            "-q",
            "--image-name",
            &name,
            "--for",
            form,
            "-o",
            &file,
            &layout,
        ];
        env.run(&arguments).expect_code(0);
        let audit = env.run(&["audit", "-o", "json", &file]).expect_code(0);
        assert_eq!(audit.evidence()["verdict"], "clean", "{form}");
    }
    let file = env.path("app.yaml").display().to_string();
    env.run(&["audit", "--standard", "pss-restricted", &file])
        .expect_code(0);
}

#[test]
fn a_plan_is_the_same_each_time_and_says_why() {
    let env = Env::new();
    good().write_layout(&env.path("layout"));
    let layout = format!("oci:{}", env.path("layout").display());
    let plan = || {
        env.run(&["harden", "-q", "--for", "plan", "--no-cache", &layout])
            .expect_code(0)
    };
    let first = plan();
    assert_eq!(first.stdout, plan().stdout);
    let plan = first.evidence();
    assert_eq!(plan["schema"], "plimsoll.plan/v1");
    assert_eq!(plan["user"]["value"]["uid"], 10001);
    assert_eq!(plan["user"]["confidence"], "proven");
    assert_eq!(plan["capabilities"], json!([]));
}

#[test]
fn the_image_tells_an_audit_what_its_settings_leave_out() {
    let env = Env::new();
    good().write_layout(&env.path("layout"));
    let layout = format!("oci:{}", env.path("layout").display());
    let command = ["--", "docker", "run", "--read-only", "app:1"];
    let audit = |more: &[&str]| {
        env.run(&[&["audit", "-o", "json"], more, &command].concat())
            .evidence()
    };
    assert_eq!(result(&audit(&[]), "PLM-R-101"), "not-evaluated");
    assert_eq!(result(&audit(&["--image", &layout]), "PLM-R-101"), "passed");
}

#[test]
fn a_base_that_is_known_says_how_far_behind_it_an_image_is() {
    let env = Env::new();
    let base = |content: &str, created: &str| {
        ImageBuilder::new()
            .layer("ADD", |layer| layer.file("base", content))
            .created(created)
    };
    base("old", "2020-01-01T00:00:00Z").write_layout(&env.path("old"));
    base("new", "2020-03-01T00:00:00Z").write_layout(&env.path("new"));
    let bases = env.path("bases.json").display().to_string();
    let folder = env.path("base").display().to_string();
    for which in ["old", "new"] {
        let _ = std::fs::remove_file(&folder);
        std::os::unix::fs::symlink(env.path(which), &folder).expect("a link");
        env.run(&["base", "--bases", &bases, "add", &format!("oci:{folder}")])
            .expect_code(0);
    }
    base("old", "2020-01-02T00:00:00Z")
        .layer("RUN x", |layer| layer.file("x", "x"))
        .write_layout(&env.path("image"));
    let image = format!("oci:{}", env.path("image").display());
    let evidence = env
        .run(&["scan", "-o", "json", "--bases", &bases, &image])
        .evidence();
    assert_eq!(
        result(&evidence, "PLM-I-053"),
        "failed",
        "{}",
        strings(&evidence["findings"], "title").join("\n")
    );
    assert!(
        evidence["findings"].to_string().contains("60 days"),
        "{}",
        evidence["findings"]
    );
    assert!(evidence["policy"]["bases"].is_string());
}

#[test]
fn a_plan_goes_into_a_compose_file_whose_comments_stay() {
    let env = Env::new();
    good().write_layout(&env.path("layout"));
    let layout = format!("oci:{}", env.path("layout").display());
    let text = "# the shop\nservices:\n  web:  # the front\n    image: app:1\n    ports: ['127.0.0.1:8080:8080']\n  db:\n    image: db:1\n";
    let file = env.write("compose.yaml", text).display().to_string();
    env.run(&["harden", "-q", "--patch", &file, &layout])
        .expect_code(2);
    env.run(&[
        "harden",
        "-q",
        "--patch",
        &file,
        "--container",
        "web",
        "-o",
        &file,
        &layout,
    ])
    .expect_code(0);
    let patched = std::fs::read_to_string(&file).expect("a file");
    for kept in [
        "# the shop\n",
        "  web:  # the front\n",
        "    ports: ['127.0.0.1:8080:8080']\n",
        "  db:\n    image: db:1\n",
    ] {
        assert!(patched.contains(kept), "{kept} in {patched}");
    }
    let audit = env.run(&["audit", "-o", "json", &file]).evidence();
    let of_web = |check: &str| {
        let checks = audit["checks"].as_array().expect("checks");
        let found = checks
            .iter()
            .find(|one| one["check"] == check && one["subject"] == "web");
        found.map(|one| one["result"].to_string())
    };
    for check in ["PLM-R-002", "PLM-R-009", "PLM-R-017", "PLM-R-101"] {
        assert_eq!(
            of_web(check).as_deref(),
            Some("\"passed\""),
            "{check} in {patched}"
        );
    }
}

#[test]
fn image_and_settings_are_one_document_with_one_verdict() {
    let env = Env::new();
    good().write_layout(&env.path("layout"));
    let layout = format!("oci:{}", env.path("layout").display());
    let file = env
        .write("run.sh", "docker run --privileged app:1\n")
        .display()
        .to_string();
    let run = env
        .run(&[
            "scan",
            "-o",
            "json",
            "--no-integrity",
            "--audit",
            &file,
            &layout,
        ])
        .expect_code(1);
    let evidence = run.evidence();
    assert_eq!(result(&evidence, "PLM-R-001"), "failed");
    assert_eq!(result(&evidence, "PLM-I-001"), "passed");
    assert_eq!(evidence["settings"][0]["form"], "docker run");
    assert!(evidence["advisories"].is_object());
    assert_eq!(crate::schema::faults(&evidence), [""; 0]);
    let other = env.write("other.json", run.stdout).display().to_string();
    let refused = env
        .run(&["scan", "--proof", &other, &layout])
        .expect_code(3);
    assert!(
        refused.stderr.contains("holds no proof"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_password_of_a_health_check_is_not_repeated() {
    let env = Env::new();
    for test in [
        json!(["CMD", "redis-cli", "-a", "hunter2", "ping"]),
        json!(["CMD", "curl", "-u", "admin:hunter2", "localhost"]),
        json!(["CMD-SHELL", "wget --header 'X-Api: hunter2' localhost"]),
    ] {
        let image = ImageBuilder::new()
            .layer("COPY", |layer| layer.file("etc/passwd", PASSWD).file_with_mode("bin/app", "\u{7f}ELF", 0o755))
            .config(json!({"Entrypoint": ["/bin/app"], "User": "1000:1000", "Healthcheck": {"Test": test}}));
        image.write_layout(&env.path("layout"));
        let layout = format!("oci:{}", env.path("layout").display());
        for form in ["docker", "compose", "kubernetes", "quadlet", "oci", "plan"] {
            let run = env.run(&["harden", "--for", form, &layout]).expect_code(0);
            assert!(
                !run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"),
                "{form}: {}",
                run.stdout
            );
        }
    }
}
