//! Offers the headers of all entries to the few detectors that look at headers alone.

use super::{Detector, DetectorSet, EntryHeader};
use crate::model::Observation;

/// Those detectors, each with how many more observations it may make of this layer.
pub(super) struct Observers<'a> {
    detectors: Vec<(&'a dyn Detector, usize)>,
}

impl<'a> Observers<'a> {
    pub(super) fn new(detectors: &'a DetectorSet) -> Self {
        let observing = detectors
            .iter()
            .filter_map(|detector| Some((detector, detector.observes()?)));
        Self {
            detectors: observing.collect(),
        }
    }

    /// What the header of one entry shows. Allocates nothing where that is nothing.
    pub(super) fn observe(&mut self, header: &EntryHeader<'_>) -> Vec<Observation> {
        let mut observed = Vec::new();
        for (detector, left) in &mut self.detectors {
            if *left > 0
                && let Some(observation) = detector.observe(header)
            {
                *left -= 1;
                observed.push(observation);
            }
        }
        observed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{
        DetectorId, EntryKind, Expected, Interest, LayerReport, ParseError, Want, read_layer,
    };
    use crate::layers::{Entry, File, FileFacts};
    use crate::model::{
        CapabilitySet, EntryFact, EntryShape, FileCapabilities, GapKind, LayerPath, Limits,
    };

    /// Tells of every entry with a mode of its own, and wants files called `passwd`.
    struct Modes(Option<usize>);

    impl Detector for Modes {
        fn id(&self) -> DetectorId {
            DetectorId {
                name: "test/modes",
                version: 1,
            }
        }
        fn interests(&self) -> &[Interest] {
            &[Interest::Name("passwd")]
        }
        fn wants(&self, _: &Entry<'_>) -> Want {
            Want::Whole { limit: 100 }
        }
        fn detect(&self, _: File<'_>) -> Result<FileFacts, ParseError> {
            Ok(FileFacts::of_observations(vec![Observation::Preload]))
        }
        fn observes(&self) -> Option<usize> {
            self.0
        }
        fn observe(&self, header: &EntryHeader<'_>) -> Option<Observation> {
            let entry = header.entry;
            let kind = match entry.kind {
                EntryKind::File | EntryKind::HardLink => EntryShape::File,
                EntryKind::Directory => EntryShape::Folder,
                EntryKind::Symlink => EntryShape::Symlink,
                EntryKind::Special => EntryShape::Device,
            };
            let capabilities = header.capabilities.map(|bytes| FileCapabilities {
                permitted: CapabilitySet(bytes.len() as u64),
                inheritable: CapabilitySet::NONE,
                effective: true,
            });
            let device = header.device.map_or(0, |device| {
                u64::from(device.major) << 8 | u64::from(device.minor)
            });
            (entry.mode != 0o644).then(|| {
                Observation::Entry(EntryFact {
                    kind,
                    mode: entry.mode,
                    uid: header.folder.map_or(device, |folder| folder.uid),
                    gid: entry.gid,
                    target: header.target(),
                    capabilities,
                })
            })
        }
        fn follows_links(&self) -> bool {
            false
        }
    }

    fn add(tar: &mut tar::Builder<Vec<u8>>, kind: u8, path: &str, mode: u32, uid: u64) {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::new(kind));
        header.set_size(0);
        header.set_mode(mode);
        header.set_uid(uid);
        header.set_gid(uid);
        match kind {
            b'1' => header.set_link_name("usr/bin/ping").expect("a target"),
            b'2' => header.set_link_name("../run").expect("a target"),
            b'3' | b'4' => {
                header.set_device_major(1).expect("a number");
                header.set_device_minor(3).expect("a number");
            }
            _ => {}
        }
        tar.append_data(&mut header, path, &[][..])
            .expect("an entry");
    }

    fn read(detector: Modes, build: impl FnOnce(&mut tar::Builder<Vec<u8>>)) -> LayerReport {
        let mut tar = tar::Builder::new(Vec::new());
        build(&mut tar);
        let tar = tar.into_inner().expect("a tar");
        let detectors = DetectorSet::new(vec![Box::new(detector)]);
        let read = read_layer(
            &tar[..],
            &Expected::default(),
            &detectors,
            &Limits::default(),
        );
        read.expect("a layer").report
    }

    fn entries(report: &LayerReport, path: &str) -> Vec<EntryFact> {
        let facts = report.facts.get(path).map(|facts| &facts.observations[..]);
        let entry = |observation: &Observation| match observation {
            Observation::Entry(entry) => Some(entry.clone()),
            _ => None,
        };
        facts.unwrap_or_default().iter().filter_map(entry).collect()
    }

    #[test]
    fn headers_of_every_kind_are_shown_with_the_folder_that_they_lie_in() {
        let report = read(Modes(Some(usize::MAX)), |tar| {
            add(tar, b'5', "var", 0o755, 7);
            add(tar, b'2', "var/run", 0o777, 0);
            add(tar, b'0', "var/file", 0o644, 0);
            add(tar, b'3', "dev/null", 0o666, 0);
        });
        assert_eq!(entries(&report, "var")[0].kind, EntryShape::Folder);
        let link = &entries(&report, "var/run")[0];
        assert_eq!((link.uid, &link.target), (7, &Some(LayerPath::from("run"))));
        assert!(entries(&report, "var/file").is_empty());
        assert_eq!(entries(&report, "dev/null")[0].uid, 1 << 8 | 3);
        assert!(report.gaps.is_empty() && report.links.is_empty());
        assert_eq!(report.facts.len(), 3);
    }

    #[test]
    fn a_folder_that_is_stated_again_shows_what_it_is_then() {
        let report = read(Modes(Some(usize::MAX)), |tar| {
            add(tar, b'5', "srv", 0o777, 0);
            add(tar, b'5', "srv", 0o644, 0);
            add(tar, b'5', "tmp", 0o777, 0);
            add(tar, b'5', "tmp", 0o1777, 0);
        });
        assert!(entries(&report, "srv").is_empty());
        let modes: Vec<_> = entries(&report, "tmp").iter().map(|tmp| tmp.mode).collect();
        assert_eq!(modes, [0o1777]);
    }

    #[test]
    fn a_hard_link_has_its_own_mode_and_the_capabilities_of_the_file() {
        let report = read(Modes(Some(usize::MAX)), |tar| {
            let attribute = [("SCHILY.xattr.security.capability", &b"12345"[..])];
            tar.append_pax_extensions(attribute).expect("PAX");
            add(tar, b'0', "usr/bin/ping", 0o755, 0);
            add(tar, b'1', "usr/bin/ping4", 0o4755, 0);
            add(tar, b'1', "usr/bin/ping6", 0o644, 0);
        });
        let of = |path| {
            let found = entries(&report, path);
            let bits = |entry: &EntryFact| entry.capabilities.map(|known| known.permitted.0);
            (found.len(), found[0].mode, bits(&found[0]))
        };
        assert_eq!(of("usr/bin/ping"), (1, 0o755, Some(5)));
        assert_eq!(of("usr/bin/ping4"), (1, 0o4755, Some(5)));
        assert_eq!(of("usr/bin/ping6"), (1, 0o755, Some(5)));
    }

    #[test]
    fn an_observation_does_not_make_a_file_read_nor_a_link_to_it_a_gap() {
        let report = read(Modes(None), |tar| {
            let mut header = tar::Header::new_ustar();
            header.set_size(1);
            header.set_mode(0o644);
            let entry = tar.append_data(&mut header, "etc/passwd", &b"a"[..]);
            entry.expect("an entry");
            add(tar, b'2', "passwd", 0o777, 0);
            add(tar, b'1', "other/passwd", 0o777, 0);
        });
        assert_eq!(
            report.facts["etc/passwd"].observations,
            [Observation::Preload]
        );
        assert_eq!(report.gaps, []);
        assert!(report.links.is_empty());
        let squashed = crate::layers::squash(&[&report]);
        assert!(
            squashed
                .files
                .find("etc/passwd")
                .is_some_and(|file| !file.was_read())
        );
    }

    #[test]
    fn a_detector_stops_at_its_own_bound_and_the_walk_tells_of_its() {
        let many = |tar: &mut tar::Builder<Vec<u8>>| {
            for index in 0..9 {
                add(tar, b'5', &format!("srv/{index}"), 0o777, 0);
            }
        };
        let report = read(Modes(Some(4)), many);
        assert_eq!((report.facts.len(), report.gaps.len()), (4, 0));

        let mut tar = tar::Builder::new(Vec::new());
        many(&mut tar);
        let tar = tar.into_inner().expect("a tar");
        let detectors = DetectorSet::new(vec![Box::new(Modes(Some(usize::MAX)))]);
        let limits = Limits {
            observed: 5,
            ..Limits::default()
        };
        let read = read_layer(&tar[..], &Expected::default(), &detectors, &limits);
        let report = read.expect("a layer").report;
        assert_eq!(report.facts.len(), 5);
        let kinds: Vec<_> = report.gaps.iter().map(|gap| gap.kind).collect();
        assert_eq!(kinds, [GapKind::LimitReached]);
    }
}
