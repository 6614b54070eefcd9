//! Red Hat's family: its own repositories, which advisories name by CPE, and the distributions that are rebuilt from them.

use super::{Inferred, Keyed, Selector, Target};
use crate::model::Distribution;

/// Red Hat's own distribution, and those of its rebuilds that have no advisories of their own.
pub(super) fn find(distribution: &Distribution) -> Option<Target> {
    let id = distribution.id.to_ascii_lowercase();
    let major = major(distribution)?;
    let label = format!("Red Hat:enterprise_linux:{major}");
    match id.as_str() {
        "rhel" => Some(Target {
            label,
            selectors: repositories(distribution, major).unwrap_or_else(|| release(major)),
            keyed: Keyed::BinaryAndSource,
            inferred: None,
        }),
        // CentOS Linux and CentOS Stream.
        "centos" => Some(Target {
            label: format!("{label} (for CentOS {major})"),
            selectors: Vec::new(),
            keyed: Keyed::BinaryAndSource,
            inferred: Some((release(major), Inferred::Everything)),
        }),
        _ => None,
    }
}

/// For a rebuild with advisories of its own, which are about fixes: Red Hat's issues that have none yet.
pub(super) fn open_issues_of_rebuild(
    distribution: &Distribution,
) -> Option<(Vec<Selector>, Inferred)> {
    let is_rebuild = ["almalinux", "rocky", "ol"]
        .iter()
        .any(|id| distribution.id.eq_ignore_ascii_case(id));
    let major = major(distribution).filter(|_| is_rebuild)?;
    Some((release(major), Inferred::Open))
}

/// The major release, if it is a number.
fn major(distribution: &Distribution) -> Option<&str> {
    let version = distribution.version_id.as_deref()?;
    let major = version.split_once('.').map_or(version, |(major, _)| major);
    (!major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit())).then_some(major)
}

/// A release with all its repositories: `Red Hat:enterprise_linux:9::appstream`. The release itself is what open issues are
/// about; from 10 on it has its minor releases in place of repositories.
fn release(major: &str) -> Vec<Selector> {
    let release = format!("Red Hat:enterprise_linux:{major}");
    vec![
        Selector::Under(format!("{release}::")),
        Selector::Under(format!("{release}.")),
        Selector::Is(release),
    ]
}

/// The repositories that the image's packages come from, and the release for its open issues. `None` if none of them is
/// known here.
fn repositories(distribution: &Distribution, major: &str) -> Option<Vec<Selector>> {
    let version = distribution.version_id.as_deref().unwrap_or_default();
    let mut selectors = Vec::new();
    let mut all_are_known = true;
    let mut has_channel = false;
    for content_set in &distribution.content_sets {
        match product(content_set, version) {
            Some(product) => {
                has_channel |= !product.starts_with("enterprise_linux:");
                let product = format!("Red Hat:{product}");
                // Other architectures and the sources have repositories of the same CPE.
                if !selectors.contains(&Selector::Is(product.clone())) {
                    selectors.push(Selector::Is(product));
                }
            }
            None => all_are_known = false,
        }
    }
    if selectors.is_empty() {
        return None;
    }
    if all_are_known || has_channel {
        selectors.push(Selector::Is(format!("Red Hat:enterprise_linux:{major}")));
    } else {
        selectors.extend(release(major));
    }
    Some(selectors)
}

/// The CPE of a repository, without `cpe:/o:redhat:`: by the rules that the names follow, as the pairs of Red Hat's own
/// <https://security.access.redhat.com/data/metrics/repository-to-cpe.json> show them.
fn product(content_set: &str, version: &str) -> Option<String> {
    // `…-eus-rpms__9_DOT_2` is the repository at that minor release.
    let (name, minor) = match content_set.split_once("__") {
        Some((name, minor)) => (name, minor.replace("_DOT_", ".")),
        None => (content_set, version.to_owned()),
    };
    let name = name.strip_suffix("-rpms")?;
    let name = ["-source", "-debug"]
        .into_iter()
        .find_map(|kind| name.strip_suffix(kind))
        .unwrap_or(name);
    if let Some(rest) = name.strip_prefix("codeready-builder-for-rhel-") {
        let mut parts = rest.split('-');
        let (major, _architecture) = (parts.next()?, parts.next()?);
        return cpe(major, &minor, parts.next(), "crb");
    }
    if let Some(rest) = name.strip_prefix("rhocp-") {
        let (openshift, rest) = rest.split_once("-for-rhel-")?;
        let major = rest.split('-').next()?;
        return Some(format!("openshift:{openshift}::el{major}"));
    }
    if let Some(rest) = name.strip_prefix("ubi-") {
        let (major, repository) = rest.split_once('-')?;
        return cpe(major, &minor, None, named(repository)?);
    }
    let (major, rest) = name.strip_prefix("rhel-")?.split_once("-for-")?;
    let (_architecture, repository) = rest.split_once('-')?;
    let (repository, channel) = CHANNELS
        .into_iter()
        .find_map(|channel| {
            let repository = repository.strip_suffix(channel)?.strip_suffix('-')?;
            Some((repository, Some(channel)))
        })
        .unwrap_or((repository, None));
    cpe(major, &minor, channel, named(repository)?)
}

/// Extended support of a minor release, each a product of its own.
const CHANNELS: [&str; 4] = ["eus", "e4s", "aus", "tus"];

/// What a repository is called in the CPE.
fn named(repository: &str) -> Option<&'static str> {
    Some(match repository {
        "baseos" => "baseos",
        "appstream" => "appstream",
        "codeready-builder" => "crb",
        "highavailability" => "highavailability",
        "resilientstorage" => "resilientstorage",
        "nfv" => "nfv",
        "rt" => "realtime",
        "sap-netweaver" => "sap",
        "sap-solutions" => "sap_hana",
        "supplementary" => "supplementary",
        _ => return None,
    })
}

fn cpe(major: &str, minor: &str, channel: Option<&str>, repository: &str) -> Option<String> {
    // Before 8 there are other names, and from 10 on other CPEs: the whole release stands for them.
    if !matches!(major, "8" | "9") {
        return None;
    }
    match channel {
        None => Some(format!("enterprise_linux:{major}::{repository}")),
        Some(channel) if CHANNELS.contains(&channel) && minor.contains('.') => {
            Some(format!("rhel_{channel}:{minor}::{repository}"))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(id: &str, version: &str, content_sets: &[&str]) -> Distribution {
        Distribution {
            id: id.to_owned(),
            version_id: Some(version.to_owned()),
            content_sets: content_sets.iter().map(|&name| name.to_owned()).collect(),
            ..Distribution::default()
        }
    }

    fn selected<'n>(selectors: &[Selector], names: &[&'n str]) -> Vec<&'n str> {
        let is_selected = |name: &&&str| selectors.iter().any(|selector| selector.selects(name));
        names.iter().filter(is_selected).copied().collect()
    }

    #[test]
    fn repositories_have_the_cpes_that_red_hat_gives_them() {
        #[rustfmt::skip]
        let rows = [
            ("rhel-9-for-x86_64-appstream-rpms", Some("enterprise_linux:9::appstream")),
            ("rhel-9-for-aarch64-baseos-rpms", Some("enterprise_linux:9::baseos")),
            ("rhel-8-for-x86_64-baseos-source-rpms", Some("enterprise_linux:8::baseos")),
            ("rhel-9-for-x86_64-baseos-eus-rpms", Some("rhel_eus:9.4::baseos")),
            ("rhel-9-for-x86_64-appstream-eus-rpms__9_DOT_2", Some("rhel_eus:9.2::appstream")),
            ("rhel-8-for-x86_64-baseos-e4s-rpms__8_DOT_6", Some("rhel_e4s:8.6::baseos")),
            ("codeready-builder-for-rhel-9-x86_64-rpms", Some("enterprise_linux:9::crb")),
            ("codeready-builder-for-rhel-9-x86_64-eus-rpms", Some("rhel_eus:9.4::crb")),
            ("rhel-9-for-x86_64-rt-rpms", Some("enterprise_linux:9::realtime")),
            ("ubi-8-appstream-rpms", Some("enterprise_linux:8::appstream")),
            ("rhocp-4.12-for-rhel-8-x86_64-rpms", Some("openshift:4.12::el8")),
            ("rhel-7-server-rpms", None),
            ("rhel-10-for-x86_64-baseos-rpms", None),
            ("fast-datapath-for-rhel-9-x86_64-rpms", None),
            ("", None),
        ];
        for (content_set, cpe) in rows {
            assert_eq!(product(content_set, "9.4").as_deref(), cpe, "{content_set}");
        }
    }

    const STORE: [&str; 7] = [
        "Red Hat:enterprise_linux:9",
        "Red Hat:enterprise_linux:9::appstream",
        "Red Hat:enterprise_linux:9::baseos",
        "Red Hat:enterprise_linux:9::crb",
        "Red Hat:rhel_eus:9.2::baseos",
        "Red Hat:rhel_eus:9.4::baseos",
        "Red Hat:enterprise_linux_ai:9",
    ];

    #[test]
    fn the_repositories_of_the_image_apply_and_no_others() {
        let of = |content_sets: &[&str]| {
            let target = find(&on("rhel", "9.2", content_sets)).expect("a target");
            selected(&target.selectors, &STORE)
        };
        assert_eq!(of(&["rhel-9-for-x86_64-baseos-rpms"]), [STORE[0], STORE[2]]);
        assert_eq!(
            of(&["rhel-9-for-x86_64-baseos-eus-rpms"]),
            [STORE[0], STORE[4]]
        );
        let whole = [STORE[0], STORE[1], STORE[2], STORE[3]];
        assert_eq!(of(&[]), whole);
        assert_eq!(of(&["something-rpms"]), whole);
        assert_eq!(
            of(&["something-rpms", "rhel-9-for-x86_64-baseos-rpms"]),
            whole
        );
        assert_eq!(
            of(&["something-rpms", "rhel-9-for-x86_64-baseos-eus-rpms"]),
            [STORE[0], STORE[4]],
            "of a fixed minor release are not the builds of the next one"
        );
    }

    #[test]
    fn minor_releases_of_10_belong_to_10() {
        let target = find(&on("rhel", "10.1", &[])).expect("a target");
        let names = [
            "Red Hat:enterprise_linux:10",
            "Red Hat:enterprise_linux:10.1",
            "Red Hat:enterprise_linux:1",
        ];
        assert_eq!(selected(&target.selectors, &names), &names[..2]);
    }

    #[test]
    fn rebuilds_take_over_what_is_open_and_centos_everything() {
        let inferred = |id: &str| open_issues_of_rebuild(&on(id, "9.4", &[]));
        for id in ["almalinux", "rocky", "ol"] {
            let (selectors, kind) = inferred(id).expect(id);
            assert_eq!(kind, Inferred::Open);
            assert_eq!(selected(&selectors, &STORE).len(), 4);
        }
        assert_eq!(inferred("fedora"), None);
        assert_eq!(inferred("rhel"), None);
        let centos = find(&on("centos", "8", &[])).expect("a target");
        assert_eq!(centos.selectors, []);
        assert!(matches!(centos.inferred, Some((_, Inferred::Everything))));
        assert_eq!(find(&on("centos", "stream", &[])), None);
    }
}
