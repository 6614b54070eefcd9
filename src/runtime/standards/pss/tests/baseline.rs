use super::*;

const ALWAYS: &[(u32, Is)] = &[(0, Allowed), (37, Allowed)];
const NEVER: &[(u32, Is)] = &[(0, Forbidden), (37, Forbidden)];
const NOT_TOLD: &[(u32, Is)] = &[(0, Untold), (37, Untold)];

#[test]
fn privileged_is_forbidden_of_any_container() {
    check_containers(
        "privileged",
        &[
            ("securityContext: {privileged: true}", NEVER),
            ("securityContext: {privileged: yes}", NEVER),
            ("securityContext: {privileged: false}", ALWAYS),
            ("securityContext: {privileged: null}", ALWAYS),
            ("securityContext: {}", ALWAYS),
            ("securityContext: null", ALWAYS),
            ("image: x", ALWAYS),
            ("securityContext: {privileged: 'true'}", NOT_TOLD),
            ("securityContext: {privileged: '{{ .Values.p }}'}", NOT_TOLD),
            ("securityContext: [privileged]", NOT_TOLD),
        ],
    );
}

#[test]
fn host_namespaces_are_forbidden() {
    check_pods(
        "hostNamespaces",
        &[
            ("hostNetwork: true", NEVER),
            ("hostPID: true", NEVER),
            ("hostIPC: true", NEVER),
            ("hostNetwork: false, hostPID: false, hostIPC: false", ALWAYS),
            ("hostUsers: true", ALWAYS),
            ("shareProcessNamespace: true", ALWAYS),
            ("hostPID: '${PID}'", NOT_TOLD),
            ("hostPID: '${PID}', hostIPC: true", NEVER),
        ],
    );
}

#[test]
fn host_path_volumes_are_forbidden() {
    check_pods(
        "hostPathVolumes",
        &[
            ("volumes: [{name: a, hostPath: {path: /a}}]", NEVER),
            ("volumes: [{name: a, hostPath: {}}]", NEVER),
            (
                "volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: {path: /b}}]",
                NEVER,
            ),
            ("volumes: [{name: a, hostPath: null}]", ALWAYS),
            ("volumes: [{name: a, nfs: {server: s, path: /}}]", ALWAYS),
            ("volumes: []", ALWAYS),
            ("volumes: a", NOT_TOLD),
        ],
    );
}

#[test]
fn host_ports_are_forbidden() {
    check_containers(
        "hostPorts",
        &[
            ("ports: [{containerPort: 80}]", ALWAYS),
            ("ports: [{containerPort: 80, hostPort: 0}]", ALWAYS),
            ("ports: [{containerPort: 80, hostPort: 80}]", NEVER),
            (
                "ports: [{containerPort: 80}, {containerPort: 81, hostPort: 12346}]",
                NEVER,
            ),
            ("ports: [{containerPort: 80, hostPort: http}]", NOT_TOLD),
        ],
    );
}

#[test]
fn capabilities_beyond_dockers_default_may_not_be_added() {
    check_containers(
        "capabilities_baseline",
        &[
            (
                "securityContext: {capabilities: {add: [AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT]}}",
                ALWAYS,
            ),
            ("securityContext: {capabilities: {add: []}}", ALWAYS),
            ("securityContext: {capabilities: {}}", ALWAYS),
            ("securityContext: {capabilities: {drop: [NET_RAW]}}", ALWAYS),
            ("securityContext: {capabilities: {add: [NET_RAW]}}", NEVER),
            ("securityContext: {capabilities: {add: [chown]}}", NEVER),
            ("securityContext: {capabilities: {add: [CAP_CHOWN]}}", NEVER),
            (
                "securityContext: {capabilities: {add: [CHOWN, SYS_ADMIN]}}",
                NEVER,
            ),
            ("securityContext: {capabilities: {add: [ALL]}}", NEVER),
            ("securityContext: {capabilities: {add: ['']}}", NEVER),
            (
                "securityContext: {capabilities: {add: [CHOWN, '{{ .cap }}']}}",
                NOT_TOLD,
            ),
            (
                "securityContext: {capabilities: {add: SYS_ADMIN}}",
                NOT_TOLD,
            ),
        ],
    );
    check_pods("capabilities_baseline", &[("hostUsers: false", ALWAYS)]);
}

#[test]
fn apparmor_may_not_be_taken_off_by_field() {
    let cases: Cases<'_> = &[
        (
            "securityContext: {appArmorProfile: {type: Unconfined}}",
            NEVER,
        ),
        (
            "securityContext: {appArmorProfile: {type: runtime/default}}",
            NEVER,
        ),
        ("securityContext: {appArmorProfile: {}}", NEVER),
        (
            "securityContext: {appArmorProfile: {type: RuntimeDefault}}",
            ALWAYS,
        ),
        (
            "securityContext: {appArmorProfile: {type: Localhost, localhostProfile: x}}",
            ALWAYS,
        ),
        ("securityContext: {appArmorProfile: null}", ALWAYS),
        ("securityContext: {appArmorProfile: {type: 1}}", NOT_TOLD),
    ];
    check_pods("appArmorProfile", cases);
    check_containers("appArmorProfile", cases);
}

#[test]
fn apparmor_may_not_be_taken_off_by_annotation() {
    let key = "container.apparmor.security.beta.kubernetes.io";
    for (annotation, expected) in [
        (format!("{key}/it: unconfined"), Forbidden),
        (format!("{key}/nobody: unconfined"), Forbidden),
        (format!("{key}/it: local"), Forbidden),
        (format!("{key}/it: runtime/default"), Allowed),
        (format!("{key}/it: localhost/foo"), Allowed),
        (format!("{key}/it: ''"), Allowed),
        ("apparmor: unconfined".to_owned(), Allowed),
    ] {
        let pod = pod(&format!(
            "metadata: {{annotations: {{{annotation}}}}}\nspec: {{containers: [{{name: it}}]}}\n"
        ));
        for minor in [0, 29, 30, 37] {
            assert_eq!(
                result(&pod, "appArmorProfile", minor),
                expected,
                "v1.{minor}: {annotation}"
            );
        }
    }
}

#[test]
fn selinux_has_a_few_types_and_no_user_or_role() {
    let cases: Cases<'_> = &[
        ("securityContext: {seLinuxOptions: {}}", ALWAYS),
        ("securityContext: {seLinuxOptions: {type: ''}}", ALWAYS),
        (
            "securityContext: {seLinuxOptions: {type: container_t, level: 's0:c1'}}",
            ALWAYS,
        ),
        (
            "securityContext: {seLinuxOptions: {type: container_init_t}}",
            ALWAYS,
        ),
        (
            "securityContext: {seLinuxOptions: {type: container_kvm_t, user: '', role: ''}}",
            ALWAYS,
        ),
        (
            "securityContext: {seLinuxOptions: {type: container_engine_t}}",
            &[
                (0, Forbidden),
                (30, Forbidden),
                (31, Allowed),
                (37, Allowed),
            ],
        ),
        ("securityContext: {seLinuxOptions: {type: spc_t}}", NEVER),
        (
            "securityContext: {seLinuxOptions: {type: Container_t}}",
            NEVER,
        ),
        ("securityContext: {seLinuxOptions: {user: system_u}}", NEVER),
        ("securityContext: {seLinuxOptions: {role: system_r}}", NEVER),
        ("securityContext: {seLinuxOptions: container_t}", NOT_TOLD),
    ];
    check_pods("seLinuxOptions", cases);
    check_containers("seLinuxOptions", cases);
}

#[test]
fn the_masks_of_proc_stay_unless_the_pod_has_its_own_users() {
    check_containers(
        "procMount",
        &[
            ("securityContext: {procMount: Default}", ALWAYS),
            ("securityContext: {procMount: null}", ALWAYS),
            ("securityContext: {procMount: Unmasked}", NEVER),
            ("securityContext: {procMount: default}", NEVER),
            ("securityContext: {procMount: ''}", NEVER),
        ],
    );
    let unmasked = "initContainers: [{name: i, securityContext: {procMount: Unmasked}}]";
    for (users, versions) in [
        (
            "hostUsers: false",
            &[
                (0, Forbidden),
                (34, Forbidden),
                (35, Allowed),
                (37, Allowed),
            ],
        ),
        (
            "hostUsers: true",
            &[
                (0, Forbidden),
                (34, Forbidden),
                (35, Forbidden),
                (37, Forbidden),
            ],
        ),
        (
            "hostUsers: null",
            &[
                (0, Forbidden),
                (34, Forbidden),
                (35, Forbidden),
                (37, Forbidden),
            ],
        ),
        (
            "hostUsers: '${U}'",
            &[(0, Forbidden), (34, Forbidden), (35, Untold), (37, Untold)],
        ),
    ] {
        check_pods("procMount", &[(&format!("{users}, {unmasked}"), versions)]);
    }
}

#[test]
fn seccomp_may_not_be_taken_off_by_field_from_1_19_on() {
    let field: &[(u32, Is)] = &[
        (0, Allowed),
        (18, Allowed),
        (19, Forbidden),
        (37, Forbidden),
    ];
    let cases: Cases<'_> = &[
        (
            "securityContext: {seccompProfile: {type: Unconfined}}",
            field,
        ),
        (
            "securityContext: {seccompProfile: {type: runtimeDefault}}",
            field,
        ),
        ("securityContext: {seccompProfile: {}}", field),
        (
            "securityContext: {seccompProfile: {type: RuntimeDefault}}",
            ALWAYS,
        ),
        (
            "securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}}",
            ALWAYS,
        ),
        ("securityContext: {seccompProfile: null}", ALWAYS),
        (
            "securityContext: {seccompProfile: {type: '{{ .x }}'}}",
            &[(18, Allowed), (19, Untold), (37, Untold)],
        ),
    ];
    check_pods("seccompProfile_baseline", cases);
    check_containers("seccompProfile_baseline", cases);
}

#[test]
fn seccomp_may_not_be_taken_off_by_annotation_before_1_19() {
    let of_pod = "seccomp.security.alpha.kubernetes.io/pod";
    let of_container = "container.seccomp.security.alpha.kubernetes.io";
    for (annotation, expected) in [
        (format!("{of_pod}: unconfined"), Forbidden),
        (format!("{of_pod}: ''"), Forbidden),
        (format!("{of_container}/it: unconfined"), Forbidden),
        (format!("{of_container}/early: unconfined"), Forbidden),
        (format!("{of_container}/nobody: unconfined"), Allowed),
        (format!("{of_pod}: runtime/default"), Allowed),
        (format!("{of_pod}: docker/default"), Allowed),
        (format!("{of_container}/it: localhost/a.json"), Allowed),
    ] {
        let text = format!(
            "metadata: {{annotations: {{{annotation}}}}}\nspec: {{initContainers: [{{name: early}}], containers: [{{name: it}}]}}\n"
        );
        let pod = pod(&text);
        for minor in [0, 18] {
            assert_eq!(
                result(&pod, "seccompProfile_baseline", minor),
                expected,
                "v1.{minor}: {annotation}"
            );
        }
        for minor in [19, 37] {
            assert_eq!(
                result(&pod, "seccompProfile_baseline", minor),
                Allowed,
                "v1.{minor}: {annotation}"
            );
        }
    }
}

#[test]
fn sysctls_are_safe_from_their_version_on() {
    for (name, since) in [
        ("kernel.shm_rmid_forced", 0),
        ("net.ipv4.ip_local_port_range", 0),
        ("net.ipv4.tcp_syncookies", 0),
        ("net.ipv4.ping_group_range", 0),
        ("net.ipv4.ip_unprivileged_port_start", 0),
        ("net.ipv4.ip_local_reserved_ports", 27),
        ("net.ipv4.tcp_keepalive_time", 29),
        ("net.ipv4.tcp_fin_timeout", 29),
        ("net.ipv4.tcp_keepalive_intvl", 29),
        ("net.ipv4.tcp_keepalive_probes", 29),
        ("net.ipv4.tcp_rmem", 32),
        ("net.ipv4.tcp_wmem", 32),
        ("net.ipv4.tcp_slow_start_after_idle", 37),
        ("net.ipv4.tcp_notsent_lowat", 37),
        ("kernel.msgmax", u32::MAX),
        ("net/ipv4/tcp_syncookies", u32::MAX),
        ("", u32::MAX),
    ] {
        let pod = of_pod(&format!(
            "securityContext: {{sysctls: [{{name: '{name}', value: '1'}}]}}"
        ));
        for minor in [0, 26, 27, 28, 29, 31, 32, 36, 37, 40] {
            let expected = if minor >= since { Allowed } else { Forbidden };
            assert_eq!(
                result(&pod, "sysctls", minor),
                expected,
                "v1.{minor}: {name}"
            );
        }
    }
    check_pods(
        "sysctls",
        &[
            ("securityContext: {sysctls: []}", ALWAYS),
            ("securityContext: {sysctls: [{value: '1'}]}", NEVER),
            ("securityContext: {sysctls: {a: b}}", NOT_TOLD),
        ],
    );
}

#[test]
fn a_process_of_a_windows_host_is_forbidden() {
    let cases: Cases<'_> = &[
        (
            "securityContext: {windowsOptions: {hostProcess: true}}",
            NEVER,
        ),
        (
            "securityContext: {windowsOptions: {hostProcess: false}}",
            ALWAYS,
        ),
        (
            "securityContext: {windowsOptions: {runAsUserName: a}}",
            ALWAYS,
        ),
        (
            "securityContext: {windowsOptions: {hostProcess: 1}}",
            NOT_TOLD,
        ),
    ];
    check_pods("windowsHostProcess", cases);
    check_containers("windowsHostProcess", cases);
    check_pods(
        "windowsHostProcess",
        &[(
            "os: {name: windows}, securityContext: {windowsOptions: {hostProcess: true}}",
            NEVER,
        )],
    );
}

#[test]
fn probes_and_hooks_may_not_name_a_host() {
    let since = &[(34, Forbidden), (37, Forbidden)];
    for handler in [
        "livenessProbe: {",
        "readinessProbe: {",
        "startupProbe: {",
        "lifecycle: {postStart: {",
        "lifecycle: {preStop: {",
    ] {
        let close = "}".repeat(handler.matches('{').count());
        for action in ["httpGet", "tcpSocket"] {
            check_containers(
                "hostProbesAndHostLifecycle",
                &[
                    (
                        &format!("{handler}{action}: {{host: 127.0.0.1, port: 80}}{close}"),
                        since,
                    ),
                    (
                        &format!("{handler}{action}: {{host: '::1', port: 80}}{close}"),
                        since,
                    ),
                    (
                        &format!("{handler}{action}: {{host: '', port: 80}}{close}"),
                        &[(34, Allowed)],
                    ),
                    (
                        &format!("{handler}{action}: {{port: 80}}{close}"),
                        &[(34, Allowed)],
                    ),
                ],
            );
        }
        check_containers(
            "hostProbesAndHostLifecycle",
            &[(
                &format!("{handler}exec: {{command: [a]}}{close}"),
                &[(34, Allowed), (37, Allowed)],
            )],
        );
    }
    assert!(!ids(Level::Baseline, Version(33)).any(|id| id == "hostProbesAndHostLifecycle"));
}
