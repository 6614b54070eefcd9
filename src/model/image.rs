//! The parts of an OCI image that other rooms read: its config and its layer descriptors.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DiffId, Digest, Platform};

/// The image config: what the image says of itself. All of it is a claim until the layers were read.
///
/// <https://github.com/opencontainers/image-spec/blob/main/config.md>; Docker's form is a superset with the same names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageConfig {
    /// `GOOS` name.
    #[serde(default)]
    pub os: String,
    /// `GOARCH` name.
    #[serde(default)]
    pub architecture: String,
    /// Variant of the architecture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// RFC 3339 date of creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// How the container is started.
    #[serde(default, deserialize_with = "null_is_default")]
    pub config: ContainerConfig,
    /// The layers' diffIDs.
    #[serde(default)]
    pub rootfs: RootFs,
    /// One item for each build instruction, oldest first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub history: Vec<History>,
}

/// The `config` object of an image config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerConfig {
    /// `USER`: name or number, with an optional group.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub user: String,
    /// `ENV`, each `NAME=value`.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub env: Vec<String>,
    /// `ENTRYPOINT`.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub entrypoint: Vec<String>,
    /// `CMD`.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub cmd: Vec<String>,
    /// `LABEL`s.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub labels: BTreeMap<String, String>,
    /// `EXPOSE`: `80/tcp` to an empty object.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub exposed_ports: BTreeMap<String, serde_json::Value>,
    /// `VOLUME`: path to an empty object.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub volumes: BTreeMap<String, serde_json::Value>,
    /// `WORKDIR`.
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub working_dir: String,
    /// `ONBUILD` instructions (Docker only).
    #[serde(
        deserialize_with = "null_is_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub on_build: Vec<String>,
    /// `HEALTHCHECK` (Docker only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<serde_json::Value>,
}

/// The `rootfs` object of an image config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Uncompressed digests of the layers, base first.
    #[serde(default, deserialize_with = "null_is_default")]
    pub diff_ids: Vec<DiffId>,
}

/// One build instruction.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct History {
    /// The instruction as the builder recorded it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// A comment, such as the builder's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// True where the instruction made no layer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

impl ImageConfig {
    /// The platform that the config names.
    pub fn platform(&self) -> Platform {
        Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone().filter(|variant| !variant.is_empty()),
        }
    }

    /// The instruction that made layer `index` (0 is the base): history items without a layer are passed over.
    pub fn instruction(&self, index: usize) -> Option<&str> {
        self.history
            .iter()
            .filter(|item| !item.empty_layer)
            .nth(index)
            .map(|item| item.created_by.as_str())
            .filter(|text| !text.is_empty())
    }
}

/// One layer of an image as its manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerDescriptor {
    /// Position in the image, 0 is the base.
    pub index: usize,
    /// Digest of the blob as it is stored. `None` where the source has no such digest (an old docker-archive): the
    /// blob then can only be checked against the diffID.
    pub digest: Option<Digest>,
    /// Bytes of the blob as it is stored, where the source says.
    pub size: Option<u64>,
    /// What the manifest calls it: a hint, never trusted.
    pub media_type: String,
    /// What the config claims the uncompressed tar to be; `None` for a root file system that has no config.
    pub diff_id: Option<DiffId>,
}

/// Docker writes `null` for an empty list or object.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_are_counted_without_those_that_made_no_layer() {
        let config: ImageConfig = serde_json::from_str(
            r#"{"os":"linux","architecture":"amd64","config":null,"rootfs":{"type":"layers","diff_ids":null},
                "history":[{"created_by":"ADD rootfs"},{"created_by":"ENV A=1","empty_layer":true},{"created_by":"RUN x"}]}"#,
        )
        .expect("a config");
        assert_eq!(config.instruction(0), Some("ADD rootfs"));
        assert_eq!(config.instruction(1), Some("RUN x"));
        assert_eq!(config.instruction(2), None);
        assert_eq!(config.platform().to_string(), "linux/amd64");
    }
}
