//! Archives as `docker save` writes them, plain, gzip or zstd.
//!
//! Until Docker 24, and from most other tools, `manifest.json` is the way in:
//! ```text
//! manifest.json       [{"Config": NAME, "RepoTags": ["alpine:3.20"], "Layers": [NAME, …]}]
//! NAME                the config, mostly <64 hex>.json; each layer, mostly <64 hex>/layer.tar
//! ```
//! From Docker 25 on the same archive is also an OCI layout, which says more: it is then read as one.
//! <https://github.com/moby/docker-image-spec/blob/main/v1.2.md#combined-image-json--filesystem-changeset-format>

use std::fs::File;
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
    let open = || {
        let file = File::open(path)?;
        let packing = Packing::of(&file)?;
        Ok((file, packing))
    };
    let (file, packing) = open().map_err(|error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => SourceError::NoSuchPath { path: path.into() },
        _ => SourceError::io(path.display().to_string())(error),
    })?;
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
    if names.len() != config.rootfs.diff_ids.len() {
        return Err(SourceError::LayerCount {
            layers: names.len(),
            diff_ids: config.rootfs.diff_ids.len(),
        });
    }
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
