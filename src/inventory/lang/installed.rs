//! What a record says that stands for one package in one folder.

use crate::layers::FileFacts;
use crate::model::{Claims, Package};

/// One package, and the folder that it has to itself.
pub(super) fn in_folder(package: Package, folder: &str) -> FileFacts {
    let claims = claims_of(&package, folder);
    FileFacts {
        packages: vec![package],
        claims: claims.into_iter().collect(),
        ..FileFacts::default()
    }
}

/// The claim of a package on a folder. The image's root is nobody's, nor is a folder with a line break in its name.
pub(super) fn claims_of(package: &Package, folder: &str) -> Option<Claims> {
    let claims = (!folder.is_empty()).then(|| Claims::folder(package.full_name(), folder));
    claims.filter(|claims| !claims.is_empty())
}

/// Splits `NAME-VERSION` where the version begins: at the first dash that a digit follows.
pub(super) fn split_version(text: &str) -> Option<(&str, &str)> {
    text.match_indices('-').find_map(|(dash, _)| {
        let (name, version) = text.split_at_checked(dash)?;
        let version = version.strip_prefix('-')?;
        let begins = version.starts_with(|first: char| first.is_ascii_digit());
        (begins && !name.is_empty()).then_some((name, version))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PackageType;

    #[test]
    fn the_image_s_root_and_a_folder_with_a_line_break_are_nobody_s() {
        let package = Package::new(PackageType::new("gem"), "a", "1");
        assert_eq!(claims_of(&package, ""), None);
        assert_eq!(claims_of(&package, "gems/a\nb"), None);
        assert_eq!(in_folder(package, "gems/a-1").claims.len(), 1);
    }

    #[test]
    fn a_version_begins_at_the_first_dash_before_a_digit() {
        for (text, split) in [
            ("async-2.11.0", Some(("async", "2.11.0"))),
            ("net-http2-0.18-1", Some(("net-http2", "0.18-1"))),
            ("a-b", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(split_version(text), split, "{text}");
        }
    }
}
