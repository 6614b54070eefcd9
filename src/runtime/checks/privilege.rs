//! Privilege as a whole: `--privileged`, and gaining more of it.

use super::told::{Told, failed, fails, is_on, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::Form;

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-001",
            title: "Privileged container",
            severity: Severity::Critical,
            cis: &["5.5"],
            nist: &["4.4.3", "4.5.5"],
            pss: &["baseline: privileged"],
            why: "Root inside is root on the host: every capability, every device, no seccomp filter, no AppArmor profile, and nothing of /proc and \
                  /sys is masked. Mounting the host's disk is one command.",
            fix: "Take the switch away, and add the single capability or device that is needed.",
        },
        fields: &fields::PRIVILEGED,
        lines: &wording::PRIVILEGED,
        on_windows: false,
        run: |subject| settle(privileged(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-009",
            title: "Privilege gain through exec not blocked",
            severity: Severity::Medium,
            cis: &["5.26"],
            nist: &["4.4.3"],
            pss: &["restricted: allowPrivilegeEscalation"],
            why: "A setuid file or a file capability gives a process more than the container started with. Dropping every capability does not stop it: \
                  setuid root is still uid 0.",
            fix: "Set no-new-privileges.",
        },
        fields: &fields::NO_NEW_PRIVILEGES,
        lines: &wording::NO_NEW_PRIVILEGES,
        on_windows: false,
        run: |subject| settle(no_new_privileges(subject)),
    },
];

fn privileged(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.privileged;
    if setting.is_absent() && subject.form() == Form::Oci {
        // The runtime has no such switch: what it is made of is checked one by one.
        return Ok(Outcome::NotApplicable);
    }
    match said(setting)?.filter(|stated| stated.value) {
        None => Ok(Outcome::Passed),
        Some(stated) => fails(
            "privileged: all capabilities, all devices of the host, no seccomp filter, no AppArmor profile, no masked paths",
            stated.at.place(),
        ),
    }
}

fn no_new_privileges(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.no_new_privileges;
    let detail = match said(setting)? {
        Some(stated) if stated.value => return Ok(Outcome::Passed),
        Some(_) if subject.is_kubernetes() => "allowPrivilegeEscalation is true",
        Some(_) => "no-new-privileges is said to be off",
        None if subject.is_kubernetes() => "allowPrivilegeEscalation is not said, so it is true",
        None => "no-new-privileges is not set",
    };
    let failure = |detail: String| Failure::new(detail, subject.place_of(setting));
    let gains = subject.image.map_or(0, |image| {
        image.setuid_files.len() + image.file_capabilities.len()
    });
    if gains == 0 {
        return failed(failure(detail.to_owned()));
    }
    let detail = format!("{detail}, and the image has {gains} files with setuid or capabilities");
    failed(failure(detail).of_severity(Severity::High))
}

/// Whether exec surely gives nothing.
pub(super) fn surely_gains_nothing(subject: &Subject<'_>) -> bool {
    matches!(is_on(&subject.spec.no_new_privileges), Ok(true))
}
