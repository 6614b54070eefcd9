//! File capabilities: rights that a program gets from its file.

use super::{IMAGE, ImageCheck, ImageView, file_failure};
use crate::model::{
    Capability, CapabilitySet, Check, FileCapabilities, LayerPath, Outcome, Severity,
};

/// Capabilities whose holder can make himself root or leave the container.
pub(super) const TAKE_OVER: [&str; 12] = [
    "SYS_ADMIN",
    "SYS_MODULE",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "DAC_READ_SEARCH",
    "DAC_OVERRIDE",
    "SETUID",
    "SETGID",
    "SETFCAP",
    "CHOWN",
    "FOWNER",
    "BPF",
];

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-016",
            title: "File with capabilities",
            severity: Severity::Medium,
            cis: &["5.4"],
            why: "Its program gets rights that the user who starts it does not have.",
            fix: "setcap -r FILE, or name exactly these capabilities in the run settings.",
            ..IMAGE
        },
        run: any,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-017",
            title: "File capability that lets its holder take over",
            severity: Severity::High,
            cis: &["5.4"],
            why: "With one of these a user becomes root inside, or reaches what belongs to the host.",
            fix: "setcap -r FILE in the layer that brings it; run the container with no-new-privileges.",
            ..IMAGE
        },
        run: dangerous,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-018",
            title: "Start program fails when capabilities are dropped",
            severity: Severity::High,
            cis: &["5.4"],
            why: "A file with an effective capability that the container may not have is not executed at all: people then keep every capability.",
            fix: "Add exactly this capability next to cap-drop ALL, or strip it with setcap -r and listen on a port from 1024 on.",
            ..IMAGE
        },
        run: entry_point,
    },
];

pub(super) fn with_capabilities(
    view: &ImageView,
) -> impl Iterator<Item = (&LayerPath, FileCapabilities)> {
    super::modes::entries(view)
        .filter_map(|(path, entry)| entry.capabilities.map(|found| (path, found)))
}

/// Those of the set that let their holder take over.
pub(super) fn take_over(set: CapabilitySet) -> CapabilitySet {
    set.iter()
        .filter(|capability| TAKE_OVER.contains(&Capability::name(*capability)))
        .collect()
}

fn any(view: &ImageView) -> Outcome {
    let failures = with_capabilities(view)
        .map(|(path, found)| {
            let how = if found.effective {
                "at once"
            } else {
                "when it asks"
            };
            file_failure(view, path, format!("gets {} {how}", found.permitted))
        })
        .collect();
    Outcome::of(failures)
}

fn dangerous(view: &ImageView) -> Outcome {
    let failures = with_capabilities(view)
        .filter_map(|(path, found)| {
            let dangerous = take_over(found.permitted);
            (!dangerous.is_empty()).then(|| file_failure(view, path, format!("gets {dangerous}")))
        })
        .collect();
    Outcome::of(failures)
}

fn entry_point(view: &ImageView) -> Outcome {
    let Some(first) = view.start_command().first().copied() else {
        return Outcome::NotApplicable;
    };
    let Some(program) = view.find_program(first) else {
        return Outcome::NotEvaluated("the start program was not found in the layers".to_owned());
    };
    let failures = with_capabilities(view)
        .filter(|(path, found)| **path == program.path && found.effective)
        .map(|(path, found)| {
            file_failure(
                view,
                path,
                format!("the start program needs {} to be executed", found.permitted),
            )
        })
        .collect();
    Outcome::of(failures)
}
