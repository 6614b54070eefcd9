//! The list of modules: `runtime/debug`'s `BuildInfo.String`.
//!
//! ```text
//! path\texample.org/tool/cmd/tool
//! mod\texample.org/tool\t(devel)\t
//! dep\tgolang.org/x/text\tv0.14.0\th1:ScX5w1eTa3QqT8oi6+ziP7dTV1S2+ALU0bI+0zXKWiQ=
//! dep\texample.org/library\tv1.0.0
//! =>\texample.org/fork\tv1.0.1\th1:…
//! build\tGOOS=linux
//! ```

use super::build_info::BuildInfo;
use super::settings::Settings;
use super::version;
use crate::inventory::harvest::Harvest;
use crate::model::{Basis, Package, PackageType};

/// What Go writes for a module that it built from a folder.
const DEVEL: &str = "(devel)";

/// The property of the standard library of a program that does not say of which modules it is, and its value.
const UNKNOWN_MODULES: (&str, &str) = ("modules", "not-recorded");

/// A module as a line gives it.
#[derive(Clone, Copy, Debug, Default)]
struct Module<'a> {
    path: &'a str,
    version: &'a str,
    sum: &'a str,
}

/// A list, read.
#[derive(Debug, Default)]
struct List<'a> {
    /// The main package.
    path: &'a str,
    main: Option<Module<'a>>,
    settings: Settings<'a>,
}

pub(super) fn read(build_info: &BuildInfo<'_>, harvest: &mut Harvest<'_>) {
    let mut list = List::default();
    let mut pending: Option<Line<'_>> = None;
    let mut names_modules = false;
    for (index, text) in build_info.modules.lines().enumerate() {
        let (kind, rest) = text.split_once('\t').unwrap_or((text, ""));
        let line = match kind {
            "path" => {
                list.path = rest;
                continue;
            }
            "build" => {
                list.settings.take(rest);
                continue;
            }
            "mod" => Module::of(rest).map(Line::Main),
            "dep" => Module::of(rest).map(Line::Dependency),
            "=>" => match (pending, Module::of(rest)) {
                (Some(replaced), Some(by)) => {
                    pending = Some(replaced.replaced_by(by));
                    continue;
                }
                _ => None,
            },
            _ => continue,
        };
        if let Some(before) = pending.take() {
            before.finish(&mut list, harvest);
        }
        names_modules = true;
        pending = line;
        if pending.is_none() {
            harvest.unreadable(format!(
                "line {} of its list of Go modules cannot be read",
                index + 1
            ));
        }
    }
    if let Some(pending) = pending {
        pending.finish(&mut list, harvest);
    }
    let go_version = build_info.go_version.trim();
    if let Some(main) = list.main {
        harvest.package(main_package(main, &list, go_version));
    }
    let mut library = standard_library(&list.settings, go_version);
    if !names_modules && !is_without_modules(list.path) {
        mark_unknown_modules(&mut library);
    }
    harvest.package(library);
}

/// Takes what is left of a program in which Go wrote nothing: that the standard library of this release is in it.
pub(super) fn read_none(go_version: &str, harvest: &mut Harvest<'_>) {
    let mut library = standard_library(&Settings::default(), go_version);
    library.basis = Basis::Heuristic;
    mark_unknown_modules(&mut library);
    harvest.package(library);
}

fn mark_unknown_modules(library: &mut Package) {
    let (key, value) = UNKNOWN_MODULES;
    library.properties.insert(key.into(), value.into());
}

/// Whether it is the standard library of a program that has modules, but does not say which: as Debian builds Go programs,
/// Bazel did, and whoever takes the list out. Whether that matters, its owner decides (`assemble`).
pub(in crate::inventory) fn has_unknown_modules(package: &Package) -> bool {
    let (key, value) = UNKNOWN_MODULES;
    package.properties.get(key).is_some_and(|is| is == value)
}

/// Go's own commands, and a program that was built from files and imports no module.
fn is_without_modules(path: &str) -> bool {
    path.starts_with("cmd/") || path == "command-line-arguments"
}

/// A line that names a module; the next one may replace it.
#[derive(Clone, Copy, Debug)]
enum Line<'a> {
    Main(Module<'a>),
    Dependency(Module<'a>),
    Replaced(Module<'a>, Module<'a>),
}

impl<'a> Line<'a> {
    fn replaced_by(self, by: Module<'a>) -> Self {
        match self {
            Self::Dependency(module) => Self::Replaced(module, by),
            // The main module cannot be replaced.
            other => other,
        }
    }

    fn finish(self, list: &mut List<'a>, harvest: &mut Harvest<'_>) {
        match self {
            Self::Main(module) => list.main = Some(module),
            Self::Dependency(module) => harvest.package(module.package()),
            Self::Replaced(module, by) => harvest.package(replaced(module, by)),
        }
    }
}

impl<'a> Module<'a> {
    fn of(columns: &'a str) -> Option<Self> {
        let mut columns = columns.split('\t');
        // A folder that replaces a module can be written with a slash behind it.
        let path = columns.next()?;
        let is_folder = path.starts_with(['.', '/']);
        let path = if is_folder {
            path.trim_end_matches('/')
        } else {
            path
        };
        // The last part of a path is the package's name.
        let path = Some(path).filter(|path| !path.is_empty() && !path.ends_with('/'))?;
        let version = columns.next()?;
        Some(Self {
            path,
            version,
            sum: columns.next().unwrap_or_default(),
        })
    }

    fn package(self) -> Package {
        let mut package = package_of(self.path, self.version);
        if !self.sum.is_empty() {
            package.properties.insert("h1".into(), self.sum.into());
        }
        package
    }
}

/// A replacement from another module is that module. One from a folder (`./fork`) has no name and no version of its own, for
/// which Go has written `(devel)` or nothing: it stays the module that it takes the place of, and says so.
fn replaced(module: Module<'_>, by: Module<'_>) -> Package {
    if matches!(by.version, "" | DEVEL) {
        let mut package = module.package();
        package
            .properties
            .insert("replaced-by".into(), by.path.into());
        return package;
    }
    let mut package = by.package();
    let original = format!("{}@{}", module.path, module.version);
    package.properties.insert("replaces".into(), original);
    package
}

/// A PURL's name is what stands behind the last slash, its namespace the rest (PURL-TYPES, `golang`). Both stay as Go
/// writes them: module paths are case-sensitive, and advisories are keyed by them. Only the PURL is in lower case.
fn package_of(path: &str, version: &str) -> Package {
    let (namespace, name) = match path.rsplit_once('/') {
        Some((namespace, name)) => (Some(namespace.to_owned()), name),
        None => (None, path),
    };
    let mut package = Package::new(PackageType::new("golang"), name, version);
    package.namespace = namespace;
    package
}

/// The program's own module. Where it was built from a folder, its version is what the linker was told, else its commit.
fn main_package(main: Module<'_>, list: &List<'_>, go_version: &str) -> Package {
    let mut package = main.package();
    let settings = &list.settings;
    let told = settings
        .linker_flags
        .as_deref()
        .and_then(|flags| version::of_linker_flags(flags, main.path));
    if main.version == DEVEL {
        let chosen = match (&told, version::of_commit(settings)) {
            (Some(told), _) => Some((told.clone(), "ldflags")),
            (None, Some(commit)) => Some((commit, "vcs")),
            (None, None) => None,
        };
        if let Some((version, source)) = chosen {
            package.version = version;
            package
                .properties
                .insert("version-source".into(), source.into());
        }
    }
    let mut put = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            package.properties.insert(key.to_owned(), value.to_owned());
        }
    };
    put("ldflags-version", told.as_deref());
    put("vcs-revision", settings.revision.as_deref());
    put("vcs-time", settings.time.as_deref());
    put("vcs-modified", settings.modified.as_deref());
    put(
        "main-package",
        Some(list.path).filter(|path| !path.is_empty()),
    );
    describe_build(&mut package, settings, go_version);
    package
}

fn standard_library(settings: &Settings<'_>, go_version: &str) -> Package {
    let version = version::standard_library(go_version);
    let mut package = Package::new(PackageType::new("golang"), "stdlib", version);
    describe_build(&mut package, settings, go_version);
    package
}

/// How it was built: some advisories are about one system, or about cgo.
fn describe_build(package: &mut Package, settings: &Settings<'_>, go_version: &str) {
    let cgo = settings.cgo.as_deref().map(|cgo| match cgo {
        "1" => "true",
        _ => "false",
    });
    let facts = [
        ("go-version", Some(go_version)),
        ("goos", settings.goos.as_deref()),
        ("goarch", settings.goarch.as_deref()),
        ("cgo", cgo),
    ];
    for (key, value) in facts {
        if let Some(value) = value {
            package.properties.insert(key.into(), value.into());
        }
    }
}
