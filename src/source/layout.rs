//! OCI image layouts: a folder, or the same in a tar.
//!
//! ```text
//! oci-layout                  {"imageLayoutVersion":"1.0.0"}
//! index.json                  the images, by descriptor
//! blobs/sha256/<64 hex>       manifests, configs, layers
//! ```
//! <https://github.com/opencontainers/image-spec/blob/main/image-layout.md>

use oci_distribution::manifest::ImageIndexEntry;

use crate::model::{Digest, Platform};

use super::error::shown;
use super::image_name;
use super::manifest::{self, DEEPEST_INDEX, Document};
use super::members::{MemberBlobs, Members};
use super::reference::Choice;
use super::{Image, SourceError};

/// The file that lists a layout's images.
pub(super) const INDEX: &str = "index.json";

/// Reads the image that `choice` names, or the only one.
pub(super) fn open(
    members: Box<dyn Members>,
    name: String,
    choice: Option<&Choice>,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    let bytes = members
        .document(INDEX)?
        .ok_or_else(|| members.missing(INDEX))?;
    let Document::Index(index) = Document::parse(&bytes, &name)? else {
        return Err(SourceError::malformed(
            format!("{INDEX} of {name}"),
            "it is no index",
        ));
    };
    let entry = choose(&index.manifests, choice, platform, members.archive())?;
    let mut digest = manifest::digest_of(&entry.digest, &name)?;
    for _ in 0..DEEPEST_INDEX {
        let bytes = blob(&*members, &digest, &format!("the manifest of {name}"))?;
        match Document::parse(&bytes, &name)? {
            Document::Index(index) => {
                let entry = manifest::choose_platform(&index.manifests, platform)?;
                digest = manifest::digest_of(&entry.digest, &name)?;
            }
            Document::Image(image) => {
                let config_digest = manifest::digest_of(&image.config.digest, "the config")?;
                let config = blob(&*members, &config_digest, &format!("the config of {name}"))?;
                let config = manifest::parse_config(&config, &name)?;
                manifest::check_platform(&config, platform)?;
                let layers = manifest::layers(&image.layers, &config)?;
                let names = layers
                    .iter()
                    .filter_map(|layer| layer.digest.as_ref())
                    .map(blob_name)
                    .collect();
                return Ok(Image {
                    name,
                    manifest_digest: Some(digest),
                    annotations: image.annotations.clone().unwrap_or_default(),
                    config_digest: Some(config_digest),
                    config,
                    layers,
                    blobs: Box::new(MemberBlobs { members, names }),
                });
            }
        }
    }
    Err(SourceError::malformed(
        format!("{INDEX} of {name}"),
        "its indexes are nested too deeply",
    ))
}

/// Where a layout keeps a blob: made of a digest that was parsed, so that no text of an image becomes a path.
fn blob_name(digest: &Digest) -> String {
    format!("blobs/{}/{}", digest.algorithm(), digest.hex())
}

fn blob(members: &dyn Members, digest: &Digest, what: &str) -> Result<Vec<u8>, SourceError> {
    let bytes = members.document(&blob_name(digest))?;
    let bytes = bytes.ok_or_else(|| members.missing(&digest.to_string()))?;
    manifest::verify(what, &bytes, digest)?;
    Ok(bytes)
}

/// The entry of `index.json` that was asked for. Several entries without a name, or with one, are an image's platforms.
fn choose<'a>(
    entries: &'a [ImageIndexEntry],
    choice: Option<&Choice>,
    platform: Option<&Platform>,
    archive: &str,
) -> Result<&'a ImageIndexEntry, SourceError> {
    let images = entries
        .iter()
        .filter(|entry| !manifest::is_attestation(entry));
    let matching: Vec<_> = images.filter(|entry| is_chosen(entry, choice)).collect();
    let mut names: Vec<_> = matching.iter().filter_map(|entry| name_of(entry)).collect();
    names.dedup();
    match matching.as_slice() {
        [only] => Ok(only),
        [] => Err(which(entries, choice, archive)),
        [first, rest @ ..] => {
            let same_image = rest.iter().all(|entry| entry.digest == first.digest);
            let one_name =
                names.len() <= 1 && matching.iter().all(|entry| entry.platform.is_some());
            if same_image {
                Ok(first)
            } else if one_name {
                manifest::choose_platform(matching, platform)
            } else {
                Err(which(entries, choice, archive))
            }
        }
    }
}

fn which(entries: &[ImageIndexEntry], choice: Option<&Choice>, archive: &str) -> SourceError {
    let mut names: Vec<String> = entries
        .iter()
        .filter(|entry| !manifest::is_attestation(entry))
        .map(|entry| shown(name_of(entry).unwrap_or(&entry.digest)))
        .collect();
    names.dedup();
    SourceError::WhichImage {
        archive: archive.to_owned(),
        wanted: choice.map(|choice| match choice {
            Choice::Name(name) => name.clone(),
            Choice::Digest(digest) => digest.to_string(),
        }),
        names,
    }
}

/// The annotations that name an entry: of Docker and containerd in full, of everybody the tag or a name.
const NAMES: [&str; 2] = [
    "io.containerd.image.name",
    "org.opencontainers.image.ref.name",
];

fn name_of(entry: &ImageIndexEntry) -> Option<&str> {
    NAMES
        .iter()
        .find_map(|key| manifest::annotation(entry, key))
}

fn is_chosen(entry: &ImageIndexEntry, choice: Option<&Choice>) -> bool {
    match choice {
        None => true,
        Some(Choice::Digest(digest)) => entry.digest == digest.to_string(),
        Some(Choice::Name(wanted)) => NAMES
            .iter()
            .filter_map(|key| manifest::annotation(entry, key))
            .any(|name| is_same_name(name, wanted)),
    }
}

/// Whether two names mean one image: `alpine:3.20` and `docker.io/library/alpine:3.20` do.
pub(super) fn is_same_name(left: &str, right: &str) -> bool {
    let full = |name: &str| image_name::parse(name).map(|name| name.whole());
    left == right || matches!((full(left), full(right)), (Ok(left), Ok(right)) if left == right)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::source::members::LayoutFolder;

    /// Stores a document as a blob and describes it.
    fn store(folder: &Path, media_type: &str, document: &Value) -> Value {
        let bytes = document.to_string();
        let digest = Digest::sha256_of(bytes.as_bytes());
        let path = folder.join(blob_name(&digest));
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        put(&path, &bytes);
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    }

    fn put(path: &Path, text: &str) {
        use std::io::Write;
        fs::File::create(path)
            .expect("a file")
            .write_all(text.as_bytes())
            .expect("written");
    }

    fn image(folder: &Path, architecture: &str) -> Value {
        let config = json!({"os": "linux", "architecture": architecture,
            "rootfs": {"type": "layers", "diff_ids": [Digest::sha256_of(b"tar")]}});
        let config = store(folder, "application/vnd.oci.image.config.v1+json", &config);
        let layer = store(
            folder,
            "application/vnd.oci.image.layer.v1.tar",
            &json!("tar"),
        );
        let manifest = json!({"schemaVersion": 2, "config": config, "layers": [layer]});
        store(
            folder,
            "application/vnd.oci.image.manifest.v1+json",
            &manifest,
        )
    }

    fn with(mut descriptor: Value, key: &str, value: Value) -> Value {
        descriptor[key] = value;
        descriptor
    }

    fn tagged(descriptor: Value, name: &str) -> Value {
        with(
            descriptor,
            "annotations",
            json!({"org.opencontainers.image.ref.name": name}),
        )
    }

    fn for_platform(descriptor: Value, architecture: &str) -> Value {
        with(
            descriptor,
            "platform",
            json!({"os": "linux", "architecture": architecture}),
        )
    }

    fn open_with(
        folder: &Path,
        entries: &[Value],
        choice: Option<&str>,
        platform: &str,
    ) -> Result<Image, SourceError> {
        put(
            &folder.join(INDEX),
            &json!({"schemaVersion": 2, "manifests": entries}).to_string(),
        );
        let choice = choice.map(|name| Choice::Name(name.to_owned()));
        let platform = platform.parse().expect("a platform");
        let members = Box::new(LayoutFolder::new("layout".to_owned(), folder));
        open(
            members,
            "oci:layout".to_owned(),
            choice.as_ref(),
            Some(&platform),
        )
    }

    #[test]
    fn the_image_of_a_tag_is_read_and_its_layer_opens() {
        let folder = tempfile::tempdir().expect("a folder");
        let entries = [
            tagged(image(folder.path(), "amd64"), "old"),
            tagged(image(folder.path(), "arm64"), "new"),
        ];
        let found =
            open_with(folder.path(), &entries, Some("new"), "linux/arm64").expect("an image");
        assert_eq!(found.config.architecture, "arm64");
        assert_eq!(
            found.manifest_digest.map(|digest| json!(digest)),
            Some(entries[1]["digest"].clone())
        );
        let layer = found.blobs.open(&found.layers[0]).expect("a layer");
        assert_eq!(
            crate::model::limits::read_at_most(layer, 9).expect("bytes"),
            b"\"tar\""
        );
    }

    #[test]
    fn several_images_without_a_choice_are_listed() {
        let folder = tempfile::tempdir().expect("a folder");
        let entries = [
            tagged(image(folder.path(), "amd64"), "old"),
            tagged(image(folder.path(), "arm64"), "new"),
        ];
        for choice in [None, Some("other")] {
            let error = open_with(folder.path(), &entries, choice, "linux/amd64")
                .err()
                .expect("a choice is needed");
            assert!(error.to_string().ends_with("it holds old, new"), "{error}");
        }
    }

    #[test]
    fn a_nested_index_and_a_flat_one_are_chosen_from_by_platform() {
        let folder = tempfile::tempdir().expect("a folder");
        let platforms =
            ["amd64", "arm64"].map(|name| for_platform(image(folder.path(), name), name));
        let nested = json!({"schemaVersion": 2, "manifests": platforms});
        let nested = store(
            folder.path(),
            "application/vnd.oci.image.index.v1+json",
            &nested,
        );
        for entries in [vec![nested], platforms.to_vec()] {
            let found = open_with(folder.path(), &entries, None, "linux/arm64").expect("an image");
            assert_eq!(found.config.architecture, "arm64");
            let error = open_with(folder.path(), &entries, None, "linux/s390x")
                .err()
                .expect("no such platform");
            assert!(
                matches!(error, SourceError::NoSuchPlatform { offered, .. } if offered.len() == 2)
            );
        }
    }

    #[test]
    fn a_single_image_of_another_platform_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let entries = [image(folder.path(), "amd64")];
        let error = open_with(folder.path(), &entries, None, "linux/arm64")
            .err()
            .expect("another platform");
        assert!(matches!(error, SourceError::NoSuchPlatform { .. }));
    }

    #[test]
    fn a_changed_manifest_a_missing_blob_and_a_chain_of_indexes_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let entry = image(folder.path(), "amd64");
        let digest: Digest = entry["digest"]
            .as_str()
            .expect("text")
            .parse()
            .expect("a digest");
        let path = folder.path().join(blob_name(&digest));
        put(&path, "{}");
        let open = |entry: &Value| {
            open_with(
                folder.path(),
                std::slice::from_ref(entry),
                None,
                "linux/amd64",
            )
            .err()
            .expect("refused")
        };
        assert!(matches!(open(&entry), SourceError::WrongDigest { .. }));
        fs::remove_file(path).expect("removed");
        assert!(matches!(open(&entry), SourceError::NoSuchBlob { .. }));
        let mut chain = for_platform(image(folder.path(), "amd64"), "amd64");
        for _ in 0..=DEEPEST_INDEX {
            let index = json!({"schemaVersion": 2, "manifests": [chain]});
            chain = for_platform(
                store(
                    folder.path(),
                    "application/vnd.oci.image.index.v1+json",
                    &index,
                ),
                "amd64",
            );
        }
        assert!(open(&chain).to_string().contains("nested too deeply"));
    }
}
