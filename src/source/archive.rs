//! Archives as `docker save` writes them, plain, gzip or zstd.
//!
//! Until Docker 24, and from most other tools, `manifest.json` is the way in:
//! ```text
//! manifest.json       [{"Config": NAME, "RepoTags": ["alpine:3.20"], "Layers": [NAME, …]}]
//! NAME                the config, mostly <64 hex>.json; each layer, mostly <64 hex>/layer.tar
//! ```
//! From Docker 25 on the same archive is also an OCI layout, which says more: it is then read as one.
//! <https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format>

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use crate::model::{Digest, ImageConfig, LayerDescriptor, Platform};

use super::archive_file::{self, Packing};
use super::error::shown;
use super::members::{MemberBlobs, Members, PlainTar};
use super::reference::{Choice, file_name};
use super::streamed::StreamedTar;
use super::{Image, Reference, SourceError, layout, manifest};

/// The list of images in an archive of Docker's own form.
const MANIFEST: &str = "manifest.json";

/// What Docker calls an uncompressed layer; whether it is one is for `layers` to see.
pub(super) const LAYER_TYPE: &str = oci_distribution::manifest::IMAGE_DOCKER_LAYER_TAR_MEDIA_TYPE;

/// One image in `manifest.json`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// Opens a tar that holds images in either form.
pub(super) fn open(
    path: &Path,
    choice: Option<&Choice>,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    let members = open_members(path)?;
    let form = |layout: bool| {
        let (path, choice) = (path.to_owned(), choice.cloned());
        if layout {
            Reference::Layout { path, choice }.name()
        } else {
            Reference::Archive { path, choice }.name()
        }
    };
    match (members.size(layout::INDEX), members.size(MANIFEST)) {
        (Some(_), both) => layout::open(members, form(both.is_none()), choice, platform),
        (None, Some(_)) => read(members, form(false), choice, platform),
        (None, None) => Err(SourceError::NotAnImageFile {
            path: path.into(),
            reason: "the archive holds neither manifest.json nor index.json",
        }),
    }
}

/// The members of the archive at `path`, by position or by the shared cursor.
pub(super) fn open_members(path: &Path) -> Result<Box<dyn Members>, SourceError> {
    let archive = file_name(path);
    let metadata = path.metadata().map_err(|error| match error.kind() {
        ErrorKind::NotFound => SourceError::NoSuchPath { path: path.into() },
        _ => SourceError::io(path.display().to_string())(error),
    })?;
    // A pipe can be read once, and may never begin.
    if !metadata.is_file() {
        return Err(SourceError::NotAnImageFile {
            path: path.into(),
            reason: "it is no regular file",
        });
    }
    let file = File::open(path).map_err(SourceError::io(path.display().to_string()))?;
    let packing = Packing::of(&file).map_err(SourceError::io(path.display().to_string()))?;
    if packing == Packing::Plain {
        return Ok(Box::new(PlainTar::open(archive, file)?));
    }
    let called = archive.clone();
    let start = move || {
        archive_file::unpack(&file, packing).map_err(|source| SourceError::Archive {
            archive: called.clone(),
            source,
        })
    };
    Ok(Box::new(StreamedTar::open(archive, Box::new(start))?))
}

/// Reads an archive by its `manifest.json`.
pub(super) fn read(
    members: Box<dyn Members>,
    name: String,
    choice: Option<&Choice>,
    platform: Option<&Platform>,
) -> Result<Image, SourceError> {
    let Saved {
        config,
        config_digest,
        names,
    } = saved_image(&*members, &name, choice)?;
    manifest::check_platform(&config, platform)?;
    let layers = config.rootfs.diff_ids.iter().zip(&names).enumerate();
    let layers = layers
        .map(|(index, (diff_id, name))| LayerDescriptor {
            index,
            digest: None,
            size: members.size(name),
            media_type: LAYER_TYPE.to_owned(),
            diff_id: Some(*diff_id),
        })
        .collect();
    Ok(Image {
        name,
        manifest_digest: None,
        annotations: BTreeMap::new(),
        config_digest: Some(config_digest),
        config,
        layers,
        blobs: Box::new(MemberBlobs { members, names }),
    })
}

/// One image of `manifest.json`, with as many layers as its config has diffIDs.
pub(super) struct Saved {
    /// Its config.
    pub(super) config: ImageConfig,
    /// The digest of the config's bytes.
    pub(super) config_digest: Digest,
    /// The layers' names in the archive.
    pub(super) names: Vec<String>,
}

/// Finds the image that `choice` names, or the only one.
pub(super) fn saved_image(
    members: &dyn Members,
    name: &str,
    choice: Option<&Choice>,
) -> Result<Saved, SourceError> {
    let bytes = members
        .document(MANIFEST)?
        .ok_or_else(|| members.missing(MANIFEST))?;
    let items: Vec<Item> = serde_json::from_slice(&bytes)
        .map_err(|error| SourceError::malformed(format!("{MANIFEST} of {name}"), error))?;
    let item = choose(items, choice, members.archive())?;
    let bytes = members
        .document(&item.config)?
        .ok_or_else(|| members.missing(&item.config))?;
    let config_digest = Digest::sha256_of(&bytes);
    if let Some(claimed) = digest_in_name(&item.config) {
        manifest::verify(&format!("the config of {name}"), &bytes, &claimed)?;
    }
    let config = manifest::parse_config(&bytes, name)?;
    let names = item.layers.unwrap_or_default();
    manifest::check_layer_count(names.len(), config.rootfs.diff_ids.len())?;
    Ok(Saved {
        config,
        config_digest,
        names,
    })
}

/// The digest that a config's name claims: `<64 hex>.json`, `sha256:<64 hex>` or `blobs/sha256/<64 hex>`.
fn digest_in_name(name: &str) -> Option<Digest> {
    let name = name.rsplit('/').next()?;
    let hex = name.strip_prefix("sha256:").unwrap_or(name);
    let hex = hex.strip_suffix(".json").unwrap_or(hex);
    format!("sha256:{hex}").parse().ok()
}

fn choose(items: Vec<Item>, choice: Option<&Choice>, archive: &str) -> Result<Item, SourceError> {
    let names: Vec<String> = items
        .iter()
        .flat_map(|item| match item.repo_tags.as_deref() {
            None | Some([]) => vec![shown(&item.config)],
            Some(tags) => tags.iter().map(|tag| shown(tag)).collect(),
        })
        .collect();
    let wanted = choice.map(|choice| match choice {
        Choice::Name(name) => name.clone(),
        Choice::Digest(digest) => digest.to_string(),
    });
    let is_chosen = |item: &Item| match choice {
        None => true,
        Some(Choice::Digest(digest)) => digest_in_name(&item.config) == Some(*digest),
        Some(Choice::Name(wanted)) => {
            item.config == *wanted
                || item
                    .repo_tags
                    .iter()
                    .flatten()
                    .any(|tag| layout::is_same_name(tag, wanted))
        }
    };
    let mut matching = items.into_iter().filter(is_chosen);
    match (matching.next(), matching.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(SourceError::WhichImage {
            archive: archive.to_owned(),
            wanted,
            names,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use serde_json::{Value, json};

    use super::*;
    use crate::model::DiffId;
    use crate::model::limits::read_at_most;

    /// An archive of the given members; a content that begins with `->` is a link.
    fn archive(members: &[(&str, &str)]) -> tempfile::NamedTempFile {
        let mut builder = tar::Builder::new(Vec::new());
        for (name, content) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(0);
            if let Some(target) = content.strip_prefix("->") {
                header.set_entry_type(tar::EntryType::Symlink);
                builder
                    .append_link(&mut header, name, target)
                    .expect("a link");
            } else {
                header.set_size(content.len() as u64);
                builder
                    .append_data(&mut header, name, content.as_bytes())
                    .expect("a file");
            }
        }
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(&builder.into_inner().expect("a tar"))
            .expect("written");
        file
    }

    fn config(layers: &[&str]) -> String {
        let diff_ids: Vec<_> = layers
            .iter()
            .map(|layer| DiffId(Digest::sha256_of(layer.as_bytes())))
            .collect();
        json!({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": diff_ids}})
            .to_string()
    }

    fn item(config: &str, tag: Option<&str>, layers: &[&str]) -> Value {
        json!({"Config": config, "RepoTags": tag.map(|tag| [tag]), "Layers": layers})
    }

    fn open_by(file: &tempfile::NamedTempFile, choice: Option<&str>) -> Result<Image, SourceError> {
        open(
            file.path(),
            choice.map(|name| Choice::Name(name.to_owned())).as_ref(),
            None,
        )
    }

    fn refused(members: &[(&str, &str)]) -> SourceError {
        open_by(&archive(members), None).err().expect("refused")
    }

    #[test]
    fn the_old_form_is_read_and_a_layer_that_is_a_link_opens() {
        let manifest = json!([item(
            "c.json",
            Some("alpine:3.10"),
            &["a/layer.tar", "b/layer.tar"]
        )])
        .to_string();
        let file = archive(&[
            ("a/layer.tar", "layer"),
            ("b/layer.tar", "->../a/layer.tar"),
            ("c.json", &config(&["layer", "layer"])),
            ("manifest.json", &manifest),
        ]);
        let image = open_by(&file, Some("docker.io/library/alpine:3.10")).expect("an image");
        assert_eq!(image.layers.len(), 2);
        for layer in &image.layers {
            assert_eq!((layer.digest, layer.size), (None, Some(5)));
            let bytes = read_at_most(image.blobs.open(layer).expect("a layer"), 9).expect("bytes");
            assert_eq!(bytes, b"layer");
        }
    }

    #[test]
    fn several_images_are_listed_unless_one_is_chosen() {
        let items = [
            item("1.json", Some("app:1"), &["l"]),
            item("2.json", None, &["l"]),
        ];
        let file = archive(&[
            ("l", "layer"),
            ("1.json", &config(&["layer"])),
            ("2.json", &config(&["layer"])),
            ("manifest.json", &json!(items).to_string()),
        ]);
        let error = open_by(&file, None).err().expect("a choice is needed");
        assert!(
            error.to_string().ends_with("it holds app:1, 2.json"),
            "{error}"
        );
        for choice in ["app:1", "2.json"] {
            let image = open_by(&file, Some(choice)).expect(choice);
            assert!(
                image.name.ends_with(&format!(":{choice}")),
                "{}",
                image.name
            );
        }
    }

    #[test]
    fn an_archive_of_docker_25_is_read_as_the_layout_that_it_is() {
        let config = config(&["layer"]);
        let blob =
            |text: &str| format!("blobs/sha256/{}", Digest::sha256_of(text.as_bytes()).hex());
        let describe = |media_type: &str, text: &str| json!({"mediaType": media_type, "digest": Digest::sha256_of(text.as_bytes()), "size": text.len()});
        let manifest = json!({"schemaVersion": 2,
            "config": describe("application/vnd.oci.image.config.v1+json", &config),
            "layers": [describe("application/vnd.oci.image.layer.v1.tar", "layer")]});
        let manifest = manifest.to_string();
        let mut entry = describe("application/vnd.oci.image.manifest.v1+json", &manifest);
        entry["annotations"] = json!({"io.containerd.image.name": "docker.io/library/app:1",
            "org.opencontainers.image.ref.name": "1"});
        let index = json!({"schemaVersion": 2, "manifests": [entry]}).to_string();
        let items = json!([item(&blob(&config), Some("app:1"), &[&blob("layer")])]).to_string();
        let file = archive(&[
            (&blob("layer"), "layer"),
            (&blob(&config), &config),
            (&blob(&manifest), &manifest),
            ("index.json", &index),
            ("manifest.json", &items),
            ("oci-layout", "{}"),
        ]);
        for choice in [None, Some("app:1"), Some("1")] {
            let image = open_by(&file, choice).expect("an image");
            assert_eq!(
                image.manifest_digest,
                Some(Digest::sha256_of(manifest.as_bytes()))
            );
            assert_eq!(image.layers[0].digest, Some(Digest::sha256_of(b"layer")));
            assert!(image.name.starts_with("docker-archive:"), "{}", image.name);
        }
    }

    #[test]
    fn lies_and_holes_are_refused_by_name() {
        let name = format!("{}.json", Digest::sha256_of(b"another").hex());
        let list = |config: &str, layers: &[&str]| json!([item(config, None, layers)]).to_string();
        let good = config(&["layer"]);
        let wrong = refused(&[
            (&name, &good),
            ("l", "layer"),
            ("manifest.json", &list(&name, &["l"])),
        ]);
        assert!(matches!(wrong, SourceError::WrongDigest { .. }), "{wrong}");
        let fewer = refused(&[("c", &good), ("manifest.json", &list("c", &[]))]);
        assert!(matches!(fewer, SourceError::LayerCount { .. }), "{fewer}");
        let outside = refused(&[("manifest.json", &list("../../etc/passwd", &["l"]))]);
        assert!(
            matches!(outside, SourceError::NoSuchBlob { .. }),
            "{outside}"
        );
        let nonsense = refused(&[("manifest.json", "[{}]")]);
        assert!(
            matches!(nonsense, SourceError::Malformed { .. }),
            "{nonsense}"
        );
        let neither = refused(&[("etc/os-release", "ID=x")]);
        assert!(
            matches!(neither, SourceError::NotAnImageFile { .. }),
            "{neither}"
        );
    }

    #[test]
    fn a_missing_layer_is_an_error_when_it_is_opened() {
        let manifest = json!([item("c", None, &["gone"])]).to_string();
        let file = archive(&[("c", &config(&["layer"])), ("manifest.json", &manifest)]);
        let image = open_by(&file, None).expect("an image");
        assert!(matches!(
            image.blobs.open(&image.layers[0]),
            Err(SourceError::NoSuchBlob { .. })
        ));
    }
}
