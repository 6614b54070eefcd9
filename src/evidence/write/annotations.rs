//! Annotations of GitHub Actions: a line each, which the job's page shows beside the file.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::io::{self, Write};

use super::Look;
use super::told::{Told, told};
use crate::evidence::Evidence;
use crate::model::{Severity, Untrusted};

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    for row in told(evidence).filter(|row| row.counts) {
        writeln!(out, "{}", annotation(&row))?;
    }
    for gap in &evidence.gaps {
        let path = gap
            .path
            .as_ref()
            .map_or_else(String::new, |path| format!("{path}: "));
        let text = data(&format!("{path}{}", gap.detail));
        writeln!(
            out,
            "::warning title={}::{text}",
            property(&format!("not looked at: {}", gap.kind))
        )?;
    }
    Ok(())
}

fn annotation(row: &Told) -> String {
    let level = match row.severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium | Severity::Unknown => "warning",
        Severity::Low | Severity::Negligible => "notice",
    };
    let mut properties = Vec::new();
    // A path inside the image is none of the repository: only settings are files that GitHub can show.
    if row.layer.is_none()
        && let Some(file) = &row.path
    {
        properties.push(format!("file={}", property(file)));
        properties.extend(row.line.map(|line| format!("line={line}")));
    }
    properties.push(format!(
        "title={}",
        property(&format!("{} {}: {}", row.severity, row.id, row.subject))
    ));
    let text = data(&format!("{}. {}.", row.title, row.remedy));
    format!("::{level} {}::{text}", properties.join(","))
}

/// The text of a command: a line break would end it, and what follows could be a command of its own.
fn data(text: &str) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    Untrusted(&text).to_string()
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_an_image_never_becomes_a_command() {
        assert_eq!(data("a\n::set-env name=x::y"), "a%0A::set-env name=x::y");
        assert_eq!(property("a:b,c%"), "a%3Ab%2Cc%25");
    }
}
