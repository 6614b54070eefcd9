//! The page of all checks, `docs/runtime-checks.md`: written from the table, so that the two cannot part.

use std::fmt::Write as _;

use super::{RuntimeCheck, checks};
use crate::runtime::Form;

const HEAD: &str = "# Checks of runtime settings

`plimsoll audit` runs these over every container that it reads, whatever the form. This page is written from the table in
`src/runtime/checks/`; a test compares the two.

Three rules hold for all of them:

- What is not said is judged by what the form's own engine does then: no seccomp profile is the default one for `docker run`, none for an OCI
  bundle, and up to the kubelet in Kubernetes.
- What cannot be told (a variable without a value, a user that only the image knows) is not evaluated, with its reason. It is never taken
  for safe.
- Of a privileged container the checks of capabilities, seccomp, AppArmor, SELinux, masked paths and devices are not evaluated: nothing
  that is written of these holds. `PLM-R-001` says what holds instead.

CIS is the CIS Docker Benchmark 1.6, NIST is SP 800-190, PSS the Kubernetes Pod Security Standards. A severity is that of the check; a single
finding can be worse or better, and says so.

## What is checked

";

const FORMS: [Form; 6] = [
    Form::DockerRun,
    Form::Inspect,
    Form::Compose,
    Form::Kubernetes,
    Form::Quadlet,
    Form::Oci,
];

/// The page, Markdown.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("| Id | What is wrong | Severity | CIS | NIST | PSS | Why |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for RuntimeCheck { check, .. } in checks() {
        let (id, title, severity) = (check.id, check.title, check.severity.name());
        let (cis, nist, pss) = (
            check.cis.join(", "),
            check.nist.join(", "),
            check.pss.join(", "),
        );
        let _ = writeln!(
            page,
            "| {id} | {title} | {severity} | {cis} | {nist} | {pss} | {} |",
            check.why
        );
    }
    table(&mut page, "Where it is said", |check, form| {
        check.fields.of(form).to_owned()
    });
    table(&mut page, "What mends it", |check, form| {
        let line = check.lines.of(form);
        if line.is_empty() {
            String::new()
        } else {
            format!("`{line}`")
        }
    });
    page
}

/// A table with a column for each form; a check without a word for any form has no row.
fn table(page: &mut String, title: &str, cell: impl Fn(&RuntimeCheck, Form) -> String) {
    let names: Vec<&str> = FORMS.iter().map(|form| form.name()).collect();
    let _ = write!(
        page,
        "\n## {title}\n\n| Id | {} |\n| --- |{}\n",
        names.join(" | "),
        " --- |".repeat(FORMS.len())
    );
    for check in checks() {
        let cells: Vec<String> = FORMS.iter().map(|form| cell(check, *form)).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(page, "| {} | {} |", check.check.id, cells.join(" | "));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_what_the_table_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/runtime-checks.md");
        let Ok(written) = std::fs::read_to_string(path) else {
            println!("skipped: there is no docs/runtime-checks.md beside this build");
            return;
        };
        let expected = page();
        let differs = written
            .lines()
            .zip(expected.lines())
            .position(|(left, right)| left != right);
        assert_eq!(
            (differs, written.len()),
            (None, expected.len()),
            "write the page anew: cargo test --lib print_the_page -- --ignored --nocapture"
        );
    }

    #[test]
    #[ignore = "prints the page for docs/runtime-checks.md"]
    fn print_the_page() {
        print!("{}", page());
    }
}
