//! `-o FORMAT[=FILE]`: where the evidence goes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::evidence::Evidence;
use crate::evidence::write::{Format, FormatError, Look, write};

/// One `-o`: a format, and a file or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = text
            .split_once('=')
            .map_or((text, None), |(format, file)| (format, Some(file)));
        Ok(Self {
            format: format.parse()?,
            file: file.filter(|file| *file != "-").map(PathBuf::from),
        })
    }
}

/// A place that the evidence cannot be written to.
#[derive(Debug, thiserror::Error)]
#[error("{place} cannot be written")]
pub(super) struct OutputError {
    place: String,
    #[source]
    source: io::Error,
}

impl Output {
    /// Writes the evidence. A reader of standard output that has gone away is no error: it has seen enough.
    pub(super) fn write(&self, evidence: &Evidence, look: Look) -> Result<(), OutputError> {
        let Some(file) = &self.file else {
            let mut stdout = io::BufWriter::new(io::stdout().lock());
            let written =
                write(self.format, evidence, look, &mut stdout).and_then(|()| stdout.flush());
            return match written {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                Err(source) => Err(OutputError {
                    place: "standard output".to_owned(),
                    source,
                }),
                Ok(()) => Ok(()),
            };
        };
        write_file(file, |out| {
            write(self.format, evidence, Look::default(), out)
        })
        .map_err(|source| OutputError {
            place: file.display().to_string(),
            source,
        })
    }
}

/// Writes a temporary file beside the target, then renames it: the target is the old file or the whole new one.
fn write_file(
    file: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let folder = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    let mut buffered = io::BufWriter::new(temporary.as_file_mut());
    content(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    make_readable(temporary.as_file())?;
    temporary.persist(file)?;
    Ok(())
}

/// A temporary file is its owner's alone; evidence is a file like any other. It holds no secret.
fn make_readable(file: &std::fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_may_name_a_file() {
        let output: Output = "json=out/a=b.json".parse().expect("an output");
        assert_eq!(
            output,
            Output {
                format: Format::Json,
                file: Some("out/a=b.json".into())
            }
        );
        let stdout = Output {
            format: Format::Json,
            file: None,
        };
        assert_eq!("json".parse(), Ok(stdout.clone()));
        assert_eq!("json=-".parse(), Ok(stdout));
        assert!("jsn".parse::<Output>().is_err());
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("evidence.json");
        write_file(&file, |out| out.write_all(b"old")).expect("written");
        let failed = write_file(&file, |out| {
            out.write_all(b"half")
                .and(Err(io::ErrorKind::StorageFull.into()))
        });
        assert!(failed.is_err());
        assert_eq!(std::fs::read(&file).expect("the old file"), b"old");
        assert_eq!(
            std::fs::read_dir(folder.path())
                .expect("the folder")
                .count(),
            1
        );
    }
}
