//! Which distribution a root file system is, as its os-release says.

use serde::{Deserialize, Serialize};

/// The fields of os-release(5) that decide which advisories apply, and the channels that decide it within a release.
///
/// <https://www.freedesktop.org/software/systemd/man/latest/os-release.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Distribution {
    /// `ID`: lower case, such as `debian`, `alpine`, `rhel`. `linux` if the file has none.
    pub id: String,
    /// `ID_LIKE`, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_like: Vec<String>,
    /// `VERSION_ID`: `12`, `3.20.3`, `22.04`. Rolling distributions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`: `bookworm`, `jammy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `PRETTY_NAME`, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
    /// Red Hat's names of the repositories that the image is built from, sorted: `rhel-9-for-x86_64-baseos-rpms`. Advisories are
    /// for repositories. Empty if no content manifest is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_sets: Vec<String>,
    /// Channels beyond standard support that are enabled, sorted: Ubuntu Pro's `esm-infra`, `esm-apps`, `fips-updates`. They have
    /// builds and advisories of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extended_support: Vec<String>,
}

impl Distribution {
    /// `id-version`, as the `distro` qualifier of a PURL writes it: `debian-12`, `alpine-3.20.3`, `wolfi`.
    pub fn qualifier(&self) -> String {
        self.version_id.as_ref().map_or_else(
            || self.id.clone(),
            |version| format!("{}-{version}", self.id),
        )
    }
}
