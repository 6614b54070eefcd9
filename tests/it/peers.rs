//! Every package that Syft or Trivy finds in a real image is found by Plimsoll, or it is said here why not.
//!
//! The image (`tests/peers/image.sh`) has packages of every ecosystem that registries give; the peers
//! (`tests/peers/install.sh`) read it offline. `tests/run.sh` makes and requires both; without them this test is skipped, and says so.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::env::Env;

/// What a peer lists and Plimsoll does not, on purpose: peer, PURL type, name (`*` at its end for any), and why. One that no
/// longer occurs fails the test: the table says what is true today.
const EXPLAINED: &[(&str, &str, &str, &str)] = &[
    (
        "syft",
        "npm",
        "harbour",
        "the application's own package.json: no registry has it, so no advisory can be about it",
    ),
    (
        "trivy",
        "npm",
        "harbour",
        "the application's own package.json: no registry has it, so no advisory can be about it",
    ),
    (
        "syft",
        "npm",
        "ruby-typeprof",
        "an extension of an editor that lies in a gem as a source: not installed in a node_modules",
    ),
    (
        "syft",
        "maven",
        "harbour/harbour",
        "a jar whose manifest has a name and no group: Syft makes the name its group, here it has none",
    ),
    (
        "syft",
        "maven",
        "jrt-fs/jrt-fs",
        "a part of the Java runtime, which is told as openjdk: it was never an artifact of a repository",
    ),
    (
        "syft",
        "maven",
        "org.debian.security.UpdateCertificates/ca-certificates-java",
        "a jar of Debian's with neither group nor version: Syft takes its main class for the group",
    ),
];

/// A package as all three can tell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    package_type: String,
    name: String,
    version: String,
}

impl Told {
    /// From a PURL. Distributions call their namespace differently, and some put the epoch into a qualifier.
    fn of_purl(purl: &str) -> Option<Self> {
        let (package_type, rest) = purl.strip_prefix("pkg:")?.split_once('/')?;
        let (rest, subpath) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        let (name, version) = rest.rsplit_once('@').unwrap_or((rest, ""));
        let mut name = percent_decoded(name);
        let mut version = percent_decoded(version);
        if matches!(package_type, "deb" | "rpm" | "apk") {
            name = name.rsplit('/').next()?.to_owned();
        }
        if let Some(epoch) = qualifiers
            .split('&')
            .find_map(|pair| pair.strip_prefix("epoch="))
        {
            version = format!("{epoch}:{version}");
        }
        if package_type == "golang" {
            version = version.trim_start_matches('v').to_owned();
            // Syft takes the major version at the end of a module's path for a folder in it.
            if subpath
                .strip_prefix('v')
                .is_some_and(|major| major.parse::<u32>().is_ok())
            {
                name = format!("{name}/{subpath}");
            }
        }
        // Trivy's own word, before 2024.
        let package_type = match package_type {
            "rustbinary" => "cargo",
            other => other,
        };
        Some(Self {
            package_type: package_type.to_owned(),
            name,
            version,
        })
    }
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let code = (*byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let decoded = code.and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            Some((u8::from_str_radix(digits, 16).ok()?, after))
        });
        match decoded {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => bytes.push(*byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All PURLs of an array of objects.
fn told(array: &Value) -> BTreeSet<Told> {
    let purls = crate::env::strings(array, "purl");
    purls.into_iter().filter_map(Told::of_purl).collect()
}

/// The image and the folder of the peers, or the reason why the test is skipped.
fn prepared() -> Option<(PathBuf, PathBuf)> {
    let folder = |variable: &str, file: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|folder| folder.join(file).exists())
    };
    let image = folder("PLIMSOLL_PEERS_IMAGE", "index.json");
    let tools = folder("PLIMSOLL_PEERS", "syft");
    let both = image.zip(tools);
    if both.is_none() {
        assert!(
            std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
            "PLIMSOLL_PEERS_IMAGE names no image, or PLIMSOLL_PEERS no peers"
        );
        println!("skipped: the image and the peers to compare with are made by tests/run.sh");
    }
    both
}

/// A peer's report as JSON. None of them may reach the network.
fn report(env: &Env, peer: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(peer)
        .args(arguments)
        .env("HOME", env.path("home"))
        .env("SYFT_CHECK_FOR_APP_UPDATE", "false")
        .output()
        .expect("the peer runs");
    assert!(
        output.status.success(),
        "{}: {}",
        peer.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("a report in JSON")
}

/// Trivy asks the network for its database of jars unless it has one: here it has an empty one, in the folder that it is given.
fn write_empty_jar_database(env: &Env) -> PathBuf {
    let far = "2199-01-01T00:00:00Z";
    let metadata = json!({"Version": 1, "NextUpdate": far, "UpdatedAt": far, "DownloadedAt": far});
    env.write("trivy/java-db/metadata.json", metadata.to_string());
    Connection::open(env.path("trivy/java-db/trivy-java.db"))
        .and_then(|database| {
            database.execute_batch(
                "CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
                 CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT);",
            )
        })
        .expect("an empty database");
    env.path("trivy")
}

fn explanation(peer: &str, package: &Told) -> Option<usize> {
    EXPLAINED.iter().position(|(of, package_type, name, _)| {
        let is_named = match name.strip_suffix('*') {
            Some(start) => package.name.starts_with(start),
            None => package.name == *name,
        };
        *of == peer && *package_type == package.package_type && is_named
    })
}

/// How many packages of each type there are.
fn counts(packages: &BTreeSet<Told>) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for package in packages {
        *counts.entry(package.package_type.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn every_package_that_syft_or_trivy_finds_is_found_or_explained() {
    let Some((image, peers)) = prepared() else {
        return;
    };
    let env = Env::new();
    let image = image.display().to_string();
    let scan = env.scan(&format!("oci:{image}"), &["--all", "--no-secrets"]);
    let ours = told(&scan.evidence()["packages"]);
    println!("plimsoll: {:?}", counts(&ours));

    let syft = ["scan", "-q", "-o", "json", &format!("oci-dir:{image}")];
    let syft = report(&env, &peers.join("syft"), &syft);
    let cache = write_empty_jar_database(&env).display().to_string();
    let trivy = [
        &["--cache-dir", &cache, "image", "-q", "--offline-scan"][..],
        &[
            "--skip-java-db-update",
            "--format",
            "cyclonedx",
            "--input",
            &image,
        ],
    ]
    .concat();
    let trivy = report(&env, &peers.join("trivy"), &trivy);
    let theirs = [
        ("syft", told(&syft["artifacts"])),
        ("trivy", told(&trivy["components"])),
    ];

    let mut unexplained = 0;
    let mut used = BTreeSet::new();
    for (peer, packages) in &theirs {
        println!("{peer}: {:?}", counts(packages));
        assert!(packages.len() > 300, "{peer} found next to nothing");
        for package in packages.difference(&ours) {
            if let Some(index) = explanation(peer, package) {
                used.insert(index);
                continue;
            }
            unexplained += 1;
            let others: Vec<&str> = ours
                .iter()
                .filter(|other| {
                    other.package_type == package.package_type && other.name == package.name
                })
                .map(|other| other.version.as_str())
                .collect();
            println!(
                "only {peer}: {} {} {} (Plimsoll's versions: {others:?})",
                package.package_type, package.name, package.version
            );
        }
    }
    assert_eq!(
        unexplained, 0,
        "packages that only a peer found, printed above"
    );
    for (index, explained) in EXPLAINED.iter().enumerate() {
        assert!(
            used.contains(&index),
            "this does not occur any more: {explained:?}"
        );
    }
}

#[test]
fn purls_of_different_tools_are_reduced_to_the_same() {
    let told = |purl: &str| {
        let told = Told::of_purl(purl).expect("a PURL");
        format!("{} {} {}", told.package_type, told.name, told.version)
    };
    for (purl, expected) in [
        (
            "pkg:deb/debian/libc%2B%2B@15.0-1?arch=amd64&distro=debian-12&epoch=1",
            "deb libc++ 1:15.0-1",
        ),
        (
            "pkg:deb/debian/curl@1:7.88.1-10%2Bdeb12u5",
            "deb curl 1:7.88.1-10+deb12u5",
        ),
        ("pkg:npm/%40babel/core@7.0.0", "npm @babel/core 7.0.0"),
        (
            "pkg:golang/golang.org/x/net@v0.7.0#http2",
            "golang golang.org/x/net 0.7.0",
        ),
        (
            "pkg:golang/github.com/mikefarah/yq@v4.30.8#v4",
            "golang github.com/mikefarah/yq/v4 4.30.8",
        ),
    ] {
        assert_eq!(told(purl), expected);
    }
    assert_eq!(Told::of_purl(""), None);
}
