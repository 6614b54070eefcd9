//! CSAF's product tree, <https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html#322-product-tree-property>: which
//! package of which product a product id stands for.
//!
//! ```text
//! { branches: [ { name, product: { name, product_id, product_identification_helper: { cpe, purl } }, branches: […] } ],
//!   full_product_names: [ product ], relationships: [ { full_product_name: { product_id }, product_reference,
//!   relates_to_product_reference } ], product_groups: [ { group_id, product_ids } ] }
//! ```
//! A status is about a relationship: a package (by purl) as part of a product (Red Hat: by CPE; SUSE: by name). Red Hat's
//! own words for its purls: <https://redhatproductsecurity.github.io/security-data-guidelines/purl/>.

use std::collections::BTreeMap;
use std::str::FromStr;

use packageurl::PackageUrl;
use serde::Deserialize;

/// A module within a product is one step more; nothing real has two.
const MAX_NESTING: usize = 4;

/// Behind the names of Red Hat's source packages.
pub(super) const SOURCE: &str = ".src";

#[derive(Default, Deserialize)]
pub(super) struct Tree {
    branches: Option<Vec<Branch>>,
    full_product_names: Option<Vec<Product>>,
    relationships: Option<Vec<Relationship>>,
    product_groups: Option<Vec<Group>>,
}

#[derive(Deserialize)]
struct Branch {
    product: Option<Product>,
    branches: Option<Vec<Branch>>,
}

#[derive(Deserialize)]
struct Product {
    #[serde(rename = "product_id")]
    id: String,
    name: Option<String>,
    #[serde(rename = "product_identification_helper")]
    helper: Option<Helper>,
}

#[derive(Deserialize)]
struct Helper {
    cpe: Option<String>,
    purl: Option<String>,
}

#[derive(Deserialize)]
struct Relationship {
    full_product_name: Product,
    product_reference: String,
    relates_to_product_reference: String,
}

#[derive(Deserialize)]
struct Group {
    group_id: String,
    product_ids: Option<Vec<String>>,
}

/// A package of a product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    /// The product as OSV names it.
    pub(super) ecosystem: String,
    /// Red Hat's source packages have `.src` behind their names, as Red Hat itself writes them: a binary package of the same
    /// name is another thing.
    pub(super) name: String,
    /// Epoch, version and release; `None` where the status holds for all of them.
    pub(super) version: Option<String>,
    /// `nodejs:18`, or empty.
    pub(super) module: String,
}

/// The ids of a product tree.
pub(super) struct Products<'t> {
    named: BTreeMap<&'t str, &'t Product>,
    relations: BTreeMap<&'t str, &'t Relationship>,
    groups: BTreeMap<&'t str, &'t [String]>,
}

impl<'t> Products<'t> {
    pub(super) fn of(tree: &'t Tree) -> Self {
        let mut named = BTreeMap::new();
        for product in tree.full_product_names.iter().flatten() {
            named.insert(product.id.as_str(), product);
        }
        collect(tree.branches.as_deref().unwrap_or_default(), &mut named);
        let relations = tree.relationships.iter().flatten();
        let groups = tree.product_groups.iter().flatten();
        Self {
            named,
            relations: relations
                .map(|relation| (relation.full_product_name.id.as_str(), relation))
                .collect(),
            groups: groups
                .filter_map(|group| Some((group.group_id.as_str(), group.product_ids.as_deref()?)))
                .collect(),
        }
    }

    /// The products of a group.
    pub(super) fn group(&self, id: &str) -> &'t [String] {
        self.groups.get(id).copied().unwrap_or_default()
    }

    /// The package that a product id stands for; `None` if it is no package of a distribution.
    pub(super) fn component(&self, id: &str) -> Option<Component> {
        let relation = self.relations.get(id)?;
        let mut part = relation.product_reference.as_str();
        let mut whole = relation.relates_to_product_reference.as_str();
        let mut module = None;
        for _ in 0..MAX_NESTING {
            if let Some(inner) = self.relations.get(part) {
                // A package of a module, as part of a product.
                module = module.or_else(|| self.module(&inner.relates_to_product_reference));
                part = &inner.product_reference;
            } else if let Some(outer) = self.relations.get(whole) {
                // A package, as part of a module of a product.
                module = module.or_else(|| self.module(&outer.product_reference));
                whole = &outer.relates_to_product_reference;
            } else {
                break;
            }
        }
        let ecosystem = self.named.get(whole)?.ecosystem()?;
        let mut component = match self.named.get(part).and_then(|product| product.purl()) {
            Some(purl) => by_purl(ecosystem, part, purl)?,
            None => by_name(ecosystem, part)?,
        };
        if let Some(module) = module.filter(|_| component.module.is_empty()) {
            component.module = module;
        }
        Some(component)
    }

    /// The stream of a product that is a module: `pkg:rpmmod/redhat/nodejs@18:8090020231213:a75119d5`.
    fn module(&self, id: &str) -> Option<String> {
        let purl = PackageUrl::from_str(self.named.get(id)?.purl()?).ok()?;
        let version = purl.version().filter(|_| purl.ty() == "rpmmod")?;
        Some(stream(&format!("{}:{version}", purl.name())))
    }
}

fn collect<'t>(branches: &'t [Branch], named: &mut BTreeMap<&'t str, &'t Product>) {
    // As deep as serde_json lets a document be.
    for branch in branches {
        if let Some(product) = &branch.product {
            named.insert(&product.id, product);
        }
        collect(branch.branches.as_deref().unwrap_or_default(), named);
    }
}

impl Product {
    fn purl(&self) -> Option<&str> {
        self.helper.as_ref()?.purl.as_deref()
    }

    /// OSV's name of the product: Red Hat's by CPE, SUSE's by name.
    fn ecosystem(&self) -> Option<String> {
        let cpe = self
            .helper
            .as_ref()
            .and_then(|helper| helper.cpe.as_deref());
        if let Some(product) = cpe.and_then(|cpe| {
            cpe.strip_prefix("cpe:/o:redhat:")
                .or_else(|| cpe.strip_prefix("cpe:/a:redhat:"))
        }) {
            return Some(format!("Red Hat:{}", product.trim_end_matches(':')));
        }
        let name = self.name.as_ref().unwrap_or(&self.id);
        ["SUSE", "openSUSE"].into_iter().find_map(|vendor| {
            let product = name.strip_prefix(vendor)?.strip_prefix(' ')?;
            Some(format!("{vendor}:{product}"))
        })
    }
}

fn is_red_hat(ecosystem: &str) -> bool {
    ecosystem.starts_with("Red Hat:")
}

/// `nodejs:18` of `nodejs:18:8090020231213:a75119d5`.
fn stream(module: &str) -> String {
    module.split(':').take(2).collect::<Vec<_>>().join(":")
}

fn by_purl(ecosystem: String, reference: &str, purl: &str) -> Option<Component> {
    let purl = PackageUrl::from_str(purl).ok()?;
    if purl.ty() != "rpm" {
        return None;
    }
    let qualifier = |key: &str| purl.qualifiers().get(key).map(AsRef::<str>::as_ref);
    let epoch = qualifier("epoch").filter(|epoch| !matches!(*epoch, "" | "0"));
    let version = purl.version().map(|version| match epoch {
        Some(epoch) => format!("{epoch}:{version}"),
        None => version.to_owned(),
    });
    let is_source = matches!(qualifier("arch"), Some("src" | "source"));
    if is_red_hat(&ecosystem) {
        return Some(Component {
            name: red_hat_name(purl.name(), is_source),
            version,
            module: qualifier("rpmmod").map(stream).unwrap_or_default(),
            ecosystem,
        });
    }
    // SUSE's purls cut `libjavascriptcoregtk-4_0-18` where a version seems to begin: the reference knows better.
    let is_build = purl.version().is_some_and(|version| {
        has_dotted_release(version) && reference.starts_with(&format!("{}-{version}", purl.name()))
    });
    if !is_build {
        return Some(Component {
            name: reference.to_owned(),
            version: None,
            module: String::new(),
            ecosystem,
        });
    }
    Some(Component {
        name: purl.name().to_owned(),
        version,
        module: String::new(),
        ecosystem,
    })
}

fn red_hat_name(name: &str, is_source: bool) -> String {
    if is_source && !name.ends_with(SOURCE) {
        format!("{name}{SOURCE}")
    } else {
        name.to_owned()
    }
}

/// Older documents have no purls: `telnet-1:0.17-65.el7_6.x86_64`, `nodejs:12/nodejs`, `openssl`.
fn by_name(ecosystem: String, reference: &str) -> Option<Component> {
    let (module, name) = match reference.rsplit_once('/') {
        Some((module, name)) if module.contains(':') && !module.contains('/') => {
            (stream(module), name)
        }
        Some(_) => return None,
        None => (String::new(), reference),
    };
    if name.is_empty() || name.contains(['@', ' ']) {
        return None;
    }
    let red_hat = is_red_hat(&ecosystem);
    let (file, is_source, has_architecture) = without_architecture(name);
    let build = build(file)
        .filter(|(_, version)| has_architecture || (!red_hat && has_dotted_release(version)));
    let (name, version) = match build {
        Some((name, version)) => (name, Some(version)),
        // Without any version and architecture it is what Red Hat calls a component: a source package.
        None if red_hat => (file, None),
        None => (name, None),
    };
    let is_source = is_source || (version.is_none() && !has_architecture);
    Some(Component {
        name: if red_hat {
            red_hat_name(name, is_source)
        } else {
            name.to_owned()
        },
        version,
        module,
        ecosystem,
    })
}

/// The name without the architecture, whether it is a source package, and whether there was an architecture.
fn without_architecture(name: &str) -> (&str, bool, bool) {
    const ARCHITECTURES: [&str; 16] = [
        "src", "nosrc", "noarch", "x86_64", "i386", "i486", "i586", "i686", "aarch64", "ppc",
        "ppc64", "ppc64le", "s390", "s390x", "ia64", "armv7hl",
    ];
    let file = name.strip_suffix(".rpm").unwrap_or(name);
    match file.rsplit_once('.') {
        Some((file, architecture)) if ARCHITECTURES.contains(&architecture) => {
            (file, matches!(architecture, "src" | "nosrc"), true)
        }
        _ => (file, false, false),
    }
}

/// SUSE's releases have dots, `150500.3.1`, unlike the ends of its packages' names.
fn has_dotted_release(version: &str) -> bool {
    version
        .rsplit_once('-')
        .is_some_and(|(_, release)| release.contains('.'))
}

/// `name-[epoch:]version-release`: a version begins with a digit, and so does a release.
fn build(file: &str) -> Option<(&str, String)> {
    let (rest, release) = file.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let version = version.strip_prefix("0:").unwrap_or(version);
    (is_number(version) && is_number(release) && !name.is_empty())
        .then(|| (name, format!("{version}-{release}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written after the specification and Red Hat's and SUSE's own descriptions of their files.
    const TREE: &str = r#"{
      "branches": [{"category": "vendor", "name": "V", "branches": [
        {"product": {"name": "RHEL 9", "product_id": "rhel9",
          "product_identification_helper": {"cpe": "cpe:/o:redhat:enterprise_linux:9"}}},
        {"product": {"name": "AppStream", "product_id": "app",
          "product_identification_helper": {"cpe": "cpe:/a:redhat:rhel_eus:9.2::appstream"}}},
        {"product": {"name": "SUSE Linux Enterprise Server 15 SP5", "product_id": "sles",
          "product_identification_helper": {"cpe": "cpe:/o:suse:sles:15:sp5"}}},
        {"product": {"name": "openSUSE Leap 15.6", "product_id": "leap"}},
        {"product": {"name": "Container suse/sle15", "product_id": "container"}},
        {"branches": [
          {"product": {"product_id": "a", "product_identification_helper": {"purl": "pkg:rpm/redhat/a@1.0-1.el9?arch=x86_64&epoch=2"}}},
          {"product": {"product_id": "a.src", "product_identification_helper": {"purl": "pkg:rpm/redhat/a?arch=src"}}},
          {"product": {"product_id": "m", "product_identification_helper": {"purl": "pkg:rpm/redhat/m@1-1.module%2Bel9?arch=noarch&rpmmod=m:1:9020020240101:abcdef01"}}},
          {"product": {"product_id": "mod", "product_identification_helper": {"purl": "pkg:rpmmod/redhat/m@2:9020020240101:abcdef01"}}},
          {"product": {"product_id": "oci", "product_identification_helper": {"purl": "pkg:oci/x?repository_url=example.test/x"}}},
          {"product": {"product_id": "lib-4_0-18", "product_identification_helper": {"purl": "pkg:rpm/suse/lib@4_0-18"}}},
          {"product": {"product_id": "lib-4_0-18-2.1-150500.3.1", "product_identification_helper": {"purl": "pkg:rpm/suse/lib-4_0-18@2.1-150500.3.1?upstream=lib.src.rpm"}}}
        ]}
      ]}],
      "full_product_names": [{"name": "b", "product_id": "b-0:3-4.el9.noarch.rpm"}],
      "relationships": RELATIONSHIPS
    }"#;

    fn component(part: &str, whole: &str) -> Option<Component> {
        let relation = |id: &str, part: &str, whole: &str| {
            format!(
                r#"{{"category":"default_component_of","full_product_name":{{"name":"n","product_id":"{id}"}},"product_reference":"{part}","relates_to_product_reference":"{whole}"}}"#
            )
        };
        let relations = [
            relation("id", part, whole),
            relation("app:mod", "mod", "app"),
            relation("loop", "loop", "loop"),
        ];
        let tree = TREE.replace("RELATIONSHIPS", &format!("[{}]", relations.join(",")));
        let tree: Tree = serde_json::from_str(&tree).expect("a tree");
        Products::of(&tree).component("id")
    }

    fn shown(part: &str, whole: &str) -> String {
        component(part, whole).map_or_else(String::new, |found| {
            let version = found.version.unwrap_or_default();
            format!(
                "{}|{}|{version}|{}",
                found.ecosystem, found.name, found.module
            )
        })
    }

    #[test]
    fn a_package_is_told_by_its_purl_and_its_product_by_cpe_or_name() {
        assert_eq!(
            shown("a", "rhel9"),
            "Red Hat:enterprise_linux:9|a|2:1.0-1.el9|"
        );
        assert_eq!(
            shown("a.src", "rhel9"),
            "Red Hat:enterprise_linux:9|a.src||"
        );
        assert_eq!(
            shown("m", "app"),
            "Red Hat:rhel_eus:9.2::appstream|m|1-1.module+el9|m:1"
        );
        assert_eq!(
            shown("a", "app:mod"),
            "Red Hat:rhel_eus:9.2::appstream|a|2:1.0-1.el9|m:2",
            "a product of a module of a repository"
        );
        assert_eq!(
            shown("lib-4_0-18-2.1-150500.3.1", "sles"),
            "SUSE:Linux Enterprise Server 15 SP5|lib-4_0-18|2.1-150500.3.1|"
        );
        assert_eq!(
            shown("lib-4_0-18", "leap"),
            "openSUSE:Leap 15.6|lib-4_0-18||",
            "a purl that was cut in the wrong place"
        );
    }

    #[test]
    fn names_without_a_purl_are_taken_apart() {
        let red_hat = |part: &str| shown(part, "rhel9").replace("Red Hat:enterprise_linux:9", "");
        assert_eq!(red_hat("b-0:3-4.el9.noarch.rpm"), "|b|3-4.el9|");
        assert_eq!(red_hat("c-1:3-4.el9.src"), "|c.src|1:3-4.el9|");
        assert_eq!(red_hat("nodejs:12/nodejs"), "|nodejs.src||nodejs:12");
        assert_eq!(red_hat("kernel"), "|kernel.src||");
        assert_eq!(
            shown("libssl1_1-1.1.1l-150500.15.4", "sles"),
            "SUSE:Linux Enterprise Server 15 SP5|libssl1_1|1.1.1l-150500.15.4|"
        );
        assert_eq!(
            shown("libssl-1_0_0-devel", "sles"),
            "SUSE:Linux Enterprise Server 15 SP5|libssl-1_0_0-devel||"
        );
    }

    #[test]
    fn what_is_no_package_of_a_distribution_is_none() {
        assert_eq!(component("oci", "rhel9"), None);
        assert_eq!(component("rhceph/x@sha256:00_amd64", "rhel9"), None);
        assert_eq!(component("a", "container"), None);
        assert_eq!(component("a", "nowhere"), None);
        assert_eq!(component("loop", "loop"), None);
    }
}
