//! Programs that UPX has packed: what runs is compressed, so nothing of it can be read.
//!
//! UPX writes `UPX!` behind the headers of what it makes (`l_info` of its `stub/src/include/header.S`), and names a PE image's
//! sections `UPX0` and `UPX1`. Users can change both; such a program is not told from others.

use super::executable::{Executable, Format};

/// Where the mark can lie. 1 KiB: in PE images it is just below that, behind the stub for DOS and the headers.
const HEAD: usize = 1 << 10;

pub(super) fn is_packed(executable: &Executable<'_>) -> bool {
    let head = executable.bytes.get(..HEAD).unwrap_or(executable.bytes);
    let is_marked = || memchr::memmem::find(head, b"UPX!").is_some();
    match executable.format {
        Format::Pe => executable.section(&["UPX1"]).is_some(),
        // What UPX makes of a program has no table of sections.
        Format::Elf => !executable.has_sections() && is_marked(),
        Format::MachO => is_marked(),
    }
}
