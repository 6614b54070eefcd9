//! Lists of packages that somebody else wrote: software bills of materials.
//!
//! What comes in: the bytes of a document, whether a user names it or an image ships it. What goes out: its packages, as if
//! they had been found, the distribution that they belong to, and who wrote it. A list says what its writer saw or
//! wished; whoever uses it says that it rests on a list. One file each for the forms, all of which become an `Entry`.

mod bitnami;
mod cyclonedx;
mod entry;
mod purl;
mod release;
mod shipped;
mod spdx;
mod spdx_json;
mod spdx_tag_value;
mod syft;
#[cfg(test)]
mod tests;

pub(super) use bitnami::Bitnami;
pub(super) use shipped::Shipped;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use self::entry::{Entry, Found, Properties, settle};
use super::harvest::Harvest;
use super::json::{self, Object, Text};
use crate::layers::ParseError;
use crate::model::{
    DiffId, Digest, Distribution, Gap, GapKind, LayerPath, Package, Platform, Untrusted,
};

/// Bytes of a list: sixteen times the largest that Syft makes of a full desktop, with every file.
pub const SBOM_LIMIT: u64 = 256 << 20;

/// What a list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sbom {
    /// The form and its version: `CycloneDX 1.6`.
    pub form: String,
    /// What wrote it, as it says itself.
    pub tool: Option<String>,
    /// What it is about: an image's name, or a package's.
    pub subject: Option<String>,
    /// The digest of that, where it is an image.
    pub digest: Option<Digest>,
    /// What the image is built for.
    pub platform: Option<Platform>,
    /// The image's layers, base first; `None` for one that was not read.
    pub layers: Vec<Option<DiffId>>,
    /// The distribution that its packages belong to.
    pub distribution: Option<Distribution>,
    /// The packages, in the list's order.
    pub packages: Vec<Listed>,
    /// What it does not say, or says in a way that cannot be read.
    pub gaps: Vec<Gap>,
}

/// A package of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The package, with its own distribution where that is not the list's.
    pub package: Package,
    /// The file that recorded it.
    pub path: Option<LayerPath>,
    /// The layer that brought it.
    pub layer: Option<DiffId>,
    /// The package of the distribution that it is part of.
    pub owned_by: Option<String>,
    /// The layer that took it out of sight, where only a lower one holds it.
    pub removed_in: Option<DiffId>,
}

/// The package that a PURL names, and the distribution that it is of; half a sentence why where it names none.
pub fn read_purl(text: &str) -> Result<(Package, Option<Distribution>), &'static str> {
    match purl::read(text, None) {
        Ok(told) => Ok((told.package, told.distribution)),
        Err(purl::Refused::NoPackage) => Err("it names an image or a repository"),
        Err(purl::Refused::Malformed(_)) => Err("it is not well formed"),
    }
}

/// Reads a list of any known form; `None` for a document that is none.
pub fn read_sbom(bytes: &[u8]) -> Result<Option<Sbom>, ParseError> {
    read(bytes, Bounds::USER)
}

/// How large a list may be, whatever it says.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// Objects of a document in JSON: each that is read costs half a kilobyte, however short it is.
    objects: usize,
    /// Packages that are kept.
    packages: usize,
    /// What becomes of an entry with a version and without a PURL.
    without_purl: WithoutPurl,
}

/// What becomes of an entry with a name and a version, but without a PURL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WithoutPurl {
    /// A gap: in a document that is all there is, it is something that cannot be judged.
    IsUnreadable,
    /// A package of no ecosystem, as a program is that no package tool brought: what an image's own list says comes on top
    /// of what was found.
    IsGeneric,
}

impl Bounds {
    /// Of a document that a user names: he has room for what he made.
    const USER: Self = Self {
        objects: 8_000_000,
        packages: 1_000_000,
        without_purl: WithoutPurl::IsUnreadable,
    };
    /// Of one that an image brings.
    const IMAGE: Self = Self {
        objects: 1_000_000,
        packages: 100_000,
        without_purl: WithoutPurl::IsGeneric,
    };
}

/// What a document of each form in JSON has in it.
const FORMS: [&str; 4] = [
    "\"bomFormat\"",
    "\"spdxVersion\"",
    "spdx.org/rdf/3",
    "anchore/syft",
];

fn read(bytes: &[u8], bounds: Bounds) -> Result<Option<Sbom>, ParseError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if spdx_tag_value::begins(bytes) {
        let packages = memchr::memmem::find_iter(bytes, b"PackageName:").count();
        if packages > bounds.packages {
            return Err(ParseError::new(format!(
                "it has more than {} packages",
                bounds.packages
            )));
        }
        let document = spdx_tag_value::read(&String::from_utf8_lossy(bytes));
        return Ok(Some(of_spdx(document, bounds)));
    }
    // Only what names one of the forms is read as JSON, and a gap if it is none.
    let is_named = FORMS
        .iter()
        .any(|form| memchr::memmem::find(bytes, form.as_bytes()).is_some());
    if bytes.trim_ascii_start().first() != Some(&b'{') || !is_named {
        return Ok(None);
    }
    if memchr::memchr_iter(b'{', bytes).count() > bounds.objects {
        return Err(ParseError::new(format!(
            "it has more than {} objects",
            bounds.objects
        )));
    }
    let head: Object<Head> = parse(bytes)?;
    let Some(head) = head.0 else { return Ok(None) };
    match head.kind() {
        Some((kind, wrapped)) => kind.read(bytes, wrapped, bounds).map(Some),
        None => Ok(None),
    }
}

/// The fields that tell what a document is.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Head {
    bom_format: Text,
    spdx_version: Text,
    #[serde(rename = "@context")]
    context: Text,
    artifacts: Option<serde::de::IgnoredAny>,
    schema: Object<Schema>,
    /// GitHub's answer has the document inside.
    sbom: Object<Box<Head>>,
    /// So has an attestation (in-toto).
    predicate: Object<Box<Head>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Schema {
    url: Text,
}

/// What kind of document it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    CycloneDx,
    Spdx,
    Spdx3,
    Syft,
}

/// A document inside another.
#[derive(Deserialize)]
struct Wrapped<T> {
    #[serde(alias = "predicate")]
    sbom: T,
}

impl Head {
    /// The kind, and whether the document is inside this one.
    fn kind(&self) -> Option<(Kind, bool)> {
        let inside = [&self.sbom, &self.predicate]
            .into_iter()
            .find_map(|inside| inside.0.as_ref()?.own_kind());
        self.own_kind()
            .map(|kind| (kind, false))
            .or_else(|| Some((inside?, true)))
    }

    fn own_kind(&self) -> Option<Kind> {
        if self.bom_format.text() == Some("CycloneDX") {
            return Some(Kind::CycloneDx);
        }
        if self
            .spdx_version
            .text()
            .is_some_and(|version| version.starts_with("SPDX-"))
        {
            return Some(Kind::Spdx);
        }
        if self
            .context
            .text()
            .is_some_and(|context| context.contains("spdx.org/rdf/3"))
        {
            return Some(Kind::Spdx3);
        }
        let schema = self.schema.0.as_ref().and_then(|schema| schema.url.text());
        let is_syft = schema.is_some_and(|url| url.contains("anchore/syft"));
        (is_syft && self.artifacts.is_some()).then_some(Kind::Syft)
    }
}

impl Kind {
    fn read(self, bytes: &[u8], wrapped: bool, bounds: Bounds) -> Result<Sbom, ParseError> {
        let mut collector = Collector::new(bounds);
        match self {
            Self::CycloneDx => {
                let bom: cyclonedx::Bom = inner(bytes, wrapped)?;
                collector.sbom.form = bom.form();
                bom.collect(&mut collector);
            }
            Self::Spdx => {
                let json: spdx_json::SpdxJson = inner(bytes, wrapped)?;
                return Ok(of_spdx(json.into(), bounds));
            }
            Self::Spdx3 => {
                return Err(ParseError::new(
                    "it is SPDX 3, which is not read yet: SPDX 2.3 and CycloneDX are",
                ));
            }
            Self::Syft => {
                let json: syft::SyftJson = inner(bytes, wrapped)?;
                collector.sbom.form = json.form();
                json.collect(&mut collector);
            }
        }
        Ok(collector.finish())
    }
}

fn of_spdx(document: spdx::Document, bounds: Bounds) -> Sbom {
    let mut collector = Collector::new(bounds);
    collector.sbom.form = document.form();
    let name = document.name.clone();
    document.collect(&mut collector);
    let mut sbom = collector.finish();
    sbom.subject = sbom.subject.or(name);
    sbom
}

fn inner<T: DeserializeOwned>(bytes: &[u8], wrapped: bool) -> Result<T, ParseError> {
    if wrapped {
        let outer: Wrapped<T> = parse(bytes)?;
        return Ok(outer.sbom);
    }
    parse(bytes)
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ParseError> {
    json::read_or(bytes, "it is no JSON that can be read")
}

/// Takes what a form says, within bounds.
struct Collector<'a> {
    sbom: Sbom,
    found: Vec<Found>,
    over: u64,
    bounds: Bounds,
    harvest: Harvest<'a>,
}

impl Collector<'_> {
    fn new(bounds: Bounds) -> Self {
        Self {
            sbom: Sbom::default(),
            found: Vec::new(),
            over: 0,
            bounds,
            harvest: Harvest::of(""),
        }
    }

    fn tool(&mut self, name: Option<&str>, version: Option<&str>) {
        let words: Vec<&str> = [name, version].into_iter().flatten().collect();
        if !words.is_empty() && self.sbom.tool.is_none() {
            self.sbom.tool = Some(words.join(" "));
        }
    }

    /// What the list is about. An image's version is its digest.
    fn subject(&mut self, name: Option<&str>, version: Option<&str>) {
        if self.sbom.subject.is_some() {
            return;
        }
        self.sbom.subject = name.map(str::to_owned);
        self.sbom.digest = version.and_then(|version| version.parse().ok());
    }

    /// Plimsoll's own words about the image.
    fn image(&mut self, properties: &Properties) {
        if let Some(platform) = properties.own("platform") {
            self.sbom.platform = platform.parse().ok();
        }
    }

    fn layer(&mut self, id: &str) {
        self.sbom.layers.push(id.parse().ok().map(DiffId));
    }

    /// The distribution of the whole system; the first one counts.
    fn system(&mut self, distribution: Option<Distribution>) {
        if self.sbom.distribution.is_none() {
            self.sbom.distribution = distribution;
        }
    }

    fn entry(&mut self, entry: Option<Entry>, place: &str, name: Option<&str>) {
        match entry.map(|entry| entry.read(self.bounds.without_purl)) {
            Some(Ok(Some(found))) if self.found.len() < self.bounds.packages => {
                self.found.push(found);
            }
            Some(Ok(Some(_))) => self.over += 1,
            Some(Ok(None)) | None => {}
            Some(Err(reason)) => {
                let name = name.map_or_else(String::new, |name| {
                    let short: String = name.chars().take(100).collect();
                    format!(" `{}`", Untrusted(&short))
                });
                self.unreadable(format!("{place}{name}: {reason}"));
            }
        }
    }

    fn gap(&mut self, gap: Gap) {
        self.sbom.gaps.push(gap);
    }

    fn unreadable(&mut self, reason: String) {
        self.harvest.unreadable(reason);
    }

    fn finish(self) -> Sbom {
        let mut sbom = self.sbom;
        (sbom.distribution, sbom.packages) = settle(self.found, sbom.distribution);
        // It is the whole document that a gap is about: whoever has it says where it is.
        let unread = self.harvest.finish().gaps.into_iter();
        sbom.gaps
            .extend(unread.map(|gap| Gap { path: None, ..gap }));
        if self.over > 0 {
            let detail = format!(
                "lists more than {} packages: {} of them were left out",
                self.bounds.packages, self.over
            );
            sbom.gaps.push(Gap::new(GapKind::LimitReached, detail));
        }
        sbom
    }
}
