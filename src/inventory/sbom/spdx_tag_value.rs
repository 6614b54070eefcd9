//! SPDX 2 as tags and values: <https://spdx.github.io/spdx-spec/v2.3/conformance/#44-standard-data-format-requirements>.

use super::spdx::{Document, Relationship, SpdxPackage};

/// What a document in this form begins with, comments and blank lines apart.
pub(super) fn begins(text: &[u8]) -> bool {
    let head = text.get(..4096).unwrap_or(text);
    String::from_utf8_lossy(head)
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'))
        .is_some_and(|line| line.starts_with("SPDXVersion:"))
}

/// Reads a document. A line that is no `Tag: value` is passed over.
pub(super) fn read(text: &str) -> Document {
    let mut reading = Reading::default();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        rest = after;
        let Some((tag, value)) = line.trim_start().split_once(':') else {
            continue;
        };
        if tag.starts_with('#') {
            continue;
        }
        let value = value.trim();
        match value.strip_prefix("<text>") {
            Some(begun) => {
                let (value, after) = long(begun, rest);
                rest = after;
                reading.take(tag, value.trim());
            }
            None => reading.take(tag, value),
        }
    }
    reading.finish()
}

/// A value of several lines: `begun` is the end of its first line, `rest` what follows. Without its end, it is that line alone.
fn long<'a>(begun: &'a str, rest: &'a str) -> (std::borrow::Cow<'a, str>, &'a str) {
    if let Some((value, _)) = begun.split_once("</text>") {
        return (value.into(), rest);
    }
    match rest.split_once("</text>") {
        Some((more, after)) => {
            let after = after.split_once('\n').map_or("", |(_, after)| after);
            (format!("{begun}\n{more}").into(), after)
        }
        None => (begun.into(), rest),
    }
}

/// What the tags that come are about: a document, then its packages, files and snippets, in this order or another.
#[derive(Default)]
struct Reading {
    document: Document,
    package: Option<SpdxPackage>,
    /// A file or a snippet, of which nothing is read.
    is_other: bool,
    license: Option<String>,
    /// The comment of an annotation, and what it is about.
    annotated: Option<String>,
}

impl Reading {
    fn take(&mut self, tag: &str, value: &str) {
        match tag {
            "PackageName" => {
                self.end_package();
                self.package = Some(SpdxPackage {
                    name: Some(value.to_owned()),
                    ..SpdxPackage::default()
                });
                return;
            }
            "FileName" | "SnippetSPDXID" => {
                self.end_package();
                self.is_other = true;
                return;
            }
            _ => {}
        }
        if self.is_document_wide(tag, value) {
            return;
        }
        match &mut self.package {
            Some(package) => take_of_package(package, tag, value),
            None if !self.is_other => self.take_of_document(tag, value),
            None => {}
        }
    }

    /// Tags that may stand anywhere, since they name what they are about.
    fn is_document_wide(&mut self, tag: &str, value: &str) -> bool {
        match tag {
            "Relationship" => {
                let mut words = value.split_ascii_whitespace();
                if let (Some(from), Some(kind), Some(to)) =
                    (words.next(), words.next(), words.next())
                {
                    let relationship = Relationship::of(from, kind, to);
                    self.document.relationships.extend(relationship);
                }
            }
            "LicenseID" => self.license = Some(value.to_owned()),
            "LicenseName" | "ExtractedText" => {
                if let Some(id) = &self.license {
                    let words = self.document.licenses.entry(id.clone());
                    words.or_insert_with(|| value.to_owned());
                }
            }
            "SPDXREF" => self.annotated = Some(value.to_owned()),
            "AnnotationComment" => {
                let annotated = self.annotated.take();
                let of_package = match (&mut self.package, annotated) {
                    (Some(package), Some(id)) if package.id == id => Some(package),
                    _ => None,
                };
                let comments = match of_package {
                    Some(package) => &mut package.comments,
                    None => &mut self.document.comments,
                };
                comments.push(value.to_owned());
            }
            _ => return false,
        }
        true
    }

    fn take_of_document(&mut self, tag: &str, value: &str) {
        let document = &mut self.document;
        match tag {
            "SPDXVersion" => document.version = Some(value.to_owned()),
            "DocumentName" => document.name = Some(value.to_owned()),
            "Creator" => document.creators.push(value.to_owned()),
            _ => {}
        }
    }

    fn end_package(&mut self) {
        self.is_other = false;
        self.document
            .packages
            .extend(self.package.take().map(Box::new).map(Some));
    }

    fn finish(mut self) -> Document {
        self.end_package();
        self.document
    }
}

fn take_of_package(package: &mut SpdxPackage, tag: &str, value: &str) {
    let place = match tag {
        "SPDXID" => {
            value.clone_into(&mut package.id);
            return;
        }
        "ExternalRef" => {
            let mut words = value.split_ascii_whitespace();
            if let (Some(_), Some(kind), Some(locator)) = (words.next(), words.next(), words.next())
            {
                let reference = (kind.to_owned(), locator.to_owned());
                package.references.push(reference);
            }
            return;
        }
        "PackageAttributionText" => {
            package.attributions.push(value.to_owned());
            return;
        }
        "PackageVersion" => &mut package.version,
        "PrimaryPackagePurpose" => &mut package.purpose,
        "PackageSourceInfo" => &mut package.source_info,
        "PackageLicenseDeclared" => &mut package.declared,
        "PackageLicenseConcluded" => &mut package.concluded,
        "PackageSummary" => &mut package.summary,
        _ => return,
    };
    *place = Some(value.to_owned()).filter(|value| !value.is_empty());
}
