//! `-o FORMAT[=FILE]`: where the evidence goes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Exit, Failure, Manners};
use crate::evidence::Evidence;
use crate::evidence::write::{Format, FormatError, Look, write};

/// What an error calls standard output.
const STDOUT: &str = "standard output";

/// One `-o`: a format, and a file or standard output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Output {
    format: Format,
    file: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = OutputFormError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (format, file) = text
            .split_once('=')
            .map_or((text, None), |(format, file)| (format, Some(file)));
        let format = format.parse()?;
        if file == Some("") {
            return Err(OutputFormError::NoFile(text.to_owned()));
        }
        Ok(Self {
            format,
            file: file.filter(|file| *file != "-").map(PathBuf::from),
        })
    }
}

/// A `-o` that makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OutputFormError {
    #[error(transparent)]
    Format(#[from] FormatError),
    #[error("`{0}` names no file: write {0}FILE, or {0}- for standard output")]
    NoFile(String),
    #[error("`{0}` is no bill of materials: write cyclonedx or spdx")]
    NoBill(String),
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
    /// An output that is a bill of materials.
    pub(super) fn parse_bill(text: &str) -> Result<Self, OutputFormError> {
        let output: Self = text.parse()?;
        if output.format.is_bill() {
            Ok(output)
        } else {
            Err(OutputFormError::NoBill(text.to_owned()))
        }
    }

    /// Refuses, before any work is done, outputs that would run into each other or that cannot be written.
    pub(super) fn check(outputs: &[Self]) -> Result<(), Failure> {
        for (number, output) in outputs.iter().enumerate() {
            if outputs
                .iter()
                .take(number)
                .any(|other| other.file == output.file)
            {
                return Err(Failure::usage(format!(
                    "two outputs go to {}: give each a file of its own, as in -o json=FILE",
                    output.place()
                )));
            }
            output.check_folder()?;
        }
        Ok(())
    }

    fn check_folder(&self) -> Result<(), Failure> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let refuse = |why: String| {
            let what = format!("{} cannot be written: {why}", file.display());
            Err(Failure::new(what).with_hint(Some("nothing was scanned; name another file")))
        };
        if file.is_dir() {
            return refuse("it is a folder".to_owned());
        }
        let folder = folder_of(file);
        if !folder.is_dir() {
            return refuse(format!("there is no folder {}", folder.display()));
        }
        Ok(())
    }

    fn place(&self) -> String {
        self.file
            .as_ref()
            .map_or_else(|| STDOUT.to_owned(), |file| file.display().to_string())
    }

    /// Writes the evidence. A reader of standard output that has gone away is no error: it has seen enough.
    pub(super) fn write(&self, evidence: &Evidence, look: Look) -> Result<(), OutputError> {
        let Some(file) = &self.file else {
            return to_stdout(|out| write(self.format, evidence, look, out));
        };
        let look = Look {
            source_date: look.source_date,
            ..Look::default()
        };
        write_file(file, |out| write(self.format, evidence, look, out)).map_err(|source| {
            OutputError {
                place: self.place(),
                source,
            }
        })
    }
}

/// How outputs look on this terminal, and which date they carry.
pub(super) fn look(manners: Manners) -> Result<Look, Failure> {
    Ok(Look {
        colour: manners.colour,
        width: terminal_width(),
        source_date: source_date()?,
    })
}

/// The date of reproducible builds, <https://reproducible-builds.org/specs/source-date-epoch/>: one that cannot be read is an
/// error, since its user relies on it.
pub(super) fn source_date() -> Result<Option<i64>, Failure> {
    let Some(text) = std::env::var_os("SOURCE_DATE_EPOCH").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    // The last second that has a year of four digits.
    match seconds.filter(|seconds| (0..=253_402_300_799).contains(seconds)) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(Failure::usage(
            "SOURCE_DATE_EPOCH is no number of seconds since 1970",
        )),
    }
}

/// The terminal's columns; a pipe or a file gets the default.
pub(super) fn terminal_width() -> u16 {
    terminal_size::terminal_size_of(std::io::stdout()).map_or_else(
        || Look::default().width,
        |(terminal_size::Width(width), _)| width,
    )
}

/// A command's whole answer: to standard output.
pub(super) fn answer(text: &str) -> Result<Exit, Failure> {
    to_stdout(|out| writeln!(out, "{text}")).map_err(Failure::new)?;
    Ok(Exit::Success)
}

/// A reader that has gone away is no error: it has seen enough.
pub(super) fn to_stdout(
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), OutputError> {
    let mut stdout = io::BufWriter::new(io::stdout().lock());
    match content(&mut stdout).and_then(|()| stdout.flush()) {
        Err(source) if source.kind() != io::ErrorKind::BrokenPipe => Err(OutputError {
            place: STDOUT.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Writes a text into a file, as evidence is written.
pub(super) fn write_text(file: &Path, text: &str) -> Result<(), OutputError> {
    write_file(file, |out| out.write_all(text.as_bytes())).map_err(|source| OutputError {
        place: file.display().to_string(),
        source,
    })
}

fn folder_of(file: &Path) -> &Path {
    file.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

/// Writes a temporary file beside the target, then renames it: the target is the old file or the whole new one.
///
/// A device or pipe (`/dev/null`, `/dev/stdout`) is written to: to rename a file over it would take it from everybody else.
fn write_file(
    file: &Path,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    if std::fs::metadata(file).is_ok_and(|target| !target.is_file()) {
        let target = std::fs::OpenOptions::new().write(true).open(file)?;
        let mut buffered = io::BufWriter::new(target);
        return content(&mut buffered).and_then(|()| buffered.flush());
    }
    // A link stays one: what it leads to is written.
    let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let file = real.as_path();
    let before = std::fs::metadata(file)
        .map(|target| target.permissions())
        .ok();
    let mut temporary = tempfile::NamedTempFile::new_in(folder_of(file))?;
    let mut buffered = io::BufWriter::new(temporary.as_file_mut());
    content(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    match before {
        Some(permissions) => temporary.as_file().set_permissions(permissions)?,
        None => make_readable(temporary.as_file())?,
    }
    temporary.persist(file)?;
    Ok(())
}

/// A temporary file is its owner's alone; evidence is a file like any other. It holds no secret. A file that is there keeps its mode.
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
        assert!("json=".parse::<Output>().is_err());
    }

    #[test]
    fn outputs_that_run_into_each_other_are_refused_before_the_scan() {
        let outputs = |all: &[&str]| -> Vec<Output> {
            all.iter()
                .map(|text| text.parse().expect("an output"))
                .collect()
        };
        assert!(Output::check(&outputs(&["table", "json=evidence.json"])).is_ok());
        for wrong in [&["table", "json"][..], &["table=a", "json=a"]] {
            let failure = Output::check(&outputs(wrong)).expect_err("one place for two");
            assert_eq!(failure.exit(), Exit::Usage);
        }
        for unwritable in ["json=no/such/folder/evidence.json", "json=."] {
            let failure = Output::check(&outputs(&[unwritable])).expect_err("no such folder");
            assert_eq!(failure.exit(), Exit::Failed);
        }
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

    #[test]
    fn a_pipe_is_written_to_and_stays_one() {
        use std::os::unix::fs::FileTypeExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        if !made.is_ok_and(|status| status.success()) {
            println!("skipped: this machine has no mkfifo");
            return;
        }
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe)
        });
        write_file(&pipe, |out| out.write_all(b"evidence")).expect("written");
        let kind = std::fs::metadata(&pipe).expect("still there").file_type();
        assert!(kind.is_fifo());
        let read = reader.join().expect("no panic").expect("read");
        assert_eq!(read, b"evidence");
    }
}
