//! A changed system file as a finding: how bad it is, and what to do.

use super::{Finding, IntegrityFinding, Place};
use crate::model::{ContentKind, Severity};

/// Turns a changed file into a finding. A program that is not the package's own can do anything; a configuration file was meant
/// to be changed.
pub fn modified_file(
    owner: &str,
    content: Option<ContentKind>,
    is_configuration: bool,
    place: Place,
) -> Finding {
    let severity = match content {
        _ if is_configuration => Severity::Negligible,
        Some(ContentKind::Binary | ContentKind::Script) => Severity::Medium,
        Some(ContentKind::Archive) | None => Severity::Low,
    };
    let remedy = if is_configuration {
        "nothing, if the change is yours".to_owned()
    } else {
        format!("find out which build step changed it; installing {owner} again restores it")
    };
    Finding::Integrity(IntegrityFinding {
        severity,
        owner: owner.to_owned(),
        is_configuration,
        place,
        remedy,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn severity(content: Option<ContentKind>, is_configuration: bool) -> Severity {
        let place = Place {
            path: Some("usr/bin/x".into()),
            line: None,
            layer: Some(1),
            config: None,
        };
        modified_file("x", content, is_configuration, place).severity()
    }

    #[test]
    fn a_changed_program_is_worse_than_a_text_and_a_configuration_file_is_meant_to_be_changed() {
        assert_eq!(severity(Some(ContentKind::Script), false), Severity::Medium);
        assert_eq!(severity(None, false), Severity::Low);
        assert_eq!(
            severity(Some(ContentKind::Script), true),
            Severity::Negligible
        );
    }
}
