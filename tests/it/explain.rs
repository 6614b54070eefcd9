//! `plimsoll explain` and `plimsoll db search`: answers, reasons and exit codes.

use serde_json::{Value, json};

use crate::env::{Env, advisory, strings};
use crate::image::ImageBuilder;

const DEBIAN: &str =
    "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

const STATUS: &str = "Package: libcurl4
Status: install ok installed
Architecture: amd64
Source: curl
Version: 7.88.1-10+deb12u3

Package: curl
Status: install ok installed
Architecture: amd64
Version: 7.88.1-10+deb12u4

Package: jq
Status: install ok installed
Architecture: amd64
Version: 1.6-2.1
";

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nbody\n")
}

/// An image of three layers: Debian's packages, a Python package, and the same Python package taken away.
fn image(env: &Env) -> String {
    let site = "usr/local/lib/python3.11/site-packages";
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            layer
                .file("etc/os-release", DEBIAN)
                .file("var/lib/dpkg/status", STATUS)
        })
        .layer("RUN pip install requests==2.30.0 Flask", |layer| {
            layer
                .file(
                    &format!("{site}/requests-2.30.0.dist-info/METADATA"),
                    metadata("requests", "2.30.0"),
                )
                .file(
                    &format!("{site}/Flask-1.0.dist-info/METADATA"),
                    metadata("Flask", "1.0"),
                )
        })
        .layer("RUN pip uninstall -y Flask", |layer| {
            layer.whiteout(&format!("{site}/Flask-1.0.dist-info"))
        })
        .write_layout(&env.path("layout"));
    format!("oci:{}", env.path("layout").display())
}

/// A store of one source, whose records say different things of the same names.
fn with_store() -> Env {
    let env = Env::new();
    let mut withdrawn = advisory("DSA-9-1", "Debian:12", "jq", "9");
    withdrawn["withdrawn"] = json!("2024-05-06T07:08:09Z");
    let mut curl = advisory("DSA-1-1", "Debian:12", "curl", "7.88.1-10+deb12u4");
    curl["upstream"] = json!(["CVE-2099-0001"]);
    let mut pysec = advisory("PYSEC-2099-2", "PyPI", "requests", "2.31.0");
    pysec["aliases"] = json!(["CVE-2099-0002"]);
    pysec["references"] = json!([{"type": "FIX", "url": "https://example.test/fix"}]);
    env.import(&[
        curl,
        pysec,
        withdrawn,
        advisory("CVE-2099-0003", "Debian:11", "jq", "1.5-1"),
        advisory("CVE-2099-0004", "PyPI", "flask", "2.0"),
        advisory("CVE-2099-0005", "npm", "left-pad", "2.0.0"),
        advisory("CVE-2099-0006", "PyPI", "requests", "2.0"),
    ])
    .expect_code(0);
    env
}

fn snapshot(name: &str, env: &Env, arguments: &[&str], code: i32) {
    let run = env.run(arguments).expect_code(code);
    let folder = env.path("").display().to_string();
    let text = format!("{}{}", run.stdout, run.stderr).replace(&folder, "/");
    let mut settings = insta::Settings::clone_current();
    settings.add_filter("snapshot [0-9a-f]{12}", "snapshot 0123456789ab");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn an_explanation_reads_well_whether_it_matches_or_not() {
    let env = with_store();
    let image = image(&env);
    let explain = |id| ["explain", &image, id].map(str::to_owned);
    for (name, id, code) in [
        ("explain_matches", "cve-2099-0001", 0),
        ("explain_folds", "PYSEC-2099-2", 0),
        ("explain_withdrawn", "DSA-9-1", 1),
        ("explain_other_release", "CVE-2099-0003", 1),
        ("explain_deleted", "CVE-2099-0004", 1),
        ("explain_not_aboard", "CVE-2099-0005", 1),
        ("explain_fixed", "CVE-2099-0006", 1),
        ("explain_unknown", "CVE-2099-9999", 4),
    ] {
        let arguments = explain(id);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        snapshot(name, &env, &arguments, code);
    }
    let arguments = ["explain", "--deleted", &image, "CVE-2099-0004"];
    let run = env.run(&arguments).expect_code(0);
    assert!(run.stdout.contains("Gone in     layer 3"), "{}", run.stdout);
    let colours = ["--color", "always", "explain", &image, "CVE-2099-0001"];
    assert!(env.run(&colours).stdout.contains('\u{1b}'));
}

#[test]
fn what_a_package_of_the_distribution_owns_does_not_count_unless_all_does() {
    let env = with_store();
    let owned = "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO";
    let status = "Package: python3-requests\nStatus: install ok installed\nArchitecture: all\nSource: requests\nVersion: 2.28.1+dfsg-1\n";
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            layer
                .file("etc/os-release", DEBIAN)
                .file(owned, metadata("requests", "2.28.1"))
                .file(
                    "var/lib/dpkg/info/python3-requests.list",
                    format!("/.\n/usr\n/{owned}\n"),
                )
                .file("var/lib/dpkg/status", status)
        })
        .write_layout(&env.path("layout"));
    let image = format!("oci:{}", env.path("layout").display());
    snapshot(
        "explain_owned",
        &env,
        &["explain", &image, "CVE-2099-0002"],
        1,
    );
    let all = ["explain", "--all", &image, "CVE-2099-0002"];
    env.run(&all).expect_code(0);
}

#[test]
fn what_explain_says_in_json_is_what_a_scan_finds() {
    let env = with_store();
    let image = image(&env);
    let evidence = env.scan(&image, &[]).expect_code(1).evidence();
    for finding in evidence["findings"].as_array().expect("findings") {
        let id = finding["id"].as_str().expect("an id");
        let run = env.run(&["explain", "--json", &image, id]).expect_code(0);
        let explained = run.evidence();
        assert_eq!(explained["answer"], "matches");
        assert_eq!(explained["schema"], "plimsoll.explanation/v1");
        let packages = explained["packages"].as_array().expect("packages");
        let package = packages
            .iter()
            .find(|package| package["purl"] == finding["package"])
            .expect("the package of the finding");
        assert_eq!(package["answer"], "matches");
        assert_eq!(package["place"], finding["place"]);
        assert_eq!(package["findings"][0]["advisory"]["id"], id);
        let rows = package["rows"].as_array().expect("rows");
        let applying = rows.iter().filter(|row| row["verdict"] == "applies");
        assert_eq!(
            applying.count(),
            finding["proof"].as_array().expect("proof").len()
        );
    }
}

#[test]
fn a_list_is_explained_with_the_starter_advisories_and_a_version_without_order_is_not_told() {
    let env = Env::new();
    let component = |name: &str, version: &str| json!({"type": "library", "name": name, "version": version, "purl": format!("pkg:pypi/{name}@{version}")});
    let list: Value = json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [
        component("requests", "2.30.0"), component("urllib3", "no-version")]});
    let file = env.write("app.cdx.json", list.to_string());
    let image = format!("sbom:{}", file.display());
    snapshot(
        "explain_list",
        &env,
        &["explain", &image, "GHSA-j8r2-6x86-q33q"],
        0,
    );
    snapshot(
        "explain_no_order",
        &env,
        &["explain", &image, "CVE-2023-43804"],
        4,
    );
}

#[test]
fn a_search_finds_ids_packages_and_versions() {
    let env = with_store();
    for (name, arguments, code) in [
        ("search_id", &["cve-2099-0002"][..], 0),
        ("search_package", &["jq"][..], 0),
        ("search_all", &["jq", "--all"][..], 0),
        (
            "search_spelling",
            &["Requests", "--ecosystem", "pypi"][..],
            0,
        ),
        ("search_purl", &["pkg:pypi/requests@2.30.0"][..], 0),
        ("search_purl_fixed", &["pkg:pypi/requests@3.0"][..], 1),
        ("search_nothing", &["reqeusts"][..], 1),
        ("search_elsewhere", &["jq", "--ecosystem", "npm"][..], 1),
        ("search_no_order", &["pkg:pypi/requests@nonsense"][..], 4),
    ] {
        let arguments = [&["db", "search"][..], arguments].concat();
        snapshot(name, &env, &arguments, code);
    }
    let run = env.run(&["db", "search", "--json", "CVE-2099-0001"]);
    let found = run.expect_code(0).evidence();
    assert_eq!(found["found"], "records");
    assert_eq!(strings(&found["records"], "id"), ["DSA-1-1"]);
    let row = &found["records"][0]["rows"][0];
    assert_eq!(
        (&row["package"], &row["fixed"]),
        (&json!("curl"), &json!("7.88.1-10+deb12u4"))
    );
    let run = env.run(&["db", "search", "pkg:deb/debian/curl@7?distro=amzn-2"]);
    run.expect_code(3);
    env.run(&["db", "search", "pkg:oci/app@1"]).expect_code(2);
    env.run(&["db", "search", " "]).expect_code(2);
}

#[test]
fn text_of_a_feed_cannot_act_on_the_terminal() {
    let env = Env::new();
    let mut record = advisory("CVE-2099-0001", "PyPI", "requests", "3");
    record["summary"] = json!("red \u{1b}[31m alert\u{202e}");
    env.import(&[record]).expect_code(0);
    let image = image(&env);
    for arguments in [
        &["db", "search", "CVE-2099-0001"][..],
        &["db", "search", "requests"][..],
        &["explain", &image, "CVE-2099-0001"][..],
    ] {
        let run = env.run(arguments).expect_code(0);
        assert!(run.stdout.contains("\\u{1b}[31m"), "{}", run.stdout);
        assert!(!run.stdout.contains(['\u{1b}', '\u{202e}']));
    }
}
