//! Files in the table: those that are not what their package brought, and whose the others are.

use std::collections::BTreeMap;
use std::io::{self, Write};

use comfy_table::Cell;

use super::words::{bytes, counted};
use super::{Page, keep_whole};
use crate::evidence::{Finding, IntegrityFinding};
use crate::model::{ContentKind, Severity, Untrusted};

/// Files of one package that one layer changed: beyond, they are counted. A package that a language's own tool has replaced (`npm install
/// -g npm`) has hundreds.
const SHOWN: usize = 10;

impl Page<'_> {
    pub(super) fn modified_files(&self, out: &mut dyn Write) -> io::Result<()> {
        let all = self
            .evidence
            .findings
            .iter()
            .filter_map(|finding| match finding {
                Finding::Integrity(finding) => Some(finding),
                _ => None,
            });
        let (configuration, found): (Vec<&IntegrityFinding>, Vec<&IntegrityFinding>) =
            all.partition(|finding| finding.severity == Severity::Negligible);
        if !found.is_empty() {
            let mut table = self.table(&["Severity", "File", "Package", "Changed by"]);
            let mut changed: BTreeMap<(&str, Option<usize>), usize> = BTreeMap::new();
            for finding in found {
                let count = changed.entry((&finding.owner, finding.place.layer));
                let count = count.or_default();
                *count += 1;
                if *count > SHOWN {
                    continue;
                }
                let path = finding.place.path.as_ref();
                table.add_row(vec![
                    Self::severity_cell(finding.severity),
                    Cell::new(path.map_or_else(String::new, ToString::to_string)),
                    Cell::new(Untrusted(&finding.owner)),
                    Cell::new(self.layer(&finding.place, usize::MAX)),
                ]);
            }
            keep_whole(&mut table, &[0]);
            self.section(out, "Modified system files", &table)?;
            for ((owner, _), count) in changed.iter().filter(|(_, count)| **count > SHOWN) {
                let more = counted(count - SHOWN, "more file");
                let owner = Untrusted(owner);
                writeln!(out, " {more} of {owner}: the JSON form lists them")?;
            }
        }
        if !configuration.is_empty() {
            let count = counted(configuration.len(), "configuration file");
            writeln!(
                out,
                "\n{count} of packages changed, as they are meant to be: the JSON form lists them"
            )?;
        }
        Ok(())
    }

    /// Whose the bytes are: what nobody claims and nobody read is where something unknown can be.
    pub(super) fn files(&self, out: &mut dyn Write) -> io::Result<()> {
        let files = &self.evidence.files;
        let parts = [
            (files.distribution, "from packages of the distribution"),
            (files.language, "from packages of languages"),
            (files.analysed, "analysed"),
            (files.unclaimed, "unclaimed"),
        ];
        let parts = parts
            .iter()
            .filter(|(amount, _)| amount.files > 0)
            .map(|(amount, what)| format!("{} {what}", bytes(amount.bytes)));
        let parts: Vec<String> = parts.collect();
        if parts.is_empty() {
            return Ok(());
        }
        writeln!(out, "Files       {}", parts.join(", "))?;
        let software = |kind| {
            let found = files.unclaimed_software.iter();
            found.filter(|file| file.kind == kind).count()
        };
        let kinds = [
            (ContentKind::Binary, "program"),
            (ContentKind::Script, "script"),
            (ContentKind::Archive, "archive"),
        ];
        let kinds = kinds
            .iter()
            .map(|(kind, name)| (software(*kind), name))
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| counted(count, name));
        let kinds: Vec<String> = kinds.collect();
        if !kinds.is_empty() {
            writeln!(
                out,
                "            unclaimed are {}: the JSON form lists them",
                kinds.join(", ")
            )?;
        }
        Ok(())
    }
}
