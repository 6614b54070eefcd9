//! What is planned for images like real ones: the results that were measured on an engine (cap-drop ALL, read-only root).

use super::samples::{Image, apache, go, nginx, postgres, python, redis};
use super::{Choices, Confidence, Mode, Plan, Writable, plan};
use crate::model::ServerSettingKind;

fn planned(image: &Image) -> Plan {
    plan(&image.0, &Choices::default())
}

fn as_root(image: &Image) -> Plan {
    plan(
        &image.0,
        &Choices {
            mode: Some(Mode::Root),
            ..Choices::default()
        },
    )
}

fn capabilities(plan: &Plan) -> Vec<&'static str> {
    plan.capabilities
        .iter()
        .map(|line| line.value.capability.name())
        .collect()
}

/// `tmpfs /run 33:33`, `volume /data 999:999`.
fn mounts(plan: &Plan) -> Vec<String> {
    let mounts = plan.mounts.iter().map(|line| {
        let kind = if line.value.writable == Writable::Volume {
            "volume"
        } else {
            "tmpfs"
        };
        format!(
            "{kind} {} {}:{}",
            line.value.path, line.value.uid, line.value.gid
        )
    });
    mounts.collect()
}

fn user(plan: &Plan) -> (u64, u64) {
    (plan.user.value.uid, plan.user.value.gid)
}

fn warns(plan: &Plan, text: &str) -> bool {
    plan.warnings.iter().any(|warning| warning.contains(text))
}

#[test]
fn nginx_runs_as_www_data_without_capabilities_on_three_tmpfs() {
    let plan = planned(&nginx());
    assert_eq!((plan.mode, user(&plan)), (Mode::ServiceAccount, (33, 33)));
    assert!(
        plan.user.reason.contains("/etc/nginx/nginx.conf:1"),
        "{}",
        plan.user.reason
    );
    assert_eq!(plan.user.confidence, Confidence::Inferred);
    assert_eq!(capabilities(&plan), [""; 0]);
    assert_eq!(
        mounts(&plan),
        [
            "tmpfs /run 33:33",
            "tmpfs /tmp 33:33",
            "tmpfs /var/lib/nginx 33:33",
            "tmpfs /var/log/nginx 33:33"
        ]
    );
    assert!(
        plan.mounts.iter().all(|mount| mount.value.mode.is_none()),
        "the image has all of them: mode= would be passed over"
    );
    assert!(plan.no_new_privileges.value && plan.read_only.value);
    assert_eq!(
        plan.ports
            .iter()
            .map(|port| (port.value, port.confidence))
            .collect::<Vec<_>>(),
        [(80, Confidence::Proven)]
    );
    assert!(plan.has_low_port());
}

#[test]
fn nginx_as_root_needs_three_capabilities_and_folders_of_root() {
    let plan = as_root(&nginx());
    assert_eq!(capabilities(&plan), ["CHOWN", "SETGID", "SETUID"]);
    assert!(
        mounts(&plan).contains(&"tmpfs /var/log/nginx 0:0".to_owned()),
        "{:?}",
        mounts(&plan)
    );
    let plan = as_root(&Image(nginx().0).volume("/var/log/nginx"));
    assert_eq!(
        capabilities(&plan),
        ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"],
        "a volume of www-data"
    );
}

#[test]
fn logs_that_are_links_to_the_output_need_no_folder() {
    let image = nginx()
        .link("var/log/nginx/access.log", "dev/stdout")
        .link("var/log/nginx/error.log", "dev/stderr");
    assert!(
        !mounts(&planned(&image))
            .iter()
            .any(|mount| mount.contains("log")),
        "{:?}",
        mounts(&planned(&image))
    );
}

#[test]
fn nginx_that_renders_its_configuration_at_the_start_is_given_a_volume_and_a_warning() {
    let image = nginx()
        .folder("etc/nginx/conf.d", 0, 0, 0o755)
        .file("etc/nginx/conf.d/default.conf", 0, 0o644)
        .setting(
            "etc/nginx/conf.d/default.conf",
            2,
            "nginx",
            ServerSettingKind::Listens,
            "80",
        )
        .script("docker-entrypoint.sh", &[])
        .script(
            "docker-entrypoint.d/20-envsubst-on-templates.sh",
            &[(31, "envsubst", None, &["/etc/nginx/conf.d/default.conf"])],
        );
    let mut image = image;
    image.0.config.config.entrypoint = vec!["/docker-entrypoint.sh".to_owned()];
    let plan = planned(&image);
    let mount = plan
        .mounts
        .iter()
        .find(|mount| mount.value.path.as_str() == "etc/nginx/conf.d")
        .expect("planned");
    assert!(
        mount.value.writable == Writable::Volume && mount.value.has_content,
        "memory would hide the files"
    );
    assert!(warns(
        &plan,
        "writes its configuration into /etc/nginx/conf.d"
    ));
}

#[test]
fn redis_runs_as_its_account_on_its_volume() {
    let plan = planned(&redis());
    assert_eq!((plan.mode, user(&plan)), (Mode::ServiceAccount, (999, 999)));
    assert!(
        plan.user
            .reason
            .contains("/usr/local/bin/docker-entrypoint.sh:13"),
        "{}",
        plan.user.reason
    );
    assert!(plan.user.reason.contains("passed over"));
    assert_eq!(capabilities(&plan), [""; 0]);
    assert_eq!(
        mounts(&plan),
        ["volume /data 999:999", "tmpfs /tmp 999:999"]
    );
    let health = plan.health.expect("redis-cli is there");
    assert_eq!(
        (health.value.command.join(" ").as_str(), health.confidence),
        ("redis-cli ping", Confidence::Assumed)
    );
}

#[test]
fn redis_as_root_needs_two_and_chown_only_where_the_data_are_not_its_own() {
    assert_eq!(capabilities(&as_root(&redis())), ["SETGID", "SETUID"]);
    let foreign = redis().folder("data", 0, 0, 0o755);
    assert_eq!(
        capabilities(&as_root(&foreign)),
        ["CHOWN", "SETGID", "SETUID"]
    );
}

#[test]
fn postgres_runs_as_its_account_with_no_capability() {
    let plan = planned(&postgres());
    assert_eq!((plan.mode, user(&plan)), (Mode::ServiceAccount, (999, 999)));
    assert_eq!(capabilities(&plan), [""; 0]);
    assert_eq!(
        mounts(&plan),
        [
            "tmpfs /run/postgresql 999:999",
            "tmpfs /tmp 999:999",
            "volume /var/lib/postgresql/data 999:999"
        ]
    );
    assert_eq!(plan.pids.value, 512);
    assert!(warns(&plan, "PGDATA"));
}

#[test]
fn postgres_as_root_would_fail_at_its_second_start_without_dac_override() {
    let plan = as_root(&postgres());
    assert_eq!(capabilities(&plan), ["DAC_OVERRIDE", "SETGID", "SETUID"]);
    let line = &plan.capabilities[0];
    assert!(
        line.reason.contains("second start") && line.reason.contains(":68"),
        "{}",
        line.reason
    );
    assert!(
        mounts(&plan).contains(&"tmpfs /run/postgresql 999:999".to_owned()),
        "it writes there after it gave up root"
    );
}

#[test]
fn apache_runs_as_www_data() {
    let plan = planned(&apache());
    assert_eq!((plan.mode, user(&plan)), (Mode::ServiceAccount, (33, 33)));
    assert_eq!(capabilities(&plan), [""; 0]);
    assert_eq!(
        mounts(&plan),
        [
            "tmpfs /run 33:33",
            "tmpfs /tmp 33:33",
            "tmpfs /var/log/apache2 33:33"
        ]
    );
    assert!(warns(&plan, "$APACHE_RUN_DIR"), "{:?}", plan.warnings);
    assert_eq!(capabilities(&as_root(&apache())), ["SETGID", "SETUID"]);
}

#[test]
fn a_program_with_a_user_keeps_it_as_a_number() {
    let plan = planned(&python());
    assert_eq!(
        (plan.mode, user(&plan)),
        (Mode::ServiceAccount, (1000, 1000))
    );
    assert_eq!(plan.user.reason, "USER app is 1000 in /etc/passwd:3");
    assert_eq!(plan.user.confidence, Confidence::Proven);
    assert_eq!(capabilities(&plan), [""; 0]);
    assert_eq!(
        mounts(&plan),
        ["tmpfs /home/app/.cache 1000:1000", "tmpfs /tmp 1000:1000"]
    );
    assert_eq!(
        plan.start
            .value
            .programs
            .last()
            .map(ToString::to_string)
            .as_deref(),
        Some("/usr/bin/python3.11")
    );
    assert_eq!(
        plan.health.as_ref().map(|line| line.value.in_shell),
        Some(true)
    );
}

#[test]
fn a_static_program_in_an_empty_image_runs_as_nobody() {
    let plan = planned(&go());
    assert_eq!(
        (plan.mode, user(&plan)),
        (Mode::Unprivileged, (65532, 65532))
    );
    assert_eq!(capabilities(&plan), [""; 0]);
    assert_eq!(mounts(&plan), ["tmpfs /tmp 65532:65532"]);
    assert_eq!(
        plan.mounts[0].value.mode,
        Some(0o1777),
        "the image has no /tmp"
    );
    let closed = go().file("api", 0, 0o700);
    let plan = planned(&closed);
    assert_eq!((plan.mode, capabilities(&plan).len()), (Mode::Root, 0));
    assert!(
        plan.user.reason.contains("/api is not for others"),
        "{}",
        plan.user.reason
    );
}

#[test]
fn a_start_through_sudo_turns_no_new_privileges_off_and_says_why() {
    let image = Image::debian("odd@sha256:00", &["sudo", "-E", "/app"], &[])
        .account("app", 1000, 1000, "/home/app")
        .user("1000")
        .setuid("usr/bin/sudo")
        .program("app", &[]);
    let plan = planned(&image);
    assert!(!plan.no_new_privileges.value);
    assert!(plan.no_new_privileges.reason.contains("/usr/bin/sudo"));
    assert!(warns(&plan, "no-new-privileges would break the start"));
    assert_eq!(capabilities(&plan), ["SETGID", "SETUID"]);
    assert_eq!(
        plan.start
            .value
            .programs
            .last()
            .map(ToString::to_string)
            .as_deref(),
        Some("/app")
    );
    let root = planned(&Image(image.0).user(""));
    assert!(
        root.mode == Mode::Root && root.no_new_privileges.value,
        "root needs no setuid bit"
    );
}

#[test]
fn gosu_in_the_start_command_itself_cannot_be_passed_over() {
    let image = Image::debian("x@sha256:00", &["gosu", "www-data", "/app"], &[])
        .program("usr/bin/gosu", &[])
        .program("app", &[]);
    let plan = planned(&image);
    assert_eq!(
        (plan.mode, capabilities(&plan)),
        (Mode::Root, vec!["SETGID", "SETUID"])
    );
    assert!(warns(&plan, "directly"));
}

#[test]
fn an_effective_file_capability_has_to_be_in_the_bounding_set() {
    let caddy = |effective| {
        Image::debian("caddy@sha256:00", &[], &["caddy", "run"])
            .expose("443/tcp")
            .expose("443/udp")
            .program("usr/bin/caddy", &[])
            .folder("data", 0, 0, 0o755)
            .file_capability("usr/bin/caddy", 10, effective)
    };
    let plan = planned(&caddy(true));
    assert_eq!(
        (plan.mode, capabilities(&plan)),
        (Mode::Unprivileged, vec!["NET_BIND_SERVICE"])
    );
    assert_eq!(plan.capabilities[0].confidence, Confidence::Proven);
    assert!(plan.capabilities[0].reason.contains("exec fails"));
    assert!(warns(&plan, "setcap -r /usr/bin/caddy"));
    assert_eq!((plan.ports.len(), plan.udp_ports.len()), (1, 1));
    let plan = planned(&caddy(false));
    assert_eq!(capabilities(&plan), [""; 0]);
    assert!(warns(&plan, "starts without it"));
}

#[test]
fn a_shell_text_is_followed_to_the_program_behind_exec() {
    let image = Image::debian(
        "x@sha256:00",
        &["/bin/sh", "-c"],
        &["mkdir -p /var/cache/x && chown www-data /var/cache/x && exec tini -- /srv/x --flag"],
    )
    .program("usr/bin/tini", &[])
    .program("srv/x", &[]);
    let plan = planned(&image);
    assert_eq!(
        plan.start
            .value
            .programs
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["/usr/bin/dash", "/usr/bin/tini", "/srv/x"]
    );
    assert!(!plan.init.value, "tini is one");
    assert!(
        plan.user.reason.contains("runs chown"),
        "{}",
        plan.user.reason
    );
    assert_eq!(capabilities(&plan), ["CHOWN"]);
    assert!(
        mounts(&plan)
            .iter()
            .any(|mount| mount.starts_with("tmpfs /var/cache/x"))
    );
}

#[test]
fn what_is_not_understood_is_said() {
    for (image, warning) in [
        (Image::new("x", &[], &[]), "neither ENTRYPOINT nor CMD"),
        (
            Image::new("x", &["/gone"], &[]),
            "not known to have the program gone",
        ),
        (
            Image::debian("x", &["sh", "-c", "$APP"], &[]),
            "by a variable",
        ),
        (
            Image::debian("x", &["sh", "-c", "if true; then x; fi"], &[]),
            "more than simple commands",
        ),
        (
            Image::new("x", &["/x"], &[])
                .program("x", &[])
                .user("nobody-knows"),
            "which /etc/passwd does not have",
        ),
        (
            Image::new("x", &["/x"], &[]).program("x", &[]),
            "not named by digest",
        ),
        (
            Image::new("x", &["/x"], &[])
                .program("x", &[])
                .volume("/usr/lib"),
            "folder of the system",
        ),
        (
            Image::new("x", &["/x"], &[])
                .program("x", &[])
                .volume("/a:b"),
            "not every form can write",
        ),
    ] {
        let plan = planned(&image);
        assert!(warns(&plan, warning), "{warning}: {:?}", plan.warnings);
    }
}

#[test]
fn a_number_without_a_group_gets_its_own_unless_the_folders_are_made_for_group_root() {
    let image = |mode| {
        Image::new("x@sha256:00", &["/x"], &[])
            .program("x", &[])
            .user("1001")
            .workdir("/app")
            .folder("app", 1002, 0, mode)
    };
    assert_eq!(user(&planned(&image(0o755))), (1001, 1001));
    assert_eq!(user(&planned(&image(0o775))), (1001, 0));
    assert_eq!(
        user(&planned(&Image(image(0o755).0).user("1001:7"))),
        (1001, 7)
    );
}

#[test]
fn two_accounts_of_the_same_rank_are_none() {
    let image = Image::debian("x@sha256:00", &["/start.sh"], &["/srv/x"])
        .account("one", 1001, 1001, "/")
        .account("two", 1002, 1002, "/")
        .program("srv/x", &[])
        .script(
            "start.sh",
            &[
                (3, "gosu", Some("one"), &[]),
                (5, "su-exec", Some("two"), &[]),
            ],
        );
    let plan = planned(&image);
    assert_ne!(plan.mode, Mode::ServiceAccount);
    assert!(warns(&plan, "several accounts could be meant (1001, 1002)"));
}

#[test]
fn what_the_user_chooses_is_taken() {
    let choices = Choices {
        image: Some("nginx@sha256:11".to_owned()),
        name: Some("Front End".to_owned()),
        user: Some("1234:5".to_owned()),
        capabilities: vec![crate::model::Capability::NET_RAW],
        scratch: vec!["/var/spool/x".to_owned()],
        volumes: vec!["/srv/files".to_owned()],
        pids: Some(7),
        memory: Some(9),
        cpu_millis: Some(250),
        ..Choices::default()
    };
    let plan = plan(&nginx().0, &choices);
    assert_eq!(
        (plan.name.as_str(), plan.image.as_str(), user(&plan)),
        ("front-end", "nginx@sha256:11", (1234, 5))
    );
    assert_eq!(
        (plan.pids.value, plan.memory.value, plan.cpu_millis.value),
        (7, 9, 250)
    );
    assert!(mounts(&plan).contains(&"tmpfs /var/spool/x 1234:5".to_owned()));
    assert!(mounts(&plan).contains(&"volume /srv/files 1234:5".to_owned()));
    assert_eq!(capabilities(&plan), ["NET_RAW"]);
    assert!(warns(&plan, "through a file capability alone"));
}

#[test]
fn words_that_could_be_secrets_are_not_in_the_plan() {
    let secret = ["hunter", "2"].concat();
    let image = redis()
        .env(&format!("REDIS_PASSWORD={secret}"))
        .health(&["CMD-SHELL", &format!("redis-cli -a {secret} ping")]);
    let mut image = image;
    image.0.config.config.cmd = vec![
        "redis-server".to_owned(),
        "--requirepass".to_owned(),
        secret.clone(),
    ];
    let plan = planned(&image);
    assert!(!format!("{plan:?}").contains(&secret));
    assert!(plan.health.is_none() && plan.start.value.command.is_empty());
    assert!(warns(&plan, "start command could hold a secret"));
}

#[test]
fn a_plan_reads_back_from_json() {
    for image in [nginx(), redis(), postgres(), apache(), python(), go()] {
        let plan = planned(&image);
        let text = serde_json::to_string(&plan).expect("JSON");
        assert!(
            text.starts_with(r#"{"schema":"plimsoll.plan/v1","#),
            "{text}"
        );
        assert_eq!(serde_json::from_str::<Plan>(&text).expect("a plan"), plan);
    }
}
