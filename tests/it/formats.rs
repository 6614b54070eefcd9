//! The forms of the evidence for other tools: each valid, none with anything of an image that its reader would act on.

use serde_json::Value;

use crate::env::{Env, shared};

/// An image with a vulnerability, a secret and a gap; the evidence in this form.
fn written(format: &str) -> String {
    let env = Env::new();
    crate::secrets::image()
        .layer("ADD", |layer| {
            layer
                .file("etc/os-release", "ID=alpine\nVERSION_ID=3.10.4\n")
                .file(
                    "lib/apk/db/installed",
                    "P:musl\nV:1.1.22-r3\nA:x86_64\nL:MIT\no:musl\n\n",
                )
                .file("x.dist-info/METADATA", "broken")
        })
        .write_layout(&env.path("layout"));
    let image = env.path("layout").display().to_string();
    env.run(&["scan", "--no-posture", "-o", format, &image])
        .expect_code(1)
        .stdout
}

#[test]
fn sarif_validates_against_the_official_schema_and_names_file_line_and_rule() {
    let log: Value = serde_json::from_str(&written("sarif")).expect("JSON");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    for result in run["results"].as_array().expect("results") {
        let index = result["ruleIndex"].as_u64().expect("an index");
        assert_eq!(
            rules[usize::try_from(index).expect("small")]["id"],
            result["ruleId"]
        );
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64() >= Some(1), "{result}");
        assert!(!result["partialFingerprints"]["plimsoll/v1"].is_null());
    }
    let gaps = &run["invocations"][0]["toolExecutionNotifications"];
    assert!(!gaps.as_array().expect("notifications").is_empty());
    let Some(schema) = shared("schemas/sarif/sarif-schema-2.1.0.json") else {
        return;
    };
    let schema = std::fs::read_to_string(schema).expect("a file");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<_> = validator
        .iter_errors(&log)
        .map(|error| error.to_string())
        .collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn junit_is_well_formed_and_counts_what_it_holds() {
    let text = written("junit");
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut cases, mut failures, mut skipped) = (0, 0, 0);
    loop {
        match reader.read_event().expect("well-formed") {
            quick_xml::events::Event::Start(tag) | quick_xml::events::Event::Empty(tag) => {
                match tag.name().as_ref() {
                    "testcase" => cases += 1,
                    "failure" => failures += 1,
                    "skipped" => skipped += 1,
                    _ => {}
                }
            }
            quick_xml::events::Event::Eof => break,
            _ => {}
        }
    }
    let head = format!(r#"tests="{cases}" failures="{failures}" skipped="{skipped}""#);
    assert!(text.contains(&head), "{head} in {text}");
    assert!(failures > 0 && skipped > 0);
}

#[test]
fn rows_of_csv_have_as_many_cells_as_their_head() {
    let text = written("csv");
    let rows: Vec<usize> = text.trim_end().split("\r\n").map(cells).collect();
    assert!(
        rows.len() > 1 && rows.iter().all(|count| *count == 12),
        "{rows:?} in {text}"
    );
}

/// Cells of a row without line breaks (RFC 4180).
fn cells(row: &str) -> usize {
    let mut quoted = false;
    let commas = row.chars().filter(|character| {
        quoted ^= *character == '"';
        *character == ',' && !quoted
    });
    commas.count() + 1
}

#[test]
fn markdown_has_the_verdict_first_and_a_row_for_each_finding() {
    let text = written("markdown");
    assert!(text.starts_with("## ❌ Findings: `"), "{text}");
    let rows = text.lines().filter(|line| line.starts_with("| ")).count();
    assert!(rows > 3, "{text}");
    assert!(text.contains("### Not looked at"), "{text}");
}

#[test]
fn annotations_are_commands_of_github_and_nothing_else() {
    let text = written("github");
    for line in text.lines() {
        let known = ["::error ", "::warning ", "::notice "];
        assert!(
            known.iter().any(|command| line.starts_with(command)),
            "{line}"
        );
    }
}

#[test]
fn no_form_holds_a_secret() {
    for format in ["sarif", "junit", "csv", "markdown", "github"] {
        crate::secrets::assert_hidden(&written(format));
    }
}

#[test]
fn evidence_is_converted_to_what_the_scan_itself_would_have_written() {
    let env = Env::new();
    let file = env.write("evidence.json", written("json"));
    for format in [
        "json",
        "table",
        "sarif",
        "junit",
        "csv",
        "markdown",
        "github",
        "cyclonedx",
        "spdx",
    ] {
        let run = env
            .run(&["convert", "-o", format, &file.display().to_string()])
            .expect_code(0);
        // A bill has the image's name, and each image of these tests lies in a folder of its own.
        if !["cyclonedx", "spdx"].contains(&format) {
            assert_eq!(run.stdout, written(format), "{format}");
        }
    }
}

#[test]
fn what_is_no_evidence_is_refused_and_a_file_that_exists_is_left_alone() {
    let env = Env::new();
    let other = env
        .write("other.json", r#"{"schema": "plimsoll.evidence/v2"}"#)
        .display()
        .to_string();
    let out = env.write("out.sarif", "old");
    let to = format!("sarif={}", out.display());
    let run = env.run(&["convert", &other, "-o", &to]).expect_code(3);
    assert!(
        run.stderr.contains("plimsoll.evidence/v2"),
        "{}",
        run.stderr
    );
    assert_eq!(std::fs::read_to_string(&out).expect("the old file"), "old");
    env.run(&["convert", "/no/such/file"]).expect_code(3);
}
