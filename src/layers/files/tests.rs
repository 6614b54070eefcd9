//! Tables of files: of one layer, and folded.

use super::*;
use crate::layers::LayerReport;
use crate::model::{DiffId, Digest};

const NONE: [FileDigest; 0] = [];

fn digest(start: u64) -> FileDigest {
    FileDigest {
        algorithm: FileAlgorithm::Sha1,
        start,
    }
}

fn table(build: impl FnOnce(&mut FileTableBuilder)) -> FileTable {
    let mut builder = FileTableBuilder::default();
    build(&mut builder);
    builder.seal()
}

/// The table with each entry given by its path.
trait ByPath {
    fn file<const N: usize>(
        &mut self,
        path: &str,
        size: u64,
        was_read: bool,
        digests: [FileDigest; N],
    );
    fn other_name(&mut self, path: &str, target: &str);
    fn other_kind(&mut self, path: &str);
}

impl ByPath for FileTableBuilder {
    fn file<const N: usize>(
        &mut self,
        path: &str,
        size: u64,
        was_read: bool,
        digests: [FileDigest; N],
    ) {
        let at = self.locate(path);
        self.add(at, size, was_read, digests);
    }
    fn other_name(&mut self, path: &str, target: &str) {
        let at = self.locate(path);
        self.link(at, target);
    }
    fn other_kind(&mut self, path: &str) {
        let at = self.locate(path);
        self.take(at);
    }
}

fn layer(files: &[(&str, u64)], removed: &[&str], opaque: &[&str]) -> LayerReport {
    let mut report = LayerReport::empty(DiffId(Digest::sha256_of(b"layer")));
    report.files = table(|table| {
        for (path, size) in files {
            table.file(path, *size, false, NONE);
        }
    });
    for (path, _) in files {
        report.cover.replace(path);
    }
    for path in removed {
        report.cover.remove(path);
    }
    for path in opaque {
        report.cover.make_opaque(path);
    }
    report.cover.seal();
    report
}

/// Size and layer of each path, 0 where it is not seen.
fn seen(layers: &[LayerReport], paths: &[&str]) -> Vec<(u64, usize)> {
    let reports: Vec<_> = layers.iter().collect();
    let visible = VisibleFiles::of(&reports);
    let of = |path: &&str| {
        let file = visible.find(path);
        file.map_or((0, 0), |file| (file.size(), file.layer))
    };
    paths.iter().map(of).collect()
}

#[test]
fn of_two_files_of_one_name_the_later_one_counts_and_a_link_in_its_place_takes_it_away() {
    let table = table(|table| {
        table.file("usr/bin/a", 1, false, NONE);
        table.file("usr/bin/a", 2, true, NONE);
        table.file("usr/bin/b", 3, false, NONE);
        table.other_kind("usr/bin/b");
        table.other_kind("usr/bin/c");
        table.file("usr/bin/c", 4, false, NONE);
        table.file("empty", 0, false, NONE);
    });
    let size = |path| {
        table
            .index_of(hash(path))
            .map(|index| table.size_of(&table.files[index]))
    };
    assert_eq!(size("usr/bin/a"), Some(2));
    assert_eq!(size("usr/bin/b"), None);
    assert_eq!(size("usr/bin/c"), Some(4));
    assert_eq!(table.files.len(), 2);
}

#[test]
fn a_hard_link_is_the_file_that_it_names() {
    let table = table(|table| {
        table.file("usr/bin/perl", 7, false, [digest(1)]);
        table.other_name("usr/bin/perl5.36.0", "usr/bin/perl");
        table.other_name("usr/bin/nothing", "usr/bin/unknown");
    });
    let linked = hash("usr/bin/perl5.36.0");
    let index = table.index_of(linked).expect("the link");
    assert_eq!(table.size_of(&table.files[index]), 7);
    let found = table.digest_of(linked, FileAlgorithm::Sha1);
    assert_eq!(found, Some(digest(1)));
    assert_eq!(table.files.len(), 2);
}

#[test]
fn a_table_comes_back_from_its_bytes_and_nothing_else_does() {
    let table = table(|table| {
        table.file("usr/bin/a", 1, true, [digest(1)]);
        table.file("usr/bin/large", 5 << 30, true, NONE);
        table.file("etc/b", 2, false, [digest(u64::MAX)]);
    });
    let bytes = table.to_bytes();
    assert_eq!(FileTable::from_bytes(&bytes), Some(table));
    assert_eq!(FileTable::from_bytes(&bytes[..bytes.len() - 8]), None);
    assert_eq!(FileTable::from_bytes(&bytes[1..]), None);
    assert_eq!(FileTable::from_bytes(&[0xff; 16]), None);
}

#[test]
fn upper_layers_replace_remove_and_cover_the_files_of_lower_ones() {
    let layers = [
        layer(
            &[
                ("a", 1),
                ("opt/x/b", 2),
                ("var/c", 3),
                ("etc/d/e", 4),
                ("f/g", 5),
            ],
            &[],
            &[],
        ),
        layer(
            &[("a", 9), ("etc/d/new", 6), ("f", 7)],
            &["opt/x"],
            &["etc/d"],
        ),
        layer(&[("opt/x/b", 8)], &[], &[]),
    ];
    let paths = ["a", "opt/x/b", "var/c", "etc/d/e", "etc/d/new", "f/g", "f"];
    assert_eq!(
        seen(&layers, &paths),
        [(9, 1), (8, 2), (3, 0), (0, 0), (6, 1), (0, 0), (7, 1)]
    );
}

#[test]
fn a_file_belongs_to_whoever_claims_it_or_a_folder_above_it() {
    let layers = [layer(
        &[("app/lib/x/y", 1), ("app/z", 2), ("usr/bin/a", 3)],
        &[],
        &[],
    )];
    let reports: Vec<_> = layers.iter().collect();
    let visible = VisibleFiles::of(&reports);
    let mut one = Paths::default();
    one.add_folder("app/lib");
    let mut other = Paths::default();
    other.add_file("usr/bin/a");
    other.add_folder("app/lib/x");
    let mut owners: Vec<_> = visible
        .with_owner(&[&one, &other])
        .into_iter()
        .map(|(file, owner)| (file.size(), owner))
        .collect();
    owners.sort_unstable();
    assert_eq!(owners, [(1, Some(0)), (2, None), (3, Some(1))]);
}

#[test]
fn a_folder_is_there_while_a_file_below_it_is_seen() {
    let layers = [
        layer(
            &[("app/a/b/c", 1), ("app/gone/x", 1), ("opt/d", 1)],
            &[],
            &[],
        ),
        layer(&[("app/new/y", 1)], &["app/gone"], &[]),
    ];
    let reports: Vec<_> = layers.iter().collect();
    let folders = VisibleFiles::of(&reports).folders();
    let seen = [
        "app",
        "app/a",
        "app/a/b",
        "app/a/b/c",
        "app/gone",
        "app/new",
        "opt",
    ];
    assert_eq!(
        seen.map(|folder| folders.has_folder(folder)),
        [true, true, true, false, false, true, true]
    );
}

#[test]
fn a_folder_hides_the_file_in_whose_place_it_is_and_no_file_of_a_lower_folder() {
    let mut upper = layer(&[], &[], &[]);
    for folder in ["a", "opt"] {
        upper.cover.make_folder(folder);
    }
    upper.cover.seal();
    let layers = [layer(&[("a", 1), ("opt/b", 2)], &[], &[]), upper];
    assert_eq!(seen(&layers, &["a", "opt/b"]), [(0, 0), (2, 0)]);
}
