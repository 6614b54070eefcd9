//! Folds the reports of an image's layers, base first, into what the running container sees and what only the layers
//! still hold. One overlay by path: it knows no ecosystem.

use std::collections::BTreeMap;

use super::{Covered, FileFacts, LayerReport, PathHashes, VisibleAttributes, VisibleFiles};
use crate::model::{Gap, GapKind, LayerPath};

/// An image's layers, folded.
#[derive(Debug, Default)]
pub struct Squashed<'a> {
    /// Files with facts that the container sees, ordered by path.
    pub visible: Vec<Visible<'a>>,
    /// Files with facts that it does not see any more, but that can still be taken out of a layer; ordered by path,
    /// then layer.
    pub hidden: Vec<Hidden<'a>>,
    /// Every file with content that the container sees, with or without facts.
    pub files: VisibleFiles<'a>,
    /// Owner and mode of every entry that the container sees.
    pub attributes: VisibleAttributes,
    /// The gaps of all layers, each with the layer that it lies in, and links that lead nowhere known.
    pub gaps: Vec<Gap>,
}

/// A file that the container sees.
#[derive(Clone, Debug)]
pub struct Visible<'a> {
    /// Where it lies.
    pub path: &'a LayerPath,
    /// Its versions since it was last created, oldest first, each with its layer's index. The last one is what the
    /// container sees; the others were overwritten.
    pub history: Vec<(usize, &'a FileFacts)>,
}

impl<'a> Visible<'a> {
    /// The version that the container sees, and its layer.
    pub fn current(&self) -> Option<(usize, &'a FileFacts)> {
        self.history.last().copied()
    }
}

impl<'a> Squashed<'a> {
    /// The versions of visible files that a later layer overwrote.
    pub fn overwritten(&self) -> impl Iterator<Item = Hidden<'a>> {
        self.visible.iter().flat_map(|file| {
            file.history.windows(2).filter_map(|pair| match pair {
                [(layer, facts), (hidden_by, _)] => Some(Hidden {
                    path: file.path,
                    layer: *layer,
                    facts,
                    hidden_by: *hidden_by,
                    how: Covered::Replaced,
                }),
                _ => None,
            })
        })
    }
}

/// A version of a file that the container does not see.
#[derive(Clone, Copy, Debug)]
pub struct Hidden<'a> {
    /// Where it lay.
    pub path: &'a LayerPath,
    /// The layer that still holds it.
    pub layer: usize,
    /// What was found in it.
    pub facts: &'a FileFacts,
    /// The layer that hides it.
    pub hidden_by: usize,
    /// How.
    pub how: Covered,
}

struct Run<'a> {
    hashes: PathHashes,
    history: Vec<(usize, &'a FileFacts)>,
}

/// Folds reports, base first. The same reports give the same result, whatever the order in which they were made.
pub fn squash<'a>(reports: &[&'a LayerReport]) -> Squashed<'a> {
    let mut live: BTreeMap<&'a LayerPath, Run<'a>> = BTreeMap::new();
    let mut links: BTreeMap<&'a LayerPath, (usize, &'a LayerPath)> = BTreeMap::new();
    let (files, attributes) = VisibleFiles::with_attributes(reports);
    let mut squashed = Squashed {
        files,
        attributes,
        ..Squashed::default()
    };
    for (layer, report) in reports.iter().enumerate() {
        hide(&mut live, layer, report, &mut squashed.hidden);
        links.retain(|path, _| report.cover.covers(&PathHashes::of(path.as_str())) == Covered::No);
        links.extend(
            report
                .links
                .iter()
                .map(|(link, target)| (link, (layer, target))),
        );
        for (path, facts) in &report.facts {
            let run = live.entry(path).or_insert_with(|| Run {
                hashes: PathHashes::of(path.as_str()),
                history: Vec::new(),
            });
            run.history.push((layer, facts));
        }
        squashed
            .gaps
            .extend(report.gaps.iter().map(|gap| in_layer(gap, report)));
    }
    for (link, (layer, target)) in links {
        let current = live.get(target).and_then(|run| run.history.last());
        // A secret in the target does not mean that it was read as what the link's name says it is.
        if !current.is_some_and(|(_, facts)| facts.was_read_whole()) {
            let detail = format!("a link to {target}, which holds nothing that was read");
            let gap = Gap::at(GapKind::UnresolvedLink, link.clone(), detail);
            squashed
                .gaps
                .extend(reports.get(layer).map(|report| in_layer(&gap, report)));
        }
    }
    squashed.visible = live
        .into_iter()
        .map(|(path, run)| Visible {
            path,
            history: run.history,
        })
        .collect();
    squashed
        .hidden
        .sort_by_key(|hidden| (hidden.path, hidden.layer, hidden.hidden_by));
    squashed.gaps.extend(file_gaps(&squashed, reports));
    squashed.gaps.sort();
    squashed.gaps.dedup();
    squashed
}

/// The gaps that go with files: all of those that the container sees. Of a version that it does not see only a limit
/// matters, since a secret beyond it can still be read from the layer.
fn file_gaps(squashed: &Squashed<'_>, reports: &[&LayerReport]) -> Vec<Gap> {
    let overwritten = squashed
        .overwritten()
        .map(|hidden| (hidden.layer, hidden.facts, false));
    let current = squashed
        .visible
        .iter()
        .filter_map(Visible::current)
        .map(|(layer, facts)| (layer, facts, true));
    let hidden = squashed
        .hidden
        .iter()
        .map(|hidden| (hidden.layer, hidden.facts, false));
    overwritten
        .chain(current)
        .chain(hidden)
        .flat_map(|(layer, facts, visible)| facts.gaps.iter().map(move |gap| (layer, gap, visible)))
        .filter(|(_, gap, visible)| *visible || gap.kind == GapKind::LimitReached)
        .filter_map(|(layer, gap, _)| reports.get(layer).map(|report| in_layer(gap, report)))
        .collect()
}

fn in_layer(gap: &Gap, report: &LayerReport) -> Gap {
    Gap {
        layer: Some(report.diff_id),
        ..gap.clone()
    }
}

/// Takes out of `live` what this layer covers. A file that is replaced by one with facts of its own stays: its run goes
/// on with the new version.
fn hide<'a>(
    live: &mut BTreeMap<&'a LayerPath, Run<'a>>,
    layer: usize,
    report: &LayerReport,
    hidden: &mut Vec<Hidden<'a>>,
) {
    live.retain(|path, run| {
        let how = report.cover.covers(&run.hashes);
        let goes_on =
            how == Covered::No || (how == Covered::Replaced && report.facts.contains_key(*path));
        if !goes_on {
            hidden.extend(run.history.iter().map(|(from, facts)| Hidden {
                path,
                layer: *from,
                facts,
                hidden_by: layer,
                how,
            }));
        }
        goes_on
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, DiffId, Digest, Package, PackageType, SecretHit, Severity};

    fn layer(number: u8) -> LayerReport {
        LayerReport::empty(DiffId(Digest::sha256_of(&[number])))
    }

    fn with_file(mut report: LayerReport, path: &str, package: &str) -> LayerReport {
        let facts = FileFacts::of_packages(vec![Package::new(PackageType::DEB, package, "1")]);
        report.facts.insert(path.into(), facts);
        report.cover.replace(path);
        report.cover.seal();
        report
    }

    fn with_a_secret() -> FileFacts {
        let hit = SecretHit {
            rule: "test".to_owned(),
            title: "test".to_owned(),
            severity: Severity::High,
            confidence: Confidence::Likely,
            line: 1,
            redacted: "…".to_owned(),
            fingerprint: None,
            remedy: "none".to_owned(),
            member: None,
        };
        FileFacts {
            secrets: vec![hit],
            ..FileFacts::default()
        }
    }

    fn whiteout(mut report: LayerReport, path: &str) -> LayerReport {
        report.cover.remove(path);
        report.cover.seal();
        report
    }

    fn visible(squashed: &Squashed<'_>) -> Vec<(String, Vec<usize>)> {
        let layers =
            |visible: &Visible<'_>| visible.history.iter().map(|(layer, _)| *layer).collect();
        squashed
            .visible
            .iter()
            .map(|visible| (visible.path.as_str().to_owned(), layers(visible)))
            .collect()
    }

    #[test]
    fn an_overwritten_file_keeps_the_history_of_its_run() {
        let layers = [
            with_file(layer(0), "db", "a"),
            layer(1),
            with_file(layer(2), "db", "b"),
        ];
        let squashed = squash(&layers.each_ref());
        assert_eq!(visible(&squashed), [("db".to_owned(), vec![0, 2])]);
        assert!(squashed.hidden.is_empty());
    }

    #[test]
    fn a_whiteout_hides_a_file_and_a_later_file_of_that_name_begins_a_new_run() {
        let layers = [
            with_file(layer(0), "opt/db", "a"),
            whiteout(layer(1), "opt"),
            with_file(layer(2), "opt/db", "a"),
        ];
        let squashed = squash(&layers.each_ref());
        assert_eq!(visible(&squashed), [("opt/db".to_owned(), vec![2])]);
        let hidden: Vec<_> = squashed
            .hidden
            .iter()
            .map(|h| (h.layer, h.hidden_by, h.how))
            .collect();
        assert_eq!(hidden, [(0, 1, Covered::Removed)]);
    }

    #[test]
    fn a_whiteout_does_not_touch_its_own_layer() {
        let both = whiteout(with_file(layer(1), "db", "b"), "db");
        let layers = [with_file(layer(0), "db", "a"), both];
        let squashed = squash(&layers.each_ref());
        assert_eq!(visible(&squashed), [("db".to_owned(), vec![1])]);
        assert_eq!(squashed.hidden.len(), 1);
    }

    #[test]
    fn a_file_in_place_of_a_folder_hides_what_the_folder_held() {
        let mut upper = layer(1);
        upper.cover.replace("opt");
        upper.cover.seal();
        let layers = [with_file(layer(0), "opt/db", "a"), upper];
        let squashed = squash(&layers.each_ref());
        assert!(squashed.visible.is_empty());
        assert_eq!(squashed.hidden[0].how, Covered::Replaced);
    }

    #[test]
    fn a_folder_in_place_of_a_file_hides_it_and_keeps_what_a_lower_folder_holds() {
        let mut upper = layer(1);
        for folder in ["opt", "opt/x.egg-info"] {
            upper.cover.make_folder(folder);
        }
        upper.cover.seal();
        let lower = with_file(layer(0), "opt/db", "a");
        let layers = [with_file(lower, "opt/x.egg-info", "x"), upper];
        let squashed = squash(&layers.each_ref());
        assert_eq!(visible(&squashed), [("opt/db".to_owned(), vec![0])]);
        assert_eq!(squashed.hidden[0].how, Covered::Replaced);
    }

    #[test]
    fn the_gaps_of_a_file_count_while_the_container_sees_it_and_a_limit_counts_always() {
        let with_gap = |number, kind, detail: &str| {
            let mut report = with_file(layer(number), "db", "a");
            let facts = report.facts.get_mut("db").expect("facts");
            facts.gaps.push(Gap::at(kind, "db".into(), detail));
            report
        };
        let layers = [
            with_gap(0, GapKind::UnreadableFile, "old"),
            with_gap(1, GapKind::LimitReached, "limit"),
            with_gap(2, GapKind::UnreadableFile, "new"),
        ];
        let squashed = squash(&layers.each_ref());
        let gaps: Vec<_> = squashed
            .gaps
            .iter()
            .map(|gap| (gap.detail.as_str(), gap.layer))
            .collect();
        assert_eq!(
            gaps,
            [
                ("new", Some(layers[2].diff_id)),
                ("limit", Some(layers[1].diff_id))
            ]
        );
    }

    #[test]
    fn a_link_is_a_gap_only_if_nothing_is_known_of_its_target() {
        let mut known = with_file(layer(0), "usr/lib/os-release", "a");
        known
            .links
            .insert("etc/os-release".into(), "usr/lib/os-release".into());
        assert!(squash(&[&known]).gaps.is_empty());

        let mut secret = layer(1);
        secret.links.insert("db".into(), "env".into());
        secret.facts.insert("env".into(), with_a_secret());
        assert_eq!(squash(&[&secret]).gaps.len(), 1);

        let mut unknown = layer(1);
        unknown
            .links
            .insert("var/lib/dpkg/status".into(), "data/status".into());
        let gaps = squash(&[&unknown]).gaps;
        assert_eq!(gaps.len(), 1);
        assert_eq!(
            (gaps[0].kind, gaps[0].layer),
            (GapKind::UnresolvedLink, Some(unknown.diff_id))
        );
        assert!(
            squash(&[&unknown, &whiteout(layer(2), "var/lib/dpkg")])
                .gaps
                .is_empty()
        );
    }
}
