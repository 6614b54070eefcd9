//! The published schema against real evidence, and the schema against itself: it must be able to refuse.

use serde_json::{Value, json};

use crate::env::{Env, shared};

fn validator() -> jsonschema::Validator {
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schema/evidence-v1.schema.json"))
            .expect("JSON");
    jsonschema::validator_for(&schema).expect("a schema")
}

pub fn faults(evidence: &Value) -> Vec<String> {
    validator()
        .iter_errors(evidence)
        .map(|error| format!("{} at {}", error, error.instance_path()))
        .collect()
}

/// Evidence with a vulnerability, a secret in a layer and in the config, and gaps.
fn evidence() -> Value {
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
    env.scan(&env.path("layout").display().to_string(), &[])
        .expect_code(1)
        .evidence()
}

#[test]
fn evidence_validates_against_its_published_schema() {
    let evidence = evidence();
    let kinds: Vec<_> = evidence["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|f| f["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("secret")) && kinds.contains(&json!("vulnerability")));
    assert!(
        evidence["gaps"]
            .as_array()
            .is_some_and(|gaps| gaps.len() > 1)
    );
    assert_eq!(faults(&evidence), [""; 0]);
}

#[test]
fn what_is_known_beside_the_advisories_validates() {
    let env = Env::new();
    let write = |name: &str, text: &str| env.write(name, text).display().to_string();
    let affected = |ecosystem: &str, fix: &str| {
        json!({"package": {"ecosystem": ecosystem, "name": "a"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fix}]}]})
    };
    let osv = json!({"id": "UBUNTU-CVE-2099-0001", "upstream": ["CVE-2099-0001"], "affected": [affected("Ubuntu:Pro:16.04:LTS", "2")]});
    let mal = json!({"id": "MAL-2099-1", "affected": [affected("Ubuntu:16.04:LTS", "2")]});
    let files = [
        write("ubuntu.jsonl", &format!("{osv}\n{mal}\n")),
        write(
            "kev.json",
            r#"{"vulnerabilities": [{"cveID": "CVE-2099-0001", "dateAdded": "2099-01-01", "dueDate": "2099-01-22"}]}"#,
        ),
        write(
            "epss.csv",
            "#model_version:v1,score_date:2099-01-02T00:00:00Z\ncve,epss,percentile\nCVE-2099-0001,0.5,0.9\n",
        ),
        write(
            "ubuntu.csv",
            "version,codename,series,created,release,eol,eol-server,eol-esm\n16.04 LTS,X,xenial,2015-10-21,2016-04-21,2021-04-30,2021-04-30,2026-04-23\n",
        ),
    ];
    let db = env.path("own.db").display().to_string();
    let mut import = vec!["db", "--db", &db, "import"];
    import.extend(files.iter().map(String::as_str));
    env.run(&import).expect_code(0);
    crate::image::ImageBuilder::new()
        .layer("ADD", |layer| {
            layer
                .file("etc/os-release", "ID=ubuntu\nVERSION_ID=16.04\n")
                .file(
                    "var/lib/dpkg/status",
                    "Package: a\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n\n",
                )
        })
        .write_layout(&env.path("layout"));
    let layout = env.path("layout").display().to_string();
    let scanned = env.scan(&layout, &["--db", &db, "--date", "2099-02-01"]);
    let evidence = scanned.expect_code(1).evidence();
    assert_eq!(faults(&evidence), [""; 0]);
    assert_eq!(evidence["as_of_date"], "2099-02-01");
    let gaps = evidence["gaps"].as_array().expect("gaps");
    let kinds: Vec<_> = gaps.iter().map(|gap| gap["kind"].clone()).collect();
    assert_eq!(kinds, ["end-of-life"]);
    let findings = evidence["findings"].as_array().expect("findings");
    let malicious = &findings[0];
    assert_eq!(malicious["id"], "MAL-2099-1");
    assert_eq!(
        (&malicious["malicious"], &malicious["severity"]),
        (&json!(true), &json!("critical"))
    );
    let open = &findings[1];
    assert_eq!(open["status"], "affected");
    assert_eq!(
        open["fixed_in_extended"],
        json!({"name": "Ubuntu Pro", "version": "2"})
    );
    assert_eq!(
        open["exploited"],
        json!({"since": "2099-01-01", "due": "2099-01-22", "ransomware": false})
    );
    assert_eq!(
        open["epss"],
        json!({"score": "0.50000", "percentile": "0.90000", "date": "2099-01-02"})
    );
    let before = env.scan(&layout, &["--db", &db, "--date", "2021-04-30"]);
    assert_eq!(before.evidence()["gaps"], json!([]));
}

#[test]
fn alpine_is_of_the_release_that_its_repositories_are_of() {
    let env = Env::new();
    crate::image::ImageBuilder::new()
        .layer("ADD", |layer| {
            layer
                .file("etc/os-release", "ID=alpine\nVERSION_ID=3.19.1\n")
                .file("etc/apk/repositories", "https://x.test/alpine/edge/main\n")
                .file(
                    "lib/apk/db/installed",
                    "P:musl\nV:1.1.22-r3\nA:x86_64\no:musl\n\n",
                )
        })
        .write_layout(&env.path("layout"));
    let db = env.path("own.db").display().to_string();
    let records = env.write(
        "edge.jsonl",
        crate::env::advisory("CVE-2099-0001", "Alpine:edge", "musl", "2-r0").to_string(),
    );
    env.run(&["db", "--db", &db, "import", &records.display().to_string()])
        .expect_code(0);
    let layout = env.path("layout").display().to_string();
    let evidence = env
        .scan(&layout, &["--db", &db, "--date", "2099-01-01"])
        .expect_code(1)
        .evidence();
    assert_eq!(faults(&evidence), [""; 0]);
    assert_eq!(evidence["distribution"]["version_id"], "edge");
    assert_eq!(evidence["findings"][0]["id"], "CVE-2099-0001");
    assert_eq!(evidence["gaps"][0]["kind"], "mixed-releases");
    assert_eq!(
        evidence["as_of_date"],
        Value::Null,
        "no ends of support are known"
    );
}

#[test]
fn the_schema_refuses_what_the_document_does_not_say() {
    let mut unknown = evidence();
    unknown["clock"] = json!("2026-11-24");
    assert_eq!(faults(&unknown).len(), 1);
    let mut wrong = evidence();
    wrong["verdict"] = json!("fine");
    wrong["findings"][0]["severity"] = json!("severe");
    assert_eq!(faults(&wrong).len(), 2);
}

#[test]
fn evidence_of_a_real_image_validates() {
    let Some(archive) = shared("fixtures/images/alpine-3.10.docker-archive.tar.gz") else {
        return;
    };
    let env = Env::new();
    assert_eq!(
        faults(&env.scan(&archive.display().to_string(), &[]).evidence()),
        [""; 0]
    );
}
