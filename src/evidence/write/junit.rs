//! JUnit's XML, for CI systems that show tests: each finding is a failed test, each gap a skipped one.
//!
//! The form is by custom: <https://github.com/testmoapp/junitxml>.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::Look;
use super::told::{Told, told};
use crate::evidence::Evidence;

pub(super) fn write(evidence: &Evidence, _: Look, out: &mut dyn Write) -> io::Result<()> {
    let counts = |row: &Told| row.counts && evidence.policy.fail_on.counts(row.severity);
    let rows: Vec<Told> = told(evidence).collect();
    let failures = rows.iter().filter(|row| counts(row)).count();
    let (tests, skipped) = (rows.len() + evidence.gaps.len(), evidence.gaps.len());
    let name = escaped(&evidence.subject.name);
    writeln!(out, r#"<?xml version="1.0" encoding="UTF-8"?>"#)?;
    writeln!(
        out,
        r#"<testsuites name="plimsoll" tests="{tests}" failures="{failures}" skipped="{skipped}">"#
    )?;
    writeln!(
        out,
        r#"  <testsuite name="{name}" tests="{tests}" failures="{failures}" skipped="{skipped}">"#
    )?;
    for row in &rows {
        case(row, counts(row), out)?;
    }
    for gap in &evidence.gaps {
        let kind = gap.kind.name();
        let detail = escaped(&gap.detail);
        writeln!(
            out,
            r#"    <testcase classname="gap" name="{kind}: {detail}"><skipped message="{detail}"/></testcase>"#
        )?;
    }
    writeln!(out, "  </testsuite>\n</testsuites>")
}

fn case(row: &Told, fails: bool, out: &mut dyn Write) -> io::Result<()> {
    let (kind, severity) = (row.kind, row.severity);
    let name = escaped(&format!("{} {}", row.id, row.subject));
    write!(out, r#"    <testcase classname="{kind}" name="{name}""#)?;
    if let Some(path) = &row.path {
        write!(out, r#" file="{}""#, escaped(path))?;
    }
    if !fails {
        return writeln!(out, "/>");
    }
    let message = escaped(&format!("{severity}: {}", row.title));
    let text = escaped(&format!("{}\n{}", row.title, row.remedy));
    writeln!(
        out,
        r#"><failure type="{severity}" message="{message}">{text}</failure></testcase>"#
    )
}

/// Text as XML 1.0 takes it, in an attribute, too: characters that it has no way to write are left out (section 2.2).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' | '\r' => drop(write!(escaped, "&#{};", u32::from(character))),
            '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}' => {
                escaped.push(character);
            }
            _ => {}
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_image_breaks_the_document() {
        assert_eq!(
            escaped("a<b>&\"c\"\u{1}\u{fffe}\n"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#10;"
        );
    }
}
