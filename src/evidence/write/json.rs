//! The document itself, as JSON that people can read, too.

use std::io::{self, Write};

use super::Look;
use crate::evidence::Evidence;

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, evidence)?;
    out.write_all(b"\n")
}
