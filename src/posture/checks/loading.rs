//! Libraries that are loaded into programs which did not ask for them.

use super::{IMAGE, ImageCheck, ImageView, config_failure, file_failure};
use crate::model::{Check, Observation, Outcome, Severity};

pub(super) const CHECKS: &[ImageCheck] = &[ImageCheck {
    check: Check {
        id: "PLM-I-024",
        title: "Library is loaded into every program",
        severity: Severity::Medium,
        why: "Whoever writes it, or a folder that is searched before the system's, runs code in every program.",
        fix: "Remove /etc/ld.so.preload and LD_PRELOAD; keep LD_LIBRARY_PATH to folders that root owns.",
        ..IMAGE
    },
    run: preload,
}];

fn preload(view: &ImageView) -> Outcome {
    let mut failures: Vec<_> = view
        .observations()
        .filter(|(_, _, fact)| matches!(fact, Observation::Preload))
        .map(|(path, _, _)| file_failure(view, path, "the dynamic linker loads what it names"))
        .collect();
    if view
        .variable("LD_PRELOAD")
        .is_some_and(|value| !value.is_empty())
    {
        failures.push(config_failure("env LD_PRELOAD", "LD_PRELOAD is set"));
    }
    let folders = view
        .variable("LD_LIBRARY_PATH")
        .unwrap_or_default()
        .split(':');
    for (index, folder) in folders.enumerate().filter(|(_, folder)| !folder.is_empty()) {
        let found = view.resolve(folder);
        if !folder.starts_with('/') {
            let detail = format!("element {} is relative", index + 1);
            failures.push(config_failure("env LD_LIBRARY_PATH", detail));
        } else if found
            .attributes
            .is_some_and(|found| found.mode & 0o002 != 0)
        {
            failures.push(file_failure(
                view,
                &found.path,
                "LD_LIBRARY_PATH names it, and everybody may write it",
            ));
        }
    }
    Outcome::of(failures)
}
