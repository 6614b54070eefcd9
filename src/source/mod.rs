//! From a reference to an image: its manifest, its config, its layers as byte streams.
//!
//! What comes in: what the user typed. What goes out: an [`Image`] whose blobs open as `impl Read`. Network and async
//! stay inside this room. It never looks into a layer, never verifies one (that is `layers::blob`, for every source
//! alike), and writes nothing to the host. A [`Repository`] holds artifacts that are no images, and takes them.

mod archive;
mod archive_file;
mod auth;
mod client;
pub(crate) mod engine;
mod error;
mod hint;
mod image_name;
mod layout;
mod manifest;
mod members;
mod mounts;
mod options;
mod recognise;
mod reference;
mod registry;
mod retry;
mod rootfs;
mod rootfs_walk;
pub(crate) mod runtime;
mod session;
mod streamed;
mod tarball;

use std::collections::BTreeMap;
use std::io::Read;

use crate::model::{Digest, Gap, ImageConfig, LayerDescriptor};

pub use client::install_cryptography;
pub use error::SourceError;
pub use options::{Credentials, SourceOptions};
pub use reference::{Choice, Reference};
pub use registry::{ArtifactManifest, Content, Descriptor, Repository, Sent};
pub use retry::RetryPolicy;

/// An image that was found: what its manifest and config say, and the way to its layers.
pub struct Image {
    /// The reference in full, as it goes into the evidence: registry, repository, tag or digest; or the form and the
    /// name of an archive, without this machine's folders.
    pub name: String,
    /// Digest of the manifest's own bytes, where the source has a manifest.
    pub manifest_digest: Option<Digest>,
    /// Digest of the config's bytes: the image id. `None` for a root file system.
    pub config_digest: Option<Digest>,
    /// The annotations of its manifest: claims, like its labels.
    pub annotations: BTreeMap<String, String>,
    /// What the image says of itself.
    pub config: ImageConfig,
    /// Its layers, base first.
    pub layers: Vec<LayerDescriptor>,
    /// The way to the layers' bytes.
    pub blobs: Box<dyn Blobs>,
}

/// Opens the layers of one image.
pub trait Blobs: Send + Sync {
    /// The layer's bytes as they are stored. May wait until another layer's reader is dropped, see [`ReadOrder`].
    fn open(&self, layer: &LayerDescriptor) -> Result<Box<dyn Read + Send>, SourceError>;

    /// In which order the layers are best opened. To be asked only when one is to be read: an engine begins its export to
    /// answer.
    fn read_order(&self) -> ReadOrder {
        ReadOrder::Any
    }

    /// Whether the store behind this source has itself verified the config's diffIDs (a container engine has, when it
    /// unpacked the image). Everywhere else a diffID is a claim until its layer was read.
    fn diff_ids_are_verified(&self) -> bool {
        false
    }

    /// What could not be read so far, such as folders of a root file system without permission. Complete once all
    /// layers were read.
    fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }
}

/// How a source likes its layers to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadOrder {
    /// Any number at once, in any order.
    Any,
    /// One after another, in this order of layer indexes: the bytes lie in one stream that cannot be wound back cheaply.
    Sequential(Vec<usize>),
}

/// Finds the image: reads its manifest and config, and leaves the layers where they are.
///
/// Blocks; not to be called on a thread of an async runtime.
pub fn open(reference: &Reference, options: &SourceOptions) -> Result<Image, SourceError> {
    let platform = options.platform.as_ref();
    match reference {
        Reference::Registry(image) => registry::open(image, options),
        Reference::Archive { path, choice } => archive::open(path, choice.as_ref(), platform),
        Reference::Layout { path, choice } => {
            let members: Box<dyn members::Members> = if path.is_dir() {
                Box::new(members::LayoutFolder::new(reference::file_name(path), path))
            } else {
                archive::open_members(path)?
            };
            layout::open(members, reference.name(), choice.as_ref(), platform)
        }
        Reference::Engine(image) => engine::open(image, options),
        Reference::RootFs(path) => rootfs::open(path, reference.name()),
    }
}
