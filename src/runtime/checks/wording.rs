//! The line that mends a finding, in the words of each form. Upper case stands for what the user knows.
//!
//! A container that `docker inspect` shows cannot be changed in most respects: it is recreated.

use super::Words;

pub(super) const NONE: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "",
    quadlet: "",
    oci: "",
};
pub(super) const PRIVILEGED: Words = Words {
    docker_run: "drop --privileged",
    inspect: "recreate it without --privileged",
    compose: "privileged: false",
    kubernetes: "privileged: false",
    quadlet: "drop --privileged",
    oci: "",
};
pub(super) const DROP_ALL: Words = Words {
    docker_run: "--cap-drop ALL",
    inspect: "recreate it with --cap-drop ALL",
    compose: "cap_drop: [ALL]",
    kubernetes: "capabilities: {drop: [ALL]}",
    quadlet: "DropCapability=all",
    oci: r#""capabilities": {"bounding": []}"#,
};
pub(super) const ADD_LESS: Words = Words {
    docker_run: "drop the --cap-add",
    inspect: "recreate it without the --cap-add",
    compose: "remove it from cap_add",
    kubernetes: "remove it from capabilities.add",
    quadlet: "remove the AddCapability=",
    oci: "remove it from every set of process.capabilities",
};
pub(super) const DROP_NET_RAW: Words = Words {
    docker_run: "--cap-drop NET_RAW",
    inspect: "recreate it with --cap-drop NET_RAW",
    compose: "cap_drop: [NET_RAW]",
    kubernetes: "capabilities: {drop: [NET_RAW]}",
    quadlet: "DropCapability=net_raw",
    oci: "remove CAP_NET_RAW from every set of process.capabilities",
};
pub(super) const NO_NEW_PRIVILEGES: Words = Words {
    docker_run: "--security-opt no-new-privileges",
    inspect: "recreate it with --security-opt no-new-privileges",
    compose: "security_opt: [no-new-privileges:true]",
    kubernetes: "allowPrivilegeEscalation: false",
    quadlet: "NoNewPrivileges=true",
    oci: r#""noNewPrivileges": true"#,
};
pub(super) const SECCOMP: Words = Words {
    docker_run: "drop seccomp=unconfined",
    inspect: "recreate it without seccomp=unconfined",
    compose: "remove seccomp:unconfined from security_opt",
    kubernetes: "seccompProfile: {type: RuntimeDefault}",
    quadlet: "remove SeccompProfile=unconfined",
    oci: "give linux.seccomp the engine's default profile",
};
pub(super) const APPARMOR: Words = Words {
    docker_run: "drop apparmor=unconfined",
    inspect: "recreate it without apparmor=unconfined",
    compose: "remove apparmor:unconfined from security_opt",
    kubernetes: "appArmorProfile: {type: RuntimeDefault}",
    quadlet: "drop apparmor=unconfined",
    oci: r#""apparmorProfile": "docker-default""#,
};
pub(super) const SELINUX: Words = Words {
    docker_run: "drop label=",
    inspect: "recreate it without label=",
    compose: "remove label: from security_opt",
    kubernetes: "remove seLinuxOptions",
    quadlet: "remove SecurityLabelDisable= and SecurityLabelType=",
    oci: "give process.selinuxLabel the type container_t",
};
pub(super) const UNMASKED: Words = Words {
    docker_run: "drop systempaths=unconfined",
    inspect: "recreate it without systempaths=unconfined",
    compose: "remove systempaths=unconfined from security_opt",
    kubernetes: "procMount: Default",
    quadlet: "remove Unmask=",
    oci: "list the runtime's default in maskedPaths and readonlyPaths",
};
pub(super) const CGROUP_TREE: Words = Words {
    docker_run: ":ro, --cgroupns private",
    inspect: "recreate it with :ro, --cgroupns private",
    compose: ":ro, cgroup: private",
    kubernetes: "readOnly: true",
    quadlet: ":ro",
    oci: r#""ro" among the mount's options"#,
};
pub(super) const READ_ONLY: Words = Words {
    docker_run: "--read-only",
    inspect: "recreate it with --read-only",
    compose: "read_only: true",
    kubernetes: "readOnlyRootFilesystem: true",
    quadlet: "ReadOnly=true",
    oci: r#""root": {"readonly": true}"#,
};
pub(super) const TMPFS_OPTIONS: Words = Words {
    docker_run: "--tmpfs PATH:noexec,nosuid,nodev",
    inspect: "recreate it with noexec,nosuid,nodev",
    compose: "tmpfs: [PATH:noexec,nosuid,nodev]",
    kubernetes: "",
    quadlet: "Tmpfs=PATH:noexec,nosuid,nodev",
    oci: r#""noexec", "nosuid", "nodev" among the mount's options"#,
};
pub(super) const TMPFS_OWNER: Words = Words {
    docker_run: "--tmpfs PATH:uid=UID,gid=GID",
    inspect: "recreate it with uid=UID,gid=GID",
    compose: "tmpfs: [PATH:uid=UID,gid=GID]",
    kubernetes: "",
    quadlet: "",
    oci: "",
};
pub(super) const TMPFS_SIZE: Words = Words {
    docker_run: "--tmpfs PATH:size=64m",
    inspect: "recreate it with size=64m",
    compose: "tmpfs: [PATH:size=64m]",
    kubernetes: "sizeLimit: 64Mi",
    quadlet: "Tmpfs=PATH:size=64m",
    oci: r#""size=64m" among the mount's options"#,
};
pub(super) const NETWORK: Words = Words {
    docker_run: "--network NAME",
    inspect: "recreate it with --network NAME",
    compose: "networks: [NAME]",
    kubernetes: "hostNetwork: false",
    quadlet: "Network=NAME.network",
    oci: r#"{"type": "network"} in linux.namespaces"#,
};
pub(super) const PID: Words = Words {
    docker_run: "drop --pid host",
    inspect: "recreate it without --pid host",
    compose: "remove pid: host",
    kubernetes: "hostPID: false",
    quadlet: "drop --pid host",
    oci: r#"{"type": "pid"} in linux.namespaces"#,
};
pub(super) const IPC: Words = Words {
    docker_run: "--ipc private",
    inspect: "recreate it with --ipc private",
    compose: "ipc: private",
    kubernetes: "hostIPC: false",
    quadlet: "PodmanArgs=--ipc private",
    oci: r#"{"type": "ipc"} in linux.namespaces"#,
};
pub(super) const UTS: Words = Words {
    docker_run: "drop --uts host",
    inspect: "recreate it without --uts host",
    compose: "remove uts: host",
    kubernetes: "",
    quadlet: "drop --uts host",
    oci: r#"{"type": "uts"} in linux.namespaces"#,
};
pub(super) const USERNS: Words = Words {
    docker_run: "drop --userns host",
    inspect: "recreate it without --userns host",
    compose: "remove userns_mode: host",
    kubernetes: "hostUsers: false",
    quadlet: "UserNS=auto",
    oci: r#"{"type": "user"} in linux.namespaces, with mappings"#,
};
pub(super) const CGROUPNS: Words = Words {
    docker_run: "--cgroupns private",
    inspect: "recreate it with --cgroupns private",
    compose: "cgroup: private",
    kubernetes: "",
    quadlet: "drop --cgroupns host",
    oci: r#"{"type": "cgroup"} in linux.namespaces"#,
};
pub(super) const JOINED: Words = Words {
    docker_run: "a namespace of its own",
    inspect: "recreate it with a namespace of its own",
    compose: "a namespace of its own",
    kubernetes: "shareProcessNamespace: false",
    quadlet: "a namespace of its own",
    oci: "remove the path of the namespace",
};
pub(super) const CGROUP_PARENT: Words = Words {
    docker_run: "drop --cgroup-parent",
    inspect: "recreate it without --cgroup-parent",
    compose: "remove cgroup_parent",
    kubernetes: "",
    quadlet: "drop --cgroup-parent",
    oci: "",
};
pub(super) const MOUNT_AWAY: Words = Words {
    docker_run: "drop the mount",
    inspect: "recreate it without the mount",
    compose: "remove the volume",
    kubernetes: "remove the hostPath volume",
    quadlet: "remove the Volume=",
    oci: "remove the mount",
};
pub(super) const MOUNT_RO: Words = Words {
    docker_run: ":ro, or drop the mount",
    inspect: "recreate it with :ro, or without the mount",
    compose: ":ro, or remove the volume",
    kubernetes: "readOnly: true, or remove the volume",
    quadlet: ":ro, or remove the Volume=",
    oci: r#""ro" among the options, or remove the mount"#,
};
pub(super) const PROPAGATION: Words = Words {
    docker_run: ":rprivate",
    inspect: "recreate it with :rprivate",
    compose: "propagation: rprivate",
    kubernetes: "mountPropagation: None",
    quadlet: ":rprivate",
    oci: r#""rprivate" among the options"#,
};
pub(super) const DEVICE: Words = Words {
    docker_run: "drop the --device",
    inspect: "recreate it without the --device",
    compose: "remove it from devices",
    kubernetes: "",
    quadlet: "remove the AddDevice=",
    oci: "remove it from linux.devices",
};
pub(super) const DEVICE_RULE: Words = Words {
    docker_run: "name one device: --device PATH:PATH:r",
    inspect: "recreate it with one --device PATH:PATH:r",
    compose: "name one device in devices",
    kubernetes: "",
    quadlet: "AddDevice=PATH:PATH:r",
    oci: "allow one major and minor number",
};
pub(super) const PUBLISH_ALL: Words = Words {
    docker_run: "-p 127.0.0.1:PORT:PORT for each",
    inspect: "recreate it with -p 127.0.0.1:PORT:PORT for each",
    compose: "",
    kubernetes: "",
    quadlet: "PublishPort=127.0.0.1:PORT:PORT for each",
    oci: "",
};
pub(super) const LOCALHOST: Words = Words {
    docker_run: "-p 127.0.0.1:PORT:PORT",
    inspect: "recreate it with -p 127.0.0.1:PORT:PORT",
    compose: "ports: [127.0.0.1:PORT:PORT]",
    kubernetes: "a Service instead of hostPort",
    quadlet: "PublishPort=127.0.0.1:PORT:PORT",
    oci: "",
};
pub(super) const SYSCTL: Words = Words {
    docker_run: "drop the --sysctl",
    inspect: "recreate it without the --sysctl",
    compose: "remove it from sysctls",
    kubernetes: "remove it from sysctls",
    quadlet: "remove the Sysctl=",
    oci: "remove it from linux.sysctl",
};
pub(super) const MEMORY: Words = Words {
    docker_run: "--memory 512m",
    inspect: "docker update --memory 512m --memory-swap 512m",
    compose: "mem_limit: 512m",
    kubernetes: "resources: {limits: {memory: 512Mi}}",
    quadlet: "Memory=512m",
    oci: r#""memory": {"limit": 536870912}"#,
};
pub(super) const CPU: Words = Words {
    docker_run: "--cpus 1",
    inspect: "docker update --cpus 1",
    compose: "cpus: 1",
    kubernetes: r#"resources: {limits: {cpu: "1"}}"#,
    quadlet: "PodmanArgs=--cpus 1",
    oci: r#""cpu": {"quota": 100000, "period": 100000}"#,
};
pub(super) const PIDS: Words = Words {
    docker_run: "--pids-limit 256",
    inspect: "docker update --pids-limit 256",
    compose: "pids_limit: 256",
    kubernetes: "",
    quadlet: "PidsLimit=256",
    oci: r#""pids": {"limit": 256}"#,
};
pub(super) const OOM: Words = Words {
    docker_run: "drop the option",
    inspect: "recreate it without the option",
    compose: "remove the key",
    kubernetes: "",
    quadlet: "drop the option",
    oci: r#""oomScoreAdj": 0"#,
};
pub(super) const RESTART: Words = Words {
    docker_run: "--restart on-failure:5",
    inspect: "docker update --restart on-failure:5",
    compose: "restart: on-failure:5",
    kubernetes: "",
    quadlet: "Restart=on-failure, StartLimitBurst=5",
    oci: "",
};
pub(super) const ULIMIT: Words = Words {
    docker_run: "--ulimit core=0, --ulimit memlock=65536",
    inspect: "recreate it with bounded --ulimit",
    compose: "ulimits: {core: 0, memlock: 65536}",
    kubernetes: "",
    quadlet: "Ulimit=core=0",
    oci: "a bound in process.rlimits",
};
pub(super) const LOG: Words = Words {
    docker_run: "--log-opt max-size=10m --log-opt max-file=3",
    inspect: "recreate it with --log-opt max-size=10m",
    compose: r#"logging: {options: {max-size: 10m, max-file: "3"}}"#,
    kubernetes: "",
    quadlet: "LogOpt=max-size=10m",
    oci: "",
};
pub(super) const SWAP: Words = Words {
    docker_run: "--memory-swap equal to --memory",
    inspect: "docker update --memory-swap equal to the memory",
    compose: "memswap_limit equal to mem_limit",
    kubernetes: "",
    quadlet: "--memory-swap equal to the memory",
    oci: "swap equal to limit",
};
pub(super) const SECRET: Words = Words {
    docker_run: "--mount the secret as a file; NAME_FILE where the program reads one",
    inspect: "recreate it with the secret as a file",
    compose: "secrets: and NAME_FILE",
    kubernetes: "valueFrom: {secretKeyRef: …}, better a secret volume",
    quadlet: "Secret=",
    oci: "a mount of the secret's file",
};
pub(super) const TOKEN: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "automountServiceAccountToken: false",
    quadlet: "",
    oci: "",
};
pub(super) const HOST_PROCESS: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "hostProcess: false",
    quadlet: "",
    oci: "",
};
pub(super) const NAMESPACE: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "metadata: {namespace: NAME}",
    quadlet: "",
    oci: "",
};
pub(super) const USER: Words = Words {
    docker_run: "--user 10001:10001",
    inspect: "recreate it with --user 10001:10001",
    compose: r#"user: "10001:10001""#,
    kubernetes: "runAsNonRoot: true, runAsUser: 10001",
    quadlet: "User=10001, Group=10001",
    oci: r#""user": {"uid": 10001, "gid": 10001}"#,
};
pub(super) const GROUP: Words = Words {
    docker_run: "--user 10001:10001",
    inspect: "recreate it with --user 10001:10001",
    compose: r#"user: "10001:10001""#,
    kubernetes: "runAsGroup: 10001",
    quadlet: "Group=10001",
    oci: r#""gid": 10001"#,
};
pub(super) const EXTRA_GROUP: Words = Words {
    docker_run: "drop the --group-add",
    inspect: "recreate it without the --group-add",
    compose: "remove it from group_add",
    kubernetes: "remove it from supplementalGroups",
    quadlet: "remove the GroupAdd=",
    oci: "remove it from additionalGids",
};
pub(super) const IMAGE: Words = Words {
    docker_run: "NAME:TAG@sha256:…",
    inspect: "recreate it from NAME:TAG@sha256:…",
    compose: "image: NAME:TAG@sha256:…",
    kubernetes: "image: NAME:TAG@sha256:…",
    quadlet: "Image=NAME:TAG@sha256:…",
    oci: "",
};
pub(super) const HEALTH: Words = Words {
    docker_run: "--health-cmd COMMAND",
    inspect: "recreate it with --health-cmd COMMAND",
    compose: "healthcheck: {test: [CMD, …]}",
    kubernetes: "livenessProbe and readinessProbe",
    quadlet: "HealthCmd=COMMAND",
    oci: "",
};
