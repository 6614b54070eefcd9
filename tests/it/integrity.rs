//! Files of packages: changed ones are findings with the layer that changed them, and what a package brought is its own.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::Sha256;

use crate::env::{Env, strings};
use crate::image::{ImageBuilder, Layer};

const SCRIPT: &str = "#!/bin/sh\necho original\n";
const CHANGED: &str = "#!/bin/sh\necho changed\n";

fn hex(digest: impl AsRef<[u8]>) -> String {
    let mut hex = String::new();
    for byte in digest.as_ref() {
        write!(hex, "{byte:02x}").expect("text takes all");
    }
    hex
}

fn md5_of(content: &str) -> String {
    hex(Md5::digest(content))
}

fn evidence(image: &ImageBuilder, more: &[&str]) -> Value {
    let env = Env::new();
    image.write_layout(&env.path("layout"));
    let name = format!("oci:{}", env.path("layout").display());
    env.scan(&name, more).evidence()
}

/// Path, layer, severity and whether it is configuration, of each changed file.
fn changed(evidence: &Value) -> Vec<Value> {
    let findings = evidence["findings"].as_array().expect("findings");
    let files = findings
        .iter()
        .filter(|finding| finding["kind"] == "integrity");
    files
        .map(|file| {
            json!([
                file["place"]["path"],
                file["place"]["layer"],
                file["severity"],
                file["owner"],
                file["is_configuration"]
            ])
        })
        .collect()
}

/// A script and a configuration file, changed by a later step; another file that is as it was.
fn changed_later(base: impl FnOnce(Layer) -> Layer) -> ImageBuilder {
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            base(layer)
                .file_with_mode("usr/bin/tool", SCRIPT, 0o755)
                .file_with_mode("usr/bin/other", SCRIPT, 0o755)
                .file("etc/tool.conf", "a = 1\n")
        })
        .layer("RUN patch /usr/bin/tool", |layer| {
            layer
                .file_with_mode("usr/bin/tool", CHANGED, 0o755)
                .file("etc/tool.conf", "a = 2\n")
        })
}

fn expect_both_changes(evidence: &Value) {
    assert_eq!(
        changed(evidence),
        [
            json!(["usr/bin/tool", 1, "medium", "tool", false]),
            json!(["etc/tool.conf", 1, "negligible", "tool", true]),
        ]
    );
    assert_eq!(evidence["files_compared"], 3);
    let layer = &evidence["subject"]["layers"][1];
    assert_eq!(layer["instruction"], "RUN patch /usr/bin/tool");
    assert!(!strings(&evidence["gaps"], "kind").contains(&"integrity-unchecked"));
}

const DEBIAN: &str = "ID=debian\nVERSION_ID=\"12\"\n";

fn stanza(name: &str, more: &str) -> String {
    format!(
        "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1-1\n{more}\n"
    )
}

#[test]
fn dpkg_s_checksums_and_conffiles_tell_what_a_later_step_changed() {
    let conffiles = format!("Conffiles:\n /etc/tool.conf {}\n", md5_of("a = 1\n"));
    let sums = format!(
        "{0}  usr/bin/tool\n{0}  usr/bin/other\n{0}  usr/share/doc/gone\n",
        md5_of(SCRIPT)
    );
    let image = changed_later(|layer| {
        layer
            .file("etc/os-release", DEBIAN)
            .file("var/lib/dpkg/status", stanza("tool", &conffiles))
            .file(
                "var/lib/dpkg/info/tool:amd64.list",
                "/.\n/usr\n/usr/bin\n/usr/bin/tool\n/usr/bin/other\n/etc\n/etc/tool.conf\n",
            )
            .file("var/lib/dpkg/info/tool:amd64.md5sums", sums)
            .file("var/lib/dpkg/info/tool:amd64.conffiles", "/etc/tool.conf\n")
    });
    expect_both_changes(&evidence(&image, &[]));
}

#[test]
fn apk_s_checksums_tell_what_a_later_step_changed_and_links_are_not_files() {
    use base64::Engine as _;
    let sum = |content: &str| base64::prelude::BASE64_STANDARD.encode(Sha1::digest(content));
    let installed = format!(
        "P:tool\nV:1-r0\nF:etc\nR:tool.conf\nZ:Q1{}\nF:usr/bin\nR:tool\na:0:0:755\nZ:Q1{2}\nR:other\na:0:0:755\nZ:Q1{2}\nR:link\na:0:0:777\nZ:Q1{}\n\n",
        sum("a = 1\n"),
        sum("tool"),
        sum(SCRIPT),
    );
    let image = changed_later(|layer| {
        layer
            .file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\n")
            .file("lib/apk/db/installed", installed)
            .file("usr/bin/link", "put in the place of a link")
    });
    expect_both_changes(&evidence(&image, &[]));
}

/// A database with one package, in rpm's newest form.
fn rpm_database(files: &[(&str, &str, &str, u32)]) -> Vec<u8> {
    let (mut entries, mut store) = (Vec::new(), Vec::new());
    let mut add = |tag: u32, of_type: u32, count: usize, bytes: Vec<u8>| {
        let numbers = [
            tag,
            of_type,
            u32::try_from(store.len()).expect("small"),
            u32::try_from(count).expect("few"),
        ];
        entries.extend(numbers.map(u32::to_be_bytes).concat());
        store.extend(bytes);
    };
    let numbers = |numbers: Vec<u32>| {
        numbers
            .into_iter()
            .flat_map(u32::to_be_bytes)
            .collect::<Vec<u8>>()
    };
    add(5011, 4, 1, numbers(vec![8]));
    add(
        1037,
        4,
        files.len(),
        numbers(files.iter().map(|file| file.3).collect()),
    );
    add(
        1116,
        4,
        files.len(),
        numbers((0..).take(files.len()).collect()),
    );
    for (tag, text) in [(1000, "tool"), (1001, "1"), (1002, "1.el9")] {
        add(tag, 6, 1, format!("{text}\0").into());
    }
    let texts = |of: fn(&(&str, &str, &str, u32)) -> String| {
        files
            .iter()
            .map(|file| of(file) + "\0")
            .collect::<String>()
            .into_bytes()
    };
    add(1118, 8, files.len(), texts(|file| file.0.into()));
    add(1117, 8, files.len(), texts(|file| file.1.into()));
    add(
        1035,
        8,
        files.len(),
        texts(|file| hex(Sha256::digest(file.2))),
    );
    let sizes = [entries.len() / 16, store.len()]
        .map(|size| u32::try_from(size).expect("small").to_be_bytes());
    let blob = [sizes.concat(), entries, store].concat();
    let mut connection = rusqlite::Connection::open_in_memory().expect("a database");
    connection
        .execute_batch("CREATE TABLE Packages (hnum INTEGER PRIMARY KEY, blob BLOB NOT NULL)")
        .expect("a table");
    connection
        .execute("INSERT INTO Packages (blob) VALUES (?1)", [blob])
        .expect("a row");
    connection.serialize("main").expect("its bytes").to_vec()
}

#[test]
fn rpm_s_digests_tell_what_a_later_step_changed() {
    let database = rpm_database(&[
        ("/usr/bin/", "tool", SCRIPT, 0),
        ("/usr/bin/", "other", SCRIPT, 0),
        ("/etc/", "tool.conf", "a = 1\n", 1),
        ("/etc/", "os-release", "a ghost", 1 << 6),
    ]);
    let image = changed_later(|layer| {
        layer
            .file("etc/os-release", "ID=rocky\nVERSION_ID=9.4\n")
            .file("var/lib/rpm/rpmdb.sqlite", database)
    });
    expect_both_changes(&evidence(&image, &[]));
}

#[test]
fn what_was_diverted_or_taken_over_or_lies_under_usr_s_other_name_is_as_it_was_installed() {
    let of_old = md5_of("of the old package");
    let image = ImageBuilder::new().layer("ADD rootfs.tar /", |layer| {
        layer
            .file("etc/os-release", DEBIAN)
            .file("usr/bin/diverted", "of the diverting package")
            .file("usr/bin/diverted.distrib", "of the old package")
            .file("usr/bin/taken", "of the new package")
            .file("usr/bin/merged", "of the old package")
            .file(
                "var/lib/dpkg/status",
                [stanza("old", ""), stanza("new", "")].join("\n"),
            )
            .file(
                "var/lib/dpkg/diversions",
                "/usr/bin/diverted\n/usr/bin/diverted.distrib\nnew\n",
            )
            .file(
                "var/lib/dpkg/info/old.list",
                "/usr/bin/diverted\n/bin/merged\n",
            )
            .file(
                "var/lib/dpkg/info/old.md5sums",
                format!(
                    "{of_old}  usr/bin/diverted\n{of_old}  usr/bin/taken\n{of_old}  bin/merged\n"
                ),
            )
            .file(
                "var/lib/dpkg/info/new.list",
                "/usr/bin/diverted\n/usr/bin/taken\n",
            )
    });
    let evidence = evidence(&image, &[]);
    assert_eq!(changed(&evidence), [] as [Value; 0]);
    assert_eq!(evidence["files_compared"], 3);
}

fn python_package(owner: &str, maintainer: &str, is_installed: bool) -> ImageBuilder {
    let metadata = "usr/lib/python3/dist-packages/Django-2.2.egg-info/PKG-INFO";
    let status = stanza(
        if is_installed { owner } else { "another" },
        &format!("Maintainer: {maintainer}\n"),
    );
    ImageBuilder::new().layer("ADD rootfs.tar /", |layer| {
        layer
            .file("etc/os-release", DEBIAN)
            .file(
                metadata,
                "Metadata-Version: 1.1\nName: Django\nVersion: 2.2\n",
            )
            .file("var/lib/dpkg/status", status)
            .file(
                &format!("var/lib/dpkg/info/{owner}.list"),
                format!("/usr\n/{metadata}\n"),
            )
    })
}

#[test]
fn what_the_distribution_s_package_brought_is_left_out_and_nothing_else_is() {
    let debian = "Debian Python Team <team+python@tracker.debian.org>";
    let django = |image: &ImageBuilder, more: &[&str]| {
        let evidence = evidence(image, more);
        let packages = evidence["packages"].as_array().expect("packages").clone();
        packages
            .into_iter()
            .find(|package| package["name"] == "django")
    };
    let of_debian = python_package("python3-django", debian, true);
    assert_eq!(django(&of_debian, &[]), None);
    let shown = django(&of_debian, &["--all"]).expect("it is shown");
    assert_eq!(shown["owned_by"], "python3-django");
    for image in [
        python_package("python3-django", debian, false),
        python_package(
            "google-cloud-cli",
            "Google Cloud CLI Authors <https://code.google.com/p/google-cloud-sdk/>",
            true,
        ),
    ] {
        let shown = django(&image, &[]).expect("nobody else speaks of it");
        assert_eq!(shown["owned_by"], Value::Null);
    }
}

#[test]
fn a_third_party_s_package_has_its_own_origin_and_the_gap_names_it() {
    let image = ImageBuilder::new().layer("ADD rootfs.tar /", |layer| {
        layer.file("etc/os-release", DEBIAN).file(
            "var/lib/dpkg/status",
            stanza("docker-ce", "Maintainer: Docker <support@docker.com>\n"),
        )
    });
    let evidence = evidence(&image, &[]);
    let package = &evidence["packages"][0];
    assert_eq!(package["distribution"]["id"], "docker");
    assert_eq!(
        package["purl"],
        "pkg:deb/docker/docker-ce@1-1?arch=amd64&distro=docker"
    );
    let gaps = evidence["gaps"].as_array().expect("gaps");
    assert!(gaps.iter().any(|gap| {
        gap["kind"] == "no-advisories"
            && gap["detail"]
                .as_str()
                .is_some_and(|detail| detail.contains("docker"))
    }));
}

#[test]
fn content_sets_and_extended_support_are_the_distribution_s() {
    let manifest = |set: &str| {
        format!(r#"{{"metadata": {{}}, "content_sets": ["{set}"], "image_contents": []}}"#)
    };
    let image = ImageBuilder::new()
        .layer("ADD ubi.tar /", |layer| {
            layer
                .file("etc/os-release", "ID=rhel\nVERSION_ID=9.4\n")
                .file("root/buildinfo/content_manifests/ubi9.json", manifest("rhel-9-for-x86_64-baseos-rpms"))
                // Not of this distribution: somebody copied it.
                .file("var/lib/ubuntu-advantage/status.json", r#"{"attached": true, "services": [{"name": "esm-infra", "status": "enabled"}]}"#)
        })
        .layer("RUN dnf install", |layer| {
            layer.file("root/buildinfo/content_manifests/app.json", manifest("rhel-9-for-x86_64-appstream-rpms"))
        });
    assert_eq!(
        evidence(&image, &[])["distribution"],
        json!({"id": "rhel", "version_id": "9.4", "content_sets": ["rhel-9-for-x86_64-appstream-rpms", "rhel-9-for-x86_64-baseos-rpms"]})
    );
}
