//! Images as code: layers with files, whiteouts and links, written as an OCI layout or a docker archive.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use plimsoll::model::Digest;
use serde_json::json;

/// How a layer is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Gzip,
    Zstd,
    Plain,
}

impl Packing {
    fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/vnd.oci.image.layer.v1.tar+gzip",
            Self::Zstd => "application/vnd.oci.image.layer.v1.tar+zstd",
            Self::Plain => "application/vnd.oci.image.layer.v1.tar",
        }
    }

    fn pack(self, tar: &[u8]) -> Vec<u8> {
        match self {
            Self::Gzip => {
                let mut encoder =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(tar).expect("gzip");
                encoder.finish().expect("gzip")
            }
            Self::Zstd => zstd::encode_all(tar, 3).expect("zstd"),
            Self::Plain => tar.to_vec(),
        }
    }
}

/// One layer under construction.
pub struct Layer(tar::Builder<Vec<u8>>);

impl Layer {
    pub fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.file_with_mode(path, content, 0o644)
    }

    pub fn file_with_mode(mut self, path: &str, content: impl AsRef<[u8]>, mode: u32) -> Self {
        let content = content.as_ref();
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(mode);
        self.0
            .append_data(&mut header, path, content)
            .expect("a file");
        self
    }

    /// Adds files of this machine, each under its own path below `root`.
    #[allow(dead_code, reason = "for the benchmark")]
    pub fn host_files(mut self, root: &Path, files: impl IntoIterator<Item = PathBuf>) -> Self {
        for file in files {
            let name = file.strip_prefix(root).expect("below the root").to_owned();
            self.0
                .append_path_with_name(&file, name)
                .expect("a file of this machine");
        }
        self
    }

    pub fn whiteout(self, path: &str) -> Self {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let separator = if folder.is_empty() { "" } else { "/" };
        self.file(&format!("{folder}{separator}.wh.{name}"), "")
    }
}

struct Stored {
    tar: Vec<u8>,
    blob: Vec<u8>,
    media_type: String,
    instruction: String,
}

/// An image under construction.
#[derive(Default)]
pub struct ImageBuilder {
    layers: Vec<Stored>,
    config: serde_json::Value,
    created: Option<String>,
}

/// Digests of an image that was written.
#[derive(Debug)]
pub struct Written {
    pub layers: Vec<Digest>,
}

impl ImageBuilder {
    pub fn new() -> Self {
        Self {
            layers: Vec::new(),
            config: json!({}),
            created: None,
        }
    }

    pub fn layer(self, instruction: &str, build: impl FnOnce(Layer) -> Layer) -> Self {
        self.layer_as(Packing::Gzip, instruction, build)
    }

    pub fn layer_as(
        self,
        packing: Packing,
        instruction: &str,
        build: impl FnOnce(Layer) -> Layer,
    ) -> Self {
        let tar = Self::tar(build);
        let blob = packing.pack(&tar);
        self.raw_layer(tar, blob, packing.media_type(), instruction)
    }

    /// The tar of one layer.
    pub fn tar(build: impl FnOnce(Layer) -> Layer) -> Vec<u8> {
        build(Layer(tar::Builder::new(Vec::new())))
            .0
            .into_inner()
            .expect("a tar")
    }

    /// Puts other bytes in place of a layer's blob, while the config goes on claiming the old diffID.
    pub fn with_blob(mut self, index: usize, packing: Packing, tar: &[u8]) -> Self {
        self.layers[index].blob = packing.pack(tar);
        self
    }

    /// A layer of which nothing has to be true.
    pub fn raw_layer(
        mut self,
        tar: Vec<u8>,
        blob: Vec<u8>,
        media_type: &str,
        instruction: &str,
    ) -> Self {
        let (media_type, instruction) = (media_type.to_owned(), instruction.to_owned());
        self.layers.push(Stored {
            tar,
            blob,
            media_type,
            instruction,
        });
        self
    }

    /// The `config` object of the image config.
    pub fn config(mut self, config: serde_json::Value) -> Self {
        self.config = config;
        self
    }

    /// When the config says that it was made.
    #[allow(dead_code, reason = "the benchmark does not ask")]
    pub fn created(mut self, time: &str) -> Self {
        self.created = Some(time.to_owned());
        self
    }

    fn config_json(&self) -> Vec<u8> {
        let diff_ids: Vec<_> = self
            .layers
            .iter()
            .map(|layer| Digest::sha256_of(&layer.tar).to_string())
            .collect();
        let history: Vec<_> = self
            .layers
            .iter()
            .map(|layer| json!({"created_by": layer.instruction}))
            .collect();
        let mut config = json!({
            "os": "linux", "architecture": "amd64", "config": self.config,
            "rootfs": {"type": "layers", "diff_ids": diff_ids}, "history": history,
        });
        if let Some(created) = &self.created {
            config["created"] = json!(created);
        }
        serde_json::to_vec(&config).expect("json")
    }

    /// Writes an OCI image layout with one image, tagged `latest`.
    pub fn write_layout(&self, folder: &Path) -> Written {
        let blobs = folder.join("blobs/sha256");
        fs::create_dir_all(&blobs).expect("a folder");
        let store = |bytes: &[u8], media_type: &str| {
            let digest = Digest::sha256_of(bytes);
            fs::write(blobs.join(digest.hex()), bytes).expect("a blob");
            json!({"mediaType": media_type, "digest": digest.to_string(), "size": bytes.len()})
        };
        let config = store(
            &self.config_json(),
            "application/vnd.oci.image.config.v1+json",
        );
        let layers: Vec<_> = self
            .layers
            .iter()
            .map(|layer| store(&layer.blob, &layer.media_type))
            .collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config, "layers": layers,
        });
        let mut manifest = store(
            &serde_json::to_vec(&manifest).expect("json"),
            "application/vnd.oci.image.manifest.v1+json",
        );
        manifest["annotations"] = json!({"org.opencontainers.image.ref.name": "latest"});
        manifest["platform"] = json!({"os": "linux", "architecture": "amd64"});
        let index = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [manifest],
        });
        fs::write(
            folder.join("index.json"),
            serde_json::to_vec(&index).expect("json"),
        )
        .expect("an index");
        fs::write(
            folder.join("oci-layout"),
            r#"{"imageLayoutVersion":"1.0.0"}"#,
        )
        .expect("a layout");
        Written {
            layers: self
                .layers
                .iter()
                .map(|layer| Digest::sha256_of(&layer.blob))
                .collect(),
        }
    }

    /// Writes what `docker save` wrote before Docker 25: `manifest.json` at the end, layers without digests.
    pub fn write_docker_archive(&self, file: &Path) {
        let mut archive = Layer(tar::Builder::new(Vec::new()));
        let mut names = Vec::new();
        for (index, layer) in self.layers.iter().enumerate() {
            let name = format!("{index:064x}/layer.tar");
            archive = archive.file(&name, &layer.tar);
            names.push(name);
        }
        let config = self.config_json();
        let config_name = format!("{}.json", Digest::sha256_of(&config).hex());
        let manifest =
            json!([{"Config": config_name, "RepoTags": ["app:latest"], "Layers": names}]);
        let archive = archive.file(&config_name, &config).file(
            "manifest.json",
            serde_json::to_vec(&manifest).expect("json"),
        );
        fs::write(file, archive.0.into_inner().expect("a tar")).expect("an archive");
    }
}
