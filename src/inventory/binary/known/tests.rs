use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use proptest::prelude::*;

use super::rule::{Rule, parse};
use super::*;
use crate::layers::detect_one;
use crate::model::limits::read_at_most;

use crate::model::{Basis, Package};

/// What the detector finds in a file of this name.
fn found(path: &str, bytes: &[u8]) -> Option<Package> {
    let facts = detect_one(&Known, path, bytes).expect("it never refuses a file")?;
    assert!(facts.gaps.is_empty());
    assert!(facts.packages.len() <= 1, "a file is one program");
    facts.packages.into_iter().next()
}

/// The content as the file that the rule is for begins.
fn program(rule: &Rule, text: &str) -> Vec<u8> {
    match rule.script {
        true if text.starts_with("#!") => text.into(),
        true => format!("#!/bin/sh\n{text}").into(),
        false => [b"\x7fELF\x02\x01\x01\x03", text.as_bytes()].concat(),
    }
}

/// File names that the rule's patterns allow: with nothing and with something for `*`.
fn names(rule: &Rule) -> impl Iterator<Item = String> {
    (rule.files.iter()).flat_map(|pattern| [pattern.name_with(""), pattern.name_with("3.11")])
}

#[test]
fn every_rule_reads_and_compiles() {
    let rules = parse(EMBEDDED).expect("the embedded rules");
    assert_eq!(rules.len(), RULES.len());
    let tried = rules.iter().filter_map(|rule| rule.verified.as_deref());
    assert!(tried.clone().all(|files| !files.is_empty()));
    println!(
        "{} of {} rules were tried on real files",
        tried.count(),
        rules.len()
    );
    for clue in rules.iter().flat_map(|rule| &rule.clues) {
        assert!(!clue.at.is_empty() && clue.at.iter().all(|at| !at.is_empty()));
        clue.compile_shape().expect(&clue.shape);
    }
}

#[test]
fn every_example_gives_its_version_under_every_name_that_the_rule_is_for() {
    for rule in RULES.iter() {
        assert!(!rule.examples.is_empty(), "{}", rule.id);
        for (name, example) in names(rule).flat_map(|name| {
            let pair = move |example| (name.clone(), example);
            rule.examples.iter().map(pair)
        }) {
            let package = found(&format!("opt/x/{name}"), &program(rule, &example.text))
                .unwrap_or_else(|| panic!("{}: nothing in {name}: {:?}", rule.id, example.text));
            assert_eq!(
                package.properties["rule"], rule.id,
                "{name}: {:?}",
                example.text
            );
            assert_eq!(package.version, example.version, "{}", rule.id);
            assert_eq!(package.name, rule.name);
            assert_eq!(package.basis, Basis::Heuristic);
        }
    }
}

#[test]
fn every_clue_of_a_rule_has_an_example() {
    for rule in RULES.iter() {
        for clue in &rule.clues {
            let shape = clue.compile_shape().expect(&clue.shape);
            let shown = (rule.examples.iter())
                .any(|example| shape.is_match(program(rule, &example.text).as_slice()));
            assert!(shown, "{}: no example for {}", rule.id, clue.shape);
        }
    }
}

#[test]
fn no_counter_example_gives_a_version() {
    for rule in RULES.iter() {
        assert!(!rule.counter_examples.is_empty(), "{}", rule.id);
        for text in &rule.counter_examples {
            let package = rule.package(&program(rule, text));
            assert_eq!(
                package.map(|package| package.version),
                None,
                "{}: {text:?}",
                rule.id
            );
        }
    }
}

#[test]
fn every_package_has_a_valid_purl_and_cpe() {
    let letters = |text: &str| {
        let mut rest = text.chars();
        let mut valid = !text.is_empty();
        while let Some(letter) = rest.next() {
            valid &= match letter {
                '\\' => rest.next().is_some_and(|next| next.is_ascii_punctuation()),
                '-' | '.' | '_' => true,
                letter => letter.is_ascii_lowercase() || letter.is_ascii_digit(),
            };
        }
        valid
    };
    for rule in RULES.iter() {
        for example in &rule.examples {
            let package = rule.package(&program(rule, &example.text)).expect(&rule.id);
            let purl = package.purl(None).expect("a PURL");
            assert!(
                purl.starts_with("pkg:generic/") && purl.contains('@'),
                "{purl}"
            );
            let cpe = package.properties.get("cpe").expect("every rule has a CPE");
            let parts: Vec<&str> = cpe.split(':').collect();
            assert_eq!(parts.len(), 13, "{cpe}");
            assert_eq!(parts[..3], ["cpe", "2.3", "a"]);
            assert!(parts[3..6].iter().all(|part| letters(part)), "{cpe}");
            assert!(
                parts[6..].iter().all(|part| *part == "*" || letters(part)),
                "{cpe}"
            );
        }
    }
}

#[test]
fn ids_are_unique_and_in_lower_case() {
    let ids: BTreeSet<&str> = RULES.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(ids.iter().all(|id| {
        id.bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    }));
    assert_eq!(
        parse("[[rule]]\nid = 'a'\nname = 'a'\nfiles = []\nclues = []\nexamples = []\ncounter-examples = []\n".repeat(2).as_str()).err().as_deref(),
        Some("the id a is taken by an earlier rule")
    );
}

#[test]
fn only_programs_of_known_names_are_read() {
    for (path, wanted) in [
        ("usr/local/bin/redis-server", true),
        ("usr/local/bin/python3.12", true),
        ("usr/local/lib/libpython3.12.so.1.0", true),
        ("opt/node/bin/node", true),
        ("node.exe", true),
        ("usr/local/bin/app", false),
        ("usr/lib/node/README", false),
        ("", false),
    ] {
        let wants = Known.wants(&Entry::file(path, 10));
        assert_eq!(wants != Want::Skip, wanted, "{path}");
    }
}

#[test]
fn a_name_without_a_version_and_versions_that_disagree_yield_nothing() {
    for text in [
        "",
        "Redis version %s",
        "\0c11-builtin\0",
        "\x007.0.15\0c11-builtin\0 \x007.2.4\0c11-builtin\0",
    ] {
        let bytes = [b"\x7fELF", text.as_bytes()].concat();
        assert_eq!(found("usr/bin/redis-server", &bytes), None, "{text:?}");
    }
}

#[test]
fn a_script_is_no_program_and_a_program_no_script() {
    let redis = "\x007.0.15\0c11-builtin\0";
    assert_eq!(
        found(
            "usr/bin/redis-server",
            format!("#!/bin/sh\n{redis}").as_bytes()
        ),
        None
    );
    let elixir = "\nELIXIR_VERSION=1.14.0\n";
    assert_eq!(
        found("usr/bin/elixir", format!("\x7fELF{elixir}").as_bytes()),
        None
    );
    assert!(found("usr/bin/elixir", format!("#!/bin/sh{elixir}").as_bytes()).is_some());
}

#[test]
fn a_fork_is_found_before_what_it_was_forked_from() {
    let both = b"\x7fELF\0OpenSSL 1.1.1 (compatible; AWS-LC 1.69.0)\0";
    let package = found("usr/bin/openssl", both).expect("a version");
    assert_eq!((&*package.name, &*package.version), ("aws-lc", "1.69.0"));
    let valkey =
        b"\x7fELF\0valkey8.1.8e7aabe97f890-178179948040112800000000\0\08.1.8\0c11-builtin\0";
    assert_eq!(
        found("usr/bin/redis-server", valkey)
            .expect("a version")
            .name,
        "valkey"
    );
}

#[test]
fn what_is_found_is_told_in_full() {
    let package = found("opt/redis-server", b"\x7fELF\x007.0.15\0c11-builtin\0").expect("redis");
    assert_eq!(
        package.purl(None).as_deref(),
        Some("pkg:generic/redis@7.0.15")
    );
    let properties: Vec<(&str, &str)> = (package.properties.iter())
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        properties,
        [
            ("bitnami", "redis"),
            ("cpe", "cpe:2.3:a:redis:redis:7.0.15:*:*:*:*:*:*:*"),
            ("rule", "redis"),
        ]
    );
    let cpe = |path: &str, text: &str| {
        let package = found(path, format!("\x7fELF{text}").as_bytes()).expect(path);
        (package.version, package.properties["cpe"].clone())
    };
    assert_eq!(
        cpe("usr/sbin/sshd", "\0OpenSSH_9.2p1 Debian-2\0"),
        (
            "9.2p1".into(),
            "cpe:2.3:a:openbsd:openssh:9.2:p1:*:*:*:*:*:*".into()
        )
    );
    assert_eq!(
        cpe("usr/bin/sudo", "Sudo version %s\n\x001.9.15\0"),
        (
            "1.9.15".into(),
            "cpe:2.3:a:sudo_project:sudo:1.9.15:*:*:*:*:*:*:*".into()
        )
    );
    assert_eq!(
        cpe(
            "usr/bin/minio",
            "github.com/minio/minio\0RELEASE.2024-01-08T22-51-28Z\0"
        ),
        (
            "2024.1.8".into(),
            "cpe:2.3:a:minio:minio:2024-01-08t22-51-28z:*:*:*:*:*:*:*".into()
        )
    );
}

#[test]
fn a_match_is_found_wherever_it_lies_and_however_dense_the_anchors_are() {
    let version = b"\x007.0.15\0c11-builtin\0";
    for before in [0, 1, 95, 96, 97, 351, 352, 353, 5000] {
        let bytes = [&b"\x7fELF"[..], &vec![b'x'; before], version].concat();
        assert!(found("redis-server", &bytes).is_some(), "{before}");
    }
    let dense = [&b"\x7fELF"[..], &b"c11-builtin ".repeat(10_000), version].concat();
    assert!(found("redis-server", &dense).is_some());
}

#[test]
fn the_programs_of_this_machine_have_the_version_of_their_package() {
    let mut seen = BTreeSet::new();
    let programs: Vec<(String, Package)> =
        FOLDERS.iter().flat_map(|folder| programs(folder)).collect();
    let owned = debian_versions(programs.iter().map(|(path, _)| path.as_str()));
    for (path, package) in &programs {
        let Some(upstream) = owned.get(path) else {
            println!(
                "skipped: {path} ({}) is of no package of Debian's",
                package.version
            );
            continue;
        };
        // Debian rounds `10.00.0` and writes `6.9.11.60` for `6.9.11-60`.
        let found = package.version.replace('-', ".");
        assert!(
            upstream.replace(['~', '-'], ".").contains(&found),
            "{path} is {} {found}, its package {upstream}",
            package.name
        );
        seen.insert(package.properties["rule"].clone());
    }
    for rule in RULES.iter().filter(|rule| !seen.contains(&rule.id)) {
        println!(
            "skipped: {} is not installed here by a package of Debian's",
            rule.id
        );
    }
    println!("{} rules compared", seen.len());
}

const FOLDERS: [&str; 6] = [
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib/systemd",
    "/usr/lib/git-core",
];

/// The files in a folder of this machine in which a program is found.
fn programs(folder: &str) -> Vec<(String, Package)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let path = entry.path().to_str()?.to_owned();
            if Known.wants(&Entry::file(&path, 1)) == Want::Skip {
                return None;
            }
            let file = std::fs::File::open(&path).ok()?;
            let package = found(&path, &read_at_most(file, 1 << 30).ok()?)?;
            Some((path, package))
        })
        .collect()
}

/// The upstream versions of the packages that files belong to, as dpkg knows them. Debian's packages only: others number
/// their packages, not what is in them.
fn debian_versions<'a>(paths: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let query = |arguments: Vec<String>| {
        let output = Command::new("dpkg-query").args(arguments).output();
        output.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    // The database has the names from before /usr was merged.
    let names = paths.flat_map(|path| [path.to_owned(), path.replacen("/usr", "", 1)]);
    let owners = query([String::from("-S")].into_iter().chain(names).collect());
    let format = String::from("-f=${Package}\t${source:Upstream-Version}\t${Maintainer}\n");
    let packages = query(vec!["-W".into(), format]);
    let versions: BTreeMap<&str, &str> = packages
        .lines()
        .filter(|line| line.contains("debian"))
        .filter_map(|line| {
            let mut fields = line.split('\t');
            Some((fields.next()?, fields.next()?))
        })
        .collect();
    owners
        .lines()
        .filter_map(|line| {
            let (owner, path) = line.split_once(": ")?;
            let version = versions.get(owner.split(':').next()?)?;
            let path = if path.starts_with("/usr") {
                path.to_owned()
            } else {
                format!("/usr{path}")
            };
            Some((path, (*version).to_owned()))
        })
        .collect()
}

proptest! {
    #[test]
    fn any_bytes_never_panic(
        name in "(python3|redis-server|libc.so.6|vault|composer|java|[a-z*.]{0,8})",
        start in prop_oneof![Just(&b"\x7fELF"[..]), Just(&b"#!"[..]), Just(&b""[..])],
        bytes in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = found(&name, &[start, &bytes].concat());
    }

    #[test]
    fn what_is_cut_out_of_an_example_never_panics(
        rule in 0..RULES.len(),
        cut in any::<proptest::sample::Index>(),
    ) {
        let rule = &RULES[rule];
        let bytes = program(rule, &rule.examples[0].text);
        let _ = rule.package(&bytes[..cut.index(bytes.len())]);
    }
}
