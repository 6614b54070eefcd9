//! Users and groups.

use super::account::{RunsAs, image_decides, primary_group, runs_as};
use super::told::{Blind, Told, blind_at, failed, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};

/// Groups that lead to the host's devices, engines or secrets, by the name and, where distributions agree on it, the number
/// (Debian base-passwd, Fedora setup).
const SENSITIVE_GROUPS: &[(&str, &str)] = &[
    ("docker", "the engine's socket"),
    ("podman", "the engine's socket"),
    ("containerd", "the engine's socket"),
    ("libvirt", "the hypervisor's socket"),
    ("lxd", "the engine's socket"),
    ("incus-admin", "the engine's socket"),
    ("disk", "raw disks"),
    ("6", "raw disks (group disk)"),
    ("kmem", "the kernel's memory"),
    ("video", "video devices"),
    ("shadow", "password hashes"),
    ("sudo", "sudo"),
    ("wheel", "sudo"),
    ("adm", "the host's logs"),
];

const NIST: &[&str] = &["4.1.2", "4.4.3"];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-101",
            title: "Container runs as root",
            severity: Severity::High,
            cis: &["4.1"],
            nist: NIST,
            pss: &["restricted: runAsNonRoot", "restricted: runAsUser"],
            why: "Without a user namespace uid 0 inside is uid 0 outside. Every flaw of the kernel or the runtime starts from there.",
            fix: "Run as a user of its own, by number, with its group.",
        },
        fields: &fields::USER,
        lines: &wording::USER,
        on_windows: false,
        run: |subject| settle(root(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-102",
            title: "Primary or extra group is 0",
            severity: Severity::Low,
            cis: &["4.1"],
            nist: NIST,
            pss: &[],
            why: "Files of root that its group may read or write are open. A user by number without a group has group 0.",
            fix: "Give user and group, both by number.",
        },
        fields: &fields::GROUP,
        lines: &wording::GROUP,
        on_windows: false,
        run: |subject| settle(group_of_root(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-103",
            title: "Sensitive group added",
            severity: Severity::Medium,
            cis: &["5.18"],
            nist: NIST,
            pss: &[],
            why: "The group opens what is passed in from the host beside it: a socket, a disk, a device.",
            fix: "Remove the group.",
        },
        fields: &fields::GROUP,
        lines: &wording::EXTRA_GROUP,
        on_windows: false,
        run: sensitive_group,
    },
];

fn root(subject: &Subject<'_>) -> Told {
    match runs_as(subject)? {
        RunsAs::Other(_) => Ok(Outcome::Passed),
        RunsAs::ImageDecides if subject.is_kubernetes() => failed(
            Failure::new(
                "neither runAsNonRoot nor runAsUser is said: an image that starts as root runs as root",
                subject.place(),
            )
            .of_severity(if subject.has_own_users() { Severity::Low } else { Severity::Medium }),
        ),
        RunsAs::ImageDecides => Err(image_decides()),
        RunsAs::Root(detail, place) if subject.has_own_users() => failed(
            Failure::new(format!("{detail}; in a user namespace of its own"), place)
                .of_severity(Severity::Low),
        ),
        RunsAs::Root(detail, place) => {
            let must_not = said(&subject.spec.account.must_not_be_root)?.is_some_and(|must| must.value);
            let detail = if must_not {
                format!("{detail}; with runAsNonRoot the kubelet refuses to start it")
            } else {
                detail
            };
            failed(Failure::new(detail, place))
        }
    }
}

fn group_of_root(subject: &Subject<'_>) -> Told {
    let account = &subject.spec.account;
    let mut failures: Vec<Failure> = account
        .extra_groups
        .iter()
        .filter(|group| {
            matches!(group.value.trim(), "root") || group.value.trim().parse() == Ok(0_u64)
        })
        .map(|group| {
            Failure::new("group 0 is added", group.at.place())
                .with_fix(wording::EXTRA_GROUP.of(subject.form()))
        })
        .collect();
    let blind = match primary(subject) {
        Ok(failure) => {
            failures.extend(failure);
            None
        }
        Err(blind) => Some(blind),
    };
    judged(failures, blind)
}

/// The failure of the primary group. Root in its own group is what `PLM-R-101` is about.
fn primary(subject: &Subject<'_>) -> Result<Option<Failure>, Blind> {
    let account = &subject.spec.account;
    let uid = match runs_as(subject)? {
        RunsAs::Root(..) => return Ok(None),
        RunsAs::Other(uid) => uid,
        RunsAs::ImageDecides if account.group.is_absent() => return Err(image_decides()),
        RunsAs::ImageDecides => None,
    };
    let group = primary_group(subject, uid)?;
    let is_said = account.group.value().is_some();
    match group {
        Some(0) if is_said => Ok(Some(Failure::new(
            "the group is 0",
            subject.place_of(&account.group),
        ))),
        Some(0) => {
            let unless = if subject.image.is_some() || account.user.is_absent() {
                ""
            } else {
                ", unless the image has an account of that number"
            };
            let detail = format!("no group is said, so it is 0{unless}");
            Ok(Some(Failure::new(detail, subject.place_of(&account.user))))
        }
        Some(_) => Ok(None),
        None => match account.group.spot() {
            Some(at) => Err(blind_at(
                "the group is a name, and the image's /etc/group says its number",
                at,
            )),
            None => Err(image_decides()),
        },
    }
}

fn sensitive_group(subject: &Subject<'_>) -> Outcome {
    let failures = subject
        .spec
        .account
        .extra_groups
        .iter()
        .filter_map(|group| {
            let known = SENSITIVE_GROUPS
                .iter()
                .find(|(name, _)| *name == group.value.trim());
            known.map(|(name, what)| {
                Failure::new(format!("group {name} is added: {what}"), group.at.place())
            })
        });
    Outcome::of(failures.collect())
}
