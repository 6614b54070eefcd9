//! Oracle's flavours of a package: builds of one name whose versions say nothing of each other.
//!
//! `openssl-1.1.1k-6.el8_5` has the fixes of `openssl-2:1.1.1g-15.ksplice1.el8_3` or not, whatever their order: the second
//! is a build for Ksplice, with an epoch of its own, as is the one for FIPS.

use crate::advisories::version::Scheme;

#[derive(Debug, PartialEq, Eq)]
enum Flavour {
    Plain,
    Ksplice,
    Fips,
}

impl Flavour {
    fn of(version: &str) -> Self {
        if version.contains(".ksplice") {
            Self::Ksplice
        } else if version.contains("_fips") {
            Self::Fips
        } else {
            Self::Plain
        }
    }
}

/// Whether two versions of one package may be compared: the installed one, and the one that an advisory names.
pub(super) fn is_same(scheme: Option<Scheme>, installed: &str, named: Option<&str>) -> bool {
    scheme != Some(Scheme::Rpm)
        || named.is_none_or(|named| Flavour::of(named) == Flavour::of(installed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flavour_is_compared_with_itself_only() {
        let is_same = |installed, named| is_same(Some(Scheme::Rpm), installed, Some(named));
        let (plain, ksplice, fips) = (
            "1:1.1.1k-6.el8_5",
            "2:1.1.1g-15.ksplice1.el8_3",
            "10:3.6.16-4.0.1.el8_fips",
        );
        for flavour in [plain, ksplice, fips] {
            assert!(is_same(flavour, flavour));
        }
        assert!(!is_same(plain, ksplice) && !is_same(ksplice, plain));
        assert!(!is_same(plain, fips) && !is_same(fips, ksplice));
        assert!(super::is_same(Some(Scheme::Rpm), fips, None));
        assert!(super::is_same(Some(Scheme::Dpkg), plain, Some(fips)));
    }
}
