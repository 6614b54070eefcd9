//! What one file yields, collected within bounds that hold whatever the file says.

use super::archive::Refused;
use crate::layers::FileFacts;
use crate::model::{Gap, GapKind, LayerPath, Package};

/// Packages and gaps of one database, in the order of the file.
pub(super) struct Harvest<'a> {
    path: &'a str,
    facts: FileFacts,
    packages_over: u64,
    gaps_over: u64,
}

impl<'a> Harvest<'a> {
    /// Packages that one database may hold. 100,000: more than all of Debian's, and the facts stay below 100 MB where a
    /// hostile file could name ten million of them in nine bytes each.
    const PACKAGES: usize = 100_000;

    /// Gaps that one database may cause: the first ones tell what is wrong, a count stands for the rest.
    const GAPS: usize = 20;

    /// Begins with the file at `path`.
    pub(super) fn of(path: &'a str) -> Self {
        Self {
            path,
            facts: FileFacts::default(),
            packages_over: 0,
            gaps_over: 0,
        }
    }

    /// Takes a package.
    pub(super) fn package(&mut self, package: Package) {
        if self.facts.packages.len() < Self::PACKAGES {
            self.facts.packages.push(package);
        } else {
            self.packages_over += 1;
        }
    }

    /// Takes a part of the file that could not be read.
    pub(super) fn unreadable(&mut self, reason: impl Into<String>) {
        self.unread(GapKind::UnreadableFile, reason);
    }

    /// Takes why an archive, or a member of one, was not read: `inside` is its path in the file, empty for the file itself.
    pub(super) fn refused(&mut self, inside: &str, refused: Refused) {
        let reason = match inside {
            "" => refused.reason,
            _ => format!("{inside}: {}", refused.reason),
        };
        self.unread(refused.kind, reason);
    }

    /// Takes a part of the file that was not read, since it is larger than is read of any.
    pub(super) fn limit_reached(&mut self, reason: impl Into<String>) {
        self.unread(GapKind::LimitReached, reason);
    }

    fn unread(&mut self, kind: GapKind, reason: impl Into<String>) {
        if self.facts.gaps.len() < Self::GAPS {
            self.gap(kind, reason);
        } else {
            self.gaps_over += 1;
        }
    }

    /// Everything that was taken, with a gap for what was too much.
    pub(super) fn finish(mut self) -> FileFacts {
        if self.gaps_over > 0 {
            let reason = format!("{} more parts of it cannot be read", self.gaps_over);
            self.gap(GapKind::UnreadableFile, reason);
        }
        if self.packages_over > 0 {
            let reason = format!(
                "records more than {} packages: {} of them were left out",
                Self::PACKAGES,
                self.packages_over
            );
            self.gap(GapKind::LimitReached, reason);
        }
        self.facts
    }

    fn gap(&mut self, kind: GapKind, reason: impl Into<String>) {
        let gap = Gap::at(kind, LayerPath::from(self.path), reason);
        self.facts.gaps.push(gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::PackageType;

    #[test]
    fn what_is_too_much_is_counted_and_never_dropped_in_silence() {
        let mut harvest = Harvest::of("var/lib/dpkg/status");
        for number in 0..Harvest::PACKAGES + 3 {
            harvest.package(Package::new(PackageType::DEB, number.to_string(), "1"));
        }
        for number in 0..Harvest::GAPS + 2 {
            harvest.unreadable(format!("part {number}"));
        }
        let facts = harvest.finish();
        assert_eq!(facts.packages.len(), Harvest::PACKAGES);
        let last: Vec<&str> = facts.gaps[Harvest::GAPS..]
            .iter()
            .map(|gap| gap.detail.as_str())
            .collect();
        assert_eq!(
            last,
            [
                "2 more parts of it cannot be read",
                "records more than 100000 packages: 3 of them were left out"
            ]
        );
        assert_eq!(
            facts.gaps.last().map(|gap| gap.kind),
            Some(GapKind::LimitReached)
        );
    }
}
