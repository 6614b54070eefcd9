//! Checks of the profiles of security modules: AppArmor, SELinux, seccomp.

use std::collections::BTreeSet;

use super::Version;
use super::restricted::{exempt_windows, missing};
use super::subject::{Findings, Seen, Subject, settle};
use crate::runtime::field::Field;
use crate::runtime::{Setting, Spot};

const APPARMOR_ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";
const SECCOMP_POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const SECCOMP_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// A profile's type that is allowed wherever one is said.
fn is_allowed(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

/// The type of a profile, of a pod or a container. A profile without a type has the empty one.
fn kind(root: &Field<'_>, profile: &str) -> Setting<String> {
    let path = ["securityContext", profile];
    let whole = root.at(&path).ok().filter(Field::is_present);
    match (
        settle(root, &[&path[..], &["type"]].concat(), Field::text),
        whole,
    ) {
        (Setting::Absent, Some(whole)) => Setting::stated(String::new(), whole.spot()),
        (kind, _) => kind,
    }
}

/// Tells a type that is not allowed; whether one is said.
fn forbid_kind(
    root: &Field<'_>,
    container: Option<&Seen<'_>>,
    profile: &str,
    findings: &mut Findings,
) -> bool {
    let kind = kind(root, profile);
    let is_said = !kind.is_absent();
    let stated = findings.stated(kind);
    if let Some((kind, at)) = stated.filter(|(kind, _)| !is_allowed(kind)) {
        findings.forbid(
            container,
            &["securityContext", profile, "type"],
            Some(kind),
            &at,
        );
    }
    is_said
}

/// `check_appArmorProfile.go`: the fields of 1.30 and the annotations before them, both in every version of the policy.
pub(super) fn apparmor(subject: &Subject<'_>, _: Version, findings: &mut Findings) {
    forbid_kind(&subject.spec, None, "appArmorProfile", findings);
    subject.each(findings, |container, findings| {
        forbid_kind(
            &container.field,
            Some(container),
            "appArmorProfile",
            findings,
        );
    });
    for (key, value) in subject.annotations(findings) {
        let is_allowed = |value: &str| {
            value.is_empty() || value == "runtime/default" || value.starts_with("localhost/")
        };
        if key.starts_with(APPARMOR_ANNOTATION) {
            forbid_annotation(key, &value, is_allowed, findings);
        }
    }
}

fn forbid_annotation(
    key: &str,
    value: &Field<'_>,
    is_allowed: impl Fn(&str) -> bool,
    findings: &mut Findings,
) {
    let setting = settle(value, &[], Field::text).or(Setting::stated(String::new(), value.spot()));
    let stated = findings.stated(setting);
    if let Some((word, at)) = stated.filter(|(word, _)| !is_allowed(word)) {
        findings.forbid(None, &["metadata", "annotations", key], Some(word), &at);
    }
}

/// `check_seLinuxOptions.go`.
pub(super) fn selinux(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    forbid_options(&subject.spec, None, version, findings);
    subject.each(findings, |container, findings| {
        forbid_options(&container.field, Some(container), version, findings);
    });
}

fn forbid_options(
    root: &Field<'_>,
    container: Option<&Seen<'_>>,
    version: Version,
    findings: &mut Findings,
) {
    for key in ["type", "user", "role"] {
        let path = ["securityContext", "seLinuxOptions", key];
        let is_allowed = |word: &str| match (key, word) {
            (_, "") | ("type", "container_t" | "container_init_t" | "container_kvm_t") => true,
            ("type", "container_engine_t") => version.is_from(31),
            _ => false,
        };
        let stated = findings.stated(settle(root, &path, Field::text));
        if let Some((word, at)) = stated.filter(|(word, _)| !is_allowed(word)) {
            findings.forbid(container, &path, Some(word), &at);
        }
    }
}

/// `check_seccompProfile_baseline.go`: annotations before 1.19, the field from then on.
pub(super) fn seccomp_baseline(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    if version.is_from(19) {
        forbid_kind(&subject.spec, None, "seccompProfile", findings);
        subject.each(findings, |container, findings| {
            forbid_kind(
                &container.field,
                Some(container),
                "seccompProfile",
                findings,
            );
        });
        return;
    }
    let is_allowed = |value: &str| {
        matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/")
    };
    let annotations = subject.annotations(findings);
    let mut names = BTreeSet::new();
    subject.each(findings, |container, _| {
        names.insert(container.name.clone());
    });
    for (key, value) in annotations {
        let name = key.strip_prefix(SECCOMP_ANNOTATION);
        let is_of_container = name.is_some_and(|name| names.contains(name));
        if key == SECCOMP_POD_ANNOTATION || is_of_container {
            forbid_annotation(key, &value, is_allowed, findings);
        }
    }
}

/// `check_seccompProfile_restricted.go`: it must be stated, by the pod for all or by each container.
pub(super) fn seccomp_restricted(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    let of_pod = kind(&subject.spec, "seccompProfile");
    let is_set = of_pod.value().is_some_and(|kind| is_allowed(kind)) || of_pod.unknown().is_some();
    forbid_kind(&subject.spec, None, "seccompProfile", findings);
    subject.each(findings, |container, findings| {
        let is_said = forbid_kind(
            &container.field,
            Some(container),
            "seccompProfile",
            findings,
        );
        if !is_said && !is_set {
            let path = ["securityContext", "seccompProfile", "type"];
            let at: Spot = missing(container, &path);
            findings.forbid(Some(container), &path, None, &at);
        }
    });
    findings.prefer_stated();
    exempt_windows(subject, version, findings);
}
