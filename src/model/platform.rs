//! Operating system and processor that an image is built for: `linux/arm64/v8`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `os/architecture[/variant]` in Go's names, as image indexes write them.
///
/// <https://github.com/opencontainers/image-spec/blob/main/image-index.md#platform-variants>
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// `GOOS`: `linux`, `windows`.
    pub os: String,
    /// `GOARCH`: `amd64`, `arm64`.
    pub architecture: String,
    /// `v7`, `v8`: only where the architecture has some.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// A text that is not `os/architecture[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a platform: write os/architecture[/variant], such as linux/amd64 or linux/arm64/v8"
)]
pub struct PlatformError(String);

impl Platform {
    /// Linux on this machine's processor: what is scanned when an index offers several and the user names none.
    pub fn host() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            "powerpc64" => "ppc64le",
            other => other,
        };
        Self {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: None,
        }
    }

    /// Whether an image built for `offered` is what was asked for. A variant that is not asked for is not compared;
    /// arm64 and arm64/v8 are the same.
    pub fn accepts(&self, offered: &Self) -> bool {
        let variant =
            |platform: &Self| match (platform.architecture.as_str(), platform.variant.as_deref()) {
                ("arm64", Some("v8")) => None,
                (_, variant) => variant.map(str::to_owned),
            };
        self.os == offered.os
            && self.architecture == offered.architecture
            && (variant(self).is_none() || variant(self) == variant(offered))
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant
            .as_ref()
            .map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = || PlatformError(text.to_owned());
        let mut parts = text.split('/').map(|part| {
            if part.is_empty() {
                None
            } else {
                Some(part.to_owned())
            }
        });
        let mut next = || parts.next().map(|part| part.ok_or_else(refuse)).transpose();
        let (os, architecture, variant) = (next()?, next()?, next()?);
        match (os, architecture, next()?) {
            (Some(os), Some(architecture), None) => Ok(Self {
                os,
                architecture,
                variant,
            }),
            _ => Err(refuse()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_read_back_and_nonsense_is_refused() {
        for text in ["linux/amd64", "linux/arm/v7"] {
            assert_eq!(
                text.parse::<Platform>().map(|p| p.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in ["linux", "linux/", "/amd64", "linux/arm/v7/x", ""] {
            assert!(text.parse::<Platform>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_variant_matters_only_when_it_is_asked_for() {
        let platform = |text: &str| text.parse::<Platform>().expect("a platform");
        assert!(platform("linux/arm64").accepts(&platform("linux/arm64/v8")));
        assert!(platform("linux/arm64/v8").accepts(&platform("linux/arm64")));
        assert!(platform("linux/arm").accepts(&platform("linux/arm/v7")));
        assert!(!platform("linux/arm/v6").accepts(&platform("linux/arm/v7")));
    }
}
