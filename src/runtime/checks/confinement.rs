//! Seccomp, AppArmor, SELinux and the masked parts of /proc and /sys.

use super::seccomp_profile::weaknesses;
use super::told::{Blind, Told, blind_at, failed, fails, judged, said, settle};
use super::{RuntimeCheck, Subject, capabilities, fields, wording};
use crate::model::{CapabilitySet, Check, Failure, Outcome, Severity};
use crate::runtime::{Form, Namespace, SeLinux};

const NIST: &[&str] = &["4.4.3", "4.5.2"];

/// Types under which containers are kept apart (Pod Security Standards, `seLinuxOptions`).
const SELINUX_TYPES: &[&str] = &[
    "",
    "container_t",
    "container_init_t",
    "container_kvm_t",
    "container_engine_t",
];

/// Types that keep nothing apart.
const UNCONFINED_TYPES: &[&str] = &["spc_t", "unconfined_t", "super_t"];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-010",
            title: "Seccomp filter off",
            severity: Severity::High,
            cis: &["5.22"],
            nist: NIST,
            pss: &["baseline: seccompProfile"],
            why: "Every system call of the kernel can be reached, among them those that most escapes begin with: unshare, keyctl, bpf, userfaultfd.",
            fix: "Use the engine's default profile, or one of your own.",
        },
        fields: &fields::SECCOMP,
        lines: &wording::SECCOMP,
        on_windows: false,
        run: |subject| settle(seccomp_off(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-011",
            title: "Seccomp profile not stated",
            severity: Severity::Medium,
            cis: &["5.22"],
            nist: NIST,
            pss: &["restricted: seccompProfile"],
            why: "Kubernetes runs a container without a filter unless the pod or the kubelet's own settings ask for one.",
            fix: "State RuntimeDefault.",
        },
        fields: &fields::SECCOMP,
        lines: &wording::SECCOMP,
        on_windows: false,
        run: |subject| settle(seccomp_not_stated(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-012",
            title: "Custom seccomp profile weaker than the default",
            severity: Severity::Medium,
            cis: &["5.22"],
            nist: NIST,
            pss: &[],
            why: "A profile that allows what the default denies opens that part of the kernel again.",
            fix: "Start from the engine's default profile, and take calls away.",
        },
        fields: &fields::SECCOMP,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(custom_seccomp(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-013",
            title: "AppArmor off",
            severity: Severity::High,
            cis: &["5.2"],
            nist: NIST,
            pss: &["baseline: appArmorProfile"],
            why: "The default profile denies mounts and writes to /proc and /sys, whatever capabilities the container has.",
            fix: "Use the engine's default profile, or one of your own.",
        },
        fields: &fields::APPARMOR,
        lines: &wording::APPARMOR,
        on_windows: false,
        run: |subject| settle(apparmor(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-014",
            title: "SELinux separation off",
            severity: Severity::High,
            cis: &["5.3"],
            nist: NIST,
            pss: &["baseline: seLinuxOptions"],
            why: "The container's processes are no longer kept from the host's files and from other containers by their label.",
            fix: "Remove the option; give shared folders a label instead (`:z`, `:Z`).",
        },
        fields: &fields::SELINUX,
        lines: &wording::SELINUX,
        on_windows: false,
        run: |subject| settle(selinux(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-015",
            title: "Masked kernel paths exposed",
            severity: Severity::High,
            cis: &[],
            nist: NIST,
            pss: &["baseline: procMount"],
            why: "The kernel's memory, keys and firmware can be read, and /proc/sys and /proc/sysrq-trigger be written.",
            fix: "Remove the option.",
        },
        fields: &fields::UNMASKED,
        lines: &wording::UNMASKED,
        on_windows: false,
        run: |subject| settle(unmasked(subject)),
    },
];

fn is_unconfined(profile: &str) -> bool {
    profile.trim().eq_ignore_ascii_case("unconfined")
}

/// Whether a profile's name is another for the engine's default.
fn is_default(profile: &str) -> bool {
    let profile = profile.trim().to_ascii_lowercase();
    matches!(
        profile.as_str(),
        "" | "default"
            | "builtin"
            | "runtimedefault"
            | "runtime/default"
            | "docker/default"
            | "docker-default"
    )
}

fn seccomp_off(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let confinement = &subject.spec.confinement;
    match said(&confinement.seccomp)? {
        Some(profile) if is_unconfined(&profile.value) => {
            fails("the seccomp profile is unconfined", profile.at.place())
        }
        Some(_) => Ok(Outcome::Passed),
        None if confinement.seccomp_profile.is_some() => Ok(Outcome::Passed),
        None => match subject.form() {
            Form::Oci => fails("no linux.seccomp, so no filter", subject.place()),
            Form::Kubernetes => Err(Blind(
                "no profile is stated, and the kubelet's seccompDefault decides: see PLM-R-011"
                    .to_owned(),
            )),
            _ => Ok(Outcome::Passed),
        },
    }
}

fn seccomp_not_stated(subject: &Subject<'_>) -> Told {
    if !subject.is_kubernetes() {
        return Ok(Outcome::NotApplicable);
    }
    subject.unless_privileged()?;
    match said(&subject.spec.confinement.seccomp)? {
        Some(_) => Ok(Outcome::Passed),
        None => fails(
            "no seccompProfile at the pod or the container",
            subject.place(),
        ),
    }
}

fn custom_seccomp(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let confinement = &subject.spec.confinement;
    let said = said(&confinement.seccomp)?;
    let name = said.map_or("", |profile| profile.value.as_str());
    let Some(profile) = &confinement.seccomp_profile else {
        return match said {
            Some(said) if !is_default(name) && !is_unconfined(name) => Err(blind_at(
                &format!("the seccomp profile `{name}` is not at hand"),
                &said.at,
            )),
            _ => Ok(Outcome::NotApplicable),
        };
    };
    let granted = capabilities::bounding(subject).unwrap_or(CapabilitySet::ALL);
    let place = subject.place_of(&confinement.seccomp);
    match weaknesses(profile, granted) {
        Err(why) => Err(Blind(why.to_owned())),
        Ok(weaknesses) => {
            let failures = weaknesses.into_iter();
            judged(
                failures
                    .map(|detail| Failure::new(detail, place.clone()))
                    .collect(),
                None,
            )
        }
    }
}

fn apparmor(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    match said(&subject.spec.confinement.apparmor)? {
        Some(profile) if is_unconfined(&profile.value) => {
            fails("the AppArmor profile is unconfined", profile.at.place())
        }
        Some(profile) if profile.value.trim().is_empty() => Err(blind_at(
            "the engine names no AppArmor profile: the host has none, or the container was never started",
            &profile.at,
        )),
        Some(_) => Ok(Outcome::Passed),
        None => match subject.form() {
            Form::Inspect => Err(Blind(
                "the engine does not say whether the host has AppArmor".to_owned(),
            )),
            Form::Oci => Err(Blind(
                "no AppArmor profile is named, and whether the host has AppArmor is not said"
                    .to_owned(),
            )),
            _ => Ok(Outcome::Passed),
        },
    }
}

/// Docker itself adds `label=disable` to a container that shares the host's processes or IPC.
fn docker_adds_label(subject: &Subject<'_>) -> bool {
    let namespaces = &subject.spec.namespaces;
    subject.form() == Form::Inspect
        && [&namespaces.pid, &namespaces.ipc]
            .into_iter()
            .any(|namespace| namespace.value() == Some(&Namespace::Host))
}

fn selinux(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let Some(stated) = said(&subject.spec.confinement.selinux)? else {
        return match subject.form() {
            Form::Inspect => Err(Blind(
                "the engine does not say whether the host has SELinux".to_owned(),
            )),
            Form::Oci => Err(Blind(
                "no SELinux label is named, and whether the host has SELinux is not said"
                    .to_owned(),
            )),
            _ => Ok(Outcome::Passed),
        };
    };
    let options = &stated.value;
    if options.disabled && docker_adds_label(subject) {
        return Err(blind_at(
            "Docker adds label=disable itself to a container that shares the host's processes or IPC",
            &stated.at,
        ));
    }
    match selinux_fault(subject, options) {
        Some(detail) => failed(Failure::new(detail, stated.at.place())),
        None => Ok(Outcome::Passed),
    }
}

fn selinux_fault(subject: &Subject<'_>, options: &SeLinux) -> Option<String> {
    let kind = options.kind.as_deref().unwrap_or_default();
    if options.disabled {
        return Some("SELinux labels are disabled".to_owned());
    }
    if UNCONFINED_TYPES.contains(&kind) {
        return Some(format!(
            "the SELinux type is {kind}, which keeps nothing apart"
        ));
    }
    if !subject.is_kubernetes() {
        return None;
    }
    if !SELINUX_TYPES.contains(&kind) {
        return Some(format!(
            "the SELinux type is {kind}, which is none for containers"
        ));
    }
    let is_set = |part: &Option<String>| part.as_ref().is_some_and(|part| !part.is_empty());
    if is_set(&options.user) {
        return Some("a SELinux user is set".to_owned());
    }
    is_set(&options.role).then(|| "a SELinux role is set".to_owned())
}

fn unmasked(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    match said(&subject.spec.confinement.unmasked_paths)? {
        Some(stated) if stated.value => {
            fails("the kernel's paths are not masked", stated.at.place())
        }
        Some(_) => Ok(Outcome::Passed),
        None => match subject.form() {
            Form::Oci => fails(
                "no linux.maskedPaths, so nothing is masked",
                subject.place(),
            ),
            Form::Inspect => Err(Blind(
                "this engine does not list the masked paths".to_owned(),
            )),
            _ => Ok(Outcome::Passed),
        },
    }
}
