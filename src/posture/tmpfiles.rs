//! `tmpfiles.d`: which folders a service wants to find in `/run`, `/var` and their kin, and whose they are (tmpfiles.d(5)). In a
//! container nobody makes them, so that they are what a read-only root has to be given.

use super::reader::{Reader, has_extension, is_in, settings};
use crate::layers::Interest;
use crate::model::{LayerPath, Observation, Tmpfile};

const FOLDERS: [&str; 3] = [
    "etc/tmpfiles.d",
    "usr/lib/tmpfiles.d",
    "usr/local/lib/tmpfiles.d",
];

pub(super) const TMPFILES: Reader = Reader {
    name: "posture/tmpfiles",
    version: 1,
    interests: &[Interest::Folder("tmpfiles.d")],
    is_read: |path| has_extension(path, "conf") && FOLDERS.iter().any(|folder| is_in(path, folder)),
    read: |_, bytes| {
        settings(bytes, &['#'])
            .filter_map(|(line, text)| tmpfile(line, text))
            .collect()
    },
};

/// A line that makes a folder: `d`, `D`, `v`, `q`, `Q`, or a copy of one, `C`; signs may follow the letter.
fn tmpfile(line: u64, text: &str) -> Option<Observation> {
    let mut words = text.split_whitespace();
    let kind = words.next()?;
    if !kind.starts_with(['d', 'D', 'v', 'q', 'Q', 'C']) {
        return None;
    }
    let path = words.next()?.trim_matches('"');
    // What a specifier stands for depends on the machine.
    if !path.starts_with('/') || path.contains('%') {
        return None;
    }
    let mut field = || {
        let word = words.next()?.trim_start_matches([':', '~']);
        Some(word).filter(|word| *word != "-").map(str::to_owned)
    };
    Some(Observation::Tmpfile(Tmpfile {
        line,
        path: LayerPath::from(path),
        mode: field(),
        user: field(),
        group: field(),
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn folders_are_told_with_mode_and_owner() {
        let text = b"# nginx\nd /run/nginx 0755 www-data www-data -\nD! /run/a - - -\nf /run/b 0644\nd /run/%u 0700\nL /run/c - - - - /x\n";
        let found = (TMPFILES.read)("", text);
        let tmpfile = |line, path: &str, mode: Option<&str>, owner: Option<&str>| {
            Observation::Tmpfile(Tmpfile {
                line,
                path: path.into(),
                mode: mode.map(str::to_owned),
                user: owner.map(str::to_owned),
                group: owner.map(str::to_owned),
            })
        };
        assert_eq!(
            found,
            [
                tmpfile(2, "run/nginx", Some("0755"), Some("www-data")),
                tmpfile(3, "run/a", None, None)
            ]
        );
        assert!((TMPFILES.is_read)("usr/lib/tmpfiles.d/nginx.conf"));
        assert!(!(TMPFILES.is_read)("srv/tmpfiles.d/nginx.conf"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[dDC] ?/?.{0,40}") {
            let _ = tmpfile(1, &text);
        }
    }
}
