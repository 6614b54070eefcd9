//! The files that the packages of one database own, collected within bounds that hold whatever the database says.

use crate::layers::FileFacts;
use crate::model::{ClaimKind, Claims, FileDigest, Gap, GapKind, LayerPath};

/// Files of one database, in its order.
pub(super) struct OwnedFiles {
    claims: Vec<Claims>,
    bytes_left: usize,
    left_out: u64,
}

impl OwnedFiles {
    /// 64 MiB for one database: half a million files. A hostile one can write a long folder once and name it a million times.
    const BYTES: usize = 64 << 20;
    /// What Linux takes as a path (`PATH_MAX`).
    const PATH: usize = 4096;

    /// No files yet.
    pub(super) const fn new() -> Self {
        Self {
            claims: Vec::new(),
            bytes_left: Self::BYTES,
            left_out: 0,
        }
    }

    /// Adds a file of `owner`, the parts of its path joined by slashes. Files of one owner come one after the other.
    pub(super) fn add(
        &mut self,
        owner: &str,
        path: &[&[u8]],
        kind: ClaimKind,
        digest: Option<FileDigest>,
    ) {
        let length: usize = path.iter().map(|part| part.len() + 1).sum();
        if length > Self::PATH {
            return;
        }
        let cost = length
            + if self.is_last(owner) {
                20
            } else {
                owner.len() + 64
            };
        let Some(bytes_left) = self.bytes_left.checked_sub(cost) else {
            self.left_out += 1;
            return;
        };
        let path = LayerPath::normalise(&path.join(&b'/'));
        if path.as_str().is_empty() {
            return;
        }
        if !self.is_last(owner) {
            self.claims.push(Claims::new(owner, true));
        }
        if let Some(claims) = self.claims.last_mut()
            && claims.push(&path, kind, digest)
        {
            self.bytes_left = bytes_left;
        }
    }

    fn is_last(&self, owner: &str) -> bool {
        self.claims
            .last()
            .is_some_and(|claims| claims.owner == owner)
    }

    /// Puts everything into the facts of the database at `path`, with a gap for what was too much.
    pub(super) fn put_into(mut self, facts: &mut FileFacts, path: &str) {
        self.claims.retain(|claims| !claims.is_empty());
        facts.claims = self.claims;
        if self.left_out > 0 {
            let detail = format!(
                "lists more than {} MiB of files: {} of them were left out",
                Self::BYTES >> 20,
                self.left_out
            );
            let gap = Gap::at(GapKind::LimitReached, LayerPath::from(path), detail);
            facts.gaps.push(gap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_folder_that_is_named_again_and_again_ends_at_a_limit_that_is_told() {
        let folder = vec![b'a'; 4000];
        let mut files = OwnedFiles::new();
        for number in 0..20_000_u32 {
            let name = number.to_string();
            files.add("x", &[&folder, name.as_bytes()], ClaimKind::File, None);
        }
        let mut facts = FileFacts::default();
        files.put_into(&mut facts, "var/lib/rpm/Packages");
        let bytes: usize = facts.claims.iter().map(Claims::size).sum();
        assert!(bytes <= OwnedFiles::BYTES);
        assert_eq!(facts.gaps.len(), 1);
        assert_eq!(facts.gaps[0].kind, GapKind::LimitReached);
    }

    #[test]
    fn a_path_that_no_system_takes_and_the_root_are_nobody_s() {
        let mut files = OwnedFiles::new();
        files.add("x", &[&[b'a'; 5000]], ClaimKind::File, None);
        files.add("x", &[b"/."], ClaimKind::File, None);
        let mut facts = FileFacts::default();
        files.put_into(&mut facts, "a");
        assert_eq!((facts.claims.len(), facts.gaps.len()), (0, 0));
    }
}
