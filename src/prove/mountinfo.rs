//! `/proc/PID/mountinfo` (`proc_pid_mountinfo(5)`): what is mounted where, and whether it can be written.

use serde::{Deserialize, Serialize};

/// One mount. The host's path behind it is left out: it names folders of this machine.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MountLine {
    /// Where it is mounted, in the container.
    pub path: String,
    /// Type of the file system: `overlay`, `tmpfs`, `proc`.
    pub kind: String,
    /// Options of this mount (field 6), as written: `ro`, `nosuid`. The file system's own options, behind the dash, are another
    /// matter: an overlay stays `rw` there under a read-only root.
    pub options: Vec<String>,
}

impl MountLine {
    /// Whether nothing can be written through it.
    pub fn is_read_only(&self) -> bool {
        self.options.iter().any(|option| option == "ro")
    }

    fn parse(line: &str) -> Option<Self> {
        let (mount, file_system) = line.split_once(" - ")?;
        let mut fields = mount.split(' ').skip(4);
        let path = unescaped(fields.next()?);
        let options = fields.next()?.split(',').map(str::to_owned).collect();
        Some(Self {
            path,
            kind: file_system.split(' ').next()?.to_owned(),
            options,
        })
    }
}

/// The mounts, in the file's order: a later one at the same place hides the earlier. Lines that are not understood are left out.
pub(super) fn parse(text: &str) -> Vec<MountLine> {
    text.lines().filter_map(MountLine::parse).collect()
}

/// What is seen at `path`: the last mount there.
pub(super) fn at<'a>(mounts: &'a [MountLine], path: &str) -> Option<&'a MountLine> {
    mounts.iter().rev().find(|mount| mount.path == path)
}

/// Space, tab, line break and backslash are written as `\` and three octal digits (`mangle` in the kernel's `fs/proc_namespace.c`).
fn unescaped(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first == b'\\'
            && let [
                a @ b'0'..=b'3',
                b @ b'0'..=b'7',
                c @ b'0'..=b'7',
                after @ ..,
            ] = tail
        {
            bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RESTRICTED: &str = "\
612 585 0:65 / / ro,relatime - overlay overlay rw,lowerdir=/var/lib/a:/var/lib/b,upperdir=/var/lib/c\n\
613 612 0:68 / /proc rw,nosuid,nodev,noexec,relatime - proc proc rw\n\
619 612 0:72 / /run rw,nosuid,nodev,noexec,relatime master:5 - tmpfs tmpfs rw,size=65536k,uid=33,gid=33\n\
620 612 8:1 /volumes/v1/_data /data rw,relatime - ext4 /dev/vda rw\n\
586 613 0:68 /sys /proc/sys ro,nosuid,nodev,noexec,relatime - proc proc rw\n\
587 613 0:69 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw\n\
590 612 8:1 /odd /with\\040space rw - ext4 /dev/vda rw\n";

    #[test]
    fn options_of_the_mount_are_told_from_those_of_the_file_system() {
        let mounts = parse(RESTRICTED);
        assert_eq!(mounts.len(), 7);
        let root = at(&mounts, "/").expect("a root");
        assert!(root.is_read_only() && root.kind == "overlay");
        assert!(!at(&mounts, "/run").expect("a tmpfs").is_read_only());
        assert!(at(&mounts, "/proc/sys").is_some_and(MountLine::is_read_only));
        assert!(at(&mounts, "/with space").is_some());
    }

    #[test]
    fn the_last_mount_at_a_place_is_the_one_that_is_seen() {
        let mounts = parse(
            "1 0 0:1 / / rw - overlay overlay rw\n2 0 0:2 / / ro shared:1 - ext4 /dev/a rw\n",
        );
        assert!(at(&mounts, "/").is_some_and(MountLine::is_read_only));
    }

    #[test]
    fn no_path_of_the_host_is_kept() {
        let text = serde_json::to_string(&parse(RESTRICTED)).expect("json");
        assert!(
            !text.contains("volumes") && !text.contains("upperdir") && !text.contains("/dev/vda"),
            "{text}"
        );
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)[ -~\n\\\\]{0,400}") {
            parse(&text);
        }

        #[test]
        fn no_bytes_make_unescaping_panic(text in ".{0,80}") {
            unescaped(&text);
        }
    }
}
