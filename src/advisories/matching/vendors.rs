//! The ecosystems of the distributions that publish their own OVAL, updateinfo or JSON: by the id and release of
//! os-release.
//!
//! A derivative has its own builds and its own pace, so nothing here is told by `ID_LIKE`: Manjaro is not Arch.

use super::target::Selector;
use crate::model::{Distribution, PackageType};

/// Whether a distribution's advisories name source packages, though its packages are rpms: Microsoft's do.
pub(super) fn is_by_source(distribution: &Distribution) -> bool {
    matches!(distribution.id.as_str(), "azurelinux" | "mariner")
}

/// Whether packages have names of their own in the advisories: all of rpm's, and Arch's.
pub(super) fn is_by_binary(package_type: &PackageType) -> bool {
    matches!(package_type.as_str(), "rpm" | "alpm")
}

/// The label and the ecosystems of a distribution.
pub(super) fn selectors(
    package_type: &PackageType,
    distribution: &Distribution,
) -> Option<(String, Vec<Selector>)> {
    let id = distribution.id.to_ascii_lowercase();
    let version = distribution.version_id.as_deref().unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default();
    let of = |ecosystem: &str, release: &str| {
        let name = format!("{ecosystem}:{release}");
        (!release.is_empty()).then(|| (name.clone(), vec![Selector::Is(name)]))
    };
    match (package_type.as_str(), id.as_str()) {
        ("rpm", "ol") => of("Oracle Linux", major),
        // Its first generation counted by dates: 2018.03.
        ("rpm", "amzn") if version.contains('.') => of("Amazon Linux", "1"),
        ("rpm", "amzn") => of("Amazon Linux", version),
        ("rpm", "photon") => of("Photon OS", version),
        ("rpm", "azurelinux" | "mariner") => of("Azure Linux", major),
        ("rpm", "fedora") => of("Fedora", version),
        ("rpm", "opensuse-leap" | "opensuse") => of("openSUSE", &leap(version)?),
        ("rpm", "opensuse-tumbleweed") => of("openSUSE", "Tumbleweed"),
        ("rpm", "sl-micro") => of("SUSE", &product("Linux Micro", version)?),
        ("rpm", "sle-micro" | "suse-microos") => {
            of("SUSE", &product("Linux Enterprise Micro", version)?)
        }
        ("rpm", "sles" | "sled" | "sle_hpc" | "sles_sap") => enterprise(&id, version),
        ("alpm", "arch") => {
            let name = "Arch Linux".to_owned();
            Some((name.clone(), vec![Selector::Is(name)]))
        }
        _ => None,
    }
}

fn leap(version: &str) -> Option<String> {
    product("Leap", version)
}

fn product(name: &str, version: &str) -> Option<String> {
    (!version.is_empty()).then(|| format!("{name} {version}"))
}

/// The server, the products that are built on it, and its modules, which most packages come from. After a service pack's
/// general support its fixes are for customers of longer support only; what they mend is broken for all.
fn enterprise(id: &str, version: &str) -> Option<(String, Vec<Selector>)> {
    let release = service_pack(version)?;
    let server = format!("SUSE:Linux Enterprise Server {release}");
    let mut selectors = vec![
        Selector::Is(server.clone()),
        Selector::Around("SUSE:Linux Enterprise Module for ", format!(" {release}")),
    ];
    let longer = ["LTSS", "ESPOS", "BCL"];
    selectors.extend(longer.map(|support| Selector::Is(format!("{server}-{support}"))));
    let own = match id {
        "sled" => Some("Desktop"),
        "sle_hpc" => Some("High Performance Computing"),
        "sles_sap" => Some("Server for SAP Applications"),
        _ => None,
    };
    let own = own.map(|own| Selector::Is(format!("SUSE:Linux Enterprise {own} {release}")));
    selectors.extend(own);
    Some((server, selectors))
}

/// `15.5` is `15 SP5`; from 16 on there are no service packs.
fn service_pack(version: &str) -> Option<String> {
    let (major, minor) = version.split_once('.').unwrap_or((version, ""));
    let number: u32 = major.parse().ok()?;
    Some(match minor {
        minor if number >= 16 && !minor.is_empty() => format!("{major}.{minor}"),
        "" | "0" => major.to_owned(),
        minor => format!("{major} SP{minor}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advisories::matching::testing::on;

    #[test]
    fn releases_select_their_ecosystem_and_no_neighbour() {
        #[rustfmt::skip]
        let rows = [
            ("rpm", "ol", "8.10", "Oracle Linux:8", "Oracle Linux:9"),
            ("rpm", "amzn", "2", "Amazon Linux:2", "Amazon Linux:2023"),
            ("rpm", "amzn", "2023", "Amazon Linux:2023", "Amazon Linux:2"),
            ("rpm", "amzn", "2018.03", "Amazon Linux:1", "Amazon Linux:2"),
            ("rpm", "photon", "4.0", "Photon OS:4.0", "Photon OS:5.0"),
            ("rpm", "azurelinux", "3.0", "Azure Linux:3", "Azure Linux:2"),
            ("rpm", "mariner", "2.0", "Azure Linux:2", "Azure Linux:1"),
            ("rpm", "fedora", "42", "Fedora:42", "Fedora:4"),
            ("rpm", "opensuse-leap", "15.6", "openSUSE:Leap 15.6", "openSUSE:Leap 15.5"),
            ("rpm", "sl-micro", "6.0", "SUSE:Linux Micro 6.0", "SUSE:Linux Enterprise Micro 5.5"),
            ("rpm", "sles", "15.5", "SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:Linux Enterprise Module for Basesystem 15"),
            ("rpm", "sles", "15.1", "SUSE:Linux Enterprise Server 15 SP1-LTSS", "SUSE:Linux Enterprise Server 15-LTSS"),
            ("rpm", "sles", "16.0", "SUSE:Linux Enterprise Server 16.0", "SUSE:Linux Enterprise Server 16"),
            ("rpm", "sled", "15.4", "SUSE:Linux Enterprise Desktop 15 SP4", "SUSE:Linux Enterprise Server for SAP Applications 15 SP4"),
            ("alpm", "arch", "", "Arch Linux", "Arch"),
        ];
        for (package_type, id, version, selected, other) in rows {
            let (_, selectors) =
                selectors(&PackageType::new(package_type), &on(id, version)).expect(selected);
            let selects = |name: &str| selectors.iter().any(|selector| selector.selects(name));
            assert!(selects(selected), "{selected}");
            assert!(!selects(other), "{other}");
        }
    }

    #[test]
    fn derivatives_and_releases_without_a_number_have_no_ecosystem() {
        for (package_type, id, version) in [
            ("alpm", "manjaro", ""),
            ("alpm", "archarm", ""),
            ("rpm", "ol", ""),
            ("rpm", "amzn", ""),
            ("rpm", "sles", "rolling"),
            ("deb", "photon", "4.0"),
        ] {
            let none = selectors(&PackageType::new(package_type), &on(id, version));
            assert_eq!(none, None, "{id}");
        }
    }
}
