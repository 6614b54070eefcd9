//! Assemblies of .NET: which package a library is most likely from, by what its compiler wrote into the version resource.
//!
//! An assembly does not name its package. Its file's name is nearly always the package's, and SDKs since 2017 write the
//! package's version into `ProductVersion`, so that what is told here is a guess (*heuristic*). `lang/dotnet` reads the record
//! where there is one. Programs for Windows that are not of .NET, and the files of .NET itself, which its own
//! `deps.json` records, are passed over.

mod version_info;

use self::version_info::VersionInfo;
use super::executable::{Executable, Format};
use crate::inventory::harvest::Harvest;
use crate::inventory::lang::dotnet;
use crate::layers::Entry;
use crate::model::{Basis, Package, PackageType};

/// `IMAGE_DIRECTORY_ENTRY_COM_DESCRIPTOR`: the header that makes a PE image an assembly (ECMA-335, II.25.3.3).
const CLI_HEADER: usize = 14;

pub(super) fn read(executable: &Executable<'_>, entry: &Entry<'_>, harvest: &mut Harvest<'_>) {
    let is_assembly = executable.format == Format::Pe && executable.directory(CLI_HEADER).is_some();
    if !is_assembly || dotnet::framework_of(entry.parent()).is_some() {
        return;
    }
    if let Some(package) = VersionInfo::find(executable).and_then(package_of) {
        harvest.package(package);
    }
}

fn package_of(info: VersionInfo) -> Option<Package> {
    let file = info
        .original_filename
        .as_ref()
        .or(info.internal_name.as_ref())?;
    let name = file.strip_suffix(".dll").or(file.strip_suffix(".exe"))?;
    // Translations have no code, and go with the library that they translate.
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.ends_with(".resources") || !name.chars().all(is_name) {
        return None;
    }
    let mut package = Package::new(PackageType::new("nuget"), name, info.version()?);
    package.basis = Basis::Heuristic;
    for (key, value) in [
        ("product-name", info.product_name),
        ("product-version", info.product_version),
        ("file-version", info.file_version),
        ("company-name", info.company_name),
    ] {
        if let Some(value) = value {
            package.properties.insert(key.into(), value);
        }
    }
    Some(package)
}

impl VersionInfo {
    /// `ProductVersion` without the commit behind its `+`: that is the package's version. The libraries of .NET Core up to
    /// 3.1 have the version of the whole there, and their own in `FileVersion`, with another first number.
    fn version(&self) -> Option<String> {
        let product = self.product_version.as_deref().and_then(numbered);
        let file = self.file_version.as_deref().and_then(numbered);
        let first = |version: &str| version.split('.').next()?.parse::<u32>().ok();
        match (product, file) {
            (Some(product), Some(file)) if first(file) > first(product) => Some(file.to_owned()),
            (Some(version), _) | (None, Some(version)) => Some(version.to_owned()),
            (None, None) => None,
        }
    }
}

/// A version that begins with two numbers: `1.2`, `13.0.1-beta1`.
fn numbered(version: &str) -> Option<&str> {
    let version = version.split(['+', ' ']).next()?;
    let (first, rest) = version.split_once('.')?;
    let is_number = !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && rest.starts_with(|c: char| c.is_ascii_digit())).then_some(version)
}

#[cfg(test)]
pub(super) mod tests;
