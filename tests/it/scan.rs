//! The main job on images of our own: layers, packages, findings, the cache.

use serde_json::json;

use crate::env::{Env, advisory, shared, strings};
use crate::image::{ImageBuilder, Packing};

const DEBIAN: &str =
    "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n";

fn status(packages: &[(&str, &str)]) -> String {
    let stanza = |(name, version): &(&str, &str)| {
        format!(
            "Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\n"
        )
    };
    packages.iter().map(stanza).collect::<Vec<_>>().join("\n")
}

fn django(version: &str) -> String {
    format!("Metadata-Version: 2.1\nName: Django\nVersion: {version}\n\nbody\n")
}

fn image() -> ImageBuilder {
    ImageBuilder::new()
        .layer("ADD rootfs.tar /", |layer| {
            layer
                .file("etc/os-release", DEBIAN)
                .file("var/lib/dpkg/status", status(&[("curl", "7.88.1-10")]))
        })
        .layer_as(Packing::Zstd, "RUN apt-get install jq", |layer| {
            layer.file(
                "var/lib/dpkg/status",
                status(&[("curl", "7.88.1-10"), ("jq", "1.6-2.1")]),
            )
        })
        .layer_as(Packing::Plain, "RUN pip install Django==2.2", |layer| {
            layer.file(
                "usr/lib/python3/site-packages/Django-2.2.dist-info/METADATA",
                django("2.2"),
            )
        })
        .layer("RUN pip install Django==4.2", |layer| {
            layer
                .whiteout("usr/lib/python3/site-packages/Django-2.2.dist-info")
                .file(
                    "usr/lib/python3/site-packages/Django-4.2.dist-info/METADATA",
                    django("4.2"),
                )
        })
}

fn with_store() -> Env {
    let env = Env::new();
    env.import(&[
        advisory("CVE-2099-0001", "Debian:12", "curl", "7.88.1-10+deb12u1"),
        advisory("CVE-2099-0002", "Debian:12", "jq", "1.6-2"),
        advisory("CVE-2099-0003", "PyPI", "django", "3.0"),
        advisory("CVE-2099-0004", "PyPI", "django", "4.2.1"),
    ])
    .expect_code(0);
    env
}

fn layout(env: &Env) -> String {
    image().write_layout(&env.path("layout"));
    format!("oci:{}", env.path("layout").display())
}

#[test]
fn findings_name_the_layer_the_instruction_and_the_comparison() {
    let env = with_store();
    let evidence = env.scan(&layout(&env), &[]).expect_code(1).evidence();
    assert_eq!(
        strings(&evidence["findings"], "id"),
        ["CVE-2099-0001", "CVE-2099-0004"]
    );
    let curl = &evidence["findings"][0];
    assert_eq!(
        curl["package"],
        "pkg:deb/debian/curl@7.88.1-10?arch=amd64&distro=debian-12"
    );
    assert_eq!(curl["fixed_version"], "7.88.1-10+deb12u1");
    assert_eq!(curl["severity"], "high");
    assert_eq!(
        curl["place"],
        json!({"path": "var/lib/dpkg/status", "line": 1, "layer": 0})
    );
    assert_eq!(
        (&curl["proof"][0]["scheme"], &curl["proof"][0]["version"]),
        (&json!("dpkg"), &json!("7.88.1-10"))
    );
    assert_eq!(
        evidence["subject"]["layers"][0]["instruction"],
        "ADD rootfs.tar /"
    );
    assert_eq!(evidence["findings"][1]["place"]["layer"], 3);
    let jq = evidence["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .find(|p| p["name"] == "jq")
        .expect("jq");
    assert_eq!(
        jq["place"]["layer"], 1,
        "a package belongs to the layer that brought it"
    );
}

#[test]
fn a_package_that_is_itself_the_attack_says_so() {
    let env = Env::new();
    let mut record = advisory("MAL-2099-1", "PyPI", "django", "9");
    record["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}]);
    env.import(&[record]).expect_code(0);
    let run = env.run(&["scan", &layout(&env)]).expect_code(1);
    assert!(
        run.stdout.contains("malicious: remove it"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_gate_lets_milder_findings_pass_and_the_evidence_still_has_them() {
    let env = with_store();
    let reference = layout(&env);
    for (gate, code) in [
        ("negligible", 1),
        ("high", 1),
        ("critical", 0),
        ("never", 0),
    ] {
        let run = env.scan(&reference, &["--fail-on", gate]).expect_code(code);
        assert_eq!(
            run.evidence()["findings"]
                .as_array()
                .expect("findings")
                .len(),
            2
        );
    }
}

#[test]
fn a_second_scan_reads_no_layer_and_says_the_same() {
    let env = with_store();
    let reference = layout(&env);
    let first = env.scan(&reference, &[]).expect_code(1);
    let evidence = first.evidence();
    for digest in strings(&evidence["subject"]["layers"], "digest") {
        let name = digest.strip_prefix("sha256:").expect("a digest");
        std::fs::remove_file(env.path("layout/blobs/sha256").join(name)).expect("a blob");
    }
    assert_eq!(
        env.scan(&reference, &[]).expect_code(1).stdout,
        first.stdout
    );
    env.scan(&reference, &["--no-cache"]).expect_code(3);
}

#[test]
fn every_form_of_the_same_image_has_the_same_packages_and_findings() {
    let env = with_store();
    let expected = env.scan(&layout(&env), &[]).expect_code(1).evidence();
    let archive = env.path("image.tar");
    image().write_docker_archive(&archive);
    let packed = env.write("image.tar.gz", {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::copy(
            &mut std::fs::File::open(&archive).expect("the archive"),
            &mut encoder,
        )
        .expect("gzip");
        encoder.finish().expect("gzip")
    });
    let mut oci = tar::Builder::new(Vec::new());
    oci.append_dir_all("", env.path("layout")).expect("a tar");
    let oci = env.write("layout.tar", oci.into_inner().expect("a tar"));
    for reference in [
        format!("docker-archive:{}", archive.display()),
        format!("docker-archive:{}", packed.display()),
        archive.display().to_string(),
        format!("oci:{}", oci.display()),
        oci.display().to_string(),
        env.path("layout").display().to_string(),
    ] {
        let evidence = env
            .scan(&reference, &["--no-cache"])
            .expect_code(1)
            .evidence();
        assert_eq!(evidence["packages"], expected["packages"], "{reference}");
        assert_eq!(evidence["findings"], expected["findings"], "{reference}");
        let warm = env.scan(&reference, &[]).expect_code(1).evidence();
        assert_eq!(
            warm["findings"], expected["findings"],
            "{reference}, layers known"
        );
    }
}

#[test]
fn a_root_file_system_is_an_image_of_one_layer() {
    let env = with_store();
    env.write("root/etc/os-release", DEBIAN);
    env.write("root/var/lib/dpkg/status", status(&[("curl", "7.88.1-10")]));
    let evidence = env
        .scan(&format!("dir:{}", env.path("root").display()), &[])
        .expect_code(1)
        .evidence();
    assert_eq!(strings(&evidence["findings"], "id"), ["CVE-2099-0001"]);
    assert!(
        !evidence
            .to_string()
            .contains(&env.path("root").display().to_string()),
        "no folder of this machine"
    );
}

#[test]
fn threads_caches_and_runs_do_not_change_a_byte() {
    let env = with_store();
    let reference = layout(&env);
    let first = env
        .scan(&reference, &["--no-cache", "--threads", "1"])
        .expect_code(1)
        .stdout;
    for arguments in [
        &["--no-cache", "--threads", "8"][..],
        &["--threads", "3"],
        &[],
    ] {
        assert_eq!(
            env.scan(&reference, arguments).expect_code(1).stdout,
            first,
            "{arguments:?}"
        );
    }
}

#[test]
fn without_a_store_the_starter_advisories_are_named_as_what_they_are() {
    let env = Env::new();
    let evidence = env.scan(&layout(&env), &[]).evidence();
    assert_eq!(evidence["advisories"]["sources"][0]["name"], "starter");
    assert!(strings(&evidence["gaps"], "kind").contains(&"starter-advisories"));
}

#[test]
fn the_table_wraps_shows_no_escapes_in_a_pipe_and_reads_well() {
    let env = with_store();
    let run = env.run(&["scan", &layout(&env)]).expect_code(1);
    insta::with_settings!({filters => vec![(r"snapshot [0-9a-f]{12}", "snapshot [digest]")]}, {
        insta::assert_snapshot!(run.stdout);
    });
    assert!(!run.stdout.contains('\u{1b}'));
    assert_eq!(run.stderr, "", "silence in a pipe");
    assert!(
        env.run(&["--color", "always", "scan", &layout(&env)])
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn names_from_an_image_reach_no_terminal_as_they_are() {
    let env = with_store();
    let image = ImageBuilder::new().layer("RUN \u{1b}]0;owned\u{7}", |layer| {
        layer
            .file(
                "etc/os-release",
                "ID=debian\nVERSION_ID=12\nPRETTY_NAME=\"\u{1b}[2J\"\n",
            )
            .file(
                "var/lib/dpkg/status",
                status(&[("curl", "7.88.1-10"), ("a\u{1b}[31mb", "1")]),
            )
    });
    image.write_layout(&env.path("evil"));
    let run = env.run(&["scan", &format!("oci:{}", env.path("evil").display())]);
    assert!(
        !run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{7}'),
        "{}",
        run.stdout
    );
}

#[test]
fn the_real_alpine_image_has_its_fourteen_packages() {
    let Some(archive) = shared("fixtures/images/alpine-3.10.docker-archive.tar.gz") else {
        return;
    };
    let env = Env::new();
    let evidence = env.scan(&archive.display().to_string(), &[]).evidence();
    let packages = strings(&evidence["packages"], "purl");
    assert_eq!(packages.len(), 14, "{packages:?}");
    assert!(
        packages
            .iter()
            .all(|purl| purl.starts_with("pkg:apk/alpine/")),
        "{packages:?}"
    );
    assert_eq!(evidence["distribution"]["id"], "alpine");
}
