//! One row for each finding, as comma-separated values (RFC 4180).

use std::io::{self, Write};

use super::Look;
use super::told::{Told, told};
use crate::evidence::Evidence;
use crate::model::Untrusted;

const HEAD: [&str; 12] = [
    "image", "kind", "severity", "id", "subject", "title", "fixed_in", "path", "line", "layer",
    "remedy", "url",
];

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    row(&HEAD.map(str::to_owned), out)?;
    for found in told(evidence) {
        row(&cells(evidence, found), out)?;
    }
    Ok(())
}

fn cells(evidence: &Evidence, found: Told) -> [String; 12] {
    let number = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    [
        evidence.subject.name.clone(),
        found.kind.to_owned(),
        found.severity.name().to_owned(),
        found.id,
        found.subject,
        found.title,
        found.fixed_in.unwrap_or_default(),
        found.path.unwrap_or_default(),
        number(found.line),
        number(found.layer.map(|layer| layer as u64)),
        found.remedy,
        found.url.unwrap_or_default(),
    ]
}

fn row(cells: &[String], out: &mut dyn Write) -> io::Result<()> {
    for (number, cell) in cells.iter().enumerate() {
        let separator = if number == 0 { "" } else { "," };
        write!(out, "{separator}{}", quoted(cell))?;
    }
    out.write_all(b"\r\n")
}

/// Quoted where RFC 4180 asks for it. A spreadsheet takes a cell that begins with one of `=+-@` for a formula and runs it: such a cell
/// gets a quote before it (OWASP, "CSV injection").
fn quoted(cell: &str) -> String {
    let lines: Vec<String> = cell
        .split('\n')
        .map(|line| Untrusted(line).to_string())
        .collect();
    let cell = lines.join("\n");
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        "'"
    } else {
        ""
    };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{guard}{}\"", cell.replace('"', "\"\""))
    } else {
        format!("{guard}{cell}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula_and_never_breaks_its_row() {
        assert_eq!(quoted("plain"), "plain");
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("a\"b\nc"), "\"a\"\"b\nc\"");
        assert_eq!(quoted("=cmd()"), "'=cmd()");
        assert_eq!(quoted("@a,b"), "\"'@a,b\"");
    }
}
