//! What each form has to look like. The forms' own readers live in `runtime`; here the texts are looked at.

use serde_json::Value;

use super::{Form, write};
use crate::harden::samples::{Image, apache, go, nginx, postgres, python, redis};
use crate::harden::{Choices, Mode, Plan, plan};

fn planned(image: &Image) -> Plan {
    plan(&image.0, &Choices::default())
}

fn samples() -> Vec<Plan> {
    [nginx(), redis(), postgres(), apache(), python(), go()]
        .iter()
        .map(planned)
        .collect()
}

fn hostile() -> Plan {
    let mut image = Image::debian(
        "evil'\"$(touch /tmp/x)\n`id`:größe",
        &["/start.sh"],
        &["/srv/a b"],
    )
    .account("$(id)\n- evil: true", 1001, 1001, "/")
    .user("$(id)\n- evil: true")
    .volume("/data/$(id)")
    .volume("/data/größe")
    .volume("/data/a\nb")
    .volume("/data/a,b:c")
    .program("srv/a b", &[])
    .script(
        "start.sh",
        &[(
            3,
            "chown\n  privileged: true",
            None,
            &["/var/lib/\"x\n# y\\"],
        )],
    )
    .health(&["CMD", "check", "it's \"so\" $HOME %h", "größe\\"]);
    image.0.config.config.working_dir = "/x\"\n\\".to_owned();
    planned(&image)
}

/// Lines of a text without those that are comments.
fn settings(text: &str) -> Vec<&str> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .collect()
}

#[test]
fn every_form_has_a_name_and_is_found_by_it() {
    let names: Vec<&str> = Form::all().map(Form::name).collect();
    assert_eq!(names, ["docker", "compose", "kubernetes", "oci", "quadlet"]);
    assert!(Form::all().all(|form| Form::named(form.name()) == Some(form)));
    assert_eq!(Form::named("rkt"), None);
}

#[test]
fn docker_gets_one_command_with_one_flag_a_line_below_its_reasons() {
    let text = write(&planned(&nginx()), Form::Docker);
    assert_eq!(
        settings(&text),
        [
            "docker run --detach \\",
            "  --name nginx \\",
            "  --user 33:33 \\",
            "  --cap-drop ALL \\",
            "  --security-opt no-new-privileges:true \\",
            "  --read-only \\",
            "  --tmpfs /run:uid=33,gid=33,size=16m \\",
            "  --tmpfs /tmp:uid=33,gid=33,size=64m \\",
            "  --tmpfs /var/lib/nginx:uid=33,gid=33,size=64m \\",
            "  --tmpfs /var/log/nginx:uid=33,gid=33,size=64m \\",
            "  --publish 127.0.0.1:8080:80 \\",
            "  --network nginx \\",
            "  --ipc private \\",
            "  --pids-limit 256 \\",
            "  --memory 256m \\",
            "  --memory-swap 256m \\",
            "  --cpus 1 \\",
            "  --ulimit nofile=65536:65536 \\",
            "  --ulimit core=0:0 \\",
            "  --restart on-failure:5 \\",
            "  --log-driver json-file \\",
            "  --log-opt max-size=10m \\",
            "  --log-opt max-file=3 \\",
            "  --init \\",
            "  nginx@sha256:00",
        ]
    );
    assert!(text.contains("# --user 33:33\n#     inferred: the image starts as root, but www-data does the work: the configuration of nginx names it (/etc/nginx/nginx.conf:1)"), "{text}");
    assert!(text.contains("docker network create nginx"));
}

#[test]
fn a_folder_that_the_image_lacks_is_given_a_mode() {
    let text = write(&planned(&go()), Form::Docker);
    assert!(
        text.contains("  --tmpfs /tmp:uid=65532,gid=65532,size=64m,mode=1777 \\"),
        "{text}"
    );
}

#[test]
fn volumes_and_capabilities_are_in_every_form() {
    let plan = plan(
        &postgres().0,
        &Choices {
            mode: Some(Mode::Root),
            ..Choices::default()
        },
    );
    for (form, parts) in [
        (
            Form::Docker,
            &[
                "--cap-add DAC_OVERRIDE",
                "--cap-add SETUID",
                "--mount type=volume,source=postgres-var-lib-postgresql-data,target=/var/lib/postgresql/data",
                "--user 0:0",
            ][..],
        ),
        (
            Form::Compose,
            &[
                "- \"DAC_OVERRIDE\"",
                "source: \"postgres-var-lib-postgresql-data\"",
                "user: \"0:0\"",
                "cap_drop: [\"ALL\"]",
            ],
        ),
        (
            Form::Kubernetes,
            &[
                "- DAC_OVERRIDE",
                "claimName: \"postgres-var-lib-postgresql-data\"",
                "runAsNonRoot: false",
                "drop: [\"ALL\"]",
                "fsGroup: 999",
            ],
        ),
        (
            Form::Oci,
            &[
                "\"CAP_DAC_OVERRIDE\"",
                "volumes/postgres-var-lib-postgresql-data",
                "\"uid\": 0",
            ],
        ),
        (
            Form::Quadlet,
            &[
                "AddCapability=CAP_DAC_OVERRIDE",
                "Volume=postgres-var-lib-postgresql-data:/var/lib/postgresql/data:rw,nosuid,nodev",
                "User=0",
                "DropCapability=all",
            ],
        ),
    ] {
        let text = write(&plan, form);
        for part in parts {
            assert!(text.contains(part), "{}: {part}\n{text}", form.name());
        }
        assert!(
            text.contains("68 runs find in a folder that its owner keeps closed"),
            "{}: the reason",
            form.name()
        );
    }
}

#[test]
fn kubernetes_gets_what_the_restricted_standard_asks_for() {
    for plan in samples() {
        let text = write(&plan, Form::Kubernetes);
        for part in [
            "runAsNonRoot: true",
            "seccompProfile: {type: RuntimeDefault}",
            "allowPrivilegeEscalation: false",
            "readOnlyRootFilesystem: true",
            "drop: [\"ALL\"]",
            "automountServiceAccountToken: false",
            "enableServiceLinks: false",
            "imagePullPolicy: IfNotPresent",
            "emptyDir: {medium: Memory, sizeLimit:",
            "limits:",
        ] {
            assert!(text.contains(part), "{}: {part}\n{text}", plan.name);
        }
        for part in [
            "add:",
            "hostPath",
            "hostPort",
            "hostNetwork",
            "runAsUser: 0",
        ] {
            assert!(!text.contains(part), "{}: {part}", plan.name);
        }
        assert_eq!(
            text.contains("net.ipv4.ip_unprivileged_port_start"),
            plan.has_low_port()
        );
    }
}

#[test]
fn kubernetes_probes_with_the_images_check_or_else_its_port() {
    let text = write(&planned(&python()), Form::Kubernetes);
    assert!(text.contains("exec: {command: [\"/bin/sh\", \"-c\", \"curl -f http://localhost:8000/health || exit 1\"]}"), "{text}");
    assert!(text.contains("periodSeconds: 10"));
    assert!(write(&planned(&nginx()), Form::Kubernetes).contains("tcpSocket: {port: 80}"));
}

#[test]
fn oci_is_a_config_with_empty_sets_for_who_is_not_root() {
    for plan in samples() {
        let config: Value = serde_json::from_str(&write(&plan, Form::Oci)).expect("JSON");
        let process = &config["process"];
        for set in [
            "bounding",
            "effective",
            "permitted",
            "inheritable",
            "ambient",
        ] {
            assert_eq!(
                process["capabilities"][set],
                serde_json::json!([]),
                "{}: {set}",
                plan.name
            );
        }
        assert_eq!(process["noNewPrivileges"], true);
        assert_eq!(process["user"]["uid"], plan.user.value.uid);
        assert!(!process["args"].as_array().expect("args").is_empty());
        assert_eq!(config["root"]["readonly"], true);
        assert_eq!(
            config["linux"]["resources"]["pids"]["limit"],
            plan.pids.value
        );
        assert_eq!(
            config["linux"]["seccomp"]["defaultAction"],
            "SCMP_ACT_ERRNO"
        );
        let places: Vec<&str> = config["mounts"]
            .as_array()
            .expect("mounts")
            .iter()
            .filter_map(|mount| mount["destination"].as_str())
            .collect();
        for line in &plan.mounts {
            assert!(
                places.contains(&line.value.path.to_string().as_str()),
                "{places:?}"
            );
        }
    }
}

#[test]
fn quadlet_says_no_owner_of_memory_and_opens_it_by_mode() {
    let text = write(&planned(&nginx()), Form::Quadlet);
    assert!(
        text.contains("Tmpfs=/run:rw,size=16m,mode=1777,nosuid,nodev,noexec\n"),
        "{text}"
    );
    assert!(text.contains("ReadOnlyTmpfs=false") && text.contains("NoNewPrivileges=true"));
    assert!(text.contains("Sysctl=net.ipv4.ip_unprivileged_port_start=0"));
}

#[test]
fn hostile_names_stay_inside_their_quotes_and_comments() {
    let plan = hostile();
    for form in Form::all() {
        let text = write(&plan, form);
        assert!(
            !text
                .lines()
                .any(|line| line.trim_start().starts_with("privileged: true")
                    || line.trim_start().starts_with("- evil")),
            "{}:\n{text}",
            form.name()
        );
    }
    let docker = write(&plan, Form::Docker);
    let settings = settings(&docker);
    assert_eq!(
        settings.last(),
        Some(&r#"  'evil'\''"$(touch /tmp/x)\u{a}`id`:größe'"#)
    );
    assert!(
        settings.contains(
            &"  --mount type=volume,source=evil-touch-tmp-x-id-data-gr-e,target='/data/größe' \\"
        ) || docker.contains("target=/data/größe"),
        "{docker}"
    );
    assert!(
        settings
            .iter()
            .all(|line| line.starts_with("docker run") || line.starts_with("  ")),
        "{docker}"
    );
    assert!(
        !settings.iter().any(|line| line.contains("/data/a,b")),
        "a comma would be another option"
    );
    let compose = write(&plan, Form::Compose);
    assert!(
        compose.contains(r#"image: "evil'\"$$(touch /tmp/x)\\u{a}`id`:größe""#),
        "{compose}"
    );
    assert!(
        compose.contains(r#"test: ["CMD", "check", "it's \"so\" $$HOME %h", "größe\\"]"#),
        "{compose}"
    );
    let quadlet = write(&plan, Form::Quadlet);
    assert!(
        quadlet.contains(r#"HealthCmd=["CMD","check","it's \"so\" $$HOME %%h","größe\\"]"#),
        "{quadlet}"
    );
    let oci: Value = serde_json::from_str(&write(&plan, Form::Oci)).expect("JSON");
    assert_eq!(oci["process"]["cwd"], "/x\"\n\\");
}

#[test]
fn the_same_plan_is_the_same_text() {
    for form in Form::all() {
        assert_eq!(
            write(&planned(&postgres()), form),
            write(&planned(&postgres()), form)
        );
    }
}
