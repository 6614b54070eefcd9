//! What the engine tells of itself, of the image, and of folders and files inside.

use serde_json::Value;

use super::engine::Engine;
use super::{EngineFacts, ProveError, ProvenImage};
use crate::model::{CapabilitySet, LayerPath};

/// What is known of the image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ImageFacts {
    /// Its id.
    pub(super) id: String,
    /// Its own user is root.
    pub(super) starts_as_root: bool,
    /// Its declared volumes.
    pub(super) volumes: Vec<LayerPath>,
    /// What goes into the proof.
    pub(super) proven: Option<ProvenImage>,
}

impl ImageFacts {
    /// Reads `GET /images/{name}/json`.
    pub(super) fn parse(name: &str, value: &Value) -> Self {
        let id = value
            .get("Id")
            .and_then(Value::as_str)
            .unwrap_or(name)
            .to_owned();
        let config = value.get("Config");
        let user = config
            .and_then(|config| config.get("User")?.as_str())
            .unwrap_or_default();
        let volumes = config.and_then(|config| config.get("Volumes")?.as_object());
        let volumes = volumes.into_iter().flat_map(|volumes| volumes.keys());
        let digests = value
            .get("RepoDigests")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let mut digests: Vec<String> = digests
            .filter_map(|digest| digest.as_str().map(str::to_owned))
            .collect();
        digests.sort();
        Self {
            starts_as_root: matches!(
                user.split(':').next().unwrap_or_default(),
                "" | "0" | "root"
            ),
            volumes: volumes.map(|path| LayerPath::from(path.as_str())).collect(),
            proven: Some(ProvenImage {
                name: name.to_owned(),
                id: id.clone(),
                digests,
            }),
            id,
        }
    }
}

/// What the engine says of itself.
pub(super) async fn engine_facts(engine: &Engine) -> Result<EngineFacts, ProveError> {
    let version = engine.ask("/version", "tell its version").await?;
    let info = engine.ask("/info", "tell about itself").await?;
    Ok(parse_engine(&version, &info))
}

fn parse_engine(version: &Value, info: &Value) -> EngineFacts {
    let components = version.get("Components").and_then(Value::as_array);
    let is_podman = components.into_iter().flatten().any(|component| {
        let name = component.get("Name").and_then(Value::as_str);
        name.is_some_and(|name| name.starts_with("Podman"))
    });
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let options = info.get("SecurityOptions").and_then(Value::as_array);
    let options = options.into_iter().flatten().filter_map(Value::as_str);
    let mut security_options: Vec<String> = options.map(str::to_owned).collect();
    security_options.sort();
    EngineFacts {
        name: if is_podman { "Podman" } else { "Docker" }.to_owned(),
        version: text(version, "Version").unwrap_or_default(),
        cgroup_version: text(info, "CgroupVersion"),
        security_options,
    }
}

/// A folder or file of a container, as its archive begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Inside {
    /// Owner.
    pub(super) uid: u64,
    /// Group.
    pub(super) gid: u64,
    /// Whether it is a folder.
    pub(super) is_folder: bool,
    /// Whether it is a folder with files in it.
    pub(super) has_files: bool,
    /// Effective capabilities of the file.
    pub(super) effective: CapabilitySet,
}

/// What stands at `path` of a container's own file system, mounts left out. `None` if nothing does.
pub(super) async fn inside(engine: &Engine, name: &str, path: &LayerPath) -> Option<Inside> {
    let encoded = percent_encoded(path.as_str());
    let answer = engine
        .answer(
            &format!("/containers/{name}/archive?path=%2F{encoded}"),
            "read a folder",
        )
        .await;
    let answer = answer.ok().filter(|answer| answer.status == 200)?;
    parse_archive(&answer.body)
}

fn parse_archive(bytes: &[u8]) -> Option<Inside> {
    let mut archive = tar::Archive::new(bytes);
    let mut found: Option<Inside> = None;
    // A damaged end leaves what came before it.
    for entry in archive.entries().ok()?.map_while(Result::ok).take(10_000) {
        let mut entry = entry;
        let kind = entry.header().entry_type();
        if let Some(found) = &mut found {
            found.has_files |= !kind.is_dir();
            if found.has_files {
                break;
            }
            continue;
        }
        let effective = effective_of(&mut entry);
        found = Some(Inside {
            uid: entry.header().uid().ok()?,
            gid: entry.header().gid().ok()?,
            is_folder: kind.is_dir(),
            has_files: false,
            effective,
        });
    }
    found
}

/// Capabilities that a program has at once: `security.capability` with the effective bit (capabilities(7), `struct vfs_cap_data`).
fn effective_of(entry: &mut tar::Entry<'_, &[u8]>) -> CapabilitySet {
    let Ok(Some(extensions)) = entry.pax_extensions() else {
        return CapabilitySet::NONE;
    };
    for extension in extensions.flatten() {
        if extension.key_bytes() != b"SCHILY.xattr.security.capability" {
            continue;
        }
        let word = |at: usize| {
            let bytes = extension.value_bytes().get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        if word(0).is_some_and(|magic| magic & 1 == 1) {
            let low = word(4).unwrap_or_default();
            let high = word(12).unwrap_or_default();
            return CapabilitySet(u64::from(high) << 32 | u64::from(low));
        }
    }
    CapabilitySet::NONE
}

fn percent_encoded(path: &str) -> String {
    let mut encoded = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_') {
            encoded.push(char::from(byte));
        } else {
            let _ = std::fmt::Write::write_fmt(&mut encoded, format_args!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::model::Capability;

    #[test]
    fn user_volumes_and_digests_are_read_from_an_inspection() {
        let facts = ImageFacts::parse(
            "app:1",
            &json!({"Id": "sha256:0", "RepoDigests": ["b@sha256:1", "a@sha256:1"],
                "Config": {"User": "", "Volumes": {"/data": {}, "/var/lib/x": {}}}}),
        );
        assert!(facts.starts_as_root);
        assert_eq!(facts.volumes.len(), 2);
        assert_eq!(
            facts.proven.expect("an image").digests,
            ["a@sha256:1", "b@sha256:1"]
        );
        let user = ImageFacts::parse("a", &json!({"Config": {"User": "app", "Volumes": null}}));
        assert!(!user.starts_as_root);
    }

    #[test]
    fn docker_and_podman_are_told_apart() {
        let podman = parse_engine(
            &json!({"Components": [{"Name": "Podman Engine"}], "Version": "4.3.1"}),
            &json!({}),
        );
        assert_eq!(
            (podman.name.as_str(), podman.version.as_str()),
            ("Podman", "4.3.1")
        );
        let docker = parse_engine(
            &json!({"Components": [{"Name": "Engine"}], "Version": "20.10.24"}),
            &json!({"CgroupVersion": "1", "SecurityOptions": ["name=seccomp,profile=default", "name=apparmor"], "Name": "host"}),
        );
        assert_eq!(docker.name, "Docker");
        assert!(docker.has("seccomp") && docker.has("apparmor") && !docker.has("userns"));
        assert!(
            !serde_json::to_string(&docker)
                .expect("json")
                .contains("host")
        );
    }

    fn archive(capabilities: Option<&[u8]>, with_file: bool) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        if let Some(value) = capabilities {
            builder
                .append_pax_extensions([("SCHILY.xattr.security.capability", value)])
                .expect("pax");
        }
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_uid(33);
        header.set_gid(34);
        header.set_entry_type(if with_file {
            tar::EntryType::Directory
        } else {
            tar::EntryType::Regular
        });
        header.set_cksum();
        builder
            .append_data(&mut header, "x", &b""[..])
            .expect("an entry");
        if with_file {
            header.set_entry_type(tar::EntryType::Regular);
            builder
                .append_data(&mut header, "x/y", &b""[..])
                .expect("an entry");
        }
        builder.into_inner().expect("a tar")
    }

    #[test]
    fn owner_content_and_capabilities_are_read_from_an_archive() {
        let folder = parse_archive(&archive(None, true)).expect("a folder");
        assert_eq!((folder.uid, folder.gid), (33, 34));
        assert!(folder.is_folder && folder.has_files);
        let mut value = vec![1, 0, 0, 2, 0, 0x20, 0, 0];
        value.extend([0; 12]);
        let program = parse_archive(&archive(Some(&value), false)).expect("a file");
        assert_eq!(
            program.effective,
            CapabilitySet::NONE.with(Capability::NET_RAW)
        );
        value[0] = 0;
        assert!(
            parse_archive(&archive(Some(&value), false))
                .expect("a file")
                .effective
                .is_empty()
        );
    }

    #[test]
    fn a_path_is_encoded_for_a_request() {
        assert_eq!(percent_encoded("a b/ü&x"), "a%20b/%C3%BC%26x");
    }

    proptest! {
        #[test]
        fn no_archive_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..1100)) {
            parse_archive(&bytes);
        }
    }
}
