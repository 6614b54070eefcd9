//! Volumes of a pod, and where its containers mount them.

use std::collections::BTreeMap;

use super::kinds::Object;
use crate::runtime::field::{Field, TypeError};
use crate::runtime::read::host_path;
use crate::runtime::tree::Node;
use crate::runtime::{Device, Mount, MountKind, RuntimeSpec, Setting, Stated};

/// A volume of a pod.
pub(super) struct Volume<'a> {
    name: String,
    /// Which of the sources it has: `hostPath`, `configMap`.
    source_name: String,
    /// What the source says.
    source: Field<'a>,
    field: Field<'a>,
}

/// The volumes of a pod: its own, and those that a `StatefulSet` makes for it.
#[derive(Default)]
pub(super) struct Volumes<'a> {
    list: Vec<Volume<'a>>,
    by_name: BTreeMap<String, usize>,
}

impl<'a> Volumes<'a> {
    /// Reads them.
    pub(super) fn new(object: &Object<'a>, spec: &Field<'a>) -> Result<Self, TypeError> {
        let mut volumes = Self::default();
        for field in spec.get("volumes")?.items()? {
            volumes.add(Volume::new(field)?);
        }
        if object.kind == "StatefulSet" {
            for claim in object.root.at(&["spec", "volumeClaimTemplates"])?.items()? {
                volumes.add(Volume {
                    name: name(&claim.get("metadata")?)?,
                    source_name: "persistentVolumeClaim".to_owned(),
                    source: claim.get("spec")?,
                    field: claim,
                });
            }
        }
        Ok(volumes)
    }

    /// The kind of each, in the order of the text.
    pub(super) fn sources(&self) -> Vec<Stated<String>> {
        let source =
            |volume: &Volume<'_>| Stated::new(volume.source_name.clone(), volume.field.spot());
        self.list.iter().map(source).collect()
    }

    fn add(&mut self, volume: Volume<'a>) {
        self.by_name
            .entry(volume.name.clone())
            .or_insert(self.list.len());
        self.list.push(volume);
    }

    /// The volume that a mount names, and the name.
    fn named(&self, mount: &Field<'_>) -> Result<(Option<&Volume<'a>>, String), TypeError> {
        let name = name(mount)?;
        let volume = self
            .by_name
            .get(&name)
            .and_then(|index| self.list.get(*index));
        Ok((volume, name))
    }
}

fn name(field: &Field<'_>) -> Result<String, TypeError> {
    let name = field.get("name")?;
    Ok(name
        .node()
        .and_then(Node::text)
        .unwrap_or_default()
        .to_owned())
}

impl<'a> Volume<'a> {
    fn new(field: Field<'a>) -> Result<Self, TypeError> {
        let entries = field.entries()?;
        let source = entries
            .into_iter()
            .find(|(key, _, value)| *key != "name" && value.is_present());
        // Without a source it is an emptyDir (`SetDefaults_Volume` of core/v1).
        let (source_name, source) = match source {
            Some((key, _, value)) => (key.to_owned(), value),
            None => ("emptyDir".to_owned(), field.get("emptyDir")?),
        };
        Ok(Self {
            name: name(&field)?,
            source_name,
            source,
            field,
        })
    }

    fn kind(&self) -> Result<MountKind, TypeError> {
        Ok(match self.source_name.as_str() {
            "hostPath" => MountKind::Host,
            "persistentVolumeClaim" | "ephemeral" => MountKind::Volume,
            "emptyDir" => match self
                .source
                .get("medium")?
                .text()?
                .value()
                .map(String::as_str)
            {
                None | Some("") => MountKind::Scratch,
                // `Memory`, or huge pages, which are memory, too.
                Some(_) => MountKind::Memory,
            },
            other => MountKind::Other(other.to_owned()),
        })
    }

    /// The path of the host, the claim's name, or the volume's own.
    fn origin(&self, inside: Option<&str>) -> Result<Setting<String>, TypeError> {
        match self.source_name.as_str() {
            "hostPath" => {
                let path = self.source.get("path")?.text()?;
                let whole = |path: String| match inside {
                    Some(inside) => host_path::normalise(&format!("{path}/{inside}")),
                    None => host_path::normalise(&path),
                };
                Ok(match path {
                    Setting::Stated(stated) => Setting::stated(whole(stated.value), stated.at),
                    other => other,
                })
            }
            "persistentVolumeClaim" => {
                let own = Setting::stated(self.name.clone(), self.field.spot());
                Ok(self.source.get("claimName")?.text()?.or(own))
            }
            "emptyDir" => Ok(Setting::Absent),
            _ => Ok(Setting::stated(self.name.clone(), self.field.spot())),
        }
    }
}

/// Puts everything that a container mounts into its spec.
pub(super) fn mount(
    spec: &mut RuntimeSpec,
    container: &Field<'_>,
    volumes: &Volumes<'_>,
) -> Result<(), TypeError> {
    for field in container.get("volumeMounts")?.items()? {
        let (volume, name) = volumes.named(&field)?;
        let Some(volume) = volume else {
            let gap = format!("it mounts the volume {name}, which its pod does not have");
            spec.gaps.push(Stated::new(gap, field.spot()));
            continue;
        };
        let mount = mounted(&field, volume)?;
        spec.devices.extend(device(&mount, volume)?);
        spec.mounts.push(mount);
    }
    for field in container.get("volumeDevices")?.items()? {
        // A claim as a raw block device: the cluster's volume, not the host's own disk.
        let (volume, name) = volumes.named(&field)?;
        spec.mounts.push(Mount {
            kind: MountKind::Volume,
            source: match volume {
                Some(volume) => volume.origin(None)?,
                None => Setting::stated(name, field.spot()),
            },
            target: field.get("devicePath")?.text()?,
            read_only: Setting::Absent,
            propagation: None,
            options: vec!["device".to_owned()],
            size: Setting::Absent,
            at: field.spot(),
        });
    }
    Ok(())
}

fn mounted(field: &Field<'_>, volume: &Volume<'_>) -> Result<Mount, TypeError> {
    let sub_path = field.get("subPath")?.text()?;
    let inside = sub_path
        .value()
        .map(String::as_str)
        .filter(|path| !path.is_empty());
    let propagation = field.get("mountPropagation")?.text()?;
    let own = field.get("readOnly")?.boolean()?;
    Ok(Mount {
        kind: volume.kind()?,
        source: volume.origin(inside)?,
        target: field.get("mountPath")?.text()?,
        read_only: if volume.is_read_only()? && own.value() != Some(&true) {
            Setting::stated(true, volume.source.spot())
        } else {
            own
        },
        propagation: match propagation {
            Setting::Stated(stated) => Some(stated),
            Setting::Absent | Setting::Unknown { .. } => None,
        },
        options: options(field, volume)?,
        size: match volume.source_name.as_str() {
            "emptyDir" => volume.source.get("sizeLimit")?.scalar()?,
            _ => Setting::Absent,
        },
        at: field.spot(),
    })
}

impl Volume<'_> {
    /// Whether the source itself is read-only: then every mount of it is.
    fn is_read_only(&self) -> Result<bool, TypeError> {
        match self.source_name.as_str() {
            // Sources of the API whose `readOnly` is about the whole volume.
            "persistentVolumeClaim"
            | "csi"
            | "nfs"
            | "iscsi"
            | "rbd"
            | "cephfs"
            | "glusterfs"
            | "fc"
            | "cinder"
            | "azureDisk"
            | "azureFile"
            | "awsElasticBlockStore"
            | "gcePersistentDisk"
            | "flexVolume" => Ok(self.source.get("readOnly")?.boolean()?.value() == Some(&true)),
            _ => Ok(false),
        }
    }
}

/// `subPath=data`, `type=Directory`: everything else that is said, as written.
fn options(field: &Field<'_>, volume: &Volume<'_>) -> Result<Vec<String>, TypeError> {
    let mut options = Vec::new();
    for key in ["subPath", "subPathExpr", "recursiveReadOnly"] {
        let word = field.get(key)?.verbatim()?;
        options.extend(word.value().map(|word| format!("{key}={word}")));
    }
    if volume.source_name == "hostPath" {
        let kind = volume.source.get("type")?.text()?;
        options.extend(kind.value().map(|kind| format!("type={kind}")));
    }
    Ok(options)
}

/// A device of the host, where the path is said to be one.
fn device(mount: &Mount, volume: &Volume<'_>) -> Result<Option<Device>, TypeError> {
    if volume.source_name != "hostPath" {
        return Ok(None);
    }
    let kind = volume.source.get("type")?.text()?;
    let is_device = matches!(
        kind.value().map(String::as_str),
        Some("CharDevice" | "BlockDevice")
    );
    Ok(mount
        .source
        .value()
        .filter(|_| is_device)
        .map(|host| Device {
            host: host.clone(),
            inside: mount.target.value().cloned(),
            permissions: None,
            at: mount.at.clone(),
        }))
}
