//! The checks of a live container.

use crate::model::{Check, Severity};

const fn check(
    id: &'static str,
    title: &'static str,
    severity: Severity,
    cis: &'static [&'static str],
    why: &'static str,
    fix: &'static str,
) -> Check {
    Check {
        id,
        title,
        severity,
        cis,
        // SP 800-190, 4.4.3: insecure container runtime configurations.
        nist: &["4.4.3"],
        pss: &[],
        why,
        fix,
    }
}

/// Every check, by id.
pub const CHECKS: &[Check] = &[
    check(
        "PLM-L-001",
        "A process has more capabilities than planned",
        Severity::High,
        &["5.4"],
        "Whoever takes over the process has them at once.",
        "drop ALL, add only what the plan names, and make the container anew",
    ),
    check(
        "PLM-L-002",
        "A process could gain more capabilities than planned",
        Severity::Medium,
        &["5.4"],
        "An empty effective set proves nothing: what is in the bounding set comes back with a setuid or capable file.",
        "drop ALL: a user other than root does not empty the bounding set",
    ),
    check(
        "PLM-L-003",
        "New privileges can be gained",
        Severity::Medium,
        &["5.26"],
        "A setuid file makes a process root again, whatever its user and capabilities.",
        "--security-opt no-new-privileges",
    ),
    check(
        "PLM-L-004",
        "System calls are not filtered",
        Severity::High,
        &["5.22"],
        "Every system call of the kernel can be reached, with whatever is wrong in it.",
        "leave the engine's seccomp profile in force",
    ),
    check(
        "PLM-L-005",
        "The root file system can be written",
        Severity::Medium,
        &["5.13"],
        "Tools and changed programs can be left behind.",
        "--read-only, with tmpfs where it writes",
    ),
    check(
        "PLM-L-006",
        "A namespace is the host's",
        Severity::High,
        &["5.10", "5.16", "5.17", "5.21"],
        "Processes, sockets or shared memory of the host are in reach.",
        "leave out the flags that share namespaces",
    ),
    check(
        "PLM-L-007",
        "Something is writable that is not planned",
        Severity::Medium,
        &["5.13"],
        "It can hold what an attacker brings, and outlives the container if it is a volume.",
        "remove the mount, or put it into the plan",
    ),
    check(
        "PLM-L-008",
        "The security module does not confine a process",
        Severity::High,
        &["5.2", "5.3"],
        "The second line of defence, behind capabilities and seccomp, is off.",
        "leave the engine's AppArmor profile or SELinux type in force",
    ),
    check(
        "PLM-L-009",
        "Files have changed since the start",
        Severity::Negligible,
        &[],
        "What is written outside of tmpfs and volumes is lost with the container, and is not what was scanned.",
        "put a tmpfs or a volume where it writes",
    ),
    check(
        "PLM-L-010",
        "A process is root on the host",
        Severity::High,
        &["4.1", "5.31"],
        "What breaks out is root.",
        "run as a user of its own, or map user ids (userns-remap)",
    ),
    check(
        "PLM-L-011",
        "A process runs as somebody else than planned",
        Severity::Medium,
        &["4.1"],
        "Files of another account can be read and written.",
        "--user with numbers",
    ),
    check(
        "PLM-L-012",
        "A limit is not in force",
        Severity::Medium,
        &["5.11", "5.12", "5.29"],
        "One container can use up the machine.",
        "use an engine whose cgroups have the controller",
    ),
    check(
        "PLM-L-013",
        "Paths of the kernel are not covered",
        Severity::High,
        &[],
        "Files of /proc and /sys tell of the host or change it.",
        "leave the engine's masked and read-only paths in force",
    ),
    check(
        "PLM-L-014",
        "The container does not work as planned",
        Severity::High,
        &[],
        "Settings with which nothing works are soon replaced by none.",
        "use --fit to find what it needs",
    ),
    check(
        "PLM-L-015",
        "The second start fails",
        Severity::Medium,
        &[],
        "What the first start left in a volume needs rights that the plan does not give.",
        "use --fit to find what it needs, or run as the volume's owner",
    ),
    check(
        "PLM-L-021",
        "Root inside can write to /",
        Severity::Medium,
        &["5.13"],
        "A program or library can be replaced.",
        "--read-only",
    ),
    check(
        "PLM-L-022",
        "A setuid program makes a process root",
        Severity::High,
        &["5.26"],
        "Any foothold becomes root inside.",
        "--security-opt no-new-privileges",
    ),
    check(
        "PLM-L-023",
        "Root inside can mount",
        Severity::High,
        &["5.4"],
        "Mounts are the first step of most ways out.",
        "drop SYS_ADMIN",
    ),
    check(
        "PLM-L-024",
        "Root inside can make device nodes",
        Severity::Medium,
        &["5.4"],
        "A device node is a way to the host's disks where the device cgroup is open.",
        "drop MKNOD",
    ),
    check(
        "PLM-L-025",
        "Root inside can write to /proc/sys",
        Severity::High,
        &[],
        "Settings of the kernel, some of them for the whole host, can be changed.",
        "leave the engine's read-only paths in force",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_in_order_and_every_check_says_why_and_what_to_do() {
        assert!(CHECKS.is_sorted_by(|a, b| a.id < b.id));
        for check in CHECKS {
            assert!(
                check.id.starts_with("PLM-L-") && !check.why.is_empty() && !check.fix.is_empty(),
                "{}",
                check.id
            );
        }
    }
}
