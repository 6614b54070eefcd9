//! Node's packages as manifests, in lists and in archives.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use zip::CompressionMethod;

use super::*;
use crate::inventory::archive::tests::zip_of;
use crate::layers::detect_one;

const MANIFEST: &str = "app/node_modules/x/package.json";

fn packages(json: &str) -> Vec<Package> {
    detect_one(&Node, MANIFEST, json.as_bytes())
        .expect("a manifest")
        .expect("a path that is wanted")
        .packages
}

#[test]
fn only_folders_directly_in_node_modules_are_packages() {
    for (path, wanted) in [
        ("app/node_modules/lodash/package.json", true),
        ("node_modules/lodash/package.json", true),
        ("app/node_modules/@babel/core/package.json", true),
        ("usr/local/lib/node_modules/npm/package.json", true),
        (
            "usr/local/lib/node_modules/npm/node_modules/tar/package.json",
            true,
        ),
        (
            "app/node_modules/.pnpm/tar@6.1.0/node_modules/tar/package.json",
            true,
        ),
        ("app/package.json", false),
        ("app/node_modules/package.json", false),
        ("app/node_modules/@babel/package.json", false),
        ("app/node_modules/.cache/package.json", false),
        ("app/node_modules/resolve/test/package.json", false),
        ("app/node_modules/uuid/dist/esm/package.json", false),
        ("app/not_node_modules/lodash/package.json", false),
        ("package.json", false),
    ] {
        let read = detect_one(&Node, path, b"{}").expect("no error").is_some();
        assert_eq!(read, wanted, "{path}");
    }
}

#[test]
fn a_scope_becomes_the_namespace() {
    let found = packages(r#"{"name": "@babel/core", "version": "7.24.0", "license": "MIT"}"#);
    let [core] = found.as_slice() else {
        panic!("one package")
    };
    assert_eq!(core.namespace.as_deref(), Some("@babel"));
    assert_eq!(
        (core.name.as_str(), core.version.as_str()),
        ("core", "7.24.0")
    );
    assert_eq!(core.full_name(), "@babel/core");
    assert_eq!(core.licenses, ["MIT"]);
}

#[test]
fn licences_are_read_in_all_their_historic_forms() {
    for (field, licenses) in [
        (
            r#""license": "(MIT OR GPL-3.0)""#,
            &["(MIT OR GPL-3.0)"][..],
        ),
        (r#""license": {"type": "BSD", "url": "…"}"#, &["BSD"]),
        (
            r#""licenses": [{"type": "MIT"}, {"type": "GPL"}, "ISC"]"#,
            &["MIT", "GPL", "ISC"],
        ),
        (r#""licenses": {"type": "MIT"}"#, &["MIT"]),
        (r#""license": 7, "licenses": [null, {}, {"type": 1}]"#, &[]),
    ] {
        let found = packages(&format!(r#"{{"name": "a", "version": "1.0.0", {field}}}"#));
        assert_eq!(found[0].licenses, licenses, "{field}");
    }
}

#[test]
fn what_npm_would_not_install_is_no_package() {
    for json in [
        r#"{"name": "workspace"}"#,
        r#"{"type": "module"}"#,
        r#"{"name": "a", "version": 1}"#,
        r#"{"name": "", "version": "1.0.0"}"#,
        r#"{"name": "@scope/", "version": "1.0.0"}"#,
    ] {
        assert_eq!(packages(json), [], "{json}");
    }
}

#[test]
fn a_byte_order_mark_and_repeated_fields_are_read_as_node_does() {
    let found = packages("\u{feff}{\"name\": \"a\", \"version\": \"1\", \"version\": \"2\"}");
    assert_eq!(found[0].version, "2");
}

#[test]
fn what_is_no_json_object_is_an_error_with_its_place_and_without_its_content() {
    for json in ["", "[]", "{\"name\": \"a\",\n secret}", "null"] {
        let error = detect_one(&Node, MANIFEST, json.as_bytes()).expect_err(json);
        assert!(
            error.reason.starts_with("it is no JSON object (line "),
            "{error}"
        );
        assert!(!error.reason.contains("secret"));
    }
}

#[test]
fn a_package_claims_its_folder_and_a_manifest_that_is_none_claims_nothing() {
    let claims = |path: &str, json: &str| -> Vec<(String, String)> {
        let facts = detect_one(&Node, path, json.as_bytes())
            .expect("a manifest")
            .expect(path);
        let claims = facts.claims.iter().flat_map(|claims| {
            claims
                .iter()
                .map(|claim| (claims.owner.clone(), claim.path.to_owned()))
        });
        claims.collect()
    };
    assert_eq!(
        claims(
            "app/node_modules/@babel/core/package.json",
            r#"{"name": "@babel/core", "version": "7.24.0"}"#
        ),
        [("@babel/core".into(), "app/node_modules/@babel/core".into())]
    );
    assert_eq!(claims(MANIFEST, r#"{"type": "module"}"#), []);
}

#[test]
fn a_package_that_a_tool_runs_from_a_folder_named_after_it_is_installed() {
    for (path, name, version) in [
        ("opt/yarn-v1.22.22/package.json", "yarn", "1.22.22"),
        (
            "root/.cache/node/corepack/v1/pnpm/9.1.0/package.json",
            "pnpm",
            "9.1.0",
        ),
        (
            "deno-dir/npm/registry.example/chalk/5.3.0/package.json",
            "chalk",
            "5.3.0",
        ),
        (
            "deno-dir/npm/registry.example/@types/node/18.16.19/package.json",
            "@types/node",
            "18.16.19",
        ),
    ] {
        let found = |name: &str, version: &str| {
            let json = serde_json::json!({"name": name, "version": version}).to_string();
            let facts = detect_one(&Node, path, json.as_bytes())
                .expect("a manifest")
                .expect(path);
            let names = facts
                .packages
                .iter()
                .map(|found| (found.full_name(), found.version.clone()));
            names.collect::<Vec<_>>()
        };
        assert_eq!(found(name, version), [(name.into(), version.into())]);
        assert_eq!(found(name, "0.0.0"), [], "{path}");
        assert_eq!(found("other", version), [], "{path}");
    }
    for path in [
        "root/.npm/registry/chalk/5.3.0/package.json",
        "deno-dir/npm/registry.example/chalk/package.json",
        "corepack/v1/package.json",
        "app/corepack/chalk/1.0.0/package.json",
    ] {
        assert_eq!(detect_one(&Node, path, b"{}"), Ok(None), "{path}");
    }
}

#[test]
fn an_archive_of_yarn_has_its_package_and_what_that_bundles() {
    let members: [(&str, &[u8]); 5] = [
        (
            "node_modules/npm/package.json",
            br#"{"name": "npm", "version": "9.0.0"}"#,
        ),
        (
            "node_modules/npm/node_modules/tar/package.json",
            br#"{"name": "tar", "version": "6.1.0"}"#,
        ),
        (
            "node_modules/npm/test/package.json",
            br#"{"name": "test", "version": "1"}"#,
        ),
        ("node_modules/npm/index.js", b""),
        ("node_modules/broken/package.json", b"{"),
    ];
    let archive = zip_of(CompressionMethod::Deflated, &members);
    for path in [
        "app/.yarn/cache/npm-npm-9.0.0-0123456789-0123456789.zip",
        "root/.yarn/berry/cache/npm-npm-9.0.0-0123456789-8.zip",
    ] {
        let facts = detect_one(&Node, path, &archive)
            .expect("facts")
            .expect(path);
        let found: Vec<(&str, &str)> = facts
            .packages
            .iter()
            .map(|found| {
                (
                    found.name.as_str(),
                    found.properties["archive-path"].as_str(),
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                ("npm", "node_modules/npm/package.json"),
                ("tar", "node_modules/npm/node_modules/tar/package.json")
            ]
        );
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(
            gaps,
            ["node_modules/broken/package.json: it is no JSON object (line 1, column 1)"]
        );
    }
    let damaged = detect_one(&Node, "app/.yarn/cache/a.zip", b"PK").expect("facts");
    assert_eq!(damaged.expect("wanted").gaps.len(), 1);
    for path in ["app/a.zip", "app/cache/a.zip", "home/berry/cache/a.zip"] {
        assert_eq!(detect_one(&Node, path, &archive), Ok(None), "{path}");
    }
}

/// What npm prints; nothing where there is no npm.
fn npm_says(arguments: &[&str]) -> Option<String> {
    let said = Command::new("npm").args(arguments).output();
    match said {
        Ok(said) if !said.stdout.is_empty() => {
            Some(String::from_utf8_lossy(&said.stdout).into_owned())
        }
        _ => {
            println!("skipped: this machine has no npm");
            None
        }
    }
}

/// Name and version of every package of a tree as `npm ls` prints it.
fn flatten(tree: &serde_json::Value, packages: &mut BTreeSet<(String, String)>) {
    for (name, package) in tree["dependencies"].as_object().into_iter().flatten() {
        // An optional package for another system has no version: it is not there.
        if let Some(version) = package["version"].as_str() {
            packages.insert((name.clone(), version.to_owned()));
        }
        flatten(package, packages);
    }
}

/// Name and version of every package that is found below a folder.
fn read_below(folder: &Path, packages: &mut BTreeSet<(String, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let (path, kind) = (entry.path(), entry.file_type().expect("a kind"));
        if kind.is_dir() {
            read_below(&path, packages);
        } else if kind.is_file() && entry.file_name() == "package.json" {
            let bytes = std::fs::read(&path).expect("a manifest");
            let facts = detect_one(&Node, path.to_str().expect("UTF-8"), &bytes).expect("facts");
            let found = facts.into_iter().flat_map(|facts| facts.packages);
            packages.extend(found.map(|found| (found.full_name(), found.version)));
        }
    }
}

#[test]
fn this_machine_s_global_packages_are_those_that_npm_lists() {
    let (Some(tree), Some(root)) = (
        npm_says(&["ls", "--global", "--all", "--json"]),
        npm_says(&["root", "--global"]),
    ) else {
        return;
    };
    let (mut listed, mut found) = (BTreeSet::new(), BTreeSet::new());
    flatten(
        &serde_json::from_str(&tree).expect("npm's tree"),
        &mut listed,
    );
    read_below(Path::new(root.trim()), &mut found);
    assert_eq!(found, listed);
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = detect_one(&Node, MANIFEST, &bytes);
        let _ = detect_one(&Node, ".yarn/cache/a.zip", &bytes);
    }

    #[test]
    fn any_path_is_decided_without_a_panic(
        path in "[a@./-]{0,8}(node_modules/|npm/|corepack/v1/|yarn-v)?[a@./-]{0,8}",
        name in "package.json|.package-lock.json|a.zip",
    ) {
        let _ = detect_one(&Node, &format!("{path}/{name}"), b"{}");
    }
}
