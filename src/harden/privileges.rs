//! Whether a program may gain privileges: no, unless the image's own start cannot do without.

use crate::model::Untrusted;
use crate::posture::ImageView;

use super::Line;
use super::choices::Choices;
use super::start::{Start, Step};

/// Programs that are setuid wherever they are installed. `gosu` and `setpriv` are not.
const SETUID_PROGRAMS: &[&str] = &["su", "sudo", "doas", "pkexec", "chrome-sandbox"];

/// Decides about no-new-privileges for a container that starts as `uid`.
pub(super) fn decide(
    view: &ImageView,
    choices: &Choices,
    start: &Start,
    uid: u64,
    warnings: &mut Vec<String>,
) -> Line<bool> {
    if choices.new_privileges {
        return Line::proven(false, "chosen");
    }
    let needed = (uid != 0)
        .then(|| setuid_step(start).or_else(|| sudo_in_script(view, start)))
        .flatten();
    match needed {
        Some(reason) => {
            warnings.push(format!(
                "no-new-privileges would break the start, so it is off: {reason}. Start the program without it, then switch it on"
            ));
            Line::inferred(false, reason)
        }
        None if uid == 0 => Line::assumed(
            true,
            "nothing that is started gains privileges by a setuid bit: it is root, and gives up rights",
        ),
        None => Line::inferred(true, "no program on the way to the start is setuid root"),
    }
}

fn setuid_step(start: &Start) -> Option<String> {
    let step = start.steps.iter().find(|step| is_setuid(step))?;
    Some(format!(
        "{} is on the way to the start and is setuid root",
        step.name()
    ))
}

fn is_setuid(step: &Step) -> bool {
    match step.attributes {
        Some(found) => found.mode & 0o4000 != 0 && found.uid == 0,
        None => SETUID_PROGRAMS.contains(&step.word.as_str()),
    }
}

/// An image that is not root by its own USER and whose script calls `sudo` was made to gain root.
fn sudo_in_script(view: &ImageView, start: &Start) -> Option<String> {
    if view.run_user().uid == Some(0) {
        return None;
    }
    let cause = start
        .causes
        .iter()
        .find(|cause| SETUID_PROGRAMS.contains(&cause.command.command.as_str()))?;
    Some(format!(
        "{} runs {}, which is setuid root",
        cause.place,
        Untrusted(&cause.command.command)
    ))
}
