//! The `pom.xml` beside a `pom.properties`: its licences, and the version where there are no properties.
//!
//! <https://maven.apache.org/pom.html>. What a parent would add is not in the archive, and is not known. Only these few
//! elements are looked for: no entity is resolved but XML's own five, and nothing else is built of the document.

use super::coordinates::is_version;

/// What is read of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pom {
    /// Its own version, or else its parent's, which it then has.
    pub(super) version: Option<String>,
    pub(super) licenses: Vec<String>,
}

impl Pom {
    /// Licences that are kept of one project.
    pub(super) const LICENSES: usize = 5;

    pub(super) fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes);
        let mut pom = Self::default();
        let mut parent = None;
        let mut path = Path::default();
        let mut rest = text.as_ref();
        while let Some((value, markup)) = rest.split_once('<') {
            match path.names() {
                ["project", "version"] => keep_version(&mut pom.version, value),
                ["project", "parent", "version"] => keep_version(&mut parent, value),
                ["project", "licenses", "license", "name"] => {
                    let license = unescape(value.trim());
                    if is_license(&license) && pom.licenses.len() < Self::LICENSES {
                        pom.licenses.push(license);
                    }
                }
                _ => {}
            }
            rest = path.pass(markup);
        }
        pom.version = pom.version.or(parent);
        pom
    }
}

/// A name or an address, and not the whole text of a licence.
pub(super) fn is_license(text: &str) -> bool {
    (1..=200).contains(&text.len())
}

fn keep_version(place: &mut Option<String>, value: &str) {
    let value = value.trim();
    if is_version(value) {
        *place = Some(value.to_owned());
    }
}

/// The elements that are open: the names of the first few, and how many there are.
#[derive(Default)]
struct Path<'a> {
    open: Vec<&'a str>,
    deeper: usize,
}

impl<'a> Path<'a> {
    /// As deep as anything that is looked for.
    const DEPTH: usize = 4;

    fn names(&self) -> &[&'a str] {
        if self.deeper == 0 { &self.open } else { &[] }
    }

    /// Passes what begins after a `<`, and gives what follows it.
    fn pass(&mut self, markup: &'a str) -> &'a str {
        for (start, end) in [("!--", "-->"), ("![CDATA[", "]]>"), ("?", "?>"), ("!", ">")] {
            if markup.starts_with(start) {
                return markup.split_once(end).map_or("", |(_, rest)| rest);
            }
        }
        let Some((tag, rest)) = markup.split_once('>') else {
            return "";
        };
        if tag.starts_with('/') {
            self.close();
        } else if !tag.ends_with('/') {
            let name = tag.split_whitespace().next().unwrap_or_default();
            self.open(name);
        }
        rest
    }

    fn open(&mut self, name: &'a str) {
        if self.open.len() < Self::DEPTH {
            self.open.push(name);
        } else {
            self.deeper += 1;
        }
    }

    fn close(&mut self) {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            None => {
                self.open.pop();
            }
        }
    }
}

/// XML's own entities; `&amp;` last, so that what it yields is not read again.
fn unescape(text: &str) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (entity, character) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn version_and_licences_of_the_project_are_read_and_of_nothing_else() {
        let pom = Pom::read(
            br#"<?xml version="1.0"?><!-- <project><version>0</version> -->
            <project xmlns="http://maven.apache.org/POM/4.0.0">
              <parent><version>7</version><relativePath/></parent>
              <dependencies><dependency><version>9</version></dependency></dependencies>
              <build><plugins><plugin><a><version>8</version></a></plugin></plugins></build>
              <version> 1.2.3 </version>
              <licenses>
                <license><name>Apache &amp; Sons,
                  2.0</name><url>https://a</url></license>
                <license><name>MIT</name></license>
              </licenses>
            </project>"#,
        );
        assert_eq!(pom.version.as_deref(), Some("1.2.3"));
        assert_eq!(pom.licenses, ["Apache & Sons, 2.0", "MIT"]);
    }

    #[test]
    fn the_parents_version_counts_where_the_project_has_none_of_its_own() {
        let pom = |own: &str| {
            let text = format!("<project><parent><version>7</version></parent>{own}</project>");
            Pom::read(text.as_bytes()).version
        };
        assert_eq!(pom("").as_deref(), Some("7"));
        assert_eq!(pom("<version>${revision}</version>").as_deref(), Some("7"));
        assert_eq!(pom("<version>8</version>").as_deref(), Some("8"));
    }

    #[test]
    fn elements_without_an_end_and_ends_without_a_beginning_are_borne() {
        for text in [
            "</a></a><project><version>1",
            "<",
            "<!--",
            "<![CDATA[",
            "<a",
            "<>",
            "</>",
        ] {
            assert_eq!(Pom::read(text.as_bytes()), Pom::default(), "{text}");
        }
        let deep = "<a>".repeat(100_000);
        assert_eq!(Pom::read(deep.as_bytes()), Pom::default());
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "(<|>|/|!--|project|version|licenses|license|name|&|é| ){0,60}") {
            let _ = Pom::read(text.as_bytes());
        }
    }
}
