//! What the inventory concludes over several files and layers, as its user sees it.

use serde_json::json;

use crate::env::{Env, advisory, strings};
use crate::image::ImageBuilder;

const DEBIAN: &str = "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

fn metadata(name: &str, version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\n")
}

const STATUS: &str = "Package: python3-requests\nStatus: install ok installed\nArchitecture: all\nSource: requests\n\
                      Version: 2.28.1+dfsg-1\n\n";

/// Debian's own Python module, and one of the user's that a later layer deletes.
fn image(env: &Env) -> String {
    let owned = "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO";
    let deleted = "app/Django-2.2.dist-info/METADATA";
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            layer
                .file("etc/os-release", DEBIAN)
                .file(owned, metadata("requests", "2.28.1"))
                .file(
                    "var/lib/dpkg/info/python3-requests.list",
                    format!("/.\n/usr\n/{owned}\n"),
                )
                .file("var/lib/dpkg/status", STATUS)
        })
        .layer("RUN pip install Django==2.2", |layer| {
            layer.file(deleted, metadata("Django", "2.2"))
        })
        .layer("RUN rm -r /app", |layer| layer.whiteout("app"))
        .write_layout(&env.path("layout"));
    format!("oci:{}", env.path("layout").display())
}

fn with_store() -> Env {
    let env = Env::new();
    env.import(&[
        advisory("CVE-2099-0001", "Debian:12", "requests", "1"),
        advisory("CVE-2099-0002", "PyPI", "requests", "2.31.0"),
        advisory("CVE-2099-0003", "PyPI", "django", "3.0"),
    ])
    .expect_code(0);
    env
}

#[test]
fn a_module_that_the_distribution_brought_is_judged_by_the_distribution_and_all_shows_both() {
    let env = with_store();
    let image = image(&env);
    let evidence = env.scan(&image, &[]).expect_code(0).evidence();
    assert_eq!(strings(&evidence["packages"], "name"), ["python3-requests"]);
    assert_eq!(evidence["findings"], json!([]));

    let evidence = env.scan(&image, &["--all"]).expect_code(1).evidence();
    assert_eq!(evidence["gaps"], json!([]));
    assert_eq!(
        strings(&evidence["packages"], "name"),
        ["python3-requests", "requests"]
    );
    assert_eq!(evidence["packages"][1]["owned_by"], "python3-requests");
    assert_eq!(strings(&evidence["findings"], "id"), ["CVE-2099-0002"]);
}

#[test]
fn a_deleted_package_is_shown_on_request_and_does_not_count() {
    let env = with_store();
    let image = image(&env);
    let evidence = env.scan(&image, &["--deleted"]).expect_code(0).evidence();
    assert_eq!(evidence["verdict"], "clean");
    assert_eq!(strings(&evidence["deleted"], "name"), ["django"]);
    let finding = &evidence["findings"][0];
    assert_eq!(finding["id"], "CVE-2099-0003");
    assert_eq!(finding["removed_in"], 2);
    assert_eq!(finding["place"]["layer"], 1);

    let table = env
        .run(&["scan", "--no-posture", "--deleted", &image])
        .expect_code(0);
    insta::assert_snapshot!(
        table
            .stdout
            .replace(&env.path("layout").display().to_string(), "layout")
    );
}

#[test]
fn what_only_a_list_claims_is_told_and_leaves_no_gap_where_no_advisories_are() {
    let env = with_store();
    let bill = json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [
        {"type": "library", "name": "openssl", "version": "3.0.1", "purl": "pkg:generic/openssl@3.0.1"}]});
    let site = "usr/lib/python3/site-packages/x-1.dist-info";
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            layer
                .file("etc/os-release", DEBIAN)
                .file("var/lib/dpkg/status", STATUS)
                .file(&format!("{site}/METADATA"), metadata("x", "1"))
                .file(&format!("{site}/sboms/x.cdx.json"), bill.to_string())
        })
        .write_layout(&env.path("layout"));
    let image = format!("oci:{}", env.path("layout").display());
    let evidence = env.scan(&image, &[]).expect_code(0).evidence();
    let claimed = evidence["packages"].as_array().expect("packages").iter();
    let claimed: Vec<_> = claimed
        .filter(|package| package["basis"] == "claimed")
        .map(|package| &package["name"])
        .collect();
    assert_eq!(claimed, ["openssl"]);
    assert_eq!(evidence["gaps"], json!([]));
}
