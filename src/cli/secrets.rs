//! `plimsoll secrets PATH`: the secret engine on a folder, a file or standard input.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::output::to_stdout;
use super::secret_options::{SecretArguments, SecretSettings, tell_remarks};
use super::{Exit, Failure, Manners};
use crate::evidence::write::write_json;
use crate::evidence::{Finding, FoundSecret, Gate, Place, SecretFinding, Verdict, gather_secrets};
use crate::layers::{Detector as _, Entry, FileFacts, Session};
use crate::model::{Confidence, Gap, GapKind, LayerPath, Untrusted};
use crate::secrets::{Engine, Exceptions, Rules};

const CHUNK: usize = 64 << 10;
/// Places of one secret that the table shows; the JSON form has them all.
const PLACES_SHOWN: usize = 8;

const EXAMPLES: &str = "Examples:
  plimsoll secrets .                         everything below this folder, members of archives included
  git diff | plimsoll secrets -              standard input
  plimsoll secrets -o json --write-baseline known.toml src
  plimsoll secrets --secret-exceptions known.toml src

Nothing is sent anywhere to check a secret, and no output holds one.";

/// What `plimsoll secrets` takes.
#[derive(Debug, Args)]
#[command(after_help = Exit::HELP, after_long_help = format!("{EXAMPLES}\n\n{}", Exit::HELP))]
pub(super) struct SecretsArguments {
    /// A folder or file; `-` is standard input.
    path: PathBuf,

    /// Fail (exit code 1) on findings of this severity or above: negligible, low, medium, high or critical; `never` on none.
    #[arg(long, value_name = "SEVERITY", default_value_t)]
    fail_on: Gate,

    /// The form of the answer.
    #[arg(long, short, value_enum, default_value_t, value_name = "FORMAT")]
    output: Form,

    #[command(flatten)]
    secrets: SecretArguments,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Table,
    Json,
}

/// The answer, `plimsoll.secrets/v1`.
#[derive(Serialize)]
struct Report {
    schema: &'static str,
    verdict: Verdict,
    findings: Vec<Finding>,
    gaps: Vec<Gap>,
    files: u64,
    bytes: u64,
}

impl SecretsArguments {
    pub(super) fn run(self, manners: Manners) -> Result<Exit, Failure> {
        let SecretSettings {
            rules,
            key,
            exceptions,
        } = self.secrets.settings()?;
        let embedded = Rules::embedded().map_err(Failure::new)?;
        let rules = match rules {
            Some(text) => Rules::parse(&text).map_err(Failure::new)?.before(embedded),
            None => embedded,
        };
        let engine = Engine::new(rules, key.as_deref());
        let Some(session) = engine.session() else {
            return Err(Failure::new("the engine cannot begin"));
        };
        let mut search = Search {
            session,
            exceptions: &exceptions,
            found: Vec::new(),
            gaps: Vec::new(),
            files: 0,
            bytes: 0,
        };
        if self.path == Path::new("-") {
            search.stdin().map_err(Failure::new)?;
        } else {
            search.below_root(&self.path)?;
        }
        let report = search.report(self.fail_on);
        self.secrets.write_baseline(&report.findings)?;
        to_stdout(|out| match self.output {
            Form::Json => write_json(&report, out),
            Form::Table => report.table(out),
        })
        .map_err(Failure::new)?;
        tell_remarks(&exceptions, manners);
        Ok(Exit::from(report.verdict))
    }
}

struct Search<'e> {
    session: Box<dyn Session + 'e>,
    exceptions: &'e Exceptions,
    found: Vec<FoundSecret>,
    gaps: Vec<Gap>,
    files: u64,
    bytes: u64,
}

impl Search<'_> {
    fn stdin(&mut self) -> io::Result<()> {
        self.stream("", u64::MAX, &mut io::stdin().lock())
    }

    /// Paths are told as they are below the folder that was named.
    fn below_root(&mut self, root: &Path) -> Result<(), Failure> {
        let refuse =
            |error: io::Error| Failure::new(format!("{} cannot be read: {error}", root.display()));
        let metadata = std::fs::metadata(root).map_err(refuse)?;
        if metadata.is_dir() {
            std::fs::read_dir(root).map_err(refuse)?;
            self.folder(root, "");
        } else {
            let name = root.file_name().unwrap_or_default().to_string_lossy();
            self.file(root, &name);
        }
        Ok(())
    }

    /// Links are not followed: what they lead to is looked at where it lies.
    fn folder(&mut self, folder: &Path, name: &str) {
        let mut waiting = vec![(folder.to_owned(), name.to_owned())];
        while let Some((folder, name)) = waiting.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries.flatten(),
                Err(error) => {
                    self.unreadable(&name, &error);
                    continue;
                }
            };
            let mut entries: Vec<_> = entries.collect();
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.file_name()));
            for entry in entries {
                let separator = if name.is_empty() { "" } else { "/" };
                let path = format!("{name}{separator}{}", entry.file_name().to_string_lossy());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => waiting.push((entry.path(), path)),
                    Ok(kind) if kind.is_file() => self.file(&entry.path(), &path),
                    Ok(_) => {}
                    Err(error) => self.unreadable(&path, &error),
                }
            }
        }
    }

    fn file(&mut self, file: &Path, name: &str) {
        let read = File::open(file).and_then(|mut file| {
            let size = file.metadata()?.len();
            self.stream(name, size, &mut file)
        });
        if let Err(error) = read {
            self.unreadable(name, &error);
        }
    }

    fn stream(&mut self, name: &str, size: u64, bytes: &mut dyn Read) -> io::Result<()> {
        self.files += 1;
        self.session.begin(&Entry::file(name, size));
        let mut chunk = vec![0; CHUNK];
        let read = loop {
            match bytes.read(&mut chunk) {
                Ok(0) => break Ok(()),
                Ok(count) => {
                    self.bytes += count as u64;
                    self.session.chunk(chunk.get(..count).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        let facts = self.session.end();
        self.keep(name, facts);
        read
    }

    fn keep(&mut self, name: &str, facts: FileFacts) {
        let path = (!name.is_empty()).then(|| LayerPath::normalise(name.as_bytes()));
        for hit in facts.secrets {
            let accepted = self.exceptions.accepts(&hit, Some(name));
            self.found.push(FoundSecret {
                place: Place {
                    path: path.clone(),
                    line: Some(hit.line),
                    layer: None,
                    config: None,
                },
                accepted: accepted.map(str::to_owned),
                hit,
                instruction: None,
                visible: true,
                owner: None,
            });
        }
        for mut gap in facts.gaps {
            gap.path = gap.path.or_else(|| path.clone());
            self.gaps.push(gap);
        }
    }

    fn unreadable(&mut self, name: &str, error: &io::Error) {
        let path = LayerPath::normalise(name.as_bytes());
        let gap = Gap::at(GapKind::UnreadableSource, path, error.to_string());
        self.gaps.push(gap);
    }

    fn report(mut self, gate: Gate) -> Report {
        let mut findings = gather_secrets(std::mem::take(&mut self.found));
        findings.sort_by_cached_key(Finding::order);
        self.gaps.sort();
        Report {
            schema: "plimsoll.secrets/v1",
            verdict: Verdict::of(&findings, &self.gaps, gate),
            findings,
            gaps: self.gaps,
            files: self.files,
            bytes: self.bytes,
        }
    }
}

impl Report {
    fn table(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut accepted = 0;
        for finding in &self.findings {
            if finding.is_accepted() {
                accepted += 1;
            } else if let Finding::Secret(secret) = finding {
                rows(secret, out)?;
            }
        }
        for gap in &self.gaps {
            let path = gap.path.as_ref().map(ToString::to_string);
            let path = path.unwrap_or_default();
            writeln!(out, "not looked at: {path}: {}\n", Untrusted(&gap.detail))?;
        }
        let found = self.findings.len() - accepted;
        let (files, bytes) = (self.files, self.bytes);
        writeln!(
            out,
            "{found} secrets, {accepted} accepted, {} gaps in {files} files ({bytes} bytes)",
            self.gaps.len()
        )
    }
}

fn rows(secret: &SecretFinding, out: &mut dyn Write) -> io::Result<()> {
    let sure = match secret.confidence {
        Confidence::Proven => "proven",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    };
    writeln!(
        out,
        "{}  {sure}  {} ({})  {}",
        secret.severity.name().to_uppercase(),
        Untrusted(&secret.title),
        Untrusted(&secret.rule),
        Untrusted(&secret.redacted)
    )?;
    for place in secret.places.iter().take(PLACES_SHOWN) {
        let path = place.place.path.as_ref().map(ToString::to_string);
        let path = path.unwrap_or_else(|| "standard input".to_owned());
        let member = place
            .member
            .as_ref()
            .map(|member| format!("!{}", Untrusted(member)));
        let line = place.place.line.unwrap_or(1);
        writeln!(out, "    {path}{}:{line}", member.unwrap_or_default())?;
    }
    if secret.places.len() > PLACES_SHOWN {
        let more = secret.places.len() - PLACES_SHOWN;
        writeln!(out, "    and {more} more places")?;
    }
    if let Some(fingerprint) = secret.fingerprint {
        writeln!(out, "    fingerprint {fingerprint}")?;
    }
    writeln!(out, "    {}\n", Untrusted(&secret.remedy))
}
