use super::*;

#[test]
fn privilege_escalation_must_be_said_to_be_off() {
    let (allowed, forbidden, untold) = (
        &[(8, Allowed), (25, Allowed), (37, Allowed)],
        &[(8, Forbidden), (25, Forbidden), (37, Forbidden)],
        &[(8, Untold), (37, Untold)],
    );
    for list in LISTS {
        for (own, expected) in [
            (
                "securityContext: {allowPrivilegeEscalation: false}",
                &allowed[..],
            ),
            (
                "securityContext: {allowPrivilegeEscalation: no}",
                &allowed[..],
            ),
            (
                "securityContext: {allowPrivilegeEscalation: true}",
                &forbidden[..],
            ),
            (
                "securityContext: {allowPrivilegeEscalation: null}",
                &forbidden[..],
            ),
            ("securityContext: {}", &forbidden[..]),
            ("image: x", &forbidden[..]),
            (
                "securityContext: {allowPrivilegeEscalation: '${A}'}",
                &untold[..],
            ),
            (
                "securityContext: {allowPrivilegeEscalation: 'false'}",
                &untold[..],
            ),
        ] {
            for (minor, expected) in expected {
                assert_eq!(
                    alone(list, own, "", "allowPrivilegeEscalation", *minor),
                    *expected,
                    "v1.{minor}, {list}: {own}"
                );
            }
        }
    }
    assert!(!ids(Level::Restricted, Version(7)).any(|id| id == "allowPrivilegeEscalation"));
}

/// What a control says of a pod whose other containers are as every control wants them.
fn alone(list: &str, own: &str, pod_fields: &str, id: &str, minor: u32) -> Is {
    let good = "{name: good, securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}}";
    let others = if list == "containers" {
        String::new()
    } else {
        format!("  containers: [{good}]\n")
    };
    let pod_fields = if pod_fields.is_empty() {
        String::new()
    } else {
        format!("  {pod_fields}\n")
    };
    let text = format!("spec:\n{others}{pod_fields}  {list}: [{good}, {{name: it, {own}}}]\n");
    result(&pod(&text), id, minor)
}

#[test]
fn all_capabilities_must_be_dropped_and_one_may_be_added() {
    for list in LISTS {
        for (capabilities, expected) in [
            ("{drop: [ALL]}", Allowed),
            ("{drop: [NET_RAW, ALL]}", Allowed),
            ("{drop: [ALL], add: [NET_BIND_SERVICE]}", Allowed),
            ("{drop: [ALL], add: []}", Allowed),
            ("{drop: [ALL, '{{ .x }}']}", Allowed),
            ("{drop: [all]}", Forbidden),
            ("{drop: [CAP_ALL]}", Forbidden),
            ("{drop: [NET_RAW, SYS_ADMIN]}", Forbidden),
            ("{drop: []}", Forbidden),
            ("{add: [NET_BIND_SERVICE]}", Forbidden),
            ("{drop: [ALL], add: [CHOWN]}", Forbidden),
            ("{drop: [ALL], add: [net_bind_service]}", Forbidden),
            (
                "{drop: [ALL], add: [NET_BIND_SERVICE, SYS_TIME]}",
                Forbidden,
            ),
            ("null", Forbidden),
            ("{drop: ['{{ .x }}']}", Untold),
            ("{drop: ALL}", Untold),
        ] {
            let own = format!("securityContext: {{capabilities: {capabilities}}}");
            for minor in [22, 24, 25, 37] {
                assert_eq!(
                    alone(list, &own, "", "capabilities_restricted", minor),
                    expected,
                    "v1.{minor}, {list}: {own}"
                );
            }
        }
        assert_eq!(
            alone(list, "image: x", "", "capabilities_restricted", 37),
            Forbidden
        );
    }
    assert!(!ids(Level::Restricted, Version(21)).any(|id| id == "capabilities_restricted"));
}

#[test]
fn windows_pods_are_exempt_from_three_checks_from_1_25_on() {
    for id in [
        "allowPrivilegeEscalation",
        "capabilities_restricted",
        "seccompProfile_restricted",
    ] {
        for (os, expected) in [
            ("windows", [Forbidden, Allowed, Allowed]),
            ("linux", [Forbidden, Forbidden, Forbidden]),
            ("Windows", [Forbidden, Forbidden, Forbidden]),
            ("'{{ .os }}'", [Forbidden, Untold, Untold]),
        ] {
            for (minor, expected) in [24, 25, 37].into_iter().zip(expected) {
                let found = alone(
                    "containers",
                    "image: x",
                    &format!("os: {{name: {os}}}"),
                    id,
                    minor,
                );
                assert_eq!(found, expected, "{id} v1.{minor}: {os}");
            }
        }
    }
    for id in ["runAsNonRoot", "restrictedVolumes"] {
        let own = "os: {name: windows}, volumes: [{name: a, nfs: {}}]";
        assert_eq!(result(&of_pod(own), id, 37), Forbidden, "{id}");
    }
}

#[test]
fn the_user_must_be_required_not_to_be_root() {
    let root = "securityContext: {runAsNonRoot: ";
    for (of_pod, own, expected) in [
        ("", "true}", Allowed),
        ("", "null}", Forbidden),
        ("", "false}", Forbidden),
        ("true}", "true}", Allowed),
        ("true}", "null}", Allowed),
        ("true}", "false}", Forbidden),
        ("false}", "null}", Forbidden),
        ("false}", "true}", Forbidden),
        ("null}", "true}", Allowed),
        ("'true'}", "true}", Untold),
        ("'true'}", "null}", Untold),
        ("'true'}", "false}", Forbidden),
        ("true}", "'${N}'}", Untold),
    ] {
        let of_pod = if of_pod.is_empty() {
            String::new()
        } else {
            format!("{root}{of_pod}")
        };
        for list in LISTS {
            for minor in [0, 34, 35, 37] {
                let found = alone(
                    list,
                    &format!("{root}{own}"),
                    &of_pod,
                    "runAsNonRoot",
                    minor,
                );
                assert_eq!(found, expected, "v1.{minor}, {list}: {own} in {of_pod}");
            }
        }
    }
}

#[test]
fn user_zero_is_forbidden_of_the_pod_and_of_each_container() {
    let own = |user: &str| format!("securityContext: {{runAsUser: {user}}}");
    for (of_pod, own, expected) in [
        ("", own("0"), Forbidden),
        ("", own("00"), Forbidden),
        ("", own("0x0"), Forbidden),
        ("", own("1"), Allowed),
        ("", own("65532"), Allowed),
        ("", own("null"), Allowed),
        ("securityContext: {runAsUser: 0}", own("1"), Forbidden),
        ("securityContext: {runAsUser: 1000}", own("0"), Forbidden),
        ("securityContext: {runAsUser: 1000}", own("null"), Allowed),
        ("", own("'0'"), Untold),
        ("", own("root"), Untold),
    ] {
        for list in LISTS {
            for minor in [23, 34, 37] {
                assert_eq!(
                    alone(list, &own, of_pod, "runAsUser", minor),
                    expected,
                    "v1.{minor}, {list}: {own} in {of_pod}"
                );
            }
        }
    }
    assert!(!ids(Level::Restricted, Version(22)).any(|id| id == "runAsUser"));
}

#[test]
fn root_of_a_user_namespace_is_not_root_from_1_35_on() {
    let root = "securityContext: {runAsUser: 0, runAsNonRoot: false}";
    for id in ["runAsUser", "runAsNonRoot"] {
        for (users, expected) in [
            ("hostUsers: false", [Forbidden, Allowed, Allowed]),
            ("hostUsers: true", [Forbidden, Forbidden, Forbidden]),
            ("hostUsers: 'false'", [Forbidden, Untold, Untold]),
        ] {
            for (minor, expected) in [34, 35, 37].into_iter().zip(expected) {
                assert_eq!(
                    alone("containers", root, users, id, minor),
                    expected,
                    "{id} v1.{minor}: {users}"
                );
            }
        }
    }
    let unmasked = "securityContext: {procMount: Unmasked}";
    assert_eq!(
        alone(
            "containers",
            unmasked,
            "hostUsers: false",
            "procMount_restricted",
            35
        ),
        Forbidden
    );
    assert_eq!(
        alone(
            "containers",
            unmasked,
            "hostUsers: false",
            "procMount_restricted",
            37
        ),
        Forbidden
    );
    assert!(!ids(Level::Restricted, Version(34)).any(|id| id == "procMount_restricted"));
}

#[test]
fn a_seccomp_profile_must_be_stated() {
    let with = |kind: &str| format!("securityContext: {{seccompProfile: {{type: {kind}}}}}");
    let none = "image: x".to_owned();
    for (of_pod, own, expected) in [
        (String::new(), with("RuntimeDefault"), Allowed),
        (String::new(), with("Localhost"), Allowed),
        (String::new(), with("Unconfined"), Forbidden),
        (String::new(), none.clone(), Forbidden),
        (with("RuntimeDefault"), none.clone(), Allowed),
        (with("Localhost"), none.clone(), Allowed),
        (with("Unconfined"), none.clone(), Forbidden),
        (with("Unconfined"), with("RuntimeDefault"), Forbidden),
        (with("RuntimeDefault"), with("Unconfined"), Forbidden),
        (with("runtime/default"), none.clone(), Forbidden),
        (with("'{{ .s }}'"), none, Untold),
        (with("'{{ .s }}'"), with("RuntimeDefault"), Untold),
    ] {
        for list in LISTS {
            for minor in [19, 25, 37] {
                let found = alone(list, &own, &of_pod, "seccompProfile_restricted", minor);
                assert_eq!(found, expected, "v1.{minor}, {list}: {own} in {of_pod}");
            }
        }
    }
    assert!(!ids(Level::Restricted, Version(18)).any(|id| id == "seccompProfile_restricted"));
}

#[test]
fn volumes_are_of_nine_kinds() {
    for kind in [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ] {
        for minor in [0, 32, 37] {
            let pod = of_pod(&format!("volumes: [{{name: a, {kind}: {{}}}}]"));
            assert_eq!(
                result(&pod, "restrictedVolumes", minor),
                Allowed,
                "v1.{minor}: {kind}"
            );
        }
    }
    for kind in [
        "awsElasticBlockStore",
        "azureDisk",
        "azureFile",
        "cephfs",
        "cinder",
        "fc",
        "flexVolume",
        "flocker",
        "gcePersistentDisk",
        "gitRepo",
        "glusterfs",
        "hostPath",
        "iscsi",
        "nfs",
        "photonPersistentDisk",
        "portworxVolume",
        "quobyte",
        "rbd",
        "scaleIO",
        "storageos",
        "vsphereVolume",
    ] {
        for minor in [0, 37] {
            let pod = of_pod(&format!(
                "volumes: [{{name: e, emptyDir: {{}}}}, {{name: a, {kind}: {{}}}}]"
            ));
            assert_eq!(
                result(&pod, "restrictedVolumes", minor),
                Forbidden,
                "v1.{minor}: {kind}"
            );
        }
    }
    for (volumes, expected) in [
        ("[{name: a}]", Allowed),
        ("[{name: a, hostPath: null}]", Allowed),
        ("[]", Allowed),
        ("[{name: a, sorcery: {}}]", Untold),
        ("[{name: a, sorcery: {}}, {name: b, nfs: {}}]", Forbidden),
        ("[a]", Untold),
    ] {
        assert_eq!(
            result(
                &of_pod(&format!("volumes: {volumes}")),
                "restrictedVolumes",
                37
            ),
            expected,
            "{volumes}"
        );
    }
}
