//! Images of a container engine on this machine: Docker's API over its Unix socket, which Podman serves as well.
//!
//! <https://docs.docker.com/reference/api/engine/version/v1.41/>
//!
//! The engine says what the image is without touching a layer. Only when layers are read is the image exported, as the
//! stream that `docker save` writes: a scan whose layers are all known costs no export.

use std::collections::BTreeMap;
use std::env;
use std::io::{ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bollard::errors::Error as EngineError;
use bollard::models::{ImageHistoryResponseItem, ImageInspect};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures_util::StreamExt;

use crate::model::{DiffId, Digest, History, ImageConfig, LayerDescriptor, RootFs};

use super::archive::{self, LAYER_TYPE, Saved};
use super::members::Members;
use super::streamed::{Start, StreamedTar};
use super::{Blobs, Image, ReadOrder, SourceError, SourceOptions, manifest, runtime};

/// Seconds until an engine has to begin its answer. Ten minutes: some prepare a whole export before they send a byte.
const TIMEOUT: u64 = 600;

/// Reads what the engine says of the image.
pub(super) fn open(image: &str, options: &SourceOptions) -> Result<Image, SourceError> {
    let socket = find_socket(options)?;
    let engine = runtime::block_on(connect(&socket))??;
    let told = runtime::block_on(ask(&engine, image))??;
    let blobs = EngineBlobs {
        engine,
        name: format!("docker:{image}"),
        id: told.id,
        export: Mutex::default(),
    };
    // The id is the config's digest, unless images are kept by containerd: then it is a manifest's.
    let (config, config_digest) = if let Some(config) = told.config {
        (config, blobs.id.parse().ok())
    } else {
        let saved = &blobs.export()?.saved;
        (saved.config.clone(), Some(saved.config_digest))
    };
    manifest::check_platform(&config, options.platform.as_ref())?;
    let diff_ids = config.rootfs.diff_ids.iter().enumerate();
    let layers = diff_ids
        .map(|(index, diff_id)| LayerDescriptor {
            index,
            digest: None,
            size: None,
            media_type: LAYER_TYPE.to_owned(),
            diff_id: Some(*diff_id),
        })
        .collect();
    Ok(Image {
        name: blobs.name.clone(),
        manifest_digest: None,
        annotations: BTreeMap::new(),
        config_digest,
        config,
        layers,
        blobs: Box::new(blobs),
    })
}

/// The first socket of the usual places that answers, or the one that the user names.
pub(crate) fn find_socket(options: &SourceOptions) -> Result<PathBuf, SourceError> {
    let sockets = match (&options.engine_socket, env::var("DOCKER_HOST")) {
        (Some(socket), _) => vec![socket.clone()],
        (None, Ok(host)) if !host.is_empty() => match host.strip_prefix("unix://") {
            Some(socket) => vec![socket.into()],
            None => {
                return Err(SourceError::EngineHost {
                    host: super::error::shown(&host),
                });
            }
        },
        (None, _) => {
            let of_user = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
            let podman = of_user.map(|folder| folder.join("podman/podman.sock"));
            let mut sockets = vec![PathBuf::from("/var/run/docker.sock")];
            sockets.extend(podman);
            sockets.push("/run/podman/podman.sock".into());
            sockets
        }
    };
    let mut forbidden = None;
    for socket in &sockets {
        match UnixStream::connect(socket) {
            Ok(_) => return Ok(socket.clone()),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                forbidden = forbidden.or(Some(socket));
            }
            Err(_) => {}
        }
    }
    let shown = |socket: &PathBuf| socket.display().to_string();
    Err(match forbidden {
        Some(socket) => SourceError::EnginePermission {
            socket: shown(socket),
        },
        None => SourceError::NoEngine {
            sockets: sockets.iter().map(shown).collect(),
        },
    })
}

/// A client of the engine that listens at `socket`.
pub(crate) async fn connect(socket: &std::path::Path) -> Result<Docker, SourceError> {
    let failed = |source| SourceError::Engine {
        what: "be connected to",
        source,
    };
    let engine = Docker::connect_with_unix(&socket.to_string_lossy(), TIMEOUT, API_DEFAULT_VERSION)
        .map_err(failed)?;
    engine.negotiate_version().await.map_err(failed)
}

/// What an engine tells of an image without exporting it.
struct Told {
    id: String,
    /// `None` where that is not all of the config.
    config: Option<ImageConfig>,
}

async fn ask(engine: &Docker, image: &str) -> Result<Told, SourceError> {
    let failed = |what| {
        move |source| match source {
            EngineError::DockerResponseServerError {
                status_code: 404, ..
            } => SourceError::NoSuchEngineImage {
                image: image.to_owned(),
            },
            source => SourceError::Engine { what, source },
        }
    };
    let inspected = engine
        .inspect_image(image)
        .await
        .map_err(failed("inspect the image"))?;
    let id = inspected.id.clone().unwrap_or_else(|| image.to_owned());
    if inspected.descriptor.is_some() {
        return Ok(Told { id, config: None });
    }
    let history = engine
        .image_history(&id)
        .await
        .map_err(failed("tell the image's history"))?;
    let config = config_of(inspected, history);
    Ok(Told { id, config })
}

/// The image's config from what the engine tells. `None` if that does not tell which instructions made a layer: the engine
/// gives their sizes, and a layer can be empty.
fn config_of(
    inspected: ImageInspect,
    history: Vec<ImageHistoryResponseItem>,
) -> Option<ImageConfig> {
    let layers = inspected.root_fs?.layers.unwrap_or_default();
    let diff_ids: Vec<DiffId> = layers
        .iter()
        .map(|layer| layer.parse().ok().map(DiffId))
        .collect::<Option<_>>()?;
    let with_content = history.iter().filter(|item| item.size > 0).count();
    if with_content != diff_ids.len() {
        return None;
    }
    let item = |item: ImageHistoryResponseItem| History {
        created_by: item.created_by,
        comment: item.comment,
        empty_layer: item.size <= 0,
    };
    Some(ImageConfig {
        os: inspected.os?,
        architecture: inspected.architecture?,
        variant: inspected.variant.filter(|variant| !variant.is_empty()),
        created: inspected.created,
        config: serde_json::from_value(serde_json::to_value(inspected.config?).ok()?).ok()?,
        rootfs: RootFs { diff_ids },
        // The engine tells the newest first.
        history: history.into_iter().rev().map(item).collect(),
    })
}

/// The layers of an engine's image.
struct EngineBlobs {
    engine: Docker,
    name: String,
    id: String,
    export: Mutex<Option<Arc<Export>>>,
}

/// An image as the engine exports it.
struct Export {
    tar: StreamedTar,
    saved: Saved,
}

impl EngineBlobs {
    /// The export, begun by whoever needs it first.
    fn export(&self) -> Result<Arc<Export>, SourceError> {
        let mut export = self.export.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(export) = &*export {
            return Ok(Arc::clone(export));
        }
        let tar = StreamedTar::open(self.name.clone(), self.start())?;
        let saved = archive::saved_image(&tar, &self.name, None)?;
        let made = Arc::new(Export { tar, saved });
        *export = Some(Arc::clone(&made));
        Ok(made)
    }

    fn start(&self) -> Start {
        let (engine, id) = (self.engine.clone(), self.id.clone());
        Box::new(move || {
            let (engine, id) = (engine.clone(), id.clone());
            runtime::read_from(|sender| async move {
                let mut chunks = std::pin::pin!(engine.export_image(&id));
                while let Some(chunk) = chunks.next().await {
                    let is_read = match chunk {
                        Ok(chunk) => sender.chunk(chunk).await,
                        Err(source) => {
                            sender
                                .broken(SourceError::Engine {
                                    what: "export the image",
                                    source,
                                })
                                .await;
                            false
                        }
                    };
                    if !is_read {
                        return;
                    }
                }
                sender.end().await;
            })
        })
    }

    /// Refuses an export that is not what the engine told before.
    fn check(&self, export: &Export, layer: &LayerDescriptor) -> Result<(), SourceError> {
        let claimed: Option<Digest> = self.id.parse().ok();
        let exported = export.saved.config.rootfs.diff_ids.get(layer.index);
        if exported == layer.diff_id.as_ref() {
            return Ok(());
        }
        Err(SourceError::WrongDigest {
            what: format!("the export of {}", self.name),
            expected: claimed.map_or_else(|| self.id.clone(), |digest| digest.to_string()),
            actual: export.saved.config_digest.to_string(),
        })
    }
}

impl Blobs for EngineBlobs {
    fn open(&self, layer: &LayerDescriptor) -> Result<Box<dyn Read + Send>, SourceError> {
        let export = self.export()?;
        self.check(&export, layer)?;
        match export.saved.names.get(layer.index) {
            Some(name) => export.tar.open(name),
            None => Err(export.tar.missing(&format!("layer {}", layer.index))),
        }
    }

    /// Begins the export. If that fails, opening a layer tells why.
    fn read_order(&self) -> ReadOrder {
        self.export()
            .map_or(ReadOrder::Sequential(Vec::new()), |export| {
                export.tar.read_order(&export.saved.names)
            })
    }

    fn diff_ids_are_verified(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(sizes: &[i64]) -> Option<ImageConfig> {
        let inspected = json!({"Id": "sha256:0", "Os": "linux", "Architecture": "amd64", "Created": "2020-01-01T00:00:00Z",
            "Config": {"User": "app", "Env": ["A=1"], "ExposedPorts": {"80/tcp": {}}, "Cmd": null},
            "RootFS": {"Type": "layers", "Layers": [Digest::sha256_of(b"1"), Digest::sha256_of(b"2")]}});
        let items: Vec<_> = sizes
            .iter()
            .map(|size| json!({"Id": "<missing>", "Created": 0, "CreatedBy": format!("RUN {size}"), "Tags": null, "Size": size, "Comment": ""}))
            .collect();
        config_of(
            serde_json::from_value(inspected).expect("an inspection"),
            serde_json::from_value(json!(items)).expect("a history"),
        )
    }

    #[test]
    fn the_config_is_what_the_engine_tells_oldest_instruction_first() {
        let config = told(&[20, 0, 10]).expect("a config");
        assert_eq!(
            (config.instruction(0), config.instruction(1)),
            (Some("RUN 10"), Some("RUN 20"))
        );
        assert_eq!(config.config.user, "app");
        assert!(config.config.exposed_ports.contains_key("80/tcp"));
        assert_eq!(config.rootfs.diff_ids.len(), 2);
    }

    #[test]
    fn a_history_that_does_not_tell_the_layers_is_not_guessed_from() {
        assert_eq!(told(&[20, 0, 0]), None);
    }

    #[test]
    fn a_missing_socket_and_an_engine_elsewhere_are_told_apart() {
        let options = SourceOptions {
            engine_socket: Some("/no/such.sock".into()),
            ..SourceOptions::default()
        };
        let error = open("alpine", &options).err().expect("no engine");
        assert!(error.to_string().contains("/no/such.sock"), "{error}");
        assert!(error.hint().is_some());
    }
}
