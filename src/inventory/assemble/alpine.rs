//! Which release of Alpine packages come from: where `etc/apk/repositories` says something else than os-release, packages of two
//! releases can be installed.

use crate::layers::Visible;
use crate::model::{Distribution, Gap, GapKind, Untrusted};

/// Where apk takes packages from.
pub(super) const REPOSITORIES: &str = "etc/apk/repositories";

/// Sets the release by the repositories where they all are of one other, since what is installed from now on is of that one; tells
/// a gap where what is installed can be of more than one.
pub(super) fn settle(chosen: Option<&mut Distribution>, visible: &[Visible<'_>]) -> Option<Gap> {
    let chosen = chosen.filter(|distribution| distribution.id == "alpine")?;
    let file = visible
        .iter()
        .find(|file| file.path.as_str() == REPOSITORIES)?;
    let (_, facts) = file.history.last()?;
    let named = &facts.distribution.as_ref()?.content_sets;
    let version = chosen.version_id.clone().unwrap_or_default();
    let own = release(&version);
    if named.iter().all(|release| *release == own) {
        return None;
    }
    let all = named.join(" and ");
    let matched = match named.as_slice() {
        [only] => {
            chosen.version_id = Some(only.trim_start_matches('v').to_owned());
            only
        }
        _ => &own,
    };
    let detail = format!(
        "os-release says {}, the repositories are of {}: packages of both can be installed, and all are matched with the advisories of {}",
        Untrusted(&version),
        Untrusted(&all),
        Untrusted(matched)
    );
    Some(Gap::at(GapKind::MixedReleases, REPOSITORIES.into(), detail))
}

/// `v3.20` of `3.20.3`; edge calls itself `3.21.0_alpha20240807`.
fn release(version: &str) -> String {
    let mut parts = version.split('.');
    match (parts.next(), parts.next()) {
        _ if version.contains("_alpha") => "edge".to_owned(),
        (Some(major), Some(minor)) => format!("v{major}.{minor}"),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::FileFacts;
    use crate::model::LayerPath;

    fn settled(version: &str, repositories: &[&str]) -> (String, Option<String>) {
        let mut chosen = Distribution {
            id: "alpine".into(),
            version_id: Some(version.into()),
            ..Distribution::default()
        };
        let path = LayerPath::from(REPOSITORIES);
        let facts = FileFacts {
            distribution: Some(Distribution {
                id: "alpine".into(),
                content_sets: repositories.iter().map(|name| (*name).to_owned()).collect(),
                ..Distribution::default()
            }),
            ..FileFacts::default()
        };
        let visible = [Visible {
            path: &path,
            history: vec![(0, &facts)],
        }];
        let gap = settle(Some(&mut chosen), &visible);
        (
            chosen.version_id.unwrap_or_default(),
            gap.map(|gap| gap.detail),
        )
    }

    #[test]
    fn repositories_of_the_images_own_release_change_nothing() {
        assert_eq!(settled("3.20.3", &["v3.20"]), ("3.20.3".to_owned(), None));
        let edge = "3.21.0_alpha20240807";
        assert_eq!(settled(edge, &["edge"]), (edge.to_owned(), None));
    }

    #[test]
    fn repositories_of_another_release_beat_os_release_and_leave_a_gap() {
        let (version, gap) = settled("3.19.1", &["v3.20"]);
        assert_eq!(version, "3.20");
        assert!(
            gap.is_some_and(|gap| gap.contains("3.19.1") && gap.contains("advisories of v3.20"))
        );
        assert_eq!(settled("3.20.3", &["edge"]).0, "edge");
    }

    #[test]
    fn repositories_of_two_releases_leave_os_release_and_a_gap() {
        let (version, gap) = settled("3.20.3", &["edge", "v3.20"]);
        assert_eq!(version, "3.20.3");
        assert!(gap.is_some_and(
            |gap| gap.contains("edge and v3.20") && gap.contains("advisories of v3.20")
        ));
    }
}
