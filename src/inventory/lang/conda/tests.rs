//! Records of conda, and what is none.

use proptest::prelude::*;

use super::*;
use crate::layers::detect_one;
use crate::model::{Claim, Claims};

const PATH: &str = "opt/conda/conda-meta/openssl-3.3.1-h4bc722e_2.json";

fn facts(json: &str) -> Result<FileFacts, ParseError> {
    detect_one(&Conda, PATH, json.as_bytes()).map(|facts| facts.expect("a path that is wanted"))
}

/// Written after the published form, with the fields in the order in which conda sorts them, and shortened digests: py-rattler
/// reads the same from it. It is of no real package, since no registry of conda was at hand.
const RECORD: &str = r#"{
      "arch": "x86_64",
      "build": "h4bc722e_2",
      "build_number": 2,
      "channel": "https://conda.anaconda.org/conda-forge/linux-64",
      "depends": ["ca-certificates", "libgcc-ng >=12"],
      "extracted_package_dir": "/opt/conda/pkgs/openssl-3.3.1-h4bc722e_2",
      "files": ["bin/openssl", "lib/libssl.so.3", "ssl/openssl.cnf"],
      "fn": "openssl-3.3.1-h4bc722e_2.conda",
      "license": "Apache-2.0",
      "link": {"source": "/opt/conda/pkgs/openssl-3.3.1-h4bc722e_2", "type": 1},
      "md5": "e1b454497f9f7c1147fdde4b53f1b512",
      "name": "openssl",
      "paths_data": {
        "paths": [
          {"_path": "bin/openssl", "path_type": "hardlink", "prefix_placeholder": "/home/builder/placeholder",
           "sha256": "1111111111111111aaaa", "sha256_in_prefix": "2222222222222222aaaa", "size_in_bytes": 1},
          {"_path": "lib/libssl.so.3", "path_type": "hardlink", "sha256": "3333333333333333aaaa"},
          {"_path": "lib/libssl.so", "path_type": "softlink"}
        ],
        "paths_version": 1
      },
      "requested_spec": "",
      "sha256": "b294b3cc706ad1048cdb514f0db3da9f37ae3fcc0c53a7104083dd0918adb200",
      "subdir": "linux-64",
      "url": "https://user:password@conda.anaconda.org/t/to-ken/conda-forge/linux-64/openssl-3.3.1-h4bc722e_2.conda",
      "version": "3.3.1"
    }"#;

#[test]
fn a_record_is_a_package_with_its_build_channel_architecture_and_digests() {
    let facts = facts(RECORD).expect("a record");
    let [openssl] = facts.packages.as_slice() else {
        panic!("one package")
    };
    assert_eq!(
        (openssl.name.as_str(), openssl.version.as_str()),
        ("openssl", "3.3.1")
    );
    assert_eq!(openssl.architecture.as_deref(), Some("linux-64"));
    assert_eq!(openssl.licenses, ["Apache-2.0"]);
    let properties: Vec<(&str, &str)> = openssl
        .properties
        .iter()
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        properties,
        [
            ("build", "h4bc722e_2"),
            ("channel", "conda-forge"),
            ("md5", "e1b454497f9f7c1147fdde4b53f1b512"),
            (
                "sha256",
                "b294b3cc706ad1048cdb514f0db3da9f37ae3fcc0c53a7104083dd0918adb200"
            ),
        ]
    );
    assert_eq!(
        openssl.purl(None).as_deref(),
        Some("pkg:conda/openssl@3.3.1?build=h4bc722e_2&channel=conda-forge&subdir=linux-64")
    );
    let shown = format!("{facts:?}");
    assert!(!shown.contains("password") && !shown.contains("to-ken"));
}

/// Path and digest of each claim.
fn claims(json: &str) -> Vec<(String, Option<u64>)> {
    let facts = facts(json).expect("a record");
    let claims = facts.claims.iter().flat_map(Claims::iter);
    claims
        .map(|Claim { path, digest, .. }| (path.to_owned(), digest.map(|digest| digest.start)))
        .collect()
}

#[test]
fn files_are_claimed_with_the_digest_that_they_have_in_the_environment() {
    assert_eq!(
        claims(RECORD),
        [
            ("opt/conda/bin/openssl".into(), Some(0x2222_2222_2222_2222)),
            (
                "opt/conda/lib/libssl.so.3".into(),
                Some(0x3333_3333_3333_3333)
            ),
            ("opt/conda/lib/libssl.so".into(), None)
        ]
    );
}

#[test]
fn older_records_list_names_only() {
    let json =
        r#"{"files": ["bin/a", 7, "lib/b"], "name": "A", "paths_data": null, "version": "1"}"#;
    assert_eq!(
        claims(json),
        [
            ("opt/conda/bin/a".into(), None),
            ("opt/conda/lib/b".into(), None)
        ]
    );
    assert_eq!(facts(json).expect("a record").packages[0].name, "a");
    assert_eq!(claims(r#"{"name": "a", "version": "1"}"#), []);
}

#[test]
fn a_channel_has_a_name_and_never_a_credential() {
    for (channel, name) in [
        (
            "https://repo.anaconda.com/pkgs/main/linux-64",
            Some("pkgs/main"),
        ),
        (
            "https://conda.anaconda.org/conda-forge/noarch",
            Some("conda-forge"),
        ),
        (
            "https://conda.anaconda.org/t/to-ken/me/label/dev/osx-arm64",
            Some("me/label/dev"),
        ),
        (
            "https://me:word@conda.example.org/a/linux-64?x=word",
            Some("conda.example.org/a"),
        ),
        (
            "me:word@conda.example.org/t/to-ken/a",
            Some("conda.example.org/a"),
        ),
        (
            "https://me:word@conda.example.org",
            Some("conda.example.org"),
        ),
        ("conda.example.org/t/to-ken", Some("conda.example.org")),
        ("conda-forge", Some("conda-forge")),
        ("pkgs/main", Some("pkgs/main")),
        ("file:///srv/channel/linux-64", Some("srv/channel")),
        ("https://", None),
    ] {
        assert_eq!(channel_name(channel).as_deref(), name, "{channel}");
    }
}

#[test]
fn every_environment_is_read_and_what_lies_beside_the_records_is_not() {
    for (path, wanted) in [
        ("opt/conda/conda-meta/python-3.12.4-h1.json", true),
        ("opt/conda/envs/ml/conda-meta/numpy-2.0.0-py312.json", true),
        ("conda-meta/a-1-0.json", true),
        ("opt/conda/conda-meta/history", false),
        ("opt/conda/conda-meta/.json", false),
        ("opt/conda/conda-meta/a-1-0.json.bak", false),
        ("opt/conda/pkgs/a-1-0/info/index.json", false),
        ("opt/not-conda-meta/a.json", false),
    ] {
        let wants = Conda.wants(&Entry::file(path, 10));
        assert_eq!(wants != Want::Skip, wanted, "{path}");
    }
}

#[test]
fn what_is_no_record_is_an_error_with_its_place_and_without_its_content() {
    for json in [
        "",
        "[]",
        "{\"name\": \"a\",\n secret}",
        "{\"files\": {}}",
        "{} {}",
    ] {
        let error = facts(json).expect_err(json);
        assert!(
            error.reason.starts_with("it is no record of conda (line "),
            "{error}"
        );
        assert!(!error.reason.contains("secret"));
    }
    for (json, field) in [
        ("{}", "name"),
        (r#"{"name": "a", "version": 1}"#, "version"),
    ] {
        let error = facts(json).expect_err(json);
        assert_eq!(error.reason, format!("the record has no {field}"));
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = detect_one(&Conda, PATH, &bytes);
    }

    #[test]
    fn any_channel_and_file_are_read_without_a_panic(channel in "[a-z:/@.?#-]{0,24}", file in "[a-z./]{0,12}") {
        let json = serde_json::json!({"name": "a", "version": "1", "channel": channel, "files": [file]});
        prop_assert!(facts(&json.to_string()).is_ok());
    }
}
