use super::*;

fn settings(uid: u64, places: &[WritablePlace]) -> Settings {
    Settings {
        user: Some(format!("{uid}:{uid}")),
        read_only: true,
        writable: places.to_vec(),
        memory: Some(1 << 20),
        pids: Some(10),
        ..Settings::default()
    }
}

/// What a line of a log comes to, for an image that starts as root and has the volume `/data`.
fn proposed(settings: &Settings, line: &str) -> String {
    let symptoms: Vec<Symptom> = Symptom::of_line(line).into_iter().collect();
    let failure = Failure {
        settings,
        end: &End::Exited {
            code: 1,
            out_of_memory: false,
        },
        symptoms: &symptoms,
        image_is_root: true,
        volumes: &["data".into()],
    };
    match propose(&failure) {
        Proposal::Relax(change, _) => change.text(),
        Proposal::FileCapability(path, _) => format!("file capability {path:?}"),
        Proposal::SeeWrites(_) => "see writes".to_owned(),
        Proposal::Nothing(_) => "nothing".to_owned(),
    }
}

#[test]
fn every_failure_has_its_one_relaxation() {
    let root = settings(0, &[]);
    let user = settings(33, &[WritablePlace::tmpfs("run".into(), 0, 0)]);
    let cases = [
        (
            &user,
            "mkdir() \"/var/lib/nginx/body\" failed (30: Read-only file system)",
            "--tmpfs /var/lib/nginx:uid=33,gid=33",
        ),
        (
            &user,
            "open() \"/run/nginx.pid\" failed (13: Permission denied)",
            "--tmpfs /run with uid=33,gid=33",
        ),
        (
            &root,
            "chown(\"/var/lib/nginx/body\", 33) failed (1: Operation not permitted)",
            "--cap-add CHOWN",
        ),
        (
            &root,
            "setpriv: setresuid failed: Operation not permitted",
            "--cap-add SETGID --cap-add SETUID",
        ),
        (
            &root,
            "find: '/data': Permission denied",
            "--cap-add DAC_OVERRIDE",
        ),
        (
            &root,
            "listen tcp :80: bind: permission denied",
            "--cap-add NET_BIND_SERVICE",
        ),
        (
            &user,
            "listen tcp :80: bind: permission denied",
            "--sysctl net.ipv4.ip_unprivileged_port_start=0",
        ),
        (
            &root,
            "chroot(/var/empty): Operation not permitted",
            "--cap-add SYS_CHROOT",
        ),
        (
            &root,
            "exec user process caused: operation not permitted",
            "file capability None",
        ),
        (
            &user,
            "cannot create /x.pid: Read-only file system",
            "no --read-only",
        ),
        (&user, "write failed: Read-only file system", "see writes"),
        (
            &user,
            "cannot write /run/x: No space left on device",
            "--tmpfs /run with size=134217728",
        ),
        (
            &user,
            "open() \"/run/app/log\" failed (2: No such file or directory)",
            "--tmpfs /run/app:uid=33,gid=33",
        ),
        (
            &user,
            "fork: Resource temporarily unavailable",
            "--pids-limit 20",
        ),
        (&user, "mmap: Cannot allocate memory", "--memory 2097152"),
        (&user, "", "see writes"),
    ];
    for (settings, line, expected) in cases {
        assert_eq!(proposed(settings, line), expected, "{line}");
    }
}

#[test]
fn a_capability_is_never_given_to_a_user_who_gains_nothing_by_it() {
    let user = settings(33, &[]);
    for line in [
        "chown: changing ownership of '/data': Operation not permitted",
        "setgid(33) failed (1: Operation not permitted)",
    ] {
        assert_eq!(proposed(&user, line), "--user 0:0", "{line}");
    }
}

#[test]
fn what_is_not_understood_is_said_to_be_so() {
    let mut open = settings(33, &[]);
    open.read_only = false;
    assert_eq!(proposed(&open, "something broke"), "nothing");
    let mut root = settings(0, &[]);
    root.capabilities = CapabilitySet::ALL;
    assert_eq!(
        proposed(
            &root,
            "chown: changing ownership of '/x/y': Operation not permitted"
        ),
        "nothing"
    );
}

#[test]
fn a_change_is_applied_and_reads_back() {
    let mut settings = settings(33, &[WritablePlace::tmpfs("run".into(), 0, 0)]);
    let changes = [
        Change::Owner {
            path: "run".into(),
            uid: 33,
            gid: 33,
        },
        Change::Capabilities {
            added: CapabilitySet::NONE.with(Capability::CHOWN),
        },
        Change::Volume {
            path: "etc/app".into(),
        },
        Change::LowPorts,
    ];
    for change in &changes {
        change.apply(&mut settings);
        let text = serde_json::to_string(change).expect("json");
        assert_eq!(
            serde_json::from_str::<Change>(&text).expect("it reads back"),
            *change
        );
    }
    assert_eq!(settings.writable.len(), 2);
    assert!(
        settings
            .place_of(&"run/x".into())
            .is_some_and(|place| place.uid == 33)
    );
    assert!(settings.capabilities.contains(Capability::CHOWN) && settings.sysctls.len() == 1);
}
