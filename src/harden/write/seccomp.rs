//! The seccomp filter of a bundle: what engines let a container call without more capabilities than it has.
//!
//! An engine brings its own default; a bundle has to carry one. `syscalls.txt` has the calls that Docker's default of 2026 allows everybody,
//! without io_uring, which it took out. Calls that need a capability are there only with it.

use serde_json::{Value, json};

use crate::model::Capability;

/// Allowed without any capability.
const ALWAYS: &str = include_str!("syscalls.txt");
/// Allowed with a capability.
const WITH: &[(&str, &[&str])] = &[
    ("SYS_CHROOT", &["chroot"]),
    ("DAC_READ_SEARCH", &["open_by_handle_at"]),
    (
        "SYS_NICE",
        &[
            "get_mempolicy",
            "mbind",
            "set_mempolicy",
            "set_mempolicy_home_node",
        ],
    ),
    (
        "SYS_PTRACE",
        &[
            "kcmp",
            "pidfd_getfd",
            "process_madvise",
            "process_vm_readv",
            "process_vm_writev",
            "ptrace",
        ],
    ),
    (
        "SYS_TIME",
        &["clock_settime", "clock_settime64", "settimeofday", "stime"],
    ),
    ("SYSLOG", &["syslog"]),
];
/// Flags of clone(2) that make a namespace: `CLONE_NEWNS` to `CLONE_NEWNET`.
const NEW_NAMESPACES: u64 = 0x7e02_0000;
/// `ENOSYS`: the C library then falls back to `clone`, whose flags a filter can see.
const NO_SUCH_CALL: u32 = 38;
/// Personalities of personality(2) that change nothing: Linux, with 16-bit ids, without random addresses, and the question.
const PERSONALITIES: [u64; 5] = [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff];
/// `AF_ALG` reaches the kernel's cryptography, `AF_VSOCK` the hypervisor.
const FORBIDDEN_FAMILIES: [u64; 2] = [38, 40];

/// `linux.seccomp` of a container with these capabilities (runtime-spec, `config-linux.md`, Seccomp).
pub(super) fn filter(capabilities: &[Capability]) -> Value {
    let has = |name: &str| {
        capabilities
            .iter()
            .any(|capability| capability.name() == name)
    };
    let mut allowed: Vec<&str> = ALWAYS.split_whitespace().collect();
    let more = WITH.iter().filter(|(capability, _)| has(capability));
    allowed.extend(more.flat_map(|(_, calls)| calls.iter().copied()));
    allowed.sort_unstable();
    let [alg, vsock] = FORBIDDEN_FAMILIES;
    let mut rules = vec![
        json!({"names": allowed, "action": "SCMP_ACT_ALLOW"}),
        when("socket", alg, "SCMP_CMP_LT"),
        when("socket", alg + 1, "SCMP_CMP_EQ"),
        when("socket", vsock, "SCMP_CMP_GT"),
        json!({"names": ["clone"], "action": "SCMP_ACT_ALLOW",
            "args": [{"index": 0, "value": NEW_NAMESPACES, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]}),
        json!({"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": NO_SUCH_CALL}),
    ];
    rules.extend(PERSONALITIES.map(|value| when("personality", value, "SCMP_CMP_EQ")));
    json!({
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": 1,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"],
        "syscalls": rules,
    })
}

fn when(call: &str, value: u64, how: &str) -> Value {
    json!({"names": [call], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": value, "op": how}]})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(capabilities: &[Capability]) -> Vec<String> {
        let filter = filter(capabilities);
        let names = filter["syscalls"][0]["names"]
            .as_array()
            .expect("names")
            .clone();
        names
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    #[test]
    fn what_opens_the_kernel_is_not_allowed_to_anybody() {
        let names = allowed(&[]);
        for call in [
            "mount",
            "unshare",
            "setns",
            "bpf",
            "keyctl",
            "add_key",
            "userfaultfd",
            "kexec_load",
            "init_module",
            "io_uring_setup",
            "ptrace",
            "clone3",
            "perf_event_open",
        ] {
            assert!(!names.iter().any(|name| name == call), "{call}");
        }
        assert!(names.len() > 300);
    }

    #[test]
    fn a_capability_brings_the_calls_that_are_of_no_use_without_it() {
        assert!(!allowed(&[]).contains(&"chroot".to_owned()));
        assert!(allowed(&[Capability::SYS_CHROOT]).contains(&"chroot".to_owned()));
    }

    #[test]
    fn no_call_is_named_twice() {
        let mut names: Vec<&str> = ALWAYS.split_whitespace().collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
