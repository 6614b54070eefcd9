//! Why a row whose range holds the version is not about this build of a package: one name can be built in ways whose releases have
//! nothing to do with each other. The matcher leaves such rows out by `module` and `flavour`; this file says so.

use super::candidate::Candidate;
use super::flavour;
use super::module::Context;
use crate::advisories::version::Scheme;
use crate::model::Package;

/// The reason, if it is one of these: half a sentence that follows "left out: ".
pub(super) fn other(
    package: &Package,
    scheme: Scheme,
    version: &str,
    candidate: &Candidate,
) -> Option<&'static str> {
    if scheme != Scheme::Rpm {
        return None;
    }
    let fixed = candidate.fixed.as_deref();
    let named = fixed.or(candidate.last_affected.as_deref());
    if !flavour::is_same(Some(scheme), version, named) {
        return Some("the row is about builds for FIPS or Ksplice, or the package is one");
    }
    let context = Context::of(package, version);
    if !context.may_be_of(&candidate.module) {
        return Some(if context.is_modular() {
            "the row is about another module stream"
        } else {
            "the row is about a module stream, and the package is of none"
        });
    }
    match (context.is_modular(), fixed?.contains(".module")) {
        (false, true) => Some("the row is about a module stream, and the package is of none"),
        (true, false) => Some("the package is of a module stream, and the row is about none"),
        _ => None,
    }
}
