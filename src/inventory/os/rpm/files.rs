//! The files of a package, as its header lists them: one array a property, an item a file.
//!
//! Names are in three arrays (`DIRNAMES`, `DIRINDEXES`, `BASENAMES`), before rpm 4 in one (`OLDFILENAMES`). The numbers are those
//! of rpm's `include/rpm/rpmfiles.h`.

use super::header::{Header, tag};
use super::index;
use crate::inventory::os::owned::OwnedFiles;
use crate::layers::ParseError;
use crate::model::{ClaimKind, FileAlgorithm, FileDigest};

const FLAG_CONFIG: u32 = 1;
/// The file is not in the package: only its name is reserved.
const FLAG_GHOST: u32 = 1 << 6;
const VERIFY_DIGEST: u32 = 1;
/// As the package brought it; not replaced by another package's file, left out, or of the other word size.
const STATE_NORMAL: u8 = 0;
const MODE_TYPE: u16 = 0o170_000;
const MODE_REGULAR: u16 = 0o100_000;

/// Adds the files of the package to `owned`.
pub(super) fn claim(
    header: &mut Header<'_>,
    package: &str,
    owned: &mut OwnedFiles,
) -> Result<(), ParseError> {
    let algorithm = match header.number(tag::FILEDIGESTALGO) {
        // Before the tag there was MD5 alone (RFC 4880, 9.4, has the numbers).
        None | Some(1) => Some(FileAlgorithm::Md5),
        Some(8) => Some(FileAlgorithm::Sha256),
        Some(_) => None,
    };
    let flags = header.numbers(tag::FILEFLAGS);
    let verify = header.numbers(tag::FILEVERIFYFLAGS);
    let modes = header.small_numbers(tag::FILEMODES);
    let states = header.bytes(tag::FILESTATES);
    let digests = header.texts(tag::FILEDIGESTS)?;
    for (file, [folder, name]) in names(header)?.into_iter().enumerate() {
        if modes
            .get(file)
            .is_some_and(|mode| mode & MODE_TYPE != MODE_REGULAR)
        {
            continue;
        }
        let flags = flags.get(file).unwrap_or(0);
        let is_as_brought = flags & FLAG_GHOST == 0
            && verify
                .get(file)
                .is_none_or(|verify| verify & VERIFY_DIGEST != 0)
            && states.get(file).is_none_or(|state| *state == STATE_NORMAL);
        let digest = digests.get(file).filter(|_| is_as_brought);
        let digest = digest
            .and_then(|digest| std::str::from_utf8(digest).ok())
            .and_then(|digest| FileDigest::of_hex(algorithm?, digest));
        let kind = if flags & FLAG_CONFIG == 0 {
            ClaimKind::File
        } else {
            ClaimKind::Config
        };
        owned.add(package, &[folder, name], kind, digest);
    }
    Ok(())
}

/// Folder and name of each file.
fn names<'a>(header: &mut Header<'a>) -> Result<Vec<[&'a [u8]; 2]>, ParseError> {
    let names = header.texts(tag::BASENAMES)?;
    if names.is_empty() {
        let old = header.texts(tag::OLDFILENAMES)?;
        return Ok(old.into_iter().map(|name| [&b""[..], name]).collect());
    }
    let folders = header.texts(tag::DIRNAMES)?;
    let indexes = header.numbers(tag::DIRINDEXES);
    let joined = names.into_iter().enumerate().map(|(file, name)| {
        let folder = folders.get(index(indexes.get(file)?))?;
        Some([*folder, name])
    });
    joined
        .collect::<Option<_>>()
        .ok_or_else(|| ParseError::new("a file of it lies in no folder of its header"))
}
