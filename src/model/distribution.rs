//! Which distribution a root file system is, as its os-release says.

use serde::{Deserialize, Serialize};

/// The fields of os-release(5) that decide which advisories apply.
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
