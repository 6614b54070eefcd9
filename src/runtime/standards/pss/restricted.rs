//! Checks of the level restricted, but for the profile of seccomp (`profiles`).

use super::subject::{Findings, Seen, Subject, settle};
use super::{Version, baseline};
use crate::runtime::field::Field;
use crate::runtime::{Setting, Spot};

/// Sources of a volume that are allowed (`check_restrictedVolumes.go`). `image` came with Kubernetes 1.33, for every version of the policy.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// Every other source that the API has (`VolumeSource` of core/v1).
const OTHER_VOLUMES: [&str; 21] = [
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
];

/// The items of a list of this mapping.
pub(super) fn listed<'a>(root: &Field<'a>, key: &str, findings: &mut Findings) -> Vec<Field<'a>> {
    let items = root.get(key).and_then(|field| field.items());
    findings.told(items).unwrap_or_default()
}

/// The name of a volume, or its place in the list.
pub(super) fn volume_name(volume: &Field<'_>) -> String {
    let name = volume.node().and_then(|node| node.get("name")?.text());
    let index = || {
        volume
            .path()
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    name.map_or_else(index, str::to_owned)
}

/// `check_restrictedVolumes.go`. A volume without a source is an emptyDir: the API server makes it one before it asks.
pub(super) fn volumes(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    for volume in listed(&subject.spec, "volumes", findings) {
        let Some(keys) = findings.told(volume.entries()) else {
            continue;
        };
        let set = |known: &[&str]| {
            let mut present = keys.iter().filter(|(_, _, field)| field.is_present());
            present.find(|(key, _, _)| known.contains(key)).cloned()
        };
        if set(&VOLUMES).is_some() {
            continue;
        }
        let name = volume_name(&volume);
        if let Some((source, _, field)) = set(&OTHER_VOLUMES) {
            findings.forbid(
                None,
                &["volumes", &name],
                Some(source.to_owned()),
                &field.spot(),
            );
            continue;
        }
        let unknown = keys
            .iter()
            .find(|(key, _, field)| *key != "name" && field.is_present());
        if let Some((key, _, _)) = unknown {
            findings.untold(format!(
                "{}: `{key}` is no source of volumes that is known",
                volume.path()
            ));
        }
    }
}

/// `check_allowPrivilegeEscalation.go`.
pub(super) fn privilege_escalation(
    subject: &Subject<'_>,
    version: Version,
    findings: &mut Findings,
) {
    let path = ["securityContext", "allowPrivilegeEscalation"];
    subject.each(findings, |container, findings| {
        match settle(&container.field, &path, Field::boolean) {
            Setting::Absent => {
                findings.forbid(Some(container), &path, None, &missing(container, &path));
            }
            setting => {
                if let Some((true, at)) = findings.stated(setting) {
                    findings.forbid(Some(container), &path, Some("true".to_owned()), &at);
                }
            }
        }
    });
    exempt_windows(subject, version, findings);
}

/// `check_capabilities_restricted.go`.
pub(super) fn capabilities(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    subject.each(findings, |container, findings| {
        require_drop_all(container, findings);
        baseline::forbid_added(container, &["NET_BIND_SERVICE"], findings);
    });
    exempt_windows(subject, version, findings);
}

fn require_drop_all(container: &Seen<'_>, findings: &mut Findings) {
    let path = ["securityContext", "capabilities", "drop"];
    let Some(dropped) = findings.told(container.field.at(&path).and_then(|field| field.items()))
    else {
        return;
    };
    let mut words = Vec::new();
    let mut untold = Findings::default();
    for word in &dropped {
        words.extend(
            untold
                .stated(settle(word, &[], Field::text))
                .map(|(word, _)| word),
        );
    }
    if words.iter().any(|word| word == "ALL") {
        return;
    }
    if let Some(why) = untold.untold {
        findings.untold(why);
        return;
    }
    let value = (!words.is_empty()).then(|| words.join(", "));
    findings.forbid(Some(container), &path, value, &missing(container, &path));
}

/// `check_procMount_restricted.go`, and the check of baseline where nothing is relaxed.
pub(super) fn proc_mount(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    let path = ["securityContext", "procMount"];
    subject.each(findings, |container, findings| {
        let stated = findings.stated(settle(&container.field, &path, Field::text));
        if let Some((kind, at)) = stated.filter(|(kind, _)| kind != "Default") {
            findings.forbid(Some(container), &path, Some(kind), &at);
        }
    });
}

/// `check_runAsNonRoot.go`. `false` of the pod is a violation also where every container says `true`.
pub(super) fn run_as_non_root(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    let path = ["securityContext", "runAsNonRoot"];
    let of_pod = settle(&subject.spec, &path, Field::boolean);
    let is_required = of_pod.value() == Some(&true);
    let is_untold = of_pod.unknown().is_some();
    if let Some((false, at)) = findings.stated(of_pod) {
        findings.forbid(None, &path, Some("false".to_owned()), &at);
    }
    subject.each(findings, |container, findings| {
        match settle(&container.field, &path, Field::boolean) {
            Setting::Absent if is_required || is_untold => {}
            Setting::Absent => {
                findings.forbid(Some(container), &path, None, &missing(container, &path));
            }
            setting => {
                if let Some((false, at)) = findings.stated(setting) {
                    findings.forbid(Some(container), &path, Some("false".to_owned()), &at);
                }
            }
        }
    });
    findings.prefer_stated();
    relax_own_users(subject, version, findings);
}

/// `check_runAsUser.go`.
pub(super) fn run_as_user(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    let path = ["securityContext", "runAsUser"];
    let forbid_zero = |root: &Field<'_>, container: Option<&Seen<'_>>, findings: &mut Findings| {
        if let Some((0, at)) = findings.stated(settle(root, &path, Field::integer)) {
            findings.forbid(container, &path, Some("0".to_owned()), &at);
        }
    };
    forbid_zero(&subject.spec, None, findings);
    subject.each(findings, |container, findings| {
        forbid_zero(&container.field, Some(container), findings);
    });
    relax_own_users(subject, version, findings);
}

/// From 1.25 on, three checks do not ask a pod of Windows.
pub(super) fn exempt_windows(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    if version.is_from(25) {
        findings.unless(subject.is_windows());
    }
}

/// From 1.35 on, root in a user namespace of the pod's own is not root of the host.
fn relax_own_users(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    if version.is_from(35) {
        findings.unless(subject.own_users());
    }
}

/// The place of what a container does not say.
pub(super) fn missing(container: &Seen<'_>, path: &[&str]) -> Spot {
    let mut nearest = container.field.clone();
    for key in path {
        match nearest.get(key) {
            Ok(field) => nearest = field,
            Err(_) => break,
        }
    }
    nearest.spot()
}
