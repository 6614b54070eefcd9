//! Files whose mode gives the rights of another account.

use super::{IMAGE, ImageCheck, ImageView, file_failure};
use crate::model::{Check, EntryFact, EntryShape, LayerPath, Observation, Outcome, Severity};

/// What Debian 12 and its kin install setuid; measured.
pub(super) const SETUID_DEFAULT: [&str; 8] = [
    "su", "mount", "umount", "passwd", "chsh", "chfn", "newgrp", "gpasswd",
];
/// What they install setgid.
const SETGID_DEFAULT: [&str; 3] = ["unix_chkpwd", "expiry", "chage"];
/// Devices that every engine makes (OCI runtime specification, default devices).
const DEVICES: [&str; 9] = [
    "null", "zero", "full", "random", "urandom", "tty", "console", "ptmx", "fd",
];

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-012",
            title: "Setuid file",
            severity: Severity::Medium,
            cis: &["4.8"],
            why: "Its program runs with its owner's rights for whoever starts it. Dropping all capabilities does not stop that.",
            fix: "chmod u-s FILE in the layer that brings it; run the container with no-new-privileges.",
            ..IMAGE
        },
        run: setuid,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-013",
            title: "Setgid file",
            severity: Severity::Low,
            cis: &["4.8"],
            why: "Its program runs with its group's rights for whoever starts it.",
            fix: "chmod g-s FILE in the layer that brings it; run the container with no-new-privileges.",
            ..IMAGE
        },
        run: setgid,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-014",
            title: "Setuid file that others may write or that is not root's",
            severity: Severity::High,
            cis: &["4.8"],
            why: "Whoever may write the program decides what is run with its owner's rights.",
            fix: "chown root:root FILE and chmod 0755 FILE.",
            ..IMAGE
        },
        run: setuid_writable,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-015",
            title: "Device in a layer",
            severity: Severity::High,
            cis: &["5.18"],
            why: "A device node gives the disk or memory behind it to whoever may open it, where the engine permits the device.",
            fix: "Remove it; pass a device that is needed with --device.",
            ..IMAGE
        },
        run: devices,
    },
];

/// Entries of a kind that the container sees.
pub(super) fn entries(view: &ImageView) -> impl Iterator<Item = (&LayerPath, &EntryFact)> {
    view.observations()
        .filter_map(|(path, _, fact)| match fact {
            Observation::Entry(entry) => Some((path, entry)),
            _ => None,
        })
}

/// Programs that run as their owner, whoever starts them.
pub(super) fn setuid_files(view: &ImageView) -> impl Iterator<Item = (&LayerPath, &EntryFact)> {
    entries(view).filter(|(_, entry)| entry.kind == EntryShape::File && entry.mode & 0o4000 != 0)
}

/// Whether the distribution itself brings the file so.
pub(super) fn is_distributions(view: &ImageView, path: &LayerPath, names: &[&str]) -> bool {
    let folder = path.parent().unwrap_or_default();
    let is_listed = ["bin", "sbin", "usr/bin", "usr/sbin"].contains(&folder)
        && names.contains(&path.file_name());
    is_listed || view.owners.contains_key(path)
}

fn with_owner(view: &ImageView, path: &LayerPath, detail: String) -> String {
    match view.owners.get(path) {
        Some(package) => format!("{detail}, as package {package} brings it"),
        None => detail,
    }
}

fn setuid(view: &ImageView) -> Outcome {
    let failures = setuid_files(view)
        .map(|(path, entry)| {
            let detail = format!("mode {:04o}, owner {}", entry.mode, entry.uid);
            let failure = file_failure(view, path, with_owner(view, path, detail));
            if is_distributions(view, path, &SETUID_DEFAULT) {
                failure.of_severity(Severity::Negligible)
            } else {
                failure
            }
        })
        .collect();
    Outcome::of(failures)
}

fn setgid(view: &ImageView) -> Outcome {
    let failures = entries(view)
        .filter(|(_, entry)| entry.kind == EntryShape::File && entry.mode & 0o2010 == 0o2010)
        .map(|(path, entry)| {
            let detail = format!("mode {:04o}, group {}", entry.mode, entry.gid);
            let failure = file_failure(view, path, with_owner(view, path, detail));
            if is_distributions(view, path, &SETGID_DEFAULT) {
                failure.of_severity(Severity::Negligible)
            } else {
                failure
            }
        })
        .collect();
    Outcome::of(failures)
}

fn setuid_writable(view: &ImageView) -> Outcome {
    let failures = setuid_files(view)
        .filter_map(|(path, entry)| {
            let detail = if entry.mode & 0o002 != 0 {
                "everybody may write it".to_owned()
            } else if entry.mode & 0o020 != 0 && entry.gid != 0 {
                format!("group {} may write it", entry.gid)
            } else if entry.uid != 0 && !view.owners.contains_key(path) {
                format!("uid {} owns it", entry.uid)
            } else {
                return None;
            };
            let detail = format!("mode {:04o}: {detail}", entry.mode);
            Some(file_failure(view, path, detail))
        })
        .collect();
    Outcome::of(failures)
}

fn devices(view: &ImageView) -> Outcome {
    let failures = entries(view)
        .filter(|(path, entry)| {
            let is_usual = path.parent() == Some("dev") && DEVICES.contains(&path.file_name());
            entry.kind == EntryShape::Device && !is_usual
        })
        .map(|(path, entry)| {
            let detail = format!("a device, mode {:04o}, owner {}", entry.mode, entry.uid);
            file_failure(view, path, detail)
        })
        .collect();
    Outcome::of(failures)
}
