//! What a CSAF document says of each package, as ranges: `product_status`, with the remediations that tell why there is
//! no fix, and the threats that tell how bad it is.

use std::collections::{BTreeMap, BTreeSet};

use super::csaf::Vulnerability;
use super::csaf_product::{Component, Products, SOURCE};
use crate::advisories::advisory::{Range, Status, Unordered};
use crate::advisories::ecosystem;
use crate::advisories::intake::Intake;
use crate::advisories::rating::{Rating, vendor_rating};
use crate::advisories::report::SkipReason;
use crate::advisories::version::VersionKey;
use crate::model::Severity;

/// Lists of builds that have the fix. SUSE's are `recommended`; both vendors use the others in few documents.
const FIXED: [&str; 3] = ["fixed", "first_fixed", "recommended"];

/// What a statement is about: a package of one stream. Where the stream is not named, a build of a module has still nothing
/// to do with one outside of modules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    ecosystem: String,
    package: String,
    module: String,
    is_modular: bool,
}

/// The lowest build with the fix.
struct Fix {
    key: VersionKey,
    version: String,
    severity: Option<Severity>,
}

/// The statements of one vulnerability, folded over architectures.
#[derive(Default)]
pub(super) struct Statements {
    fixes: BTreeMap<Subject, Fix>,
    /// Statements without a version, or up to one.
    others: BTreeMap<(Subject, Status, Option<String>), Option<Severity>>,
    unordered: Vec<Unordered>,
}

impl Statements {
    pub(super) fn take(
        &mut self,
        id: &str,
        vulnerability: &Vulnerability,
        products: &Products<'_>,
        intake: &mut Intake<'_>,
    ) {
        let severities = Severities::of(vulnerability, products);
        let unfixed = reasons(vulnerability, products);
        for (list, product_ids) in vulnerability.product_status.iter().flatten() {
            for product in product_ids {
                let Some(component) = products.component(product) else {
                    let place = || format!("{id}: {product}");
                    intake.tally.skip(SkipReason::OtherProduct, place);
                    continue;
                };
                let severity = severities.of_product(product);
                let status = match list.as_str() {
                    list if FIXED.contains(&list) => Status::Fixed,
                    "known_affected" => unfixed
                        .get(product.as_str())
                        .copied()
                        .unwrap_or(Status::Affected),
                    "known_not_affected" => Status::NotAffected,
                    "under_investigation" => Status::UnderInvestigation,
                    // The first and last affected versions are said without the products' order.
                    _ => continue,
                };
                self.add(id, component, status, severity, intake);
            }
        }
    }

    fn add(
        &mut self,
        id: &str,
        component: Component,
        status: Status,
        severity: Option<Severity>,
        intake: &mut Intake<'_>,
    ) {
        let place = |component: &Component| {
            format!(
                "{id}: {} {} {}",
                component.ecosystem,
                component.name,
                component.version.as_deref().unwrap_or_default()
            )
        };
        match (status, &component.version) {
            (Status::Fixed, None) => {
                intake
                    .tally
                    .skip(SkipReason::OtherProduct, || place(&component));
            }
            (Status::Fixed, Some(version)) => {
                let version = version.clone();
                self.add_fix(id, component, version, severity, intake);
            }
            // A build that came with an erratum for something else: no other build is meant.
            (Status::NotAffected, Some(_)) => intake
                .tally
                .skip(SkipReason::NotAffectedBuild, || place(&component)),
            (status, _) => {
                let version = component.version.clone();
                let worst = self
                    .others
                    .entry((Subject::of(component), status, version))
                    .or_default();
                *worst = (*worst).max(severity);
            }
        }
    }

    /// Red Hat lists the fix again for each later minor release, and each rebuild of a module: who has the first has it.
    fn add_fix(
        &mut self,
        id: &str,
        component: Component,
        version: String,
        severity: Option<Severity>,
        intake: &mut Intake<'_>,
    ) {
        let Some(scheme) = ecosystem::scheme(&component.ecosystem) else {
            let place = || format!("{id}: {}", component.ecosystem);
            return intake.tally.skip(SkipReason::NoVersionScheme, place);
        };
        let key = match scheme.key(&version) {
            Ok(key) => key,
            Err(error) => {
                intake.tally.skip(SkipReason::UnorderedVersion, || {
                    format!("{id}: {} {}: {error}", component.ecosystem, component.name)
                });
                self.unordered.push(Unordered {
                    ecosystem: component.ecosystem,
                    package: component.name,
                    events: format!("fixed {version}"),
                });
                return;
            }
        };
        let subject = Subject::of(component);
        let known = self.fixes.get(&subject);
        let severity = severity.max(known.and_then(|known| known.severity));
        let fix = match known {
            Some(known) if known.key <= key => Fix {
                key: known.key.clone(),
                version: known.version.clone(),
                severity,
            },
            _ => Fix {
                key,
                version,
                severity,
            },
        };
        self.fixes.insert(subject, fix);
    }

    /// The ranges, what has no order, and the vendor's word for the whole. A package has a word of its own only where the
    /// vendor makes a difference.
    pub(super) fn finish(mut self) -> (Vec<Range>, Vec<Unordered>, Option<Rating>) {
        // What is fixed is no longer open, whatever another list still says.
        let fixes = &self.fixes;
        self.others.retain(|(subject, status, _), _| {
            *status == Status::NotAffected || !fixes.contains_key(subject)
        });
        self.drop_sources();
        let mut ranges = Vec::with_capacity(self.fixes.len() + self.others.len());
        for (subject, fix) in self.fixes {
            ranges.push(Range {
                high: fix.key,
                fixed: Some(fix.version),
                severity: fix.severity,
                ..subject.everything(Status::Fixed)
            });
        }
        for ((subject, status, version), severity) in self.others {
            let mut range = Range {
                severity,
                ..subject.everything(status)
            };
            let scheme = ecosystem::scheme(&range.ecosystem);
            let high = version
                .as_deref()
                .zip(scheme)
                .and_then(|(version, scheme)| scheme.upper_key(version).ok());
            if let Some(high) = high {
                range.high = high;
                range.inclusive = true;
                range.last_affected = version;
            }
            ranges.push(range);
        }
        let worst = ranges.iter().filter_map(|range| range.severity).max();
        for range in &mut ranges {
            range.severity = range.severity.filter(|own| Some(*own) != worst);
        }
        let rating = worst.map(|severity| Rating {
            severity,
            by: Rating::VENDOR.to_owned(),
        });
        (ranges, self.unordered, rating)
    }
}

impl Statements {
    /// Where builds of binary packages are listed, that of their source says nothing more; nobody installs it.
    fn drop_sources(&mut self) {
        let is_source = |subject: &Subject| subject.package.ends_with(SOURCE);
        let subjects = self.fixes.keys();
        let listed: BTreeSet<String> = subjects
            .filter(|subject| !is_source(subject))
            .map(|subject| subject.ecosystem.clone())
            .collect();
        self.fixes
            .retain(|subject, _| !is_source(subject) || !listed.contains(&subject.ecosystem));
    }
}

impl Subject {
    fn of(component: Component) -> Self {
        let version = component.version.as_deref().unwrap_or_default();
        let is_modular = component.module.is_empty() && version.contains(".module");
        Self {
            ecosystem: component.ecosystem,
            package: component.name,
            module: component.module,
            is_modular,
        }
    }

    fn everything(self, status: Status) -> Range {
        Range {
            module: self.module,
            ..Range::everything(&self.ecosystem, &self.package, status)
        }
    }
}

/// Why there is no fix, product by product. Red Hat's words:
/// <https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/#remediations>.
fn reasons<'v>(
    vulnerability: &'v Vulnerability,
    products: &'v Products<'v>,
) -> BTreeMap<&'v str, Status> {
    let mut reasons: BTreeMap<&str, Status> = BTreeMap::new();
    for remark in vulnerability.remediations.iter().flatten() {
        let details = remark.details.as_deref().unwrap_or_default();
        let status = match (remark.category.as_str(), details.to_ascii_lowercase()) {
            ("no_fix_planned", details) if details.contains("out of support") => Status::EndOfLife,
            ("no_fix_planned", _) => Status::WontFix,
            ("none_available", details) if details.contains("deferred") => Status::Deferred,
            ("none_available", details) if details.contains("will not fix") => Status::WontFix,
            ("none_available", details) if details.contains("out of support") => Status::EndOfLife,
            _ => continue,
        };
        for product in remark.products(products) {
            reasons.entry(product).or_insert(status);
        }
    }
    reasons
}

/// The vendor's word for the impact, product by product.
struct Severities<'v> {
    of_all: Option<Severity>,
    by_product: BTreeMap<&'v str, Severity>,
}

impl<'v> Severities<'v> {
    fn of(vulnerability: &'v Vulnerability, products: &'v Products<'v>) -> Self {
        let mut severities = Self {
            of_all: None,
            by_product: BTreeMap::new(),
        };
        let threats = vulnerability.threats.iter().flatten();
        for threat in threats.filter(|threat| threat.category == "impact") {
            let word = threat.details.as_deref().unwrap_or_default();
            let Some(severity) = vendor_rating(word.trim()).map(|rating| rating.severity) else {
                continue;
            };
            if threat.is_of_all() {
                severities.of_all = severities.of_all.max(Some(severity));
            }
            for product in threat.products(products) {
                severities.by_product.insert(product, severity);
            }
        }
        severities
    }

    fn of_product(&self, product: &str) -> Option<Severity> {
        self.by_product.get(product).copied().or(self.of_all)
    }
}
