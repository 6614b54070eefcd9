//! The first voyage on real components: an image that `debootstrap`, `pip` and `npm` made (`tests/voyage/image.sh`), put
//! into Debian's `docker-registry` by `skopeo`, matched with the upstreams' own advisories.
//!
//! `tests/run.sh` makes the image and requires all of it; without it these tests are skipped, and say so.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::env::{Env, shared, strings};
use crate::registry::Registry;

/// The image's layout, or the reason why the test is skipped.
fn layout() -> Option<PathBuf> {
    let layout = std::env::var_os("PLIMSOLL_VOYAGE")
        .map(PathBuf::from)
        .filter(|folder| folder.join("index.json").exists());
    if layout.is_none() {
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
            "PLIMSOLL_VOYAGE names no image"
        );
        println!("skipped: PLIMSOLL_VOYAGE names no image; tests/run.sh makes one");
    }
    layout
}

/// Imports the upstreams' advisories that the image's packages need.
fn import_real(env: &Env) -> Option<()> {
    for name in [
        "PyPI.jsonl.gz",
        "npm-historic.jsonl.zst",
        "Debian-DSA-DLA.jsonl.zst",
    ] {
        let file = shared(&format!("advisories-real/{name}"))?;
        env.run(&["db", "import", &file.display().to_string()])
            .expect_code(0);
    }
    Some(())
}

fn findings_of<'a>(evidence: &'a Value, name: &str) -> Vec<&'a str> {
    let findings = evidence["findings"].as_array().expect("findings");
    findings
        .iter()
        .filter(|finding| finding["name"] == name)
        .filter_map(|finding| finding["id"].as_str())
        .collect()
}

#[test]
fn the_voyage_s_bills_find_what_its_scan_finds() {
    let Some(layout) = layout() else { return };
    let env = Env::new();
    let Some(()) = import_real(&env) else { return };
    let image = format!("oci:{}", layout.display());
    let expected = env
        .scan(&image, &["--no-secrets"])
        .expect_code(1)
        .evidence();
    for format in ["cyclonedx", "spdx"] {
        let bill = env
            .run(&["sbom", "-o", format, &image])
            .expect_code(0)
            .stdout;
        let bill = env.write("bill.json", bill).display().to_string();
        let evidence = env.scan(&bill, &[]).expect_code(1).evidence();
        for part in ["packages", "gaps", "distribution"] {
            assert_eq!(evidence[part], expected[part], "{format}: {part}");
        }
        let vulnerabilities = |evidence: &Value| -> Vec<String> {
            let findings = evidence["findings"].as_array().expect("findings").iter();
            let found = findings.filter(|finding| finding["kind"] == "vulnerability");
            found.map(Value::to_string).collect()
        };
        assert_eq!(
            vulnerabilities(&evidence),
            vulnerabilities(&expected),
            "{format}"
        );
    }
}

#[test]
fn a_real_debian_from_a_real_registry_with_real_advisories() {
    let Some(layout) = layout() else { return };
    let env = Env::new();
    let Some(registry) = Registry::start(&env) else {
        return;
    };
    let image = format!("{}/voyage:1", registry.address);
    let layout = format!("oci:{}:latest", layout.display());
    assert!(Registry::copy(&layout, &format!("docker://{image}")));
    let Some(()) = import_real(&env) else { return };
    let first = env.scan(&image, &[]).expect_code(1);
    let evidence = first.evidence();

    assert_eq!(evidence["distribution"]["id"], "debian");
    assert_eq!(
        evidence["subject"]["layers"].as_array().map(Vec::len),
        Some(5)
    );
    let purls = strings(&evidence["packages"], "purl");
    for purl in [
        "pkg:pypi/django@2.2",
        "pkg:pypi/pyyaml@5.1",
        "pkg:npm/lodash@4.17.4",
        "pkg:npm/%40babel/traverse@7.20.0",
    ] {
        assert!(purls.contains(&purl), "{purl} is missing");
    }
    assert!(
        purls
            .iter()
            .filter(|purl| purl.starts_with("pkg:deb/debian/"))
            .count()
            > 80
    );

    // CVE-2019-14232: 2.2 before 2.2.4; CVE-2020-7471: 2.2 before 2.2.10; CVE-2021-45115: 2.2 before 2.2.26. Fixed before
    // 2.2, or only in 3.x: CVE-2018-14574 (2.0 before 2.0.8), CVE-2021-45116's sibling of 3.2 alone, CVE-2023-24580.
    let django = findings_of(&evidence, "django");
    for id in ["CVE-2019-14232", "CVE-2020-7471", "CVE-2021-45115"] {
        assert!(django.contains(&id), "{id} in {django:?}");
    }
    assert!(!django.contains(&"CVE-2018-14574"), "{django:?}");
    // Prototype pollution, fixed in 4.17.5.
    assert!(
        findings_of(&evidence, "lodash").contains(&"CVE-2018-3721"),
        "{:?}",
        findings_of(&evidence, "lodash")
    );

    let secrets: Vec<&Value> = evidence["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|f| f["kind"] == "secret" && f["confidence"] != "possible")
        .collect();
    assert!(
        secrets
            .iter()
            .any(|s| s["rule"] == "aws/access-key-id" && s["places"][0]["visible"] == json!(false)),
        "the deleted key: {secrets:#?}"
    );
    assert!(
        secrets.iter().all(|s| s["places"][0]["path"] == "app/.env"),
        "nothing else in a stock Debian: {secrets:#?}"
    );

    // The registry has lost its layers: the second scan does not need them.
    for digest in strings(&evidence["subject"]["layers"], "digest") {
        let link = digest.replace(':', "/");
        let links = env.path("registry/docker/registry/v2/repositories/voyage/_layers");
        std::fs::remove_dir_all(links.join(link)).expect("the link to a layer");
    }
    assert_eq!(
        env.scan(&image, &[]).expect_code(1).stdout,
        first.stdout,
        "pulled no layer"
    );
    env.scan(&image, &["--no-cache"]).expect_code(3);
}
