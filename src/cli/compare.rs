//! `plimsoll db compare`: so that anyone can check how versions are ordered.

use std::cmp::Ordering;
use std::io::{BufRead, Read as _, Write};

use clap::Args;

use super::{Exit, Failure};
use crate::advisories::version::Scheme;

/// More than any version: a line without an end is not read into memory.
const LONGEST_LINE: u64 = 1 << 20;

/// What `plimsoll db compare` takes.
#[derive(Debug, Args)]
pub(super) struct CompareArguments {
    /// The scheme, such as dpkg, rpm, pep440 or maven.
    scheme: Scheme,
    /// The version on the left.
    #[arg(requires = "right", allow_hyphen_values = true)]
    left: Option<String>,
    /// The version on the right.
    #[arg(allow_hyphen_values = true)]
    right: Option<String>,
}

impl CompareArguments {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let mut output = anstream::stdout();
        match (&self.left, &self.right) {
            (Some(left), Some(right)) => {
                let order = self.scheme.compare(left, right).map_err(Failure::new)?;
                told(writeln!(output, "{}", sign(order)))?;
                Ok(Exit::Success)
            }
            _ => compare_lines(self.scheme, std::io::stdin().lock(), &mut output),
        }
    }
}

/// Answers every line, so that line N of the output is about line N of the input, and fails after the last one.
fn compare_lines(
    scheme: Scheme,
    mut input: impl BufRead,
    output: &mut impl Write,
) -> Result<Exit, Failure> {
    let mut first_refusal = None;
    let mut refused = 0_usize;
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        let read = input
            .by_ref()
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)
            .map_err(Failure::new)?;
        if read == 0 {
            break;
        }
        if read as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
            return Err(Failure::new(format!(
                "line {number} of standard input is longer than {LONGEST_LINE} bytes"
            )));
        }
        match compare_line(scheme, &line) {
            Ok(order) => told(writeln!(output, "{}", sign(order)))?,
            Err(reason) => {
                told(writeln!(output, "?"))?;
                refused += 1;
                first_refusal.get_or_insert_with(|| format!("line {number}: {reason}"));
            }
        }
    }
    match first_refusal {
        None => Ok(Exit::Success),
        Some(first) if refused == 1 => Err(Failure::new(first)),
        Some(first) => Err(Failure::new(format!("{first} (and {} more)", refused - 1))),
    }
}

fn compare_line(scheme: Scheme, line: &[u8]) -> Result<Ordering, String> {
    let line = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    let (left, right) = line
        .trim_end_matches(['\r', '\n'])
        .split_once('\t')
        .ok_or("it has no tab between two versions")?;
    scheme
        .compare(left, right)
        .map_err(|error| error.to_string())
}

const fn sign(order: Ordering) -> char {
    match order {
        Ordering::Less => '<',
        Ordering::Equal => '=',
        Ordering::Greater => '>',
    }
}

/// A reader that has gone away has seen enough.
fn told(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(error)),
        _ => Ok(()),
    }
}
