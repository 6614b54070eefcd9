//! Which check holds at which level, from which version on.
//!
//! Upstream's registry: `policy/registry.go`; identifiers, levels, minimum versions and overrides from each `policy/check_*.go`.

use super::subject::{Findings, Subject};
use super::{Control, Level, Version, baseline, profiles, restricted};
use crate::runtime::Pod;

/// One check of the standards.
pub(super) struct Rule {
    /// Upstream's identifier.
    pub(super) id: &'static str,
    /// The level that it belongs to.
    level: Level,
    /// The first minor version that has it.
    since: u32,
    /// What is allowed, for people.
    allowed: &'static str,
    /// The check of baseline that it stands for at restricted (`OverrideCheckIDs`).
    overrides: Option<&'static str>,
    /// Looks at a pod.
    look: fn(&Subject<'_>, Version, &mut Findings),
}

const fn baseline_rule(
    id: &'static str,
    allowed: &'static str,
    look: fn(&Subject<'_>, Version, &mut Findings),
) -> Rule {
    Rule {
        id,
        level: Level::Baseline,
        since: 0,
        allowed,
        overrides: None,
        look,
    }
}

const fn restricted_rule(
    id: &'static str,
    since: u32,
    allowed: &'static str,
    look: fn(&Subject<'_>, Version, &mut Findings),
) -> Rule {
    Rule {
        level: Level::Restricted,
        since,
        ..baseline_rule(id, allowed, look)
    }
}

/// Every check, baseline first, each level by identifier: the order in which upstream reports.
const RULES: [Rule; 19] = [
    baseline_rule(
        "appArmorProfile",
        "RuntimeDefault or Localhost, or not set; as an annotation runtime/default or localhost/…",
        profiles::apparmor,
    ),
    baseline_rule(
        "capabilities_baseline",
        "AUDIT_WRITE, CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, MKNOD, NET_BIND_SERVICE, SETFCAP, SETGID, SETPCAP, SETUID, SYS_CHROOT",
        baseline::capabilities,
    ),
    baseline_rule(
        "hostNamespaces",
        "false, or not set",
        baseline::host_namespaces,
    ),
    baseline_rule(
        "hostPathVolumes",
        "no hostPath",
        baseline::host_path_volumes,
    ),
    baseline_rule("hostPorts", "0, or not set", baseline::host_ports),
    Rule {
        since: 34,
        ..baseline_rule(
            "hostProbesAndHostLifecycle",
            "no host",
            baseline::probe_hosts,
        )
    },
    baseline_rule("privileged", "false, or not set", baseline::privileged),
    baseline_rule(
        "procMount",
        "Default, or not set; from v1.35 any with hostUsers: false",
        baseline::proc_mount,
    ),
    baseline_rule(
        "seLinuxOptions",
        "type container_t, container_init_t, container_kvm_t, from v1.31 container_engine_t; user and role not set",
        profiles::selinux,
    ),
    baseline_rule(
        "seccompProfile_baseline",
        "RuntimeDefault or Localhost, or not set",
        profiles::seccomp_baseline,
    ),
    baseline_rule(
        "sysctls",
        "the safe sysctls of the version",
        baseline::sysctls,
    ),
    baseline_rule(
        "windowsHostProcess",
        "false, or not set",
        baseline::windows_host_process,
    ),
    restricted_rule(
        "allowPrivilegeEscalation",
        8,
        "false",
        restricted::privilege_escalation,
    ),
    Rule {
        overrides: Some("capabilities_baseline"),
        ..restricted_rule(
            "capabilities_restricted",
            22,
            "drop with ALL; add with NET_BIND_SERVICE at most",
            restricted::capabilities,
        )
    },
    Rule {
        overrides: Some("procMount"),
        ..restricted_rule(
            "procMount_restricted",
            35,
            "Default, or not set",
            restricted::proc_mount,
        )
    },
    Rule {
        overrides: Some("hostPathVolumes"),
        ..restricted_rule(
            "restrictedVolumes",
            0,
            "configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret",
            restricted::volumes,
        )
    },
    restricted_rule(
        "runAsNonRoot",
        0,
        "true, of the pod or of each container; from v1.35 any with hostUsers: false",
        restricted::run_as_non_root,
    ),
    restricted_rule(
        "runAsUser",
        23,
        "not 0; from v1.35 any with hostUsers: false",
        restricted::run_as_user,
    ),
    Rule {
        overrides: Some("seccompProfile_baseline"),
        ..restricted_rule(
            "seccompProfile_restricted",
            19,
            "RuntimeDefault or Localhost, of the pod or of each container",
            profiles::seccomp_restricted,
        )
    },
];

/// Identifiers of the checks that a version has for a level, in the order of their results.
pub fn ids(level: Level, version: Version) -> impl Iterator<Item = &'static str> {
    in_force(level, version).map(|rule| rule.id)
}

fn in_force(level: Level, version: Version) -> impl Iterator<Item = &'static Rule> {
    RULES
        .iter()
        .filter(move |rule| rule.level <= level && version.is_from(rule.since))
}

pub(super) fn evaluate(pod: &Pod, level: Level, version: Version) -> Vec<Control> {
    let subject = Subject::new(pod);
    let mut controls: Vec<Control> = in_force(level, version)
        .map(|rule| control(rule, &subject, version))
        .collect();
    for rule in in_force(level, version) {
        let Some(overridden) = rule.overrides else {
            continue;
        };
        let stands_for = controls
            .iter()
            .find(|control| control.id == rule.id)
            .cloned();
        if let Some(stands_for) = stands_for {
            controls
                .retain_mut(|control| control.id != overridden || is_kept(control, &stands_for));
        }
    }
    controls
}

/// Whether a control stays beside the one that overrides it. Upstream leaves it out; where both fail, both are told.
fn is_kept(control: &mut Control, by: &Control) -> bool {
    control.overridden_by = Some(by.id);
    if !control.allowed && !by.is_violated() {
        // A pod of Windows comes here: exempt from the one above, or not known to be. And a volume with two sources.
        return false;
    }
    true
}

fn control(rule: &Rule, subject: &Subject<'_>, version: Version) -> Control {
    let mut findings = Findings::default();
    (rule.look)(subject, version, &mut findings);
    let Findings { violations, untold } = findings;
    let told: Vec<String> = violations.iter().map(ToString::to_string).collect();
    Control {
        id: rule.id,
        allows: rule.allowed,
        level: rule.level,
        allowed: violations.is_empty() && untold.is_none(),
        detail: if told.is_empty() {
            String::new()
        } else {
            format!("{}; allowed: {}", told.join("; "), rule.allowed)
        },
        places: violations
            .iter()
            .map(|violation| violation.at.clone())
            .collect(),
        not_evaluated: untold.filter(|_| violations.is_empty()),
        violations,
        overridden_by: None,
    }
}
