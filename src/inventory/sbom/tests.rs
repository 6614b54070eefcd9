//! Documents in the forms of the tools that write them, cut down to what is read.

use proptest::prelude::*;

use super::*;
use crate::model::{Basis, SourcePackage};

fn sbom(text: &str) -> Sbom {
    read_sbom(text.as_bytes())
        .expect("a document that can be read")
        .expect("a list")
}

/// `name version (source version)` of each package.
fn told(sbom: &Sbom) -> Vec<String> {
    let source = |source: &SourcePackage| format!(" ({} {})", source.name, source.version);
    sbom.packages
        .iter()
        .map(|listed| {
            let package = &listed.package;
            let source = package.source.as_ref().map(source).unwrap_or_default();
            format!("{} {}{source}", package.full_name(), package.version)
        })
        .collect()
}

fn system(sbom: &Sbom) -> String {
    let distribution = sbom.distribution.as_ref().expect("a distribution");
    distribution.qualifier()
}

/// As Syft 1.18 writes CycloneDX.
const SYFT_CYCLONEDX: &str = r#"{
  "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6",
  "metadata": {
    "timestamp": "2026-11-24T13:57:12Z",
    "tools": {"components": [{"type": "application", "author": "anchore", "name": "syft", "version": "1.18.1"}]},
    "component": {"bom-ref": "ff0d", "type": "container", "name": "alpine:3.10",
      "version": "sha256:808fcd364a3abbe46fcb6f56ceb1a21940c8897a66591fbb06fec7546d73ac2e"}},
  "components": [
    {"bom-ref": "a", "type": "library", "name": "libssl1.1", "version": "1.1.1d-r2",
     "licenses": [{"license": {"id": "OpenSSL"}}, {"expression": "MIT OR ISC"}, {"license": {"name": "mine"}}],
     "cpe": "cpe:2.3:a:libssl1.1:libssl1.1:1.1.1d-r2:*:*:*:*:*:*:*",
     "purl": "pkg:apk/alpine/libssl1.1@1.1.1d-r2?arch=x86_64&distro=alpine-3.10.4&upstream=openssl",
     "properties": [
       {"name": "syft:location:0:layerID", "value": "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028"},
       {"name": "syft:location:0:path", "value": "/lib/apk/db/installed"}]},
    {"bom-ref": "f", "type": "file", "name": "/etc/passwd"},
    {"bom-ref": "os", "type": "operating-system", "name": "alpine", "version": "3.10.4", "description": "Alpine Linux v3.10"}]}"#;

#[test]
fn syft_s_cyclonedx_has_the_distribution_the_source_and_the_place_of_each_package() {
    let sbom = sbom(SYFT_CYCLONEDX);
    assert_eq!(sbom.form, "CycloneDX 1.6");
    assert_eq!(sbom.tool.as_deref(), Some("syft 1.18.1"));
    assert_eq!(sbom.subject.as_deref(), Some("alpine:3.10"));
    assert!(sbom.digest.is_some());
    assert_eq!(system(&sbom), "alpine-3.10.4");
    assert_eq!(told(&sbom), ["libssl1.1 1.1.1d-r2 (openssl 1.1.1d-r2)"]);
    let libssl = &sbom.packages[0];
    assert_eq!(libssl.path, Some("lib/apk/db/installed".into()));
    assert!(libssl.layer.is_some());
    assert_eq!(libssl.package.licenses, ["OpenSSL", "MIT OR ISC", "mine"]);
    assert!(libssl.package.properties["cpe"].starts_with("cpe:2.3:a:libssl1.1"));
    assert_eq!(libssl.package.basis, Basis::Recorded);
    assert_eq!(sbom.gaps, []);
}

/// As Trivy 0.48 writes CycloneDX: epochs are qualifiers, Debian has its point release, the source is in properties, and an
/// application is a component without a version around its packages.
const TRIVY_CYCLONEDX: &str = r#"{
  "bomFormat": "CycloneDX", "specVersion": "1.5",
  "metadata": {
    "tools": [{"vendor": "aquasecurity", "name": "trivy", "version": "0.48.0"}],
    "component": {"bom-ref": "r", "type": "container", "name": "app", "properties": [
      {"name": "aquasecurity:trivy:DiffID", "value": "sha256:22f18f620ceb76af8c2d95d244a32ed8600f5af8df7295e96e9c548f6e1575ce"},
      {"name": "aquasecurity:trivy:DiffID", "value": "sha256:a79b24138886ef2602cdd11a72223e7a0347fab46a409eb066f6d3df212cd3be"}]}},
  "components": [
    {"bom-ref": "o", "type": "operating-system", "name": "debian", "version": "12.15",
     "properties": [{"name": "aquasecurity:trivy:Class", "value": "os-pkgs"}]},
    {"bom-ref": "l", "type": "library", "name": "login", "version": "4.13+dfsg1-1+deb12u2",
     "purl": "pkg:deb/debian/login@4.13+dfsg1-1+deb12u2?arch=amd64&epoch=1&distro=debian-12.15",
     "properties": [
       {"name": "aquasecurity:trivy:LayerDiffID", "value": "sha256:22f18f620ceb76af8c2d95d244a32ed8600f5af8df7295e96e9c548f6e1575ce"},
       {"name": "aquasecurity:trivy:PkgType", "value": "debian"},
       {"name": "aquasecurity:trivy:SrcEpoch", "value": "1"},
       {"name": "aquasecurity:trivy:SrcName", "value": "shadow"},
       {"name": "aquasecurity:trivy:SrcRelease", "value": "1+deb12u2"},
       {"name": "aquasecurity:trivy:SrcVersion", "value": "4.13+dfsg1"}]},
    {"bom-ref": "n", "type": "application", "name": "Node.js", "components": [
      {"bom-ref": "t", "type": "library", "name": "@babel/traverse", "version": "7.20.0", "purl": "pkg:npm/%40babel/traverse@7.20.0",
       "properties": [{"name": "aquasecurity:trivy:FilePath", "value": "app/node_modules/@babel/traverse/package.json"}]}]},
    {"bom-ref": "m", "type": "library", "name": "perl-libs", "version": "5.26",
     "purl": "pkg:rpm/redhat/perl-libs@5.26-1.module?arch=x86_64&distro=redhat-8.9",
     "properties": [{"name": "aquasecurity:trivy:Modularitylabel", "value": "perl:5.26:1:2"}]}]}"#;

#[test]
fn trivy_s_cyclonedx_has_epochs_sources_layers_and_nested_packages() {
    let sbom = sbom(TRIVY_CYCLONEDX);
    assert_eq!(sbom.tool.as_deref(), Some("trivy 0.48.0"));
    assert_eq!(system(&sbom), "debian-12");
    assert_eq!(sbom.layers.len(), 2);
    assert_eq!(
        told(&sbom),
        [
            "login 1:4.13+dfsg1-1+deb12u2 (shadow 1:4.13+dfsg1-1+deb12u2)",
            "@babel/traverse 7.20.0",
            "perl-libs 5.26-1.module"
        ]
    );
    assert_eq!(sbom.packages[0].layer, sbom.layers[0]);
    assert_eq!(
        sbom.packages[1].path,
        Some("app/node_modules/@babel/traverse/package.json".into())
    );
    let perl = &sbom.packages[2].package;
    assert_eq!(perl.properties["modularity-label"], "perl:5.26:1:2");
    let own = perl.distribution.as_deref().expect("another distribution");
    assert_eq!(own.qualifier(), "rhel-8.9");
    assert_eq!(sbom.gaps, []);
}

/// As Trivy writes SPDX, with a package of Syft's.
const SPDX: &str = r#"{
  "spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "alpine.tar",
  "creationInfo": {"creators": ["Organization: aquasecurity", "Tool: trivy-0.48.0"], "created": "2026-11-24T13:57:25Z"},
  "packages": [
    {"name": "alpine", "SPDXID": "SPDXRef-OS", "versionInfo": "3.10.4", "primaryPackagePurpose": "OPERATING-SYSTEM"},
    {"name": "alpine.tar", "SPDXID": "SPDXRef-Image", "primaryPackagePurpose": "CONTAINER", "attributionTexts": [
      "DiffID: sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028"]},
    {"name": "scanelf", "SPDXID": "SPDXRef-scanelf", "versionInfo": "1.2.3-r0",
     "sourceInfo": "built package from: pax-utils 1.2.3-r0", "licenseDeclared": "GPL-2.0-only",
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
       "referenceLocator": "pkg:apk/alpine/scanelf@1.2.3-r0?arch=x86_64&distro=3.10.4"}],
     "attributionTexts": ["LayerDiffID: sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028"]},
    {"name": "musl", "SPDXID": "SPDXRef-musl", "versionInfo": "1.1.22-r3", "licenseDeclared": "LicenseRef-own",
     "sourceInfo": "acquired package info from APK DB: /lib/apk/db/installed",
     "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "http://spdx.org/rdf/references/purl",
       "referenceLocator": "pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&distro=alpine-3.10.4"}]},
    {"name": "node-pkg", "SPDXID": "SPDXRef-group", "primaryPackagePurpose": "APPLICATION"},
    {"name": "musl", "SPDXID": "SPDXRef-source", "versionInfo": "1.1.22",
     "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:generic/musl@1.1.22"}]}],
  "hasExtractedLicensingInfos": [{"licenseId": "LicenseRef-own", "extractedText": "do what you like"}],
  "relationships": [
    {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Image"},
    {"spdxElementId": "SPDXRef-musl", "relationshipType": "GENERATED_FROM", "relatedSpdxElement": "SPDXRef-source"}]}"#;

#[test]
fn spdx_has_sources_and_licences_and_what_a_package_was_made_from_is_not_aboard() {
    let sbom = sbom(SPDX);
    assert_eq!(sbom.form, "SPDX 2.3");
    assert_eq!(sbom.tool.as_deref(), Some("trivy-0.48.0"));
    assert_eq!(sbom.subject.as_deref(), Some("alpine.tar"));
    assert_eq!(system(&sbom), "alpine-3.10.4");
    assert_eq!(
        told(&sbom),
        ["scanelf 1.2.3-r0 (pax-utils 1.2.3-r0)", "musl 1.1.22-r3"]
    );
    assert_eq!(sbom.packages[0].layer, sbom.layers[0]);
    let musl = &sbom.packages[1];
    assert_eq!(musl.package.licenses, ["do what you like"]);
    assert_eq!(musl.path, Some("lib/apk/db/installed".into()));
    assert_eq!(sbom.gaps, []);
}

#[test]
fn a_document_of_tags_and_values_says_the_same_as_its_json() {
    let text = "\
# a comment
SPDXVersion: SPDX-2.3
DocumentName: alpine.tar
Creator: Organization: aquasecurity
Creator: Tool: trivy-0.48.0

FileName: etc/passwd
SPDXID: SPDXRef-File

PackageName: alpine.tar
SPDXID: SPDXRef-Image
PrimaryPackagePurpose: CONTAINER
PackageAttributionText: DiffID: sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028

PackageName: alpine
SPDXID: SPDXRef-OS
PackageVersion: 3.10.4
PrimaryPackagePurpose: OPERATING-SYSTEM

PackageName: scanelf
SPDXID: SPDXRef-scanelf
PackageVersion: 1.2.3-r0
PackageSourceInfo: <text>built package from: pax-utils 1.2.3-r0</text>
PackageDescription: <text>Two lines:
PackageName: not-a-package
</text>
PackageLicenseDeclared: GPL-2.0-only
ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/scanelf@1.2.3-r0?arch=x86_64&distro=3.10.4
PackageAttributionText: LayerDiffID: sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028

PackageName: musl
SPDXID: SPDXRef-musl
PackageVersion: 1.1.22-r3
PackageSourceInfo: acquired package info from APK DB: /lib/apk/db/installed
PackageLicenseDeclared: LicenseRef-own
ExternalRef: PACKAGE-MANAGER purl pkg:apk/alpine/musl@1.1.22-r3?arch=x86_64&distro=alpine-3.10.4

PackageName: musl
SPDXID: SPDXRef-source
PackageVersion: 1.1.22
ExternalRef: PACKAGE-MANAGER purl pkg:generic/musl@1.1.22

LicenseID: LicenseRef-own
ExtractedText: <text>do what you like</text>

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-Image
Relationship: SPDXRef-musl GENERATED_FROM SPDXRef-source
";
    assert_eq!(sbom(text), sbom(SPDX));
}

/// As Syft writes its own form.
const SYFT: &str = r#"{
  "artifacts": [
    {"id": "1", "name": "libssl3", "version": "3.0.11-1~deb12u2", "type": "deb",
     "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028"}],
     "licenses": [{"value": "Apache-2.0", "spdxExpression": "Apache-2.0"}, {"value": "own", "spdxExpression": ""}],
     "purl": "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64&distro=debian-12&upstream=openssl"},
    {"id": "2", "name": "JSONStream", "version": "1.3.5", "purl": "pkg:npm/JSONStream@1.3.5"},
    {"id": "3", "name": "Zope.Interface", "version": "5", "purl": "pkg:pypi/Zope.Interface@5"}],
  "source": {"id": "s", "name": "app", "version": "sha256:808fcd364a3abbe46fcb6f56ceb1a21940c8897a66591fbb06fec7546d73ac2e", "type": "image",
    "metadata": {"userInput": "app:1.0", "layers": [{"digest": "sha256:531743b7098cb2aaf615641007a129173f63ed86ca32fe7b5a246a1c47286028"}]}},
  "distro": {"prettyName": "Debian GNU/Linux 12 (bookworm)", "id": "debian", "versionID": "12", "versionCodename": "bookworm"},
  "descriptor": {"name": "syft", "version": "1.18.1"},
  "schema": {"version": "16.0.18", "url": "https://raw.githubusercontent.com/anchore/syft/main/schema/json/schema-16.0.18.json"}}"#;

#[test]
fn syft_s_own_form_is_read() {
    let sbom = sbom(SYFT);
    assert_eq!(sbom.form, "Syft JSON 16.0.18");
    assert_eq!(sbom.tool.as_deref(), Some("syft 1.18.1"));
    assert_eq!(sbom.subject.as_deref(), Some("app:1.0"));
    assert_eq!(system(&sbom), "debian-12");
    assert_eq!(
        told(&sbom),
        [
            "libssl3 3.0.11-1~deb12u2 (openssl 3.0.11-1~deb12u2)",
            "JSONStream 1.3.5",
            "zope-interface 5"
        ]
    );
    assert_eq!(sbom.packages[0].layer, sbom.layers[0]);
    assert_eq!(sbom.packages[0].package.licenses, ["Apache-2.0", "own"]);
}

#[test]
fn a_document_inside_github_s_answer_or_an_attestation_is_read() {
    for outer in ["{\"sbom\": ", "{\"_type\": \"x\", \"predicate\": "] {
        assert_eq!(sbom(&format!("{outer}{SPDX}}}")), sbom(SPDX));
    }
}

#[test]
fn other_documents_are_no_list_and_newer_forms_say_so() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"name\": \"app\", \"version\": \"1\"}",
        "{\"bomFormat\": \"another\"}",
        "SPDX is a form",
    ] {
        assert_eq!(read_sbom(text.as_bytes()), Ok(None), "{text}");
    }
    let newer = r#"{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}"#;
    let error = read_sbom(newer.as_bytes()).expect_err("SPDX 3");
    assert!(error.reason.contains("SPDX 3"), "{error}");
    let broken = read_sbom(b"{\"bomFormat\": \"CycloneDX\", ").expect_err("broken");
    assert!(broken.reason.contains("line 1"), "{broken}");
}

#[test]
fn what_is_malformed_or_cannot_be_matched_is_a_gap_with_its_place_and_the_rest_is_read() {
    let sbom = sbom(
        r#"{"bomFormat": "CycloneDX", "specVersion": 1.6, "components": [
        5,
        {"type": "library", "name": "nameless", "version": "1"},
        {"type": "library", "name": "odd\u001b", "version": "1", "purl": "npm/x"},
        {"type": "library", "name": "excluded", "version": "1", "scope": "excluded", "purl": "pkg:npm/excluded@1"},
        {"type": "library", "name": "x", "version": "1", "purl": "pkg:npm/x@1", "components": [null]},
        {"type": "library", "name": "-", "version": "1", "purl": "pkg:pypi/-@1"}]}"#,
    );
    assert_eq!(told(&sbom), ["x 1"]);
    let gaps: Vec<&str> = sbom.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    assert_eq!(
        gaps,
        [
            "component 0 is no object",
            "component 1 `nameless`: it has no PURL: there is nothing to match it with",
            "component 2 `odd\\u{1b}`: its PURL is not well formed",
            "component 4.0 is no object",
            "component 5 `-`: it has no name"
        ]
    );
}

#[test]
fn a_list_that_says_of_itself_that_it_is_incomplete_is_a_gap() {
    let text = |aggregate: &str| {
        format!(
            r#"{{"bomFormat": "CycloneDX", "metadata": {{"component": {{"type": "container", "bom-ref": "r", "name": "a"}}}},
              "compositions": [{{"aggregate": "{aggregate}", "assemblies": ["r"]}}]}}"#
        )
    };
    assert_eq!(sbom(&text("complete")).gaps, []);
    assert_eq!(sbom(&text("incomplete_first_party_only")).gaps.len(), 1);
}

#[test]
fn a_list_that_is_too_long_is_cut_and_says_so() {
    let few = Bounds {
        objects: 1000,
        packages: 2,
        without_purl: WithoutPurl::IsUnreadable,
    };
    let component = r#"{"type": "library", "name": "x", "version": "1", "purl": "pkg:npm/x@1"}"#;
    let text = |count: usize| {
        let components = vec![component; count].join(",");
        format!(r#"{{"bomFormat": "CycloneDX", "components": [{components}]}}"#)
    };
    let cut = read(text(5).as_bytes(), few)
        .expect("a list")
        .expect("a list");
    assert_eq!(cut.packages.len(), 2);
    let gaps: Vec<&str> = cut.gaps.iter().map(|gap| gap.detail.as_str()).collect();
    assert_eq!(
        gaps,
        ["lists more than 2 packages: 3 of them were left out"]
    );
    let refused = read(text(1000).as_bytes(), few).expect_err("too many objects");
    assert_eq!(refused.reason, "it has more than 1000 objects");
    let tags = format!("SPDXVersion: SPDX-2.3\n{}", "PackageName: x\n".repeat(3));
    let refused = read(tags.as_bytes(), few).expect_err("too many packages");
    assert_eq!(refused.reason, "it has more than 2 packages");
}

#[test]
fn a_document_that_is_nested_too_deep_is_an_error_and_no_overflow() {
    let deep = format!(
        "{{\"bomFormat\": \"CycloneDX\", \"components\": {}",
        "[{\"components\": ".repeat(10_000)
    );
    assert!(read_sbom(deep.as_bytes()).is_err());
}

proptest! {
    #[test]
    fn any_bytes_give_a_list_or_a_reason(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_sbom(&bytes);
    }

    #[test]
    fn any_damage_to_a_document_is_survived(
        which in 0_usize..4,
        position in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let text = [SYFT_CYCLONEDX, TRIVY_CYCLONEDX, SPDX, SYFT][which];
        let mut bytes = text.as_bytes().to_vec();
        let position = position.index(bytes.len());
        bytes[position] = byte;
        let _ = read_sbom(&bytes);
        let _ = read_sbom(&bytes[..position]);
    }

    #[test]
    fn any_lines_of_tags_and_values_are_survived(
        lines in proptest::collection::vec("(PackageName|SPDXID|ExternalRef|Relationship|LicenseID|ExtractedText|AnnotationComment): ?(<text>)?\\PC{0,30}(</text>)?", 0..12)
    ) {
        let text = format!("SPDXVersion: SPDX-2.3\n{}", lines.join("\n"));
        prop_assert!(matches!(read_sbom(text.as_bytes()), Ok(Some(_))));
    }
}
