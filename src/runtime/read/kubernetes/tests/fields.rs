use super::*;
use crate::runtime::{MountKind, Namespace, Role};

/// A pod with these fields, in flow style without braces.
fn pod(fields: &str) -> String {
    format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: n}}\nspec: {{{fields}}}\n")
}

/// The one container of a pod, with these fields, and these of the pod.
fn container(fields: &str, of_pod: &str) -> RuntimeSpec {
    let of_pod = if of_pod.is_empty() {
        String::new()
    } else {
        format!(", {of_pod}")
    };
    one(&pod(&format!(
        "containers: [{{name: c, {fields}}}]{of_pod}"
    )))
}

fn words(list: &[Stated<String>]) -> Vec<&str> {
    list.iter().map(|stated| stated.value.as_str()).collect()
}

#[test]
fn what_the_pod_says_of_the_user_holds_where_the_container_says_nothing() {
    let of_pod = "securityContext: {runAsUser: 1000, runAsGroup: 2000, runAsNonRoot: true, fsGroup: 5, supplementalGroups: [3, 4]}";
    let inherited = container("image: i", of_pod).account;
    assert_eq!(said(&inherited.user).as_deref(), Some("1000"));
    assert_eq!(said(&inherited.group).as_deref(), Some("2000"));
    assert_eq!(said(&inherited.must_not_be_root), Some(true));
    assert_eq!(words(&inherited.extra_groups), ["3", "4", "5"]);
    let own = container(
        "securityContext: {runAsUser: 0, runAsNonRoot: false}",
        of_pod,
    )
    .account;
    assert_eq!(said(&own.user).as_deref(), Some("0"));
    assert_eq!(said(&own.must_not_be_root), Some(false));
    let spot = own.user.spot().map(|spot| spot.field.clone());
    assert_eq!(
        spot.as_deref(),
        Some("spec.containers[0].securityContext.runAsUser")
    );
    let spot = inherited.user.spot().map(|spot| spot.field.clone());
    assert_eq!(spot.as_deref(), Some("spec.securityContext.runAsUser"));
    assert!(container("image: i", "").account.user.is_absent());
}

#[test]
fn rights_are_read_as_written() {
    let spec = container(
        "securityContext: {privileged: true, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, procMount: Unmasked, capabilities: {add: [net_admin], drop: [ALL]}}",
        "",
    );
    assert_eq!(said(&spec.privileged), Some(true));
    assert_eq!(said(&spec.no_new_privileges), Some(true));
    assert_eq!(said(&spec.read_only_root), Some(true));
    assert_eq!(said(&spec.confinement.unmasked_paths), Some(true));
    assert_eq!(words(&spec.capabilities.added), ["net_admin"]);
    assert_eq!(words(&spec.capabilities.dropped), ["ALL"]);
    let silent = container("image: i", "");
    assert!(silent.no_new_privileges.is_absent() && silent.privileged.is_absent());
    let gains = container("securityContext: {allowPrivilegeEscalation: true}", "");
    assert_eq!(said(&gains.no_new_privileges), Some(false));
    let unknown = container("securityContext: {capabilities: {add: ['{{ .c }}']}}", "");
    assert!(
        unknown
            .capabilities
            .unknown
            .is_some_and(|why| why.contains("template"))
    );
}

#[test]
fn profiles_come_from_the_container_its_annotation_or_the_pod() {
    let of_pod = "securityContext: {seccompProfile: {type: RuntimeDefault}, appArmorProfile: {type: Unconfined}, seLinuxOptions: {type: spc_t, level: s0}}";
    let spec = container("image: i", of_pod);
    assert_eq!(
        said(&spec.confinement.seccomp).as_deref(),
        Some("RuntimeDefault")
    );
    assert_eq!(
        said(&spec.confinement.apparmor).as_deref(),
        Some("Unconfined")
    );
    let selinux = said(&spec.confinement.selinux).expect("options");
    assert_eq!(
        (selinux.kind.as_deref(), selinux.level.as_deref()),
        (Some("spc_t"), Some("s0"))
    );
    let own = container(
        "securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}, seLinuxOptions: {user: u}}",
        of_pod,
    );
    assert_eq!(
        said(&own.confinement.seccomp).as_deref(),
        Some("localhost/a.json")
    );
    assert_eq!(said(&own.confinement.selinux).expect("options").kind, None);
    let annotated = one(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: n\n  annotations:\n    container.apparmor.security.beta.kubernetes.io/c: unconfined\nspec: {containers: [{name: c}]}\n",
    );
    assert_eq!(
        said(&annotated.confinement.apparmor).as_deref(),
        Some("unconfined")
    );
    assert_eq!(
        annotated
            .confinement
            .apparmor
            .spot()
            .and_then(|spot| spot.line),
        Some(6)
    );
}

#[test]
fn namespaces_sysctls_and_the_rest_are_the_pods() {
    let spec = container(
        "imagePullPolicy: Always",
        "hostNetwork: true, hostPID: false, hostIPC: true, hostUsers: false, shareProcessNamespace: true, automountServiceAccountToken: false, os: {name: linux}, runtimeClassName: gvisor, restartPolicy: Never, securityContext: {sysctls: [{name: a.b, value: '1'}]}",
    );
    assert_eq!(said(&spec.namespaces.network), Some(Namespace::Host));
    assert_eq!(said(&spec.namespaces.pid), Some(Namespace::Private));
    assert_eq!(said(&spec.namespaces.ipc), Some(Namespace::Host));
    assert_eq!(said(&spec.namespaces.user), Some(Namespace::Private));
    assert_eq!(
        spec.sysctls.first().map(|stated| stated.value.clone()),
        Some(("a.b".to_owned(), "1".to_owned()))
    );
    assert_eq!(said(&spec.runtime).as_deref(), Some("gvisor"));
    assert_eq!(
        said(&spec.restart).map(|restart| restart.policy).as_deref(),
        Some("Never")
    );
    let facts = spec.kubernetes.expect("facts");
    assert_eq!(said(&facts.mounts_token), Some(false));
    assert_eq!(said(&facts.shares_processes), Some(true));
    assert_eq!(said(&facts.os).as_deref(), Some("linux"));
    assert_eq!(said(&facts.pull_policy).as_deref(), Some("Always"));
    assert_eq!((facts.kind.as_str(), facts.workload.as_str()), ("Pod", "n"));
}

#[test]
fn every_list_of_containers_has_its_role() {
    let text = pod(
        "containers: [{name: a}], initContainers: [{name: b, restartPolicy: Always}, {name: c}], ephemeralContainers: [{name: d, targetContainerName: a}]",
    );
    let specs = read(&text).specs;
    let told: Vec<_> = specs
        .iter()
        .map(|spec| (spec.container.name.as_str(), spec.container.role))
        .collect();
    assert_eq!(
        told,
        [
            ("Pod/n container a", Role::Main),
            ("Pod/n init container b", Role::Init),
            ("Pod/n init container c", Role::Init),
            ("Pod/n ephemeral container d", Role::Ephemeral),
        ]
    );
    let sidecar = specs
        .get(1)
        .and_then(|spec| said(&spec.restart))
        .expect("a policy");
    assert_eq!(sidecar.policy, "Always");
    assert!(specs.iter().all(|spec| spec.unknown_keys.is_empty()));
}

#[test]
fn mounts_are_joined_with_their_volumes() {
    let volumes = "volumes: [{name: h, hostPath: {path: /var//run/../run/docker.sock, type: Socket}}, {name: e, emptyDir: {sizeLimit: 1Gi}}, {name: m, emptyDir: {medium: Memory}}, {name: k, configMap: {name: k}}, {name: p, persistentVolumeClaim: {claimName: data, readOnly: true}}, {name: none}]";
    let mounts = "volumeMounts: [{name: h, mountPath: /h, readOnly: true, mountPropagation: Bidirectional}, {name: e, mountPath: /e}, {name: m, mountPath: /m}, {name: k, mountPath: /k, subPath: a.conf}, {name: p, mountPath: /p}, {name: none, mountPath: /n}]";
    let spec = container(mounts, volumes);
    let told: Vec<_> = spec
        .mounts
        .iter()
        .map(|mount| {
            (
                mount.kind.clone(),
                said(&mount.source),
                said(&mount.target),
                said(&mount.read_only),
            )
        })
        .collect();
    let text = |word: &str| Some(word.to_owned());
    assert_eq!(
        told,
        [
            (
                MountKind::Host,
                text("/var/run/docker.sock"),
                text("/h"),
                Some(true)
            ),
            (MountKind::Scratch, None, text("/e"), None),
            (MountKind::Memory, None, text("/m"), None),
            (
                MountKind::Other("configMap".to_owned()),
                text("k"),
                text("/k"),
                None
            ),
            (MountKind::Volume, text("data"), text("/p"), Some(true)),
            (MountKind::Scratch, None, text("/n"), None),
        ]
    );
    let first = spec.mounts.first().expect("a mount");
    assert_eq!(
        first
            .propagation
            .as_ref()
            .map(|stated| stated.value.as_str()),
        Some("Bidirectional")
    );
    assert_eq!(first.options, ["type=Socket"]);
    assert_eq!(
        first.source.spot().map(|spot| spot.field.as_str()),
        Some("spec.volumes[0].hostPath.path")
    );
    assert_eq!(
        spec.mounts
            .get(1)
            .and_then(|mount| said(&mount.size))
            .as_deref(),
        Some("1Gi")
    );
    let kinds = spec.kubernetes.expect("facts").volumes;
    assert_eq!(
        words(&kinds),
        [
            "hostPath",
            "emptyDir",
            "emptyDir",
            "configMap",
            "persistentVolumeClaim",
            "emptyDir"
        ]
    );
}

#[test]
fn a_part_of_a_host_path_is_what_is_mounted_of_it() {
    let spec = container(
        "volumeMounts: [{name: h, mountPath: /h, subPath: data/./app}, {name: d, mountPath: /dev/x}, {name: u, mountPath: /u}]",
        "volumes: [{name: h, hostPath: {path: /}}, {name: d, hostPath: {path: /dev/sda, type: BlockDevice}}, {name: u, hostPath: {path: '${DIR}'}}]",
    );
    let sources: Vec<_> = spec
        .mounts
        .iter()
        .map(|mount| said(&mount.source))
        .collect();
    assert_eq!(
        sources,
        [
            Some("/data/app".to_owned()),
            Some("/dev/sda".to_owned()),
            None
        ]
    );
    assert_eq!(
        spec.mounts.get(2).and_then(|mount| mount.source.unknown()),
        Some("the variable DIR has no value")
    );
    assert_eq!(
        spec.devices.first().map(|device| device.host.as_str()),
        Some("/dev/sda")
    );
}

#[test]
fn claims_of_a_stateful_set_are_volumes_and_a_missing_volume_is_a_gap() {
    let text = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: n}\nspec:\n  volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]\n  template: {spec: {containers: [{name: c, volumeMounts: [{name: data, mountPath: /d}, {name: lost, mountPath: /l}], volumeDevices: [{name: data, devicePath: /dev/x}]}]}}\n";
    let spec = one(text);
    assert_eq!(
        spec.mounts
            .iter()
            .map(|mount| &mount.kind)
            .collect::<Vec<_>>(),
        [&MountKind::Volume; 2]
    );
    assert_eq!(
        words(&spec.gaps),
        ["it mounts the volume lost, which its pod does not have"]
    );
    assert!(spec.devices.is_empty());
}

#[test]
fn limits_are_the_containers_or_the_pods() {
    let own = container(
        "resources: {limits: {memory: 128Mi, cpu: 500m, nvidia.com/gpu: 1}}",
        "resources: {limits: {memory: 1Gi}}",
    );
    assert_eq!(said(&own.limits.memory), Some(134_217_728));
    assert_eq!(said(&own.limits.cpu).as_deref(), Some("500m"));
    assert_eq!(words(&own.device_requests), ["nvidia.com/gpu=1"]);
    let shared = container("image: i", "resources: {limits: {memory: 1Gi, cpu: 2}}");
    assert_eq!(said(&shared.limits.memory), Some(1_073_741_824));
    assert_eq!(said(&shared.limits.cpu).as_deref(), Some("2"));
    let requested = container("resources: {requests: {memory: 1Gi}}", "");
    assert!(requested.limits.memory.is_absent());
}

#[test]
fn environment_commands_and_probes_are_read_and_no_value_is_shown() {
    let spec = container(
        "command: [sh, -c], args: ['echo {{ x }} ${Y}'], env: [{name: A, value: hidden}, {name: B, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: C}], readinessProbe: {exec: {command: [ok]}}, livenessProbe: {httpGet: {host: 10.0.0.1, port: 80}}, lifecycle: {preStop: {tcpSocket: {host: h, port: 1}}}",
        "",
    );
    let values: Vec<_> = spec
        .environment
        .iter()
        .map(|variable| (variable.name.as_str(), variable.value.as_deref()))
        .collect();
    assert_eq!(
        values,
        [("A", Some("hidden")), ("B", None), ("C", Some(""))]
    );
    assert!(!format!("{:?}", spec.environment).contains("hidden"));
    assert_eq!(
        said(&spec.entrypoint),
        Some(vec!["sh".to_owned(), "-c".to_owned()])
    );
    assert_eq!(
        said(&spec.command),
        Some(vec!["echo {{ x }} ${Y}".to_owned()])
    );
    let health = said(&spec.health).expect("a probe");
    assert!(health.command.is_empty() && !health.disabled);
    assert_eq!(
        words(&spec.kubernetes.expect("facts").probe_hosts),
        ["h", "10.0.0.1"]
    );
}

#[test]
fn keys_that_no_version_knows_are_kept_with_their_place() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: n}\nspec:\n  hostPid: true\n  securityContext:\n    runasuser: 5\n  containers:\n  - name: c\n    privileged: true\n    securityContext:\n      readOnlyRootFileSystem: true\n      capabilities: {drops: [ALL]}\n    livenessProbe: {httpget: {}}\n    volumeMounts: [{name: v, mountPath: /v, readonly: true}]\n  volumes: [{name: v, emptydir: {}}]\n";
    let spec = read(text).specs.remove(0);
    let told: Vec<_> = spec
        .unknown_keys
        .iter()
        .map(|key| (key.key.as_str(), key.at.line))
        .collect();
    assert_eq!(
        told,
        [
            ("spec.hostPid", Some(5)),
            ("spec.securityContext.runasuser", Some(7)),
            ("spec.volumes[0].emptydir", Some(16)),
            ("spec.containers[0].privileged", Some(10)),
            (
                "spec.containers[0].securityContext.readOnlyRootFileSystem",
                Some(12)
            ),
            (
                "spec.containers[0].securityContext.capabilities.drops",
                Some(13)
            ),
            ("spec.containers[0].livenessProbe.httpget", Some(14)),
            ("spec.containers[0].volumeMounts[0].readonly", Some(15)),
        ]
    );
    assert!(spec.read_only_root.is_absent());
}

#[test]
fn a_template_in_quotes_is_unknown_and_not_safe() {
    let spec = container(
        "image: 'repo/{{ .Values.image }}', securityContext: {privileged: '{{ .Values.p }}', runAsUser: '${UID}'}",
        "hostNetwork: '{{ .Values.net }}'",
    );
    assert!(spec.image.unknown().is_some());
    assert!(spec.privileged.unknown().is_some());
    assert_eq!(
        spec.account.user.unknown(),
        Some("the variable UID has no value")
    );
    assert!(spec.namespaces.network.unknown().is_some());
}

#[test]
fn a_security_context_beside_the_spec_that_it_is_meant_for_is_named() {
    let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: n}\nspec:\n  hostNetwork: false\n  template:\n    securityContext: {runAsNonRoot: true}\n    spec: {containers: [{name: c}]}\n";
    let spec = read(text).specs.remove(0);
    let told: Vec<_> = spec
        .unknown_keys
        .iter()
        .map(|key| key.key.as_str())
        .collect();
    assert_eq!(told, ["spec.hostNetwork", "spec.template.securityContext"]);
    assert!(spec.account.must_not_be_root.is_absent());
    let other = text.replace("apps/v1", "example.com/v1");
    let told: Vec<_> = read(&other)
        .specs
        .iter()
        .map(|spec| spec.unknown_keys.len())
        .collect();
    assert_eq!(
        told, [0_usize; 0],
        "an unknown kind without an image is no pod"
    );
}
