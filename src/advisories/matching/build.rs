//! Whether a row is about this build of a package: one name can be built in ways whose releases have nothing to do with
//! each other. Everything that leaves out a row whose range holds the version has its place here, with the reason.

use super::candidate::Candidate;
use crate::advisories::version::Scheme;
use crate::model::Package;

/// Why a row whose range holds the version is not about this build, if it is not: half a sentence that follows "left out: ".
pub(super) fn other(
    _package: &Package,
    scheme: Option<Scheme>,
    version: &str,
    candidate: &Candidate,
) -> Option<&'static str> {
    if scheme == Some(Scheme::Rpm) {
        return other_module(version, candidate.fixed.as_deref());
    }
    None
}

/// The same name is a plain package and one of each module stream: `.module_el8`, `.module+el8`.
fn other_module(version: &str, fixed: Option<&str>) -> Option<&'static str> {
    let is_module = |version: &str| version.contains(".module");
    match (is_module(version), is_module(fixed?)) {
        (false, true) => Some("the row is about a module stream, and the package is of none"),
        (true, false) => Some("the package is of a module stream, and the row is about none"),
        _ => None,
    }
}
