//! Red Hat's family: its own repositories, which advisories name by CPE.

use super::Selector;

/// The ecosystems of a release of Red Hat Enterprise Linux, and what people call it.
pub(super) fn enterprise_linux(major: &str) -> Option<(String, Vec<Selector>)> {
    let label = format!("Red Hat:enterprise_linux:{major}");
    let repositories = Selector::Around(repositories(major)?, String::new());
    Some((label.clone(), vec![Selector::Is(label), repositories]))
}

/// The repositories of a release are named by CPE: `Red Hat:enterprise_linux:9::appstream`.
fn repositories(major: &str) -> Option<&'static str> {
    Some(match major {
        "6" => "Red Hat:enterprise_linux:6::",
        "7" => "Red Hat:enterprise_linux:7::",
        "8" => "Red Hat:enterprise_linux:8::",
        "9" => "Red Hat:enterprise_linux:9::",
        "10" => "Red Hat:enterprise_linux:10::",
        _ => return None,
    })
}
