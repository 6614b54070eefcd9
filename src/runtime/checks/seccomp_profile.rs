//! Whether a seccomp profile allows what the engine's default denies.
//!
//! Both spellings are read: that of Docker's files (`includes`, `names`), and that of an OCI bundle, where the conditions have been
//! resolved (runtime-spec `config-linux.md`, Seccomp). `ptrace` is not among the calls: the default allows it from Linux 4.8 on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::model::{Capability, CapabilitySet};

/// Calls that Docker's default profile denies, each with the capability that opens it there, if one does (moby
/// `profiles/seccomp/default.json`).
const DENIED: &[(&str, &str)] = &[
    ("add_key", ""),
    ("bpf", "BPF"),
    ("delete_module", "SYS_MODULE"),
    ("finit_module", "SYS_MODULE"),
    ("fsconfig", "SYS_ADMIN"),
    ("fsmount", "SYS_ADMIN"),
    ("init_module", "SYS_MODULE"),
    ("ioperm", "SYS_RAWIO"),
    ("iopl", "SYS_RAWIO"),
    ("kexec_file_load", "SYS_BOOT"),
    ("kexec_load", "SYS_BOOT"),
    ("keyctl", ""),
    ("mount", "SYS_ADMIN"),
    ("mount_setattr", "SYS_ADMIN"),
    ("move_mount", "SYS_ADMIN"),
    ("open_by_handle_at", "DAC_READ_SEARCH"),
    ("open_tree", "SYS_ADMIN"),
    ("perf_event_open", "PERFMON"),
    ("pivot_root", ""),
    ("reboot", "SYS_BOOT"),
    ("request_key", ""),
    ("setns", "SYS_ADMIN"),
    ("swapon", ""),
    ("umount2", "SYS_ADMIN"),
    ("unshare", "SYS_ADMIN"),
    ("userfaultfd", ""),
];

/// What the profile allows that the default does not, for a container with these capabilities; or why that cannot be told.
pub(super) fn weaknesses(
    profile: &Value,
    granted: CapabilitySet,
) -> Result<Vec<String>, &'static str> {
    let default = profile.get("defaultAction").and_then(Value::as_str);
    let Some(default) = default else {
        return Err("the seccomp profile has no defaultAction");
    };
    if lets_through(default) {
        return Ok(vec![format!(
            "the profile's default action is {default}: what is not listed is allowed"
        )]);
    }
    let rules = profile.get("syscalls").and_then(Value::as_array);
    let allowed: BTreeSet<&str> = rules
        .into_iter()
        .flatten()
        .filter(|rule| is_unconditional(rule))
        .flat_map(names)
        .collect();
    let opened = DENIED.iter().filter(|(call, capability)| {
        let by_capability = capability.parse::<Capability>().is_ok_and(|one| {
            granted.contains(one) || granted.contains(Capability::of_number(21).unwrap_or(one))
        });
        allowed.contains(call) && !by_capability
    });
    let opened: Vec<&str> = opened.map(|(call, _)| *call).collect();
    if opened.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![format!(
        "the profile allows what the default denies: {}",
        opened.join(", ")
    )])
}

/// Actions with which a call is made.
fn lets_through(action: &str) -> bool {
    matches!(action, "SCMP_ACT_ALLOW" | "SCMP_ACT_LOG" | "SCMP_ACT_TRACE")
}

/// Whether a rule allows whatever the arguments and the container's capabilities are.
fn is_unconditional(rule: &Value) -> bool {
    let has = |key: &str| match rule.get(key) {
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(entries)) => !entries.is_empty(),
        _ => false,
    };
    let action = rule.get("action").and_then(Value::as_str);
    action.is_some_and(lets_through) && !has("args") && !has("includes")
}

fn names(rule: &Value) -> impl Iterator<Item = &str> {
    let many = rule.get("names").and_then(Value::as_array);
    let one = rule.get("name").and_then(Value::as_str);
    many.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .chain(one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn opened(profile: &Value) -> Vec<String> {
        weaknesses(profile, CapabilitySet::DOCKER_DEFAULT).expect("a profile")
    }

    #[test]
    fn a_profile_that_allows_what_is_not_listed_is_weaker() {
        let found = opened(&json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}));
        assert!(found[0].contains("SCMP_ACT_ALLOW"), "{found:?}");
    }

    #[test]
    fn calls_that_the_default_denies_are_named() {
        let found = opened(&json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
            {"names": ["read", "keyctl", "mount"], "action": "SCMP_ACT_ALLOW"},
            {"name": "bpf", "action": "SCMP_ACT_ERRNO"},
        ]}));
        assert_eq!(
            found,
            ["the profile allows what the default denies: keyctl, mount"]
        );
    }

    #[test]
    fn what_the_default_allows_on_a_condition_is_no_weakness() {
        let profile = json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
            {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
            {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]},
            {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW"},
        ]});
        assert!(opened(&profile).is_empty());
        // As a runtime's bundle has it, after the engine resolved the condition.
        let resolved = json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["mount"], "action": "SCMP_ACT_ALLOW"}]});
        assert!(
            weaknesses(&resolved, CapabilitySet::ALL)
                .expect("a profile")
                .is_empty()
        );
    }

    #[test]
    fn a_profile_without_a_default_action_cannot_be_judged() {
        assert!(weaknesses(&json!([1, 2]), CapabilitySet::NONE).is_err());
    }
}
