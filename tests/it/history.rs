//! What stood when, and stores as files, by their commands.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plimsoll::advisories::AsOf;
use serde_json::Value;

use crate::env::{Env, advisory, strings};

const SBOM: &str = r#"{"bomFormat":"CycloneDX","specVersion":"1.6","components":[
    {"type":"library","name":"left-pad","version":"1.0.0","purl":"pkg:npm/left-pad@1.0.0"}]}"#;

/// The time now, a second after whatever was done before and a second before what is done next.
fn pause() -> String {
    std::thread::sleep(Duration::from_millis(1100));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    std::thread::sleep(Duration::from_millis(1100));
    let seconds = now.expect("a clock").as_secs();
    AsOf::at(i64::try_from(seconds).expect("a time")).to_string()
}

fn left_pad(id: &str, fixed: &str) -> Value {
    advisory(id, "npm", "left-pad", fixed)
}

fn import(env: &Env, records: &[Value]) {
    env.import(records).expect_code(0);
}

fn scan(env: &Env, more: &[&str]) -> Value {
    let sbom = env.write("app.cdx.json", SBOM).display().to_string();
    env.scan(&sbom, more).evidence()
}

/// CVE-2024-1 and -2 at first; then -2 is fixed in an older version, and -3 comes.
fn two_states() -> (Env, String) {
    let env = Env::new();
    import(
        &env,
        &[
            left_pad("CVE-2024-1", "2.0.0"),
            left_pad("CVE-2024-2", "2.0.0"),
        ],
    );
    let between = pause();
    import(
        &env,
        &[
            left_pad("CVE-2024-1", "2.0.0"),
            left_pad("CVE-2024-2", "0.9.0"),
            left_pad("CVE-2024-3", "3.0.0"),
        ],
    );
    (env, between)
}

#[test]
fn a_scan_answers_as_of_then_and_says_which_data_it_rests_on() {
    let (env, between) = two_states();
    let now = scan(&env, &[]);
    assert_eq!(
        strings(&now["findings"], "id"),
        ["CVE-2024-1", "CVE-2024-3"]
    );
    assert_eq!(now["advisories"]["as_of"], Value::Null);
    let then = scan(&env, &["--as-of", &between]);
    assert_eq!(
        strings(&then["findings"], "id"),
        ["CVE-2024-1", "CVE-2024-2"]
    );
    assert_eq!(then["advisories"]["as_of"], between.as_str());
    assert_eq!(then["advisories"]["sources"][0]["advisories"], 2);
    assert_ne!(
        then["advisories"]["snapshot"],
        now["advisories"]["snapshot"]
    );
    let sbom = env.path("app.cdx.json").display().to_string();
    let before = env.scan(&sbom, &["--as-of", "2001-01-01"]).expect_code(3);
    assert!(
        before.stderr.contains("its history begins at"),
        "{}",
        before.stderr
    );
    let nonsense = env.scan(&sbom, &["--as-of", "yesterday"]).expect_code(2);
    assert!(
        nonsense.stderr.contains("2026-01-31T12:00:00Z"),
        "{}",
        nonsense.stderr
    );
}

#[test]
fn what_is_new_because_the_advisories_changed_is_marked() {
    let (env, between) = two_states();
    let evidence = scan(&env, &["--new-since", &between]);
    let marks: Vec<(&str, bool)> = evidence["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .map(|finding| (finding["id"].as_str().expect("id"), finding["new"] == true))
        .collect();
    assert_eq!(marks, [("CVE-2024-1", false), ("CVE-2024-3", true)]);
    assert_eq!(
        evidence["advisories"]["compared_with"]["as_of"],
        between.as_str()
    );
    let sbom = env.path("app.cdx.json").display().to_string();
    let table = env.run(&["scan", &sbom, "--new-since", &between]);
    assert!(
        table.stdout.contains("CVE-2024-3 (new)"),
        "{}",
        table.stdout
    );
    assert!(
        table.stdout.contains("1 finding is new since then"),
        "{}",
        table.stdout
    );
}

#[test]
fn old_advisories_are_a_gap_for_those_who_say_how_old_they_may_be() {
    let (env, _) = two_states();
    let kinds = |evidence: &Value| -> Vec<String> {
        let kinds = strings(&evidence["gaps"], "kind");
        kinds.into_iter().map(str::to_owned).collect()
    };
    let young = scan(&env, &["--max-age", "1"]);
    assert!(!kinds(&young).contains(&"stale-advisories".to_owned()));
    let old = scan(&env, &["--max-age", "7", "--date", "2099-01-01"]);
    assert!(kinds(&old).contains(&"stale-advisories".to_owned()));
    assert_eq!(old["as_of_date"], "2099-01-01");
}

#[test]
fn a_store_travels_as_a_file_and_a_delta_brings_it_up_to_date() {
    let (env, _) = two_states();
    let path = |name: &str| env.path(name).display().to_string();
    let snapshot = |store: &str| {
        let status = env
            .run(&["db", "status", "--json", "--db", store])
            .expect_code(0);
        status.evidence()["snapshot"]
            .as_str()
            .expect("digest")
            .to_owned()
    };
    let (whole, other) = (path("whole.db.zst"), path("other.db"));
    let exported = env.run(&["db", "export", &whole]).expect_code(0);
    env.run(&["db", "import", "--db", &other, &whole])
        .expect_code(0);
    assert!(exported.stdout.contains(&snapshot(&other)));
    env.run(&["db", "verify", "--db", &other]).expect_code(0);
    import(&env, &[left_pad("CVE-2024-9", "2.0.0")]);
    let delta = path("delta.db.zst");
    env.run(&["db", "delta", &whole, &delta]).expect_code(0);
    env.run(&["db", "import", "--db", &other, &delta])
        .expect_code(0);
    let own = env
        .path("data/plimsoll/advisories.db")
        .display()
        .to_string();
    assert_eq!(snapshot(&other), snapshot(&own));
    let again = env
        .run(&["db", "import", "--db", &other, &delta])
        .expect_code(3);
    assert!(
        again.stderr.contains("import the whole store instead"),
        "{}",
        again.stderr
    );
}

#[test]
fn a_store_file_that_was_cut_short_or_altered_is_refused() {
    let (env, _) = two_states();
    let path = |name: &str| env.path(name).display().to_string();
    let whole = path("whole.db.zst");
    env.run(&["db", "export", &whole]).expect_code(0);
    let bytes = std::fs::read(&whole).expect("file");
    for length in [17, 100, bytes.len() / 2, bytes.len() - 1] {
        env.write("cut.db.zst", &bytes[..length]);
        let run = env.run(&[
            "db",
            "import",
            "--db",
            &path("other.db"),
            &path("cut.db.zst"),
        ]);
        assert_eq!(run.code, 3, "{length}: {run:?}");
    }
    let folder: Vec<_> = std::fs::read_dir(env.path(".")).expect("folder").collect();
    let left = folder.iter().flatten().map(std::fs::DirEntry::file_name);
    let left: Vec<_> = left
        .filter(|name| name.to_string_lossy().starts_with(".plimsoll"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_signed_file_is_taken_by_those_who_have_the_key_and_no_other_file_is() {
    let (env, _) = two_states();
    let path = |name: &str| env.path(name).display().to_string();
    for name in ["a", "b"] {
        env.run(&["key", "new", &path(name)]).expect_code(0);
    }
    let (whole, other, key) = (path("whole.db"), path("other.db"), path("a.pub"));
    env.run(&["db", "export", &whole, "--key", &path("a")])
        .expect_code(0);
    let import =
        |key: &str| env.run(&["db", "import", "--db", &other, "--verify-key", key, &whole]);
    let refused = import(&path("b.pub")).expect_code(3);
    assert!(
        refused.stderr.contains("is not taken"),
        "{}",
        refused.stderr
    );
    assert!(!env.path("other.db").exists());
    import(&key).expect_code(0);
    import_one_more(&env);
    std::fs::rename(env.path("whole.db.sig"), env.path("old.sig")).expect("moved");
    let unsigned = import(&key).expect_code(3);
    assert!(
        unsigned.stderr.contains("whole.db.sig"),
        "{}",
        unsigned.stderr
    );
    env.run(&["db", "export", &whole]).expect_code(0);
    std::fs::rename(env.path("old.sig"), env.path("whole.db.sig")).expect("moved");
    let altered = import(&key).expect_code(3);
    assert!(
        altered.stderr.contains("of another file"),
        "{}",
        altered.stderr
    );
}

fn import_one_more(env: &Env) {
    import(env, &[left_pad("CVE-2024-9", "2.0.0")]);
}
