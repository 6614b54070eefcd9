//! One OVAL document as it is kept until its end: definitions stand before the tests, objects and states that they mean.

use std::io;

use super::tables::{Names, Tables};
use crate::advisories::feeds::xml::{Element, Xml};

/// 2 GB of definitions, tests, objects and states: SUSE's largest document is some hundred MB of text.
const MAX_KEPT: usize = 2_000_000_000;

/// What a node of a condition, a test or a state takes beside its text.
const NODE: usize = 64;

/// Everything of a document that matters.
#[derive(Default)]
pub(super) struct Document {
    pub(super) definitions: Vec<Definition>,
    pub(super) tables: Tables,
    /// What platforms and modules are called, each once.
    pub(super) names: Names,
    kept: usize,
}

/// One definition: a notice, or a vulnerability of one or many packages.
#[derive(Debug, Default)]
pub(super) struct Definition {
    /// `oval:com.oracle.elsa:def:20070057`.
    pub(super) id: String,
    pub(super) class: String,
    pub(super) title: String,
    pub(super) description: String,
    /// Which systems it is about, in words.
    pub(super) platforms: Vec<String>,
    pub(super) references: Vec<Reference>,
    pub(super) severity: String,
    pub(super) issued: Option<String>,
    pub(super) updated: Option<String>,
    pub(super) cves: Vec<Cve>,
    /// Microsoft's word on whether there is a fix.
    pub(super) patchable: String,
    pub(super) criteria: Option<Node>,
}

#[derive(Debug)]
pub(super) struct Reference {
    pub(super) source: String,
    pub(super) id: String,
    pub(super) url: String,
}

/// A CVE of an advisory, and the vectors that its element names.
#[derive(Debug)]
pub(super) struct Cve {
    pub(super) id: String,
    pub(super) cvss: Vec<String>,
}

/// A condition of a definition.
#[derive(Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Test {
        test: super::tables::Id,
        /// What it says of the platform or module, where it says it in words that are known.
        says: Option<u32>,
    },
    /// A condition that is turned round, or that another definition decides.
    Unknown,
}

impl Document {
    /// Reads a document whose root element was begun.
    pub(super) fn read(xml: &mut Xml<'_>) -> io::Result<Self> {
        let mut document = Self::default();
        while let Some(section) = xml.child()? {
            match section.name.as_str() {
                "definitions" => {
                    while let Some(element) = xml.child()? {
                        document.read_definition(&element, xml)?;
                    }
                }
                // One of the vendors writes `state`.
                "tests" | "objects" | "states" | "state" => {
                    while let Some(element) = xml.child()? {
                        let kept = document.tables.read(&element, xml)?;
                        document.keep(kept + NODE)?;
                    }
                }
                _ => xml.skip()?,
            }
        }
        Ok(document)
    }

    fn keep(&mut self, bytes: usize) -> io::Result<()> {
        self.kept = self.kept.saturating_add(bytes);
        if self.kept > MAX_KEPT {
            let reason = format!("it takes more than {MAX_KEPT} bytes to keep");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        Ok(())
    }

    fn read_definition(&mut self, element: &Element, xml: &mut Xml<'_>) -> io::Result<()> {
        let mut definition = Definition {
            id: owned(element, "id"),
            class: owned(element, "class"),
            ..Definition::default()
        };
        while let Some(part) = xml.child()? {
            match part.name.as_str() {
                "metadata" => self.read_metadata(&mut definition, xml)?,
                "criteria" => definition.criteria = Some(self.read_criteria(&part, xml)?),
                _ => xml.skip()?,
            }
        }
        self.definitions.push(definition);
        Ok(())
    }

    /// Vendors put the same elements beside `advisory` or inside.
    fn read_metadata(&mut self, definition: &mut Definition, xml: &mut Xml<'_>) -> io::Result<()> {
        while let Some(part) = xml.child()? {
            let kept = match part.name.as_str() {
                "affected" | "advisory" => {
                    self.read_metadata(definition, xml)?;
                    0
                }
                "title" => set(&mut definition.title, xml.text()?),
                "description" => set(&mut definition.description, xml.text()?),
                "severity" => set(&mut definition.severity, xml.text()?),
                "patchable" => set(&mut definition.patchable, xml.text()?),
                "platform" => {
                    definition.platforms.push(xml.text()?);
                    NODE
                }
                "issued" => dated(&mut definition.issued, &part, xml)?,
                "updated" => dated(&mut definition.updated, &part, xml)?,
                "advisory_date" => {
                    definition.issued = Some(xml.text()?);
                    NODE
                }
                "reference" => {
                    xml.skip()?;
                    definition.references.push(Reference {
                        source: owned(&part, "source"),
                        id: owned(&part, "ref_id"),
                        url: owned(&part, "ref_url"),
                    });
                    NODE + owned(&part, "ref_url").len()
                }
                "cve" => {
                    // `CVE-2010-1323 at SUSE`
                    let text = xml.text()?;
                    let id = text.split_whitespace().next().unwrap_or_default();
                    definition.cves.push(Cve {
                        id: id.to_owned(),
                        cvss: vectors(&part),
                    });
                    NODE
                }
                _ => {
                    xml.skip()?;
                    0
                }
            };
            self.keep(kept)?;
        }
        Ok(())
    }

    fn read_criteria(&mut self, element: &Element, xml: &mut Xml<'_>) -> io::Result<Node> {
        let mut children = Vec::new();
        while let Some(part) = xml.child()? {
            self.keep(NODE)?;
            let node = match part.name.as_str() {
                "criteria" => self.read_criteria(&part, xml)?,
                "criterion" => {
                    xml.skip()?;
                    self.criterion(&part)
                }
                "notes" => {
                    xml.skip()?;
                    continue;
                }
                _ => {
                    xml.skip()?;
                    Node::Unknown
                }
            };
            children.push(node);
        }
        Ok(match element.attribute("operator").unwrap_or("AND") {
            _ if is_negated(element) => Node::Unknown,
            "AND" => Node::All(children),
            "OR" => Node::Any(children),
            _ => Node::Unknown,
        })
    }

    fn criterion(&mut self, element: &Element) -> Node {
        let test = element.attribute("test_ref");
        match test.and_then(|test| self.tables.id(test)) {
            Some(test) if !is_negated(element) => Node::Test {
                test,
                says: element
                    .attribute("comment")
                    .filter(|comment| says_something(comment))
                    .map(|comment| self.names.number(comment.trim())),
            },
            _ => Node::Unknown,
        }
    }
}

fn owned(element: &Element, attribute: &str) -> String {
    element.attribute(attribute).unwrap_or_default().to_owned()
}

fn set(field: &mut String, text: String) -> usize {
    *field = text;
    field.len()
}

fn dated(field: &mut Option<String>, element: &Element, xml: &mut Xml<'_>) -> io::Result<usize> {
    xml.skip()?;
    *field = element.attribute("date").map(str::to_owned);
    Ok(NODE)
}

/// `cvss3="8.1/CVSS:3.0/AV:N/…"`: the score stands before the vector.
fn vectors(element: &Element) -> Vec<String> {
    let attributes = ["cvss4", "cvss3"].into_iter();
    attributes
        .filter_map(|name| element.attribute(name))
        .filter_map(|value| value.find("CVSS:").and_then(|start| value.get(start..)))
        .map(str::to_owned)
        .collect()
}

fn is_negated(element: &Element) -> bool {
    matches!(element.attribute("negate"), Some("true" | "1"))
}

/// Whether a comment names a platform or a module; those of packages are as many as there are tests.
fn says_something(comment: &str) -> bool {
    let comment = comment.trim();
    let is_platform = ["Oracle Linux ", "SUSE ", "openSUSE ", "Photon "]
        .iter()
        .any(|start| comment.starts_with(start))
        && comment.ends_with(" is installed");
    is_platform || super::dialect::module_of(comment).is_some()
}
