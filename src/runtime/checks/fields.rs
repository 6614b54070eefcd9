//! Where each form says what a check looks at: one table for the page and for findings.

use super::Words;

pub(super) const PRIVILEGED: Words = Words {
    docker_run: "`--privileged`",
    inspect: "`HostConfig.Privileged`",
    compose: "`privileged`",
    kubernetes: "`securityContext.privileged`",
    quadlet: "`PodmanArgs=--privileged`",
    oci: "",
};
pub(super) const CAPABILITIES: Words = Words {
    docker_run: "`--cap-add`, `--cap-drop`",
    inspect: "`HostConfig.CapAdd`, `CapDrop`",
    compose: "`cap_add`, `cap_drop`",
    kubernetes: "`securityContext.capabilities`",
    quadlet: "`AddCapability=`, `DropCapability=`",
    oci: "`process.capabilities.bounding`",
};
pub(super) const NO_NEW_PRIVILEGES: Words = Words {
    docker_run: "`--security-opt no-new-privileges`",
    inspect: "`HostConfig.SecurityOpt`",
    compose: "`security_opt`",
    kubernetes: "`securityContext.allowPrivilegeEscalation`",
    quadlet: "`NoNewPrivileges=`",
    oci: "`process.noNewPrivileges`",
};
pub(super) const SECCOMP: Words = Words {
    docker_run: "`--security-opt seccomp=`",
    inspect: "`HostConfig.SecurityOpt`",
    compose: "`security_opt`",
    kubernetes: "`seccompProfile` of the pod or container",
    quadlet: "`SeccompProfile=`",
    oci: "`linux.seccomp`",
};
pub(super) const APPARMOR: Words = Words {
    docker_run: "`--security-opt apparmor=`",
    inspect: "`AppArmorProfile`",
    compose: "`security_opt`",
    kubernetes: "`appArmorProfile`, annotation `container.apparmor.security.beta.kubernetes.io/*`",
    quadlet: "`PodmanArgs=--security-opt apparmor=`",
    oci: "`process.apparmorProfile`",
};
pub(super) const SELINUX: Words = Words {
    docker_run: "`--security-opt label=`",
    inspect: "`HostConfig.SecurityOpt`",
    compose: "`security_opt`",
    kubernetes: "`seLinuxOptions`",
    quadlet: "`SecurityLabelDisable=`, `SecurityLabelType=`",
    oci: "`process.selinuxLabel`",
};
pub(super) const UNMASKED: Words = Words {
    docker_run: "`--security-opt systempaths=unconfined`",
    inspect: "`HostConfig.MaskedPaths`, `ReadonlyPaths`",
    compose: "`security_opt`",
    kubernetes: "`securityContext.procMount`",
    quadlet: "`Unmask=`",
    oci: "`linux.maskedPaths`, `readonlyPaths`",
};
pub(super) const CGROUP_TREE: Words = Words {
    docker_run: "`-v /sys/fs/cgroup`, `--security-opt writable-cgroups`",
    inspect: "`Mounts`, `HostConfig.SecurityOpt`",
    compose: "`volumes`, `security_opt`",
    kubernetes: "`hostPath`",
    quadlet: "`Volume=`",
    oci: "`mounts`",
};
pub(super) const READ_ONLY: Words = Words {
    docker_run: "`--read-only`",
    inspect: "`HostConfig.ReadonlyRootfs`",
    compose: "`read_only`",
    kubernetes: "`securityContext.readOnlyRootFilesystem`",
    quadlet: "`ReadOnly=`",
    oci: "`root.readonly`",
};
pub(super) const TMPFS: Words = Words {
    docker_run: "`--tmpfs`, `--mount type=tmpfs`",
    inspect: "`HostConfig.Tmpfs`, `Mounts`",
    compose: "`tmpfs`, `volumes`",
    kubernetes: "`emptyDir`",
    quadlet: "`Tmpfs=`",
    oci: "`mounts`",
};
pub(super) const NETWORK: Words = Words {
    docker_run: "`--network`",
    inspect: "`HostConfig.NetworkMode`",
    compose: "`network_mode`, `networks`",
    kubernetes: "`hostNetwork`",
    quadlet: "`Network=`",
    oci: "`linux.namespaces`",
};
pub(super) const PID: Words = Words {
    docker_run: "`--pid`",
    inspect: "`HostConfig.PidMode`",
    compose: "`pid`",
    kubernetes: "`hostPID`",
    quadlet: "`PodmanArgs=--pid`",
    oci: "`linux.namespaces`",
};
pub(super) const IPC: Words = Words {
    docker_run: "`--ipc`",
    inspect: "`HostConfig.IpcMode`",
    compose: "`ipc`",
    kubernetes: "`hostIPC`",
    quadlet: "`PodmanArgs=--ipc`",
    oci: "`linux.namespaces`",
};
pub(super) const UTS: Words = Words {
    docker_run: "`--uts`",
    inspect: "`HostConfig.UTSMode`",
    compose: "`uts`",
    kubernetes: "",
    quadlet: "`PodmanArgs=--uts`",
    oci: "`linux.namespaces`",
};
pub(super) const USERNS: Words = Words {
    docker_run: "`--userns`",
    inspect: "`HostConfig.UsernsMode`",
    compose: "`userns_mode`",
    kubernetes: "`hostUsers`",
    quadlet: "`UserNS=`",
    oci: "`linux.namespaces`",
};
pub(super) const CGROUPNS: Words = Words {
    docker_run: "`--cgroupns`",
    inspect: "`HostConfig.CgroupnsMode`",
    compose: "`cgroup`",
    kubernetes: "",
    quadlet: "`PodmanArgs=--cgroupns`",
    oci: "`linux.namespaces`",
};
pub(super) const JOINED: Words = Words {
    docker_run: "`--network`, `--pid`, `--ipc`",
    inspect: "`HostConfig.NetworkMode`, `PidMode`, `IpcMode`",
    compose: "`network_mode`, `pid`, `ipc`",
    kubernetes: "`shareProcessNamespace`",
    quadlet: "`Network=`, `Pod=`",
    oci: "`linux.namespaces[].path`",
};
pub(super) const CGROUP_PARENT: Words = Words {
    docker_run: "`--cgroup-parent`",
    inspect: "`HostConfig.CgroupParent`",
    compose: "`cgroup_parent`",
    kubernetes: "",
    quadlet: "`PodmanArgs=--cgroup-parent`",
    oci: "",
};
pub(super) const RUNTIME: Words = Words {
    docker_run: "`--runtime`",
    inspect: "`HostConfig.Runtime`",
    compose: "`runtime`",
    kubernetes: "`runtimeClassName`",
    quadlet: "`GlobalArgs=--runtime`",
    oci: "",
};
pub(super) const MOUNTS: Words = Words {
    docker_run: "`-v`, `--mount`",
    inspect: "`Mounts`",
    compose: "`volumes`",
    kubernetes: "`volumes[].hostPath`, `volumeMounts`",
    quadlet: "`Volume=`, `Mount=`",
    oci: "`mounts`",
};
pub(super) const PROPAGATION: Words = Words {
    docker_run: "`-v …:rshared`, `bind-propagation=`",
    inspect: "`Mounts[].Propagation`",
    compose: "`bind.propagation`",
    kubernetes: "`mountPropagation`",
    quadlet: "`Volume=…:rshared`",
    oci: "`mounts[].options`",
};
pub(super) const DEVICES: Words = Words {
    docker_run: "`--device`",
    inspect: "`HostConfig.Devices`",
    compose: "`devices`",
    kubernetes: "",
    quadlet: "`AddDevice=`",
    oci: "`linux.devices`",
};
pub(super) const DEVICE_RULES: Words = Words {
    docker_run: "`--device-cgroup-rule`, `--gpus`",
    inspect: "`HostConfig.DeviceCgroupRules`, `DeviceRequests`",
    compose: "`device_cgroup_rules`, `deploy.resources.reservations.devices`",
    kubernetes: "`resources.limits`",
    quadlet: "`PodmanArgs=--device-cgroup-rule`",
    oci: "`linux.resources.devices`",
};
pub(super) const VOLUMES_FROM: Words = Words {
    docker_run: "`--volumes-from`",
    inspect: "`HostConfig.VolumesFrom`",
    compose: "`volumes_from`",
    kubernetes: "",
    quadlet: "`PodmanArgs=--volumes-from`",
    oci: "",
};
pub(super) const BIND_VOLUME: Words = Words {
    docker_run: "`--mount …,volume-opt=device=`",
    inspect: "volume `Options.device`",
    compose: "`volumes.*.driver_opts.device`",
    kubernetes: "",
    quadlet: "`.volume` `Device=`",
    oci: "",
};
pub(super) const POD_VOLUMES: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "`volumes[]`",
    quadlet: "",
    oci: "",
};
pub(super) const PORTS: Words = Words {
    docker_run: "`-p`",
    inspect: "`HostConfig.PortBindings`",
    compose: "`ports`",
    kubernetes: "`ports[].hostPort`, `hostIP`",
    quadlet: "`PublishPort=`",
    oci: "",
};
pub(super) const PUBLISH_ALL: Words = Words {
    docker_run: "`-P`",
    inspect: "`HostConfig.PublishAllPorts`",
    compose: "",
    kubernetes: "",
    quadlet: "`PodmanArgs=-P`",
    oci: "",
};
pub(super) const SYSCTLS: Words = Words {
    docker_run: "`--sysctl`",
    inspect: "`HostConfig.Sysctls`",
    compose: "`sysctls`",
    kubernetes: "`securityContext.sysctls` of the pod",
    quadlet: "`Sysctl=`",
    oci: "`linux.sysctl`",
};
pub(super) const MEMORY: Words = Words {
    docker_run: "`--memory`",
    inspect: "`HostConfig.Memory`",
    compose: "`mem_limit`, `deploy.resources.limits.memory`",
    kubernetes: "`resources.limits.memory`",
    quadlet: "`Memory=`",
    oci: "`linux.resources.memory.limit`",
};
pub(super) const CPU: Words = Words {
    docker_run: "`--cpus`, `--cpu-quota`, `--cpu-shares`, `--cpuset-cpus`",
    inspect: "`HostConfig.NanoCpus`, `CpuQuota`, `CpuShares`, `CpusetCpus`",
    compose: "`cpus`, `cpu_quota`, `deploy.resources.limits.cpus`",
    kubernetes: "`resources.limits.cpu`",
    quadlet: "`PodmanArgs=--cpus`",
    oci: "`linux.resources.cpu`",
};
pub(super) const PIDS: Words = Words {
    docker_run: "`--pids-limit`",
    inspect: "`HostConfig.PidsLimit`",
    compose: "`pids_limit`, `deploy.resources.limits.pids`",
    kubernetes: "the kubelet's `podPidsLimit`",
    quadlet: "`PidsLimit=`",
    oci: "`linux.resources.pids.limit`",
};
pub(super) const OOM: Words = Words {
    docker_run: "`--oom-kill-disable`, `--oom-score-adj`",
    inspect: "`HostConfig.OomKillDisable`, `OomScoreAdj`",
    compose: "`oom_kill_disable`, `oom_score_adj`",
    kubernetes: "",
    quadlet: "`PodmanArgs=--oom-score-adj`",
    oci: "`process.oomScoreAdj`",
};
pub(super) const RESTART: Words = Words {
    docker_run: "`--restart`",
    inspect: "`HostConfig.RestartPolicy`",
    compose: "`restart`, `deploy.restart_policy`",
    kubernetes: "`restartPolicy`",
    quadlet: "`[Service] Restart=`",
    oci: "",
};
pub(super) const ULIMITS: Words = Words {
    docker_run: "`--ulimit`",
    inspect: "`HostConfig.Ulimits`",
    compose: "`ulimits`",
    kubernetes: "",
    quadlet: "`Ulimit=`",
    oci: "`process.rlimits`",
};
pub(super) const LOG: Words = Words {
    docker_run: "`--log-driver`, `--log-opt`",
    inspect: "`HostConfig.LogConfig`",
    compose: "`logging`",
    kubernetes: "",
    quadlet: "`LogDriver=`, `LogOpt=`",
    oci: "",
};
pub(super) const SWAP: Words = Words {
    docker_run: "`--memory-swap`",
    inspect: "`HostConfig.MemorySwap`",
    compose: "`memswap_limit`",
    kubernetes: "",
    quadlet: "`PodmanArgs=--memory-swap`",
    oci: "`linux.resources.memory.swap`",
};
pub(super) const SECRETS: Words = Words {
    docker_run: "`-e`, arguments",
    inspect: "`Config.Env`, `Args`",
    compose: "`environment`, `command`",
    kubernetes: "`env[].value`, `args`",
    quadlet: "`Environment=`, `Exec=`",
    oci: "`process.env`, `args`",
};
pub(super) const COMMAND: Words = Words {
    docker_run: "arguments, `--entrypoint`",
    inspect: "`Path`, `Args`",
    compose: "`command`, `entrypoint`",
    kubernetes: "`command`, `args`",
    quadlet: "`Exec=`, `Entrypoint=`",
    oci: "`process.args`",
};
pub(super) const TOKEN: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "`automountServiceAccountToken`",
    quadlet: "",
    oci: "",
};
pub(super) const PROBE_HOSTS: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "`*.httpGet.host`, `*.tcpSocket.host`",
    quadlet: "",
    oci: "",
};
pub(super) const HOST_PROCESS: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "`windowsOptions.hostProcess`",
    quadlet: "",
    oci: "",
};
pub(super) const ROLES: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "`initContainers`, `ephemeralContainers`",
    quadlet: "",
    oci: "",
};
pub(super) const NAMESPACE: Words = Words {
    docker_run: "",
    inspect: "",
    compose: "",
    kubernetes: "`metadata.namespace`",
    quadlet: "",
    oci: "",
};
pub(super) const UNKNOWN_KEYS: Words = Words {
    docker_run: "options",
    inspect: "",
    compose: "keys",
    kubernetes: "keys",
    quadlet: "keys",
    oci: "keys",
};
pub(super) const USER: Words = Words {
    docker_run: "`--user`",
    inspect: "`Config.User`",
    compose: "`user`",
    kubernetes: "`runAsUser`, `runAsNonRoot`",
    quadlet: "`User=`",
    oci: "`process.user.uid`",
};
pub(super) const GROUP: Words = Words {
    docker_run: "`--user`, `--group-add`",
    inspect: "`Config.User`, `HostConfig.GroupAdd`",
    compose: "`user`, `group_add`",
    kubernetes: "`runAsGroup`, `supplementalGroups`, `fsGroup`",
    quadlet: "`Group=`, `GroupAdd=`",
    oci: "`process.user.gid`, `additionalGids`",
};
pub(super) const IMAGE: Words = Words {
    docker_run: "image",
    inspect: "`Config.Image`",
    compose: "`image`",
    kubernetes: "`image`",
    quadlet: "`Image=`",
    oci: "",
};
pub(super) const HEALTH: Words = Words {
    docker_run: "`--health-cmd`",
    inspect: "`Config.Healthcheck`",
    compose: "`healthcheck`",
    kubernetes: "`livenessProbe`, `readinessProbe`",
    quadlet: "`HealthCmd=`",
    oci: "",
};
