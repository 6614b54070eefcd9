//! Bills of materials: written, valid by their schemas, and as good as the image when they are scanned.

use std::path::Path;

use serde_json::{Value, json};

use crate::env::{Env, advisory, shared, strings};
use crate::image::ImageBuilder;

const STATUS: &str = "\
Package: libssl3
Status: install ok installed
Architecture: amd64
Source: openssl (3.0.11-1)
Version: 3.0.11-1+b1

Package: login
Status: install ok installed
Architecture: amd64
Source: shadow
Version: 1:4.13+dfsg1-1

";

fn metadata(name: &str, version: &str, license: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nLicense: {license}\n\nbody\n")
}

/// A Debian with Python and Node packages, one of which a later layer replaces.
fn debian() -> ImageBuilder {
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            layer
                .file(
                    "etc/os-release",
                    "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
                )
                .file("var/lib/dpkg/status", STATUS)
        })
        .layer("RUN pip install Django==2.2", |layer| {
            layer.file(
                "usr/lib/python3/site-packages/Django-2.2.dist-info/METADATA",
                metadata("Django", "2.2", "BSD-3-Clause"),
            )
        })
        .layer("RUN pip install Django==4.2 && npm install", |layer| {
            layer
                .whiteout("usr/lib/python3/site-packages/Django-2.2.dist-info")
                .file(
                    "usr/lib/python3/site-packages/Django-4.2.dist-info/METADATA",
                    metadata("Django", "4.2", "BSD"),
                )
                .file(
                    "app/node_modules/JSONStream/package.json",
                    r#"{"name": "JSONStream", "version": "1.3.5", "license": "(MIT OR Apache-2.0)"}"#,
                )
                .file(
                    "app/node_modules/@babel/traverse/package.json",
                    r#"{"name": "@babel/traverse", "version": "7.20.0", "license": "MIT"}"#,
                )
        })
}

fn alpine() -> ImageBuilder {
    ImageBuilder::new().layer("ADD rootfs.tar /", |layer| {
        layer
            .file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")
            .file(
                "lib/apk/db/installed",
                "P:ssl_client\nV:1.36.1-r1\nA:x86_64\nL:GPL-2.0-only\no:busybox\n\n",
            )
    })
}

fn with_store() -> Env {
    let env = Env::new();
    env.import(&[
        advisory("CVE-2099-0001", "Debian:12", "openssl", "3.0.11-1+deb12u1"),
        advisory("CVE-2099-0002", "Debian:12", "shadow", "1:4.14"),
        advisory("CVE-2099-0003", "PyPI", "django", "4.2.1"),
        advisory("CVE-2099-0004", "npm", "JSONStream", "1.3.6"),
        advisory("CVE-2099-0005", "npm", "@babel/traverse", "7.23.2"),
        advisory("CVE-2099-0006", "Alpine:v3.20", "busybox", "1.36.1-r2"),
        advisory("CVE-2099-0007", "Mageia:9", "openssl", "99"),
    ])
    .expect_code(0);
    env
}

fn layout(env: &Env, image: &ImageBuilder) -> String {
    image.write_layout(&env.path("layout"));
    format!("oci:{}", env.path("layout").display())
}

fn bill(env: &Env, image: &str, format: &str, more: &[&str]) -> String {
    let run = env.run(&[&["sbom", "-o", format, image], more].concat());
    run.expect_code(0).stdout
}

/// Of each finding about a package what counts: id, PURL, fixed version and status, whose proof, and where.
fn findings(evidence: &Value) -> Vec<Value> {
    let findings = evidence["findings"].as_array().expect("findings");
    findings
        .iter()
        .filter(|finding| finding["kind"] == "vulnerability")
        .map(|finding| {
            json!([
                finding["id"],
                finding["package"],
                finding["fixed_version"],
                finding["status"],
                finding["proof"],
                finding["place"],
                finding["removed_in"]
            ])
        })
        .collect()
}

/// A validator of one of the official schemas; those that it refers to lie beside it.
fn validator(folder: &str, name: &str) -> Option<jsonschema::Validator> {
    let folder = shared(&format!("schemas/{folder}"))?;
    let load = |path: &Path| -> Value {
        let text = std::fs::read_to_string(path).expect("a schema");
        serde_json::from_str(&text).expect("JSON")
    };
    let mut registry = jsonschema::Registry::new();
    for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
        let file = entry.file_name().into_string().expect("a name");
        if file != name {
            let resource = jsonschema::Resource::from_contents(load(&entry.path()));
            registry = registry
                .add(format!("http://cyclonedx.org/schema/{file}"), resource)
                .expect("a resource");
        }
    }
    let registry = registry.prepare().expect("schemas");
    let schema = load(&folder.join(name));
    Some(
        jsonschema::options()
            .with_registry(&registry)
            .build(&schema)
            .expect("a schema"),
    )
}

fn faults(validator: &jsonschema::Validator, text: &str) -> Vec<String> {
    let document: Value = serde_json::from_str(text).expect("JSON");
    validator
        .iter_errors(&document)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect()
}

const SCHEMAS: [(&str, &str, &str); 2] = [
    ("cyclonedx", "cyclonedx", "bom-1.6.schema.json"),
    ("spdx", "spdx", "spdx-2.3.schema.json"),
];

#[test]
fn both_forms_are_valid_by_the_official_schemas() {
    let env = Env::new();
    let image = layout(&env, &debian());
    for (format, folder, name) in SCHEMAS {
        let Some(validator) = validator(folder, name) else {
            return;
        };
        for more in [&[][..], &["--all", "--deleted"]] {
            let text = bill(&env, &image, format, more);
            assert_eq!(faults(&validator, &text), [""; 0], "{format}");
        }
        // The schema does refuse.
        let mut wrong: Value =
            serde_json::from_str(&bill(&env, &image, format, &[])).expect("JSON");
        wrong["no-such-field"] = json!(1);
        assert_eq!(faults(&validator, &wrong.to_string()).len(), 1);
    }
}

#[test]
fn a_real_image_s_bills_are_valid_and_its_own_scan_s_twins() {
    let Some(archive) = shared("fixtures/images/alpine-3.10.docker-archive.tar.gz") else {
        return;
    };
    let env = Env::new();
    let image = archive.display().to_string();
    let expected = env.scan(&image, &["--no-secrets"]).evidence();
    for (format, folder, name) in SCHEMAS {
        let text = bill(&env, &image, format, &[]);
        if let Some(validator) = validator(folder, name) {
            assert_eq!(faults(&validator, &text), [""; 0], "{format}");
        }
        let file = env.write("alpine.json", &text);
        let evidence = env
            .scan(&format!("sbom:{}", file.display()), &[])
            .evidence();
        assert_eq!(evidence["packages"], expected["packages"]);
        assert_eq!(evidence["distribution"], expected["distribution"]);
        assert_eq!(findings(&evidence), findings(&expected));
    }
}

#[test]
fn scanning_a_bill_finds_what_scanning_the_image_finds() {
    for (image, ids) in [(debian(), 5), (alpine(), 1)] {
        let env = with_store();
        let reference = layout(&env, &image);
        for more in [&[][..], &["--all", "--deleted"]] {
            let expected = env.scan(&reference, more).expect_code(1).evidence();
            assert!(findings(&expected).len() >= ids, "{expected}");
            for format in ["cyclonedx", "spdx"] {
                let file = env.write("bill.json", bill(&env, &reference, format, more));
                let list = format!("sbom:{}", file.display());
                let evidence = env.scan(&list, more).expect_code(1).evidence();
                assert_eq!(findings(&evidence), findings(&expected), "{format}");
                assert_eq!(evidence["packages"], expected["packages"], "{format}");
                assert_eq!(evidence["deleted"], expected["deleted"], "{format}");
                assert_eq!(evidence["gaps"], expected["gaps"], "{format}");
            }
        }
    }
}

#[test]
fn an_rpm_database_and_its_bills_have_the_same_findings() {
    use std::io::Read as _;
    let Some(database) = shared("fixtures/rpmdb/cbl-mariner-2.0.rpmdb.sqlite.gz") else {
        return;
    };
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(database).expect("a file"))
        .read_to_end(&mut bytes)
        .expect("gzip");
    let image = ImageBuilder::new().layer("ADD rootfs.tar /", |layer| {
        layer
            .file("etc/os-release", "ID=rocky\nVERSION_ID=9.4\n")
            .file("var/lib/rpm/rpmdb.sqlite", &bytes)
    });
    let env = Env::new();
    // One is keyed by the binary package, one by its source; versions are with and without an epoch.
    env.import(&[
        advisory("CVE-2099-0001", "Rocky Linux:9", "openssl-libs", "1:99"),
        advisory("CVE-2099-0002", "Rocky Linux:9", "glibc", "99"),
        advisory("CVE-2099-0003", "Rocky Linux:9", "util-linux", "99"),
        advisory("CVE-2099-0004", "Rocky Linux:9", "rpm", "0:99"),
    ])
    .expect_code(0);
    let reference = layout(&env, &image);
    let expected = env.scan(&reference, &[]).expect_code(1).evidence();
    assert!(findings(&expected).len() >= 4, "{:?}", findings(&expected));
    for format in ["cyclonedx", "spdx"] {
        let file = env.write("bill.json", bill(&env, &reference, format, &[]));
        let evidence = env
            .scan(&file.display().to_string(), &[])
            .expect_code(1)
            .evidence();
        assert_eq!(findings(&evidence), findings(&expected), "{format}");
        assert_eq!(evidence["packages"], expected["packages"], "{format}");
    }
}

#[test]
fn evidence_of_a_list_says_whose_word_it_is() {
    let env = with_store();
    let text = bill(&env, &layout(&env, &debian()), "cyclonedx", &[]);
    let file = env.write("app.cdx.json", &text);
    // A path that exists is recognised by looking inside.
    let run = env.scan(&file.display().to_string(), &[]).expect_code(1);
    let evidence = run.evidence();
    assert_eq!(evidence["subject"]["name"], "sbom:app.cdx.json");
    let sbom = &evidence["subject"]["sbom"];
    let digest = plimsoll::model::Digest::sha256_of(text.as_bytes());
    assert_eq!(sbom["digest"], digest.to_string());
    assert_eq!(sbom["form"], "CycloneDX 1.6");
    assert_eq!(sbom["subject"], "oci:layout");
    assert!(
        sbom["tool"]
            .as_str()
            .is_some_and(|tool| tool.starts_with("plimsoll "))
    );
    assert_eq!(evidence["policy"]["secrets"], json!(false));
    let schema: Value =
        serde_json::from_str(include_str!("../../docs/schema/evidence-v1.schema.json"))
            .expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    assert_eq!(faults(&schema, &run.stdout), [""; 0]);
    let table = env
        .run(&["scan", &file.display().to_string()])
        .expect_code(1);
    assert!(
        table
            .stdout
            .contains("Rests on a list: CycloneDX 1.6 by plimsoll"),
        "{}",
        table.stdout
    );
}

#[test]
fn a_bill_is_made_of_another_and_says_the_same() {
    let env = with_store();
    let reference = layout(&env, &debian());
    let first = env.write("app.cdx.json", bill(&env, &reference, "cyclonedx", &[]));
    let second = bill(&env, &format!("sbom:{}", first.display()), "spdx", &[]);
    let second = env.write("app.spdx.json", second);
    let expected = env.scan(&reference, &[]).expect_code(1).evidence();
    let evidence = env
        .scan(&second.display().to_string(), &[])
        .expect_code(1)
        .evidence();
    assert_eq!(findings(&evidence), findings(&expected));
    assert_eq!(evidence["subject"]["sbom"]["subject"], "oci:layout");
}

#[test]
fn a_bill_is_a_pure_function_of_the_image_and_source_date_epoch() {
    let env = Env::new();
    let image = layout(&env, &debian());
    for format in ["cyclonedx", "spdx"] {
        let first = bill(&env, &image, format, &[]);
        let again = bill(&env, &image, format, &["--no-cache", "--threads", "1"]);
        assert_eq!(first, again);
        let as_scan = env.run(&["scan", "--no-secrets", "-o", format, &image]);
        assert_eq!(as_scan.stdout, first, "the same as an output of a scan");
        let dated = env
            .command()
            .env("SOURCE_DATE_EPOCH", "1716401892")
            .args(["sbom", "-o", format, &image])
            .output()
            .expect("the binary runs");
        let dated = String::from_utf8(dated.stdout).expect("text");
        assert!(dated.contains("2024-05-22T18:18:12Z"), "{dated}");
        assert!(!first.contains("2024-05-22"));
    }
    let wrong = env
        .command()
        .env("SOURCE_DATE_EPOCH", "yesterday")
        .args(["sbom", &image])
        .output()
        .expect("the binary runs");
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn a_bill_of_a_small_image_reads_well() {
    let env = Env::new();
    let image = layout(&env, &debian());
    for format in ["cyclonedx", "spdx"] {
        let text = bill(&env, &image, format, &["--deleted"]);
        insta::assert_snapshot!(format!("a_bill_as_{format}"), text);
    }
}

#[test]
fn an_incomplete_bill_says_so_and_its_scan_is_not_clean() {
    let env = with_store();
    let image = alpine().layer("COPY . /", |layer| {
        layer.file("x.dist-info/METADATA", "no name here")
    });
    let reference = layout(&env, &image);
    let evidence = env.scan(&reference, &[]).evidence();
    for format in ["cyclonedx", "spdx"] {
        let run = env.run(&["sbom", "-o", format, &reference]).expect_code(4);
        let word = if format == "spdx" {
            "Incomplete"
        } else {
            "\"incomplete\""
        };
        assert!(run.stdout.contains(word), "{}", run.stdout);
        let file = env.write("bill.json", run.stdout);
        let scanned = env.scan(&file.display().to_string(), &[]).evidence();
        assert_eq!(scanned["gaps"], evidence["gaps"]);
    }
}

#[test]
fn what_is_no_list_is_refused_with_what_would_be_one() {
    let env = Env::new();
    let file = env.write("package.json", "{\"name\": \"app\"}");
    let run = env
        .run(&["scan", &format!("sbom:{}", file.display())])
        .expect_code(3);
    assert!(run.stderr.contains("CycloneDX"), "{}", run.stderr);
    let broken = env.write("broken.json", "{\"bomFormat\": \"CycloneDX\",");
    let run = env
        .run(&["scan", &broken.display().to_string()])
        .expect_code(3);
    assert!(run.stderr.contains("line 1"), "{}", run.stderr);
    let run = env.run(&["scan", "sbom:/no/such/file"]).expect_code(3);
    assert!(run.stderr.contains("cannot be read"), "{}", run.stderr);
    env.run(&["scan", "sbom:"]).expect_code(2);
    let run = env.run(&["sbom", "-o", "table", "alpine"]).expect_code(2);
    assert!(run.stderr.contains("cyclonedx or spdx"), "{}", run.stderr);
}

#[test]
fn a_list_that_an_image_ships_is_a_claim_and_what_is_recorded_too_is_told_once() {
    let env = with_store();
    let list = json!({"bomFormat": "CycloneDX", "specVersion": "1.5",
        "metadata": {"component": {"type": "application", "name": "vendor-app"}},
        "components": [
            {"type": "library", "name": "django", "version": "4.2", "purl": "pkg:pypi/django@4.2"},
            {"type": "library", "name": "login", "version": "1:4.13+dfsg1-1",
             "purl": "pkg:deb/debian/login@1:4.13%2Bdfsg1-1?arch=amd64&distro=debian-12"},
            {"type": "library", "name": "left-pad", "version": "1.0.0", "purl": "pkg:npm/left-pad@1.0.0"}]});
    let image = debian().layer("COPY app.cdx.json /usr/share/sbom/", |layer| {
        layer.file("usr/share/sbom/app.cdx.json", list.to_string())
    });
    let evidence = env.scan(&layout(&env, &image), &[]).evidence();
    let packages = evidence["packages"].as_array().expect("packages");
    let named = |name: &str| -> Vec<&Value> {
        packages
            .iter()
            .filter(|found| found["name"] == name)
            .collect()
    };
    assert_eq!(named("django").len(), 1, "{packages:?}");
    assert_eq!(named("login").len(), 1, "{packages:?}");
    assert!(named("django")[0].get("basis").is_none());
    let [pad] = named("left-pad")[..] else {
        panic!("{packages:?}")
    };
    assert_eq!(pad["basis"], "claimed");
    assert_eq!(pad["properties"]["claimed-by"], "vendor-app");
    assert_eq!(strings(&evidence["packages"], "purl").len(), packages.len());
}
