//! The keys that each part of a pod has (`core/v1` of Kubernetes 1.37), so that a typo is named.

use super::kinds::Object;
use crate::runtime::UnknownKey;
use crate::runtime::field::{Field, TypeError};

pub(super) const POD_SPEC: &[&str] = &[
    "activeDeadlineSeconds",
    "affinity",
    "automountServiceAccountToken",
    "containers",
    "dnsConfig",
    "dnsPolicy",
    "enableServiceLinks",
    "ephemeralContainers",
    "hostAliases",
    "hostIPC",
    "hostNetwork",
    "hostPID",
    "hostUsers",
    "hostname",
    "hostnameOverride",
    "imagePullSecrets",
    "initContainers",
    "nodeName",
    "nodeSelector",
    "os",
    "overhead",
    "preemptionPolicy",
    "priority",
    "priorityClassName",
    "readinessGates",
    "resourceClaims",
    "resources",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "schedulingGates",
    "schedulingGroup",
    "securityContext",
    "serviceAccount",
    "serviceAccountName",
    "setHostnameAsFQDN",
    "shareProcessNamespace",
    "subdomain",
    "terminationGracePeriodSeconds",
    "tolerations",
    "topologySpreadConstraints",
    "volumes",
    "workloadRef",
];

/// What a revision of Knative has beside a pod's own.
pub(super) const KNATIVE: &[&str] = &[
    "containerConcurrency",
    "idleTimeoutSeconds",
    "responseStartTimeoutSeconds",
    "timeoutSeconds",
];

pub(super) const POD_CONTEXT: &[&str] = &[
    "appArmorProfile",
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxChangePolicy",
    "seLinuxOptions",
    "seccompProfile",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "sysctls",
    "windowsOptions",
];

pub(super) const CONTAINER: &[&str] = &[
    "args",
    "command",
    "env",
    "envFrom",
    "image",
    "imagePullPolicy",
    "lifecycle",
    "livenessProbe",
    "name",
    "ports",
    "readinessProbe",
    "resizePolicy",
    "resources",
    "restartPolicy",
    "restartPolicyRules",
    "securityContext",
    "startupProbe",
    "stdin",
    "stdinOnce",
    "targetContainerName",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "tty",
    "volumeDevices",
    "volumeMounts",
    "workingDir",
];

const CONTAINER_CONTEXT: &[&str] = &[
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
];

const CAPABILITIES: &[&str] = &["add", "drop"];
const PROFILE: &[&str] = &["localhostProfile", "type"];
const SELINUX: &[&str] = &["level", "role", "type", "user"];
const WINDOWS: &[&str] = &[
    "gmsaCredentialSpec",
    "gmsaCredentialSpecName",
    "hostProcess",
    "runAsUserName",
];
const RESOURCES: &[&str] = &["claims", "limits", "requests"];
const LIFECYCLE: &[&str] = &["postStart", "preStop", "stopSignal"];
const PORT: &[&str] = &["containerPort", "hostIP", "hostPort", "name", "protocol"];
const VARIABLE: &[&str] = &["name", "value", "valueFrom"];
const VARIABLES: &[&str] = &["configMapRef", "prefix", "secretRef"];
const DEVICE: &[&str] = &["devicePath", "name"];
const EMPTY_DIR: &[&str] = &["medium", "sizeLimit"];
const HOST_PATH: &[&str] = &["path", "type"];
const OS: &[&str] = &["name"];

const MOUNT: &[&str] = &[
    "mountPath",
    "mountPropagation",
    "name",
    "readOnly",
    "recursiveReadOnly",
    "subPath",
    "subPathExpr",
];

const PROBE: &[&str] = &[
    "exec",
    "failureThreshold",
    "grpc",
    "httpGet",
    "initialDelaySeconds",
    "periodSeconds",
    "successThreshold",
    "tcpSocket",
    "terminationGracePeriodSeconds",
    "timeoutSeconds",
];

const VOLUME: &[&str] = &[
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "gitRepo",
    "glusterfs",
    "hostPath",
    "image",
    "iscsi",
    "name",
    "nfs",
    "persistentVolumeClaim",
    "photonPersistentDisk",
    "portworxVolume",
    "projected",
    "quobyte",
    "rbd",
    "scaleIO",
    "secret",
    "storageos",
    "vsphereVolume",
];

/// A pod or its template: a security context that stands here, beside the spec, holds for nobody.
const TEMPLATE: &[&str] = &["apiVersion", "kind", "metadata", "spec", "status"];

/// The spec of each of Kubernetes' own workloads.
const WORKLOADS: &[(&str, &[&str])] = &[
    (
        "CronJob",
        &[
            "concurrencyPolicy",
            "failedJobsHistoryLimit",
            "jobTemplate",
            "schedule",
            "startingDeadlineSeconds",
            "successfulJobsHistoryLimit",
            "suspend",
            "timeZone",
        ],
    ),
    (
        "DaemonSet",
        &[
            "minReadySeconds",
            "revisionHistoryLimit",
            "selector",
            "template",
            "updateStrategy",
        ],
    ),
    (
        "Deployment",
        &[
            "minReadySeconds",
            "paused",
            "progressDeadlineSeconds",
            "replicas",
            "revisionHistoryLimit",
            "rollbackTo",
            "selector",
            "strategy",
            "template",
        ],
    ),
    (
        "Job",
        &[
            "activeDeadlineSeconds",
            "backoffLimit",
            "backoffLimitPerIndex",
            "completionMode",
            "completions",
            "managedBy",
            "manualSelector",
            "maxFailedIndexes",
            "parallelism",
            "podFailurePolicy",
            "podReplacementPolicy",
            "selector",
            "successPolicy",
            "suspend",
            "template",
            "ttlSecondsAfterFinished",
        ],
    ),
    (
        "ReplicaSet",
        &["minReadySeconds", "replicas", "selector", "template"],
    ),
    (
        "ReplicationController",
        &["minReadySeconds", "replicas", "selector", "template"],
    ),
    (
        "StatefulSet",
        &[
            "minReadySeconds",
            "ordinals",
            "persistentVolumeClaimRetentionPolicy",
            "podManagementPolicy",
            "replicas",
            "revisionHistoryLimit",
            "selector",
            "serviceName",
            "template",
            "updateStrategy",
            "volumeClaimTemplates",
        ],
    ),
];

/// A part of a pod: the keys that lead there, where `*` is every item of a list, and the keys that it has.
type Part = (&'static [&'static str], &'static [&'static str]);

const POD_PARTS: &[Part] = &[
    (&["securityContext"], POD_CONTEXT),
    (&["securityContext", "seccompProfile"], PROFILE),
    (&["securityContext", "appArmorProfile"], PROFILE),
    (&["securityContext", "seLinuxOptions"], SELINUX),
    (&["securityContext", "windowsOptions"], WINDOWS),
    (&["os"], OS),
    (&["resources"], RESOURCES),
    (&["volumes", "*"], VOLUME),
    (&["volumes", "*", "emptyDir"], EMPTY_DIR),
    (&["volumes", "*", "hostPath"], HOST_PATH),
];

const CONTAINER_PARTS: &[Part] = &[
    (&[], CONTAINER),
    (&["securityContext"], CONTAINER_CONTEXT),
    (&["securityContext", "capabilities"], CAPABILITIES),
    (&["securityContext", "seccompProfile"], PROFILE),
    (&["securityContext", "appArmorProfile"], PROFILE),
    (&["securityContext", "seLinuxOptions"], SELINUX),
    (&["securityContext", "windowsOptions"], WINDOWS),
    (&["resources"], RESOURCES),
    (&["lifecycle"], LIFECYCLE),
    (&["livenessProbe"], PROBE),
    (&["readinessProbe"], PROBE),
    (&["startupProbe"], PROBE),
    (&["ports", "*"], PORT),
    (&["env", "*"], VARIABLE),
    (&["envFrom", "*"], VARIABLES),
    (&["volumeMounts", "*"], MOUNT),
    (&["volumeDevices", "*"], DEVICE),
];

/// Keys around a pod that no version knows: of its template, and of the workload that has it.
pub(super) fn unknown_of_workload(
    object: &Object<'_>,
    template: &Field<'_>,
) -> Result<Vec<UnknownKey>, TypeError> {
    let mut unknown = Vec::new();
    let is_own = matches!(object.group.as_str(), "" | "apps" | "batch" | "extensions");
    let known = WORKLOADS
        .iter()
        .find(|(kind, _)| is_own && *kind == object.kind);
    if let Some((_, known)) = known {
        compare(&object.root.get("spec")?, &[known], &mut unknown)?;
    }
    // A pod by itself is the whole object, and stands at its root.
    if !template.path().is_empty() {
        compare(template, &[TEMPLATE], &mut unknown)?;
    }
    Ok(unknown)
}

/// Keys of a pod's spec that no version knows; `more` are those of its kind.
pub(super) fn unknown_of_pod(
    spec: &Field<'_>,
    more: &[&str],
) -> Result<Vec<UnknownKey>, TypeError> {
    let mut unknown = Vec::new();
    compare(spec, &[POD_SPEC, more], &mut unknown)?;
    parts(spec, POD_PARTS, &mut unknown)?;
    Ok(unknown)
}

/// Keys of a container that no version knows.
pub(super) fn unknown_of_container(container: &Field<'_>) -> Result<Vec<UnknownKey>, TypeError> {
    let mut unknown = Vec::new();
    parts(container, CONTAINER_PARTS, &mut unknown)?;
    Ok(unknown)
}

fn parts(root: &Field<'_>, parts: &[Part], unknown: &mut Vec<UnknownKey>) -> Result<(), TypeError> {
    for (path, known) in parts {
        for field in reached(root, path)? {
            compare(&field, &[known], unknown)?;
        }
    }
    Ok(())
}

fn reached<'a>(root: &Field<'a>, path: &[&str]) -> Result<Vec<Field<'a>>, TypeError> {
    let mut reached = vec![root.clone()];
    for key in path {
        let mut next = Vec::new();
        for field in reached {
            if *key == "*" {
                next.extend(field.items()?);
            } else {
                next.push(field.get(key)?);
            }
        }
        reached = next;
    }
    Ok(reached)
}

fn compare(
    field: &Field<'_>,
    known: &[&[&str]],
    unknown: &mut Vec<UnknownKey>,
) -> Result<(), TypeError> {
    for (name, key, value) in field.entries()? {
        if !known.iter().any(|known| known.contains(&name)) {
            let mut at = value.spot();
            // The key is what is wrong, so its place and not its value's.
            (at.line, at.column) = (Some(key.start.line), Some(key.start.column));
            unknown.push(UnknownKey {
                key: value.path().to_owned(),
                at,
            });
        }
    }
    Ok(())
}
