//! What each vendor means by the fields of OVAL: told by the namespace of the definitions' ids.
//!
//! | namespace | document | a definition is |
//! | --- | --- | --- |
//! | `com.oracle.elsa` | <https://linux.oracle.com/security/oval/> | a notice, `ELSA-…` |
//! | `org.opensuse.security` | <https://ftp.suse.com/pub/projects/security/oval/> | a CVE in all products |
//! | `com.microsoft.azurelinux`, `com.microsoft.cbl-mariner` | <https://github.com/microsoft/AzureLinuxVulnerabilityData> | a CVE in one source package |
//! | `com.vmware.phsa` | <https://packages.vmware.com/photon/photon_oval_definitions/> | a notice, `PHSA-…` |

use super::document::Definition;

/// Whose document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    Oracle,
    Suse,
    Microsoft,
    Photon,
}

impl Dialect {
    /// By a definition's id.
    pub(super) fn of(definition: &str) -> Option<Self> {
        let namespace = definition.strip_prefix("oval:")?.split(':').next()?;
        Some(match namespace {
            "com.oracle.elsa" => Self::Oracle,
            "org.opensuse.security" => Self::Suse,
            "com.microsoft.azurelinux" | "com.microsoft.cbl-mariner" => Self::Microsoft,
            "com.vmware.phsa" => Self::Photon,
            _ => return None,
        })
    }

    /// What its vendor calls the record.
    pub(super) fn record_id(self, definition: &Definition) -> Option<String> {
        let number = || definition.id.rsplit(':').next();
        let id = match self {
            Self::Oracle => {
                let mut references = definition.references.iter();
                let notice = references.find(|reference| reference.source == "elsa");
                notice.map(|notice| notice.id.clone())
            }
            Self::Microsoft => number().map(|number| format!("AZL-{number}")),
            Self::Suse | Self::Photon => None,
        };
        let title = || definition.title.split([' ', ',']).next();
        id.or_else(|| title().map(|title| title.trim_end_matches(':').to_owned()))
            .filter(|id| !id.is_empty())
    }

    /// The ecosystem of a platform that is named in words.
    pub(super) fn ecosystem(self, platform: &str) -> Option<String> {
        let platform = platform.trim();
        let platform = platform
            .strip_suffix(" is installed")
            .unwrap_or(platform)
            .trim();
        let named = |ecosystem: &str, release: &str| {
            (!release.is_empty()).then(|| format!("{ecosystem}:{release}"))
        };
        match self {
            Self::Oracle => named("Oracle Linux", platform.strip_prefix("Oracle Linux ")?),
            Self::Suse => match platform.strip_prefix("openSUSE ") {
                Some(product) => named("openSUSE", product),
                None => named("SUSE", platform.strip_prefix("SUSE ")?),
            },
            Self::Photon => {
                let release = platform.strip_prefix("Photon ")?;
                let release = release.strip_prefix("OS ").unwrap_or(release);
                let minor = if release.contains('.') { "" } else { ".0" };
                named("Photon OS", release).map(|name| name + minor)
            }
            // The document does not say which release it is about.
            Self::Microsoft => None,
        }
    }
}

/// `Module nodejs:18 is enabled`
pub(super) fn module_of(comment: &str) -> Option<&str> {
    let module = comment
        .strip_prefix("Module ")?
        .strip_suffix(" is enabled")?;
    module.contains(':').then_some(module)
}

/// The release that a version was built for, as Microsoft marks it: `0:2.6.7-3.azl3`, `0:5.10.188.1-1.cm1`. OSV calls
/// CBL-Mariner by its later name.
pub(super) fn microsoft_ecosystem(version: &str) -> Option<String> {
    let release = version.rsplit('.').find_map(|part| {
        let release = part
            .strip_prefix("azl")
            .or_else(|| part.strip_prefix("cm"))?;
        release
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then_some(release)
    })?;
    (!release.is_empty()).then(|| format!("Azure Linux:{release}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_the_names_that_osv_gives_them() {
        for (dialect, platform, ecosystem) in [
            (
                Dialect::Oracle,
                "Oracle Linux 8 is installed",
                "Oracle Linux:8",
            ),
            (
                Dialect::Suse,
                "SUSE Linux Enterprise Server 15 SP5 is installed",
                "SUSE:Linux Enterprise Server 15 SP5",
            ),
            (Dialect::Suse, "openSUSE Leap 15.6", "openSUSE:Leap 15.6"),
            (Dialect::Photon, "Photon 3", "Photon OS:3.0"),
            (
                Dialect::Photon,
                "Photon OS 5.0 is installed",
                "Photon OS:5.0",
            ),
        ] {
            assert_eq!(dialect.ecosystem(platform).as_deref(), Some(ecosystem));
        }
        assert_eq!(Dialect::Oracle.ecosystem("Oracle VM 3"), None);
        assert_eq!(
            microsoft_ecosystem("0:2.6.7-3.azl3").as_deref(),
            Some("Azure Linux:3")
        );
        assert_eq!(
            microsoft_ecosystem("0:9.1.0-7.cm1").as_deref(),
            Some("Azure Linux:1")
        );
        assert_eq!(microsoft_ecosystem("0:9.1.0-7.cmake"), None);
    }

    #[test]
    fn only_a_module_with_a_stream_is_one() {
        assert_eq!(module_of("Module nodejs:18 is enabled"), Some("nodejs:18"));
        assert_eq!(module_of("Module nodejs is enabled"), None);
    }
}
