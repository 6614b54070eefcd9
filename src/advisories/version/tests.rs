//! The schemes against their own tables: ours, written out here, and the upstreams' in `../shared/vectors`.

use std::cmp::Ordering;
use std::path::Path;

use proptest::prelude::*;

use super::{maven_reference, reference, *};

/// Each line ascends strictly; versions joined by `=` are equal.
#[rustfmt::skip]
const ASCENDING: [(Scheme, &[&str]); 33] = [
    (Scheme::Dpkg, &["0~~", "0~~a", "0~", "0 = 0-0 = 0:0 = 000", "0a~", "0a = 0a0", "0+", "0.1~rc1",
        "0.1 = 0.1-0 = 0.01", "0.1-0.1", "0.1-1~bpo", "0.1-1", "0.1-1+deb12u1", "0.1-1.1", "0.1+dfsg-1",
        "0.1.0-1", "1.9-x-1", "1.10", "1:0", "2:0~", "10:0"]),
    (Scheme::Dpkg, &["1.1.1d-0+deb10u2", "1.1.1d-0+deb10u10", "1.1.1n-0+deb10u6", "3.0.11-1~deb12u2"]),
    (Scheme::Rpm, &["1~rc1-1", "1", "1-~a", "1-0", "1-1.el9 = 0:1-1.el9 = 1-01.el9", "1-1.el9_2", "1-2",
        "1^git1-1", "1^git2~pre-1", "1^git2-1", "1.a-1", "1.a.1-1", "1.0-1 = 1_0-1 = 1.00-1", "1.0a-1",
        "1.0.0-1", "1.1-1", "1.10-1", "1:0-1"]),
    (Scheme::Rpm, &["1:1.1.1k-9.el8_7", "1:1.1.1k-12.el8_9", "1:3.0.1-1.el9", "1:3.0.7-6.el9_2"]),
    (Scheme::Apk, &["0.9", "1_alpha", "1_alpha2", "1_beta", "1_pre", "1_rc", "1_rc1-r0", "1 = 01", "1-r0",
        "1-r1", "1-r10", "1~0a", "1~0a-r1", "1_cvs", "1_svn", "1_git", "1_git0", "1_git20240101-r1", "1_hg",
        "1_p_alpha", "1_p", "1_p-r1", "1_p1", "1a", "1a-r1", "1a1", "1a1-r0", "1a2", "1b", "1.0", "1.05",
        "1.1_alpha", "1.1", "1.1.0", "1.10", "2"]),
    (Scheme::Apk, &["1.1.1c-r0", "1.1.1d-r0", "1.1.1d-r2", "1.1.1g-r0", "1.1.1k-r0", "3.0.0-r0"]),
    (Scheme::Pep440, &["0.9", "1.dev0", "1a1.dev1", "1a1 = 1.0alpha1 = 1-a-1", "1a2", "1b1", "1rc1 = 1c1",
        "1rc1.post1.dev1", "1rc1.post1", "1 = 1.0 = v1.0.0", "1+a", "1+a.1", "1+1", "1+1.a", "1.post0.dev1",
        "1.post0 = 1-0", "1.post1", "1.0.1", "1.1", "1.10", "2004.1", "1!0.1"]),
    (Scheme::Pep440, &["2.2", "2.2.1", "2.2.10", "2.2.28", "3.0a1", "3.0", "3.2.13", "4.0.4"]),
    (Scheme::Semver, &["0.0.0-0", "0.0.0", "0.0.1-0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
        "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1 = v1.0 = 1.0.0 = 1.0.0+build", "1.0.1",
        "1.9.0", "1.10.0"]),
    (Scheme::Semver, &["v0.0.0-20200101000000-abcdefabcdef", "v0.0.1", "v2.0.0 = v2.0.0+incompatible"]),
    (Scheme::Npm, &["1.2.3-0", "1.2.3-5", "1.2.3-Foo", "1.2.3-beta = 1.2.3beta = = v1.2.3-beta",
        "1.2.3 = v1.2.3 = 01.02.03", "1.2.4-beta.01", "1.2.4-beta.2", "4.17.4", "4.17.11", "4.17.21",
        "5.0.0-alpha", "5.0.0"]),
    (Scheme::Dpkg, &["1.0.1", "1.0.Z", "1.0.a", "1.0.z", "1.0.+"]),
    (Scheme::Rpm, &["1.Z", "1.a", "1.z", "1.0"]),
    (Scheme::Go, &["v0.0.0-20190125091013-d26f9f9a57f3 = 0.0.0-20190125091013-d26f9f9a57f3",
        "v0.0.0-20251117232647-9d77b88c3207", "0.0.1", "v1.2.4-0.20200101000000-abcdefabcdef", "v1.2.4 = 1.2.4",
        "v9.9.0", "v9.9.1 = v9.9.1+incompatible = 9.9.1", "v10.0.0"]),
    (Scheme::Go, &["go1.5beta2 = 1.5.0-beta.2", "go1.5rc1", "go1.5 = 1.5.0 = go1.5.0", "go1.9.2rc2", "go1.9.2",
        "go1.10", "1.21.0-0", "go1.21rc2 = 1.21rc2 = 1.21.0-rc.2", "1.21.0-rc.10", "go1.21.0 = 1.21",
        "go1.22.3 = 1.22.3 = go1.22.3 X:boringcrypto"]),
    (Scheme::RubyGems, &["1.a.a.0 = 1.a.a", "1.a.0.a", "1.a.0.b", "1.a.0.0.b = 1.a.0.00.b", "1.a = 1.a.0 = 1.0.a"]),
    (Scheme::RubyGems, &["1.0.Z", "1.0.a = 1.a", "1.0.a.0.0.1", "1.0.a.0.1", "1.0.a1.b", "1.0.a.1",
        "1.0.a2 = 1.0.a.2",
        "1.0.a10", "1.0.b1", "1.0-rc1 = 1.0.pre.rc1", "1.0-0.a = 1.0.pre.0.a", "1.0.rc.1 = 1.0.rc1",
        "1 = 1.0 = 1.0.0 = 01",
        "1.0.0.0.0.1", "1.0.1", "1.1", "1.9",
        "1.13.10 = 1.13.10-x86_64-linux = 1.13.10-java = 1.13.10-x64-mingw-ucrt"]),
    (Scheme::RubyGems, &["2.0.0-alpha.0.0.0.1", "2.0.0", "2.0.0.0.0.0.1", "2.1.0pre1", "4.0.0.beta.51",
        "4.25.14p12", "4.25.14"]),
    (Scheme::Maven, &["1-alpha = 1.0.0.Alpha", "1-a1 = 1-alpha-1 = 1.alpha1 = 1a1", "1-beta-1-snapshot",
        "1-beta-1 = 1.b1", "1-m2 = 1-milestone2",
        "1-rc = 1-cr", "1-rc1-snapshot", "1-rc1 = 1.0.CR1 = 1-rc-1", "1-rc1-sp", "1-rc2", "1-snapshot = 1.0-SNAPSHOT",
        "1 = 1.0 = 1.ga = 1-final = 1.0.0.RELEASE = 1- = 1.0-0 = 01", "1-ga1", "1-ga2", "1-sp", "1-sp1",
        "1-abc", "1-jre = 1.jre", "1-redhat-1",
        "1-redhat-2", "1-xyz", "1-1", "1-2", "1.0-1", "1.0.1-alpha", "1.0.1", "1.1", "1.10"]),
    (Scheme::Maven, &["2.13.4", "2.13.4.1", "2.13.4.2", "2.14.0-rc1", "2.14.0"]),
    (Scheme::Maven, &["9.4.1.v20170120", "9.4.2.v20170220", "31.0-android", "31.0-jre", "31.0.1-android"]),
    (Scheme::Maven, &["4.1.100.Final", "4.1.100.Final-redhat-00001", "4.1.101.Final"]),
    (Scheme::NuGet, &["1.0.0-0", "1.0.0-9", "1.0-ALPHA = 1-alpha = 1.0.0.0-Alpha", "1.0.0-alpha.2",
        "1.0.0-alpha.10", "1.0.0-alpha.a",
        "1.0.0-rc1", "1 = 1.0 = 1.0.0.0 = 01.00 = 1.0.0+build = 1.0.0+BUILD", "1.0.0.1-alpha", "1.0.0.1",
        "1.0.1", "1.9", "1.10",
        "99999999999999999999.0"]),
    (Scheme::Composer, &["0.9", "1.0-dev", "1.0-alpha = v1.0.0.0-a = 1.0_alpha = 1.0alpha",
        "1.0-alpha1 = 1.0a1 = 1.0-alpha.1", "1.0-alpha1.2",
        "1.0-alpha2-dev", "1.0-alpha2", "1.0-beta-dev", "1.0-beta", "1.0-b1", "1.0-RC1 = 1.0rc1", "1.0-rc10",
        "1 = 1.0 = 1.0.0.0 = v1 = V1.0 = 1.0-stable = 1.0+build", "1.0-p1 = 1.0-pl1 = 1.0-patch1", "1.0-p2",
        "1.0.0.1", "1.1", "1.10"]),
    (Scheme::Composer, &["2.4.4-p9", "2.4.5", "2.4.5-p8", "2.4.5-p10", "2.4.6", "2010-01-02 = 2010.01.02",
        "20100102"]),
    (Scheme::Hex, &["1.0.0-dev", "1.0.0-rc.0", "1.0.0-rc0", "1.0.0 = 1.0.0+build", "1.0.1", "1.10.0"]),
    (Scheme::Pub, &["1.2.3-1", "1.2.3-a", "1.2.3-a+1", "1.2.3 = v1.2.3", "1.2.3+0", "1.2.3+1", "1.2.3+1.a",
        "1.2.3+10", "1.2.3+a", "1.2.4"]),
    (Scheme::Cran, &["0.1-1", "0.1-3 = 0.1.3 = 0.01.3", "0.1-10", "1", "1.8", "1.8.0", "1.8-1", "1.10"]),
    (Scheme::Hackage, &["0.9", "1", "1.0", "1.0.0", "1.0.1", "1.2", "1.10"]),
    (Scheme::Bitnami, &["1.2.3-rc1", "1.2.3-rc1-2", "1.2.3-rc2-1", "1.2.3 = 1.2.3-0 = v1.2.3 = 1.2.3+build",
        "1.2.3-4 = 1.2.3-04", "1.2.3-10",
        "1.2.4 = 1.2.4-0", "2020.04.23 = 2020.4.23", "2021.01.30"]),
    (Scheme::Pacman, &["1.5alpha", "1.5b", "1.5beta", "1.5rc", "1.5 = 0:1.5", "1.5-1", "1.5-2", "1.5-10",
        "1.5.a", "1.5.1 = 1_5+01",
        "1..5", "2", "1:0"]),
    (Scheme::Conda, &["0.4.1.rc = 0.4.1.RC = 0.4.1_rc", "0.4.1+a", "0.4.1 = 0.4.1.0 = 0!0.4.1 = 0.4.01",
        "0.4.1+1.0 = 0.4.1+1", "0.4.1.0.1", "0.5a1", "0.5b3", "0.5c1", "0.5.rc.1", "0.5.0.rc", "0.5 = 0.5-0", "0.9.6",
        "1.0.1.a.0.1", "1.0.1.0.a", "1.0.1", "1.0.1.0.1", "1.0.1.1"]),
    (Scheme::Conda, &["1.0.1dev", "1.0.1_", "1.0.1a", "1.0.1rc2", "1.0.1", "1.0.1post.a", "1.0.1post",
        "1.0.1post.1", "1.0.2", "1!0.1"]),
];

/// What the scheme's own tool refuses.
#[rustfmt::skip]
const REFUSED: [(Scheme, &[&str]); 18] = [
    (Scheme::Dpkg, &["", " ", "1:", ":1", "a:1", "1 2", "1.0é"]),
    (Scheme::Rpm, &[""]),
    (Scheme::Apk, &["", "a", ".1", "1.", "1..2", "1-0-0", "1_foo", "1-r", "1-r1x", "1aa", "1~", "1~g", "1-r1_p1"]),
    (Scheme::Pep440, &["", "2004d", "1.0.x", "dev", "1.0-final-x"]),
    (Scheme::Semver, &["", "1.2.3.4", "01.2.3", "1.2.3-", "(devel)", "go1.22.3", "1.2.3-01", "1..2", "vv1"]),
    (Scheme::Npm, &["", "latest", "1.2.3.4", "1.2.3-a..b", "file:../x", "99999999999999999999.0.0"]),
    (Scheme::Go, &["", "(devel)", "devel go1.23-0123abc", "go", "go1.22.3.4", "1.21rc", "1.21gamma1", "1rc1",
        "latest"]),
    (Scheme::RubyGems, &["", "a", "a.1", ".1", "1.", "1..2", "1 2", "1.0-", "1.0-a_b", "1.ä"]),
    (Scheme::Maven, &["", "${project.version}", "unspecified", "1 2", "[1.0,2.0 )", "1.0\u{0}a1"]),
    (Scheme::NuGet, &["", "1.2.3.4.5", "1.4.0rc3", "v1", "1.0-", "1.0-a..b", "1.0-a_b", "1.*", "-1"]),
    (Scheme::Composer, &["", "dev-main", "dev-1.0", "1.x-dev", "1.0.x-dev", "main", "1.2.3.4.5", "1.0-foo",
        "1.0-", "1.0-dev-dev",
        "1.0 as 2.0", "1.0-beta-", "2024-1"]),
    (Scheme::Hex, &["", "1.0", "v1.0.0", "1.0.0.0", "01.0.0"]),
    (Scheme::Pub, &["", "1.0", "1.2.3.4", "any", "1.2.3+"]),
    (Scheme::Cran, &["", "1.", "1.0.a", "1--2", "-1"]),
    (Scheme::Hackage, &["", "1.0-1", "1.0.a", ".1"]),
    (Scheme::Bitnami, &["", "nightly.2026-03-10.0", "1.2.3.4", "latest", "1.2.3-a..b"]),
    (Scheme::Pacman, &[""]),
    (Scheme::Conda, &["", "1..2", "1.", "5.5++", "5.5..mw", "1!2!3", "a!1", "1+", "1-0_1", "1 2", "1.é", "!1"]),
];

#[test]
fn every_written_out_row_ascends() {
    for (scheme, rows) in ASCENDING {
        let mut last: Option<(&str, VersionKey)> = None;
        for row in rows {
            // `= v1.2.3-beta` is itself a version for npm: the separator has a space on both sides and is not doubled.
            let keys: Vec<_> = row
                .replace(" = = ", " = =")
                .split(" = ")
                .map(|version| scheme.key(version).expect(version))
                .collect();
            assert!(
                keys.windows(2).all(|pair| pair[0] == pair[1]),
                "{scheme}: {row}"
            );
            if let Some((before, key)) = &last {
                assert!(*key < keys[0], "{scheme}: {before} is not below {row}");
            }
            last = Some((row, keys[0].clone()));
        }
    }
}

#[test]
fn what_the_tool_refuses_has_no_key() {
    for (scheme, versions) in REFUSED {
        for version in versions {
            let refused = scheme.key(version).expect_err(version);
            assert_eq!(
                (refused.scheme, refused.version.as_str()),
                (scheme, *version)
            );
        }
    }
}

#[test]
fn an_upper_bound_covers_what_the_version_stands_for_and_nothing_above() {
    let upper = |scheme: Scheme, bound: &str| scheme.upper_key(bound).expect("bound");
    let key = |scheme: Scheme, version: &str| scheme.key(version).expect("version");
    assert!(key(Scheme::Rpm, "1.0-99.el9") < upper(Scheme::Rpm, "1.0"));
    assert!(key(Scheme::Rpm, "1.0.1-1") > upper(Scheme::Rpm, "1.0"));
    assert_eq!(key(Scheme::Rpm, "1.0-3"), upper(Scheme::Rpm, "1.0-3"));
    assert!(key(Scheme::Pep440, "1.0+cpu") < upper(Scheme::Pep440, "1.0"));
    assert!(key(Scheme::Pep440, "1.0.post1") > upper(Scheme::Pep440, "1.0"));
    assert_eq!(
        key(Scheme::Pep440, "1.0+cpu"),
        upper(Scheme::Pep440, "1.0+cpu")
    );
    assert!(key(Scheme::Pacman, "1.0-99") < upper(Scheme::Pacman, "1.0"));
    assert!(key(Scheme::Pacman, "1.0.1-1") > upper(Scheme::Pacman, "1.0"));
}

/// Why no key can agree with all of Maven's answers; each step is one of them.
#[test]
fn maven_itself_goes_in_circles() {
    let circles: [&[&str]; 2] = [
        &["1", "1.Final-redhat-1", "1.Final"],
        &["1-alpha", "1", "1.sp.1"],
    ];
    for circle in circles {
        for (lower, higher) in circle.iter().zip(&circle[1..]) {
            let order = maven_reference::compare(lower, higher);
            assert_eq!(order, Ordering::Less, "{lower} {higher}");
        }
        let around = maven_reference::compare(circle[2], circle[0]);
        assert_ne!(around, Ordering::Greater, "{circle:?}");
    }
}

#[test]
fn schemes_read_back_their_names() {
    for scheme in Scheme::ALL {
        assert_eq!(scheme.name().parse(), Ok(scheme));
        assert_eq!(scheme.row().scheme, scheme);
    }
    let unknown = "deb".parse::<Scheme>().expect_err("no such scheme");
    assert!(unknown.to_string().contains("dpkg, rpm, apk"));
}

#[test]
fn a_refusal_says_which_version_and_shows_it_harmless() {
    let refused = Scheme::Apk.key("\u{1b}[2J").expect_err("escape");
    assert_eq!(
        refused.to_string(),
        "`\\u{1b}[2J` is not ordered by apk: it does not begin with a digit"
    );
}

/// Rows of the upstreams' tables that we answer differently, each with the reason.
const EXCEPTIONS: [(Scheme, &str, &str); 15] = [
    // apk-tools 2 stopped at what it could not read and called the rest equal or greater; apk-tools 3 refuses these.
    (Scheme::Apk, "0...1...0.r1", "0...1...0.r2"),
    (Scheme::Apk, "1-0-0", "1.13.2-r0"),
    (Scheme::Apk, "23_foo", "4_beta"),
    // Versions from before PEP 440: setuptools' old order is gone, only enumerated versions catch them.
    (Scheme::Pep440, "0.7.4.svn.r2010", "0.6.4"),
    (Scheme::Pep440, "0.8.3p1", "0.8.4p1"),
    // Grype's fuzzy constraint parser, not SemVer: a fourth component is no pre-release.
    (Scheme::Semver, "1.0.0.beta2", "1.0.0-beta2"),
    (Scheme::Semver, "1.0.0.rc.1", "1.0.0-rc.1"),
    (Scheme::Semver, "1.0.0.alpha.beta", "1.0.0-alpha-beta"),
    // Words for Maven, but no release that a range could be about.
    (Scheme::Maven, "profiles_01", "stable"),
    // osv.dev puts what NuGet cannot read above everything; Composer refuses these, only osv-scalibr orders them.
    (Scheme::NuGet, "1.4.0rc3", "3.0.0.4001"),
    (Scheme::Composer, "1.5", "1.5.1.dev100"),
    (Scheme::Composer, "3.0.0b2.post2", "3.0.0b3"),
    (Scheme::Composer, "3.5.2", "3.5.2.post1"),
    // Grype compares by rpm's rules; libalpm's vercmp says `1.5b` < `1.5`, as its own table does.
    (Scheme::Pacman, "1.0.0alpha", "1.0.0"),
    // Equal to each of its releases, which differ: no order. Ours is the lowest of them.
    (Scheme::Pacman, "1.5", "1.5-1"),
];

#[test]
fn the_upstreams_tables_agree() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    if !folder.is_dir() {
        println!("skipped: ../shared/vectors is not on this machine");
        return;
    }
    #[rustfmt::skip]
    let tables = [
        (Scheme::Dpkg, "dpkg"),
        (Scheme::Rpm, "rpm"), (Scheme::Rpm, "rpm-real-evr"), (Scheme::Rpm, "rpm-segment"),
        (Scheme::Rpm, "rpm-upstream-segment"), (Scheme::Rpm, "rpm-real-segment"),
        (Scheme::Apk, "apk"), (Scheme::Apk, "apk3-upstream"),
        (Scheme::Pep440, "pep440"), (Scheme::Pep440, "pep440-real"),
        (Scheme::Semver, "semver"), (Scheme::Npm, "npm"), (Scheme::Npm, "npm-real"),
        (Scheme::Go, "go"), (Scheme::RubyGems, "rubygems"), (Scheme::Maven, "maven"),
        (Scheme::Maven, "maven-3.8"), (Scheme::NuGet, "nuget"),
        (Scheme::Composer, "composer"), (Scheme::Hex, "hex"), (Scheme::Pub, "pub"), (Scheme::Cran, "cran"),
        (Scheme::Pacman, "pacman"), (Scheme::Conda, "conda"),
    ];
    let mut disagreements = Vec::new();
    for (scheme, name) in tables {
        let text = std::fs::read_to_string(folder.join(format!("{name}.tsv"))).expect(name);
        for line in text.lines().skip(1) {
            let mut columns = line.split('\t');
            let (left, op, right) = (
                columns.next().unwrap(),
                columns.next().unwrap(),
                columns.next().unwrap(),
            );
            let expected = match op {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                _ => Ordering::Greater,
            };
            // The segment tables compare one segment; with no `-` and no epoch a whole version is one.
            let answer = scheme.compare(left, right);
            let is_exception = EXCEPTIONS.contains(&(scheme, left, right));
            if (answer == Ok(expected)) == is_exception {
                disagreements.push(format!("{name}: {line}: {answer:?}"));
            }
        }
    }
    assert!(disagreements.is_empty(), "{}", disagreements.join("\n"));
}

/// Text that looks like a version of some scheme, so that most of it is ordered.
fn version_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9]{1,3}(\\.[0-9]{1,2}){0,3}(-r[0-9])?",
        "([0-9]:)?[0-9]{1,2}[.~+^a-c0-2]{0,5}(-[0-2~+.a]{0,3})?",
        "[0-9]\\.[0-9](a|b|rc|\\.post|\\.dev|_alpha|_p|-|\\+)[0-9]",
        "[0-9]\\.[0-9]\\.[0-9](-[a-c0-2]{1,2}(\\.[a-c0-2]{1,2})?)?",
        "(v|go)?[0-2](\\.[0-2a]{1,2}){1,3}([.-]?(rc|dev|p|final|_)[0-2]?)?(\\+[0-2])?(-[0-2])?",
        ".{0,8}",
    ]
}

/// Versions as they are made: numbers, a qualifier, a rebuild, SNAPSHOT. Maven's comparison is an order there.
fn maven_like() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-2](\\.[0-2]){0,3}(-(alpha|b|M|rc|cr|SP|jre|x)(-?[0-2])?)?(-[12]{1,2})?(-SNAPSHOT)?",
        "[0-2](\\.[0-2]){0,3}([.-]?(alpha|b|M|rc|cr|SP|jre|x)[0-2]?|[.-]?(final|ga|RELEASE))?",
    ]
}

proptest! {
    #[test]
    fn any_text_has_a_key_or_a_refusal(text in prop_oneof![".*", version_like()]) {
        for scheme in Scheme::ALL {
            let key = scheme.key(&text);
            let upper = scheme.upper_key(&text);
            prop_assert_eq!(key.is_ok(), upper.is_ok());
            if let (Ok(key), Ok(upper)) = (key, upper) {
                prop_assert!(VersionKey::lowest() < key && key <= upper && upper < VersionKey::highest());
            }
        }
    }

    #[test]
    fn dpkg_keys_order_like_dpkg(left in "[0-2a~+.-]{1,8}", right in "[0-2a~+.-]{1,8}") {
        let judge = reference::dpkg(&left, &right);
        prop_assert_eq!(Scheme::Dpkg.compare(&left, &right), Ok(judge));
    }

    #[test]
    fn rpm_keys_order_like_rpm(left in "[0-2ab~^.]{1,8}", right in "[0-2ab~^.]{1,8}") {
        prop_assert_eq!(Scheme::Rpm.compare(&left, &right), Ok(reference::rpmvercmp(&left, &right)));
    }

    #[test]
    fn gem_keys_order_like_gem_version(left in "[0-2](\\.[0-1ab]{1,2}){0,4}", right in "[0-2](\\.[0-1ab]{1,2}){0,4}") {
        prop_assert_eq!(Scheme::RubyGems.compare(&left, &right), Ok(reference::gem(&left, &right)));
    }

    #[test]
    fn pacman_keys_order_like_libalpm(left in "[0-2ab][0-2ab._]{0,6}[0-2ab]", right in "[0-2ab][0-2ab._]{0,6}[0-2ab]") {
        prop_assert_eq!(Scheme::Pacman.compare(&left, &right), Ok(reference::alpm(&left, &right)));
    }

    #[test]
    fn maven_keys_order_like_maven(left in maven_like(), right in maven_like()) {
        prop_assert_eq!(Scheme::Maven.compare(&left, &right), Ok(maven_reference::compare(&left, &right)));
    }

    #[test]
    fn crates_that_we_parse_with_order_alike(left in version_like(), right in version_like()) {
        if let (Ok(a), Ok(b)) = (left.parse::<pep440_rs::Version>(), right.parse::<pep440_rs::Version>()) {
            prop_assert_eq!(Scheme::Pep440.compare(&left, &right), Ok(a.cmp(&b)));
        }
        if let (Ok(a), Ok(b)) = (::semver::Version::parse(&left), ::semver::Version::parse(&right)) {
            prop_assert_eq!(Scheme::Semver.compare(&left, &right), Ok(a.cmp_precedence(&b)));
            prop_assert_eq!(Scheme::Npm.compare(&left, &right), Ok(a.cmp_precedence(&b)));
        }
    }
}
