//! What `cargo auditable` writes into a program: the crates that it is built from, in the section `.dep-v0`.
//!
//! The section is a JSON document, compressed as zlib does; its schema is `cargo-auditable.schema.json` of
//! <https://github.com/rust-secure-code/cargo-auditable>. Crates that only ran during the build (`kind: build`, procedural
//! macros among them) are left out: nothing of them is in the program. A program without the section is not known to
//! be of Rust.

use flate2::read::ZlibDecoder;
use serde::Deserialize;

use super::executable::Executable;
use crate::inventory::harvest::Harvest;
use crate::layers::Entry;
use crate::model::limits::read_at_most;
use crate::model::{Package, PackageType};

/// 8 MiB, as other readers of the format allow: the largest programs have some 100 KiB.
const LIMIT: u64 = 8 << 20;

#[derive(Deserialize)]
struct Audit {
    packages: Vec<Crate>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
    version: String,
    /// `crates.io`, `git`, `local`, `registry`, or what later versions may say.
    #[serde(default)]
    source: String,
    /// `runtime` where it says nothing.
    #[serde(default)]
    kind: String,
    #[serde(default)]
    root: bool,
}

pub(super) fn read(executable: &Executable<'_>, _: &Entry<'_>, harvest: &mut Harvest<'_>) {
    let Some(section) = executable.section(&[".dep-v0"]) else {
        return;
    };
    let json = match read_at_most(ZlibDecoder::new(section), LIMIT) {
        Ok(json) => json,
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            harvest.limit_reached(format!("its list of crates: {error}"));
            return;
        }
        Err(_) => {
            harvest.unreadable("its list of crates cannot be inflated");
            return;
        }
    };
    let Ok(audit) = serde_json::from_slice::<Audit>(&json) else {
        harvest.unreadable("its list of crates is not of the form that cargo auditable writes");
        return;
    };
    let compiler = compiler_of(executable);
    for dependency in audit.packages {
        if dependency.kind != "build" {
            harvest.package(dependency.into_package(compiler));
        }
    }
}

impl Crate {
    fn into_package(self, compiler: Option<&str>) -> Package {
        let mut package = Package::new(PackageType::new("cargo"), self.name, self.version);
        let mut put = |key: &str, value: &str| {
            package.properties.insert(key.into(), value.into());
        };
        if !self.source.is_empty() {
            put("source", &self.source);
        }
        if self.root {
            put("role", "root");
            if let Some(compiler) = compiler {
                put("rustc-version", compiler);
            }
        }
        package
    }
}

/// The compiler's release, if the remarks that compilers leave in `.comment` name just one: `rustc version 1.75.0 (…)`. The
/// standard library is then most likely of that release, too, which nothing records.
fn compiler_of<'a>(executable: &Executable<'a>) -> Option<&'a str> {
    let remarks = executable.section(&[".comment"])?.split(|byte| *byte == 0);
    let mut releases = remarks.filter_map(|remark| {
        let release = std::str::from_utf8(remark.strip_prefix(b"rustc version ")?);
        release.ok()?.split(' ').next()
    });
    let first = releases.next()?;
    releases.all(|other| other == first).then_some(first)
}
