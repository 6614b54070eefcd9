//! Secrets in layers, in deleted files and in the config: found, explained, and never shown.

use serde_json::json;

use crate::env::Env;
use crate::image::ImageBuilder;

/// Well formed, nobody's, and put together here so that no scanner of repositories finds it.
fn key() -> String {
    ["AKIA", "QYLPMN5H", "HHFPZAM2"].concat()
}

fn password() -> String {
    ["tr0ub4", "dor-9Xq", "vLw2"].concat()
}

/// Neither of the image's secrets is in a text.
pub fn assert_hidden(text: &str) {
    assert!(
        !text.contains(&key()) && !text.contains(&password()),
        "a value was shown"
    );
}

pub fn image() -> ImageBuilder {
    ImageBuilder::new()
        .layer("COPY .env /app/", |layer| {
            layer.file("app/.env", format!("# keys\nAWS_ACCESS_KEY_ID={}\n", key()))
        })
        .layer("RUN rm /app/.env", |layer| layer.whiteout("app/.env"))
        .layer("COPY . /srv", |layer| {
            layer.file("srv/settings.py", format!("KEY = '{}'\n", key()))
        })
        .config(json!({"Env": [
            "PATH=/bin",
            format!("DATABASE_URL=postgres://app:{}@db.internal:5432/app", password()),
        ]}))
}

#[test]
fn a_secret_is_one_finding_with_all_its_places_and_says_who_can_read_it() {
    let env = Env::new();
    image().write_layout(&env.path("layout"));
    let run = env
        .scan(&format!("oci:{}", env.path("layout").display()), &[])
        .expect_code(1);
    let evidence = run.evidence();
    let findings = evidence["findings"].as_array().expect("findings");
    let aws = findings
        .iter()
        .find(|finding| finding["rule"] == "aws/access-key-id")
        .expect("the key");
    let places: Vec<_> = aws["places"]
        .as_array()
        .expect("places")
        .iter()
        .map(|place| {
            (
                place["path"].clone(),
                place["line"].clone(),
                place["layer"].clone(),
                place["visible"].clone(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [
            (json!("app/.env"), json!(2), json!(0), json!(false)),
            (json!("srv/settings.py"), json!(1), json!(2), json!(true)),
        ]
    );
    let config = findings
        .iter()
        .flat_map(|finding| finding["places"].as_array().cloned().unwrap_or_default());
    assert!(
        config
            .clone()
            .any(|place| place["config"] == "env DATABASE_URL"),
        "{findings:#?}"
    );
}

#[test]
fn no_output_and_no_file_holds_the_value() {
    let env = Env::new();
    image().write_layout(&env.path("layout"));
    let reference = format!("oci:{}", env.path("layout").display());
    let file = env.path("evidence.json");
    let output = format!("json={}", file.display());
    let run = env
        .run(&["scan", "-vv", "-o", "table", "-o", &output, &reference])
        .expect_code(1);
    assert!(run.stdout.contains("AWS"), "{}", run.stdout);
    let mut written = vec![
        run.stdout.into_bytes(),
        run.stderr.into_bytes(),
        std::fs::read(file).expect("evidence"),
    ];
    let cache =
        rusqlite::Connection::open(env.cache_folder().join("layers.db")).expect("the cache");
    let mut reports = cache
        .prepare("SELECT report FROM report")
        .expect("the table");
    let packed = reports
        .query_map([], |row| row.get::<_, Vec<u8>>(0))
        .expect("rows");
    written.extend(
        packed.map(|packed| zstd::decode_all(&packed.expect("a report")[..]).expect("zstd")),
    );
    assert!(
        written
            .iter()
            .any(|bytes| bytes.windows(14).any(|window| window == b"aws/access-key")),
        "facts are cached"
    );
    for value in [key(), password()] {
        for bytes in &written {
            assert!(
                !bytes
                    .windows(value.len())
                    .any(|window| window == value.as_bytes()),
                "a value was written"
            );
        }
    }
}

#[test]
fn without_secrets_none_are_looked_for_and_the_evidence_says_so() {
    let env = Env::new();
    image().write_layout(&env.path("layout"));
    let run = env
        .scan(
            &format!("oci:{}", env.path("layout").display()),
            &["--no-secrets"],
        )
        .expect_code(4);
    assert_eq!(run.evidence()["policy"]["secrets"], false);
    assert_eq!(run.evidence()["findings"], json!([]));
}

#[test]
fn a_secret_on_a_build_instruction_is_found_in_the_history_and_shown_nowhere() {
    let env = Env::new();
    let instruction = format!("RUN curl -u ci:{} https://repo.corp.internal/a", password());
    ImageBuilder::new()
        .layer(&instruction, |layer| layer.file("app/a", "a"))
        .config(json!({"OnBuild": [format!("RUN echo root:{} | chpasswd", password())]}))
        .write_layout(&env.path("layout"));
    let reference = format!("oci:{}", env.path("layout").display());
    let run = env.scan(&reference, &[]).expect_code(1);
    let findings = run.evidence()["findings"].to_string();
    assert!(findings.contains("\"history 1\""), "{findings}");
    assert!(findings.contains("\"onbuild 1\""), "{findings}");
    assert!(!run.stdout.contains(&password()), "a value was written");
    let table = env.run(&["scan", &reference]).expect_code(1);
    assert!(!table.stdout.contains(&password()), "a value was shown");
}

#[test]
fn a_hidden_place_names_its_layer_and_instruction_and_the_way_out() {
    let env = Env::new();
    image().write_layout(&env.path("layout"));
    let run = env
        .scan(&format!("oci:{}", env.path("layout").display()), &[])
        .expect_code(1);
    let evidence = run.evidence();
    let findings = evidence["findings"].as_array().expect("findings");
    let aws = findings
        .iter()
        .find(|finding| finding["rule"] == "aws/access-key-id");
    let aws = aws.expect("the key");
    assert_eq!(aws["places"][0]["recoverable_from"], 0);
    assert_eq!(aws["places"][0]["instruction"], "COPY .env /app/");
    assert!(
        aws["removal"]
            .as_str()
            .is_some_and(|text| text.contains("--mount=type=secret"))
    );
}

#[test]
fn a_folder_is_searched_and_a_baseline_lets_only_what_is_new_fail() {
    let env = Env::new();
    let folder = env.path("src");
    env.write("src/app/.env", format!("KEY={}\n", key()));
    let (folder, baseline) = (folder.display().to_string(), env.path("known.toml"));
    let baseline = baseline.display().to_string();
    let run = env
        .run(&["secrets", &folder, "--write-baseline", &baseline])
        .expect_code(1);
    assert!(run.stdout.contains("app/.env:1"), "{}", run.stdout);
    assert!(!run.stdout.contains(&key()), "a value was shown");
    let known = ["secrets", "-o", "json", "--secret-exceptions", &baseline];
    let run = env.run(&[&known[..], &[&folder]].concat()).expect_code(0);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).expect("json");
    assert_eq!(report["findings"][0]["places"][0]["accepted"], "baseline");
    env.write("src/new", "redis://app:k3J9fQpZ7Lr@cache.corp.internal/0");
    env.run(&[&known[..], &[&folder]].concat()).expect_code(1);
}

#[test]
fn a_rule_that_cannot_be_compiled_is_refused_with_file_and_line() {
    let env = Env::new();
    let rules = env.path("own.toml");
    let rule = "\n[[rule]]\nid = \"acme/token\"\nprovider = \"Acme\"\ntitle = \"Acme token\"\nseverity = \"high\"\nremedy = \"rotate it\"\nkeywords = ['acme_']\nshape = ";
    env.write("own.toml", format!("{rule}'(acme_'\n"));
    let rules = rules.display().to_string();
    let run = env.run(&["secrets", "--rules", &rules, "."]).expect_code(2);
    assert!(
        run.stderr.contains("own.toml: line 2: rule `acme/token`"),
        "{}",
        run.stderr
    );
    env.write(
        "own.toml",
        format!("{rule}'acme_[0-9]{{4}}'\nexamples = []\n"),
    );
    env.write("text", "acme_4711");
    let text = env.path("text").display().to_string();
    let run = env
        .run(&["secrets", "--rules", &rules, &text])
        .expect_code(1);
    assert!(run.stdout.contains("acme/token"), "{}", run.stdout);
}
