//! `/etc/ld.so.preload`: libraries that the dynamic linker loads into every program, setuid ones too (ld.so(8)).

use super::reader::{Reader, settings};
use crate::layers::Interest;
use crate::model::Observation;

pub(super) const PRELOAD: Reader = Reader {
    name: "posture/preload",
    version: 1,
    interests: &[Interest::Name("ld.so.preload")],
    is_read: |path| path == "etc/ld.so.preload",
    read: |_, bytes| {
        settings(bytes, &['#'])
            .take(1)
            .map(|_| Observation::Preload)
            .collect()
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preload_file_counts_unless_it_is_empty() {
        let read = |text: &[u8]| (PRELOAD.read)("etc/ld.so.preload", text);
        assert_eq!(
            read(b"/usr/lib/a.so\n/usr/lib/b.so\n"),
            [Observation::Preload]
        );
        assert_eq!(read(b"# nothing\n\n"), []);
    }
}
