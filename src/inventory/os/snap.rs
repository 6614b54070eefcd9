//! Snaps: `meta/snap.yaml` says what a snap is, `snap/manifest.yaml` which Debian packages of Ubuntu went into it.
//!
//! Both are read where snapd mounts a snap (`snap/NAME/REVISION`) and in the root of an image that is one. Of YAML this reads the
//! fields at the left margin, which is all of the form that snapcraft writes: scalars there, and lists of scalars below.
//!
//! <https://snapcraft.io/docs/snap-format>

use std::borrow::Cow;

use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Claims, Distribution, Package, PackageType};

/// 4 MiB: manifests repeat the whole recipe; those of large desktop applications have 300 KiB.
const LIMIT: u64 = 4 << 20;

/// Reads what snaps say of themselves.
pub(in crate::inventory) struct Snap;

impl Detector for Snap {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/snap",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("snap.yaml"), Interest::Name("manifest.yaml")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        let root = match entry.file_name() {
            "snap.yaml" => root_of(entry, "meta"),
            _ => root_of(entry, "snap"),
        };
        if root.is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let text = std::str::from_utf8(file.bytes)
            .map_err(|_| ParseError::new("it is no text in UTF-8"))?;
        let mut harvest = Harvest::of(file.entry.path);
        if file.entry.file_name() == "manifest.yaml" {
            read_manifest(text, &mut harvest);
            return Ok(harvest.finish());
        }
        let name = read_snap(text, &mut harvest);
        let mut facts = harvest.finish();
        let root = root_of(&file.entry, "meta").unwrap_or_default();
        if let Some(name) = name
            && !root.is_empty()
        {
            facts.claims.push(Claims::folder(name, root));
        }
        Ok(facts)
    }
}

/// The snap's root, if the file lies in its `folder`: `snap/NAME/REVISION`, or the image's root.
fn root_of<'a>(entry: &Entry<'a>, folder: &str) -> Option<&'a str> {
    let root = entry.parent().strip_suffix(folder)?;
    if root.is_empty() {
        return Some(root);
    }
    let root = root.strip_suffix('/')?;
    let below = root.strip_prefix("snap/")?;
    (below.split('/').count() == 2).then_some(root)
}

/// The snap itself; gives its name.
fn read_snap(text: &str, harvest: &mut Harvest<'_>) -> Option<String> {
    let mut package = Package::new(PackageType::new("snap"), "", "");
    package.line = Some(1);
    for field in fields(text) {
        let scalar = || scalar(field.value).into_owned();
        match field.name {
            "name" => package.name = scalar(),
            "version" => package.version = scalar(),
            "license" => package.licenses = vec![scalar()],
            "architectures" => package.architecture = field.items().next().map(Cow::into_owned),
            "base" | "type" | "grade" => {
                let key = format!("snap-{}", field.name);
                package.properties.insert(key, scalar());
            }
            _ => {}
        }
    }
    if package.name.is_empty() || package.version.is_empty() {
        harvest.unreadable("it has no name or no version");
        return None;
    }
    let name = package.name.clone();
    harvest.package(package);
    Some(name)
}

/// The Debian packages that the snap was made of.
fn read_manifest(text: &str, harvest: &mut Harvest<'_>) {
    let mut distribution = Distribution::default();
    let mut architecture = None;
    let mut staged = None;
    let mut snap = String::new();
    for field in fields(text) {
        let scalar = || scalar(field.value).into_owned();
        match field.name {
            "name" => snap = scalar(),
            "snapcraft-os-release-id" => distribution.id = scalar(),
            "snapcraft-os-release-version-id" => distribution.version_id = Some(scalar()),
            "architectures" => architecture = field.items().next().map(Cow::into_owned),
            "primed-stage-packages" => staged = Some(field),
            _ => {}
        }
    }
    if distribution.id.is_empty() {
        // Snapcraft builds on nothing else.
        "ubuntu".clone_into(&mut distribution.id);
    }
    for item in staged.iter().flat_map(Field::items) {
        let Some((name, version)) = item
            .split_once('=')
            .filter(|(name, version)| !name.is_empty() && !version.is_empty())
        else {
            harvest.unreadable("an entry of primed-stage-packages is no NAME=VERSION");
            continue;
        };
        let (name, own) = match name.split_once(':') {
            Some((name, own)) => (name, Some(own.to_owned())),
            None => (name, None),
        };
        let mut package = Package::new(PackageType::DEB, name, version);
        package.architecture = own.or_else(|| architecture.clone());
        package.distribution = Some(Box::new(distribution.clone()));
        package.properties.insert("snap".into(), snap.clone());
        harvest.package(package);
    }
}

/// A field at the left margin.
#[derive(Clone, Copy)]
struct Field<'a> {
    name: &'a str,
    /// What stands behind the colon.
    value: &'a str,
    /// The lines up to the next field.
    block: &'a str,
}

impl<'a> Field<'a> {
    /// Its list, as `[a, b]` or a line each with a hyphen.
    fn items(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let flow = self
            .value
            .strip_prefix('[')
            .and_then(|value| value.split_once(']'))
            .map_or("", |(items, _)| items);
        let block = self
            .block
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("- "));
        flow.split(',')
            .chain(block)
            .map(scalar)
            .filter(|item| !item.is_empty())
    }
}

/// Every `name: value` at the left margin, in order. List items may stand there, too, and belong to the field before them.
fn fields(text: &str) -> impl Iterator<Item = Field<'_>> {
    let is_field = |line: &str| {
        line.starts_with(|first: char| first.is_ascii_alphabetic()) && line.contains(':')
    };
    let mut rest = text;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = after;
            if !is_field(line) {
                continue;
            }
            let (name, value) = line.split_once(':')?;
            let mut end = 0;
            for line in rest.split_inclusive('\n') {
                if is_field(line) {
                    break;
                }
                end += line.len();
            }
            let (block, after) = rest.split_at_checked(end)?;
            rest = after;
            return Some(Field {
                name,
                value: value.trim(),
                block,
            });
        }
        None
    })
}

/// A plain or quoted scalar without its comment.
fn scalar(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let quoted = |quote: char| text.strip_prefix(quote)?.split_once(quote);
    if let Some((inner, _)) = quoted('\'').or_else(|| quoted('"')) {
        return Cow::Borrowed(inner);
    }
    let plain = text.split_once(" #").map_or(text, |(plain, _)| plain);
    Cow::Borrowed(plain.trim())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&Snap, path, text.as_bytes())
            .expect("text")
            .expect("wanted")
    }

    #[test]
    fn a_snap_is_a_package_that_owns_its_folder() {
        let facts = facts(
            "snap/lxd/24322/meta/snap.yaml",
            "name: lxd\nversion: '5.0.2'  # the long-term one\nsummary: LXD\ndescription: |\n  name: not this\n\n  Text.\n\
             apps:\n  lxc:\n    command: version\narchitectures:\n- amd64\nbase: core20\nlicense: \"AGPL-3.0-only\"\n",
        );
        let [lxd] = facts.packages.as_slice() else {
            panic!("one package, not {facts:?}")
        };
        assert_eq!((lxd.name.as_str(), lxd.version.as_str()), ("lxd", "5.0.2"));
        assert_eq!(lxd.architecture.as_deref(), Some("amd64"));
        assert_eq!(lxd.licenses, ["AGPL-3.0-only"]);
        assert_eq!(lxd.properties["snap-base"], "core20");
        assert_eq!(facts.claims, [Claims::folder("lxd", "snap/lxd/24322")]);
    }

    #[test]
    fn the_debian_packages_of_a_snap_are_those_of_the_ubuntu_it_was_built_on() {
        let facts = facts(
            "snap/manifest.yaml",
            "snapcraft-os-release-id: ubuntu\nsnapcraft-os-release-version-id: '24.04'\nname: pc\nversion: 24-0.1\n\
             architectures: [ amd64 ]\nprimed-stage-packages:\n- grub-efi-amd64-signed=1.202+2.12-1ubuntu7\n  - libc6:i386=2.39-0ubuntu8\n- broken\nparts: {}\n",
        );
        let purls: Vec<String> = facts
            .packages
            .iter()
            .filter_map(|package| package.purl(None))
            .collect();
        assert_eq!(
            purls,
            [
                "pkg:deb/ubuntu/grub-efi-amd64-signed@1.202%2B2.12-1ubuntu7?arch=amd64&distro=ubuntu-24.04",
                "pkg:deb/ubuntu/libc6@2.39-0ubuntu8?arch=i386&distro=ubuntu-24.04"
            ]
        );
        assert_eq!(facts.packages[0].properties["snap"], "pc");
        assert_eq!(
            facts.gaps[0].detail,
            "an entry of primed-stage-packages is no NAME=VERSION"
        );
    }

    #[test]
    fn files_of_that_name_elsewhere_are_not_read() {
        for (path, wanted) in [
            ("meta/snap.yaml", true),
            ("snap/core/1/meta/snap.yaml", true),
            ("snap/core/1/snap/manifest.yaml", true),
            ("snap/core/meta/snap.yaml", false),
            ("srv/app/meta/snap.yaml", false),
            ("srv/k8s/manifest.yaml", false),
            ("srv/snap/manifest.yaml", false),
            ("snap/core/1/usr/meta/snap.yaml", false),
        ] {
            let read = detect_one(&Snap, path, b"").expect("text").is_some();
            assert_eq!(read, wanted, "{path}");
        }
    }

    #[test]
    fn a_snap_without_a_version_is_a_gap_and_a_manifest_without_packages_is_nothing() {
        let snap = facts("meta/snap.yaml", "name: a\n");
        assert_eq!(snap.gaps[0].detail, "it has no name or no version");
        assert!(facts("snap/manifest.yaml", "name: a\nversion: 1\n").is_empty());
        assert!(detect_one(&Snap, "meta/snap.yaml", b"\xff").is_err());
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "([a-z]{0,3}[: \n'\"\\[\\]#=-]{0,3}){0,20}", path in "meta/snap.yaml|snap/manifest.yaml") {
            let _ = detect_one(&Snap, &path, text.as_bytes());
        }
    }
}
