//! CSAF documents for tests, written after the specification and the vendors' descriptions of their files.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::advisories::{FeedInput, Format, ImportReport, Source, Store};

/// A document under construction: products with their packages, each with a status.
#[derive(Default)]
pub(in crate::advisories) struct Vex {
    products: String,
    packages: String,
    relations: String,
    statuses: Vec<(&'static str, String)>,
    remediations: String,
    threats: String,
    more: &'static str,
}

impl Vex {
    pub(in crate::advisories) fn product(mut self, id: &str, name: &str, cpe: &str) -> Self {
        let comma = if self.products.is_empty() { "" } else { "," };
        let _ = write!(
            self.products,
            r#"{comma}{{"category":"product_name","name":"{name}","product":{{"name":"{name}","product_id":"{id}","product_identification_helper":{{"cpe":"{cpe}"}}}}}}"#
        );
        self
    }

    /// A package of a product with its status, and what is said of it beside that.
    pub(in crate::advisories) fn says(
        mut self,
        product: &str,
        id: &str,
        purl: &str,
        status: &'static str,
    ) -> Self {
        let comma = if self.relations.is_empty() { "" } else { "," };
        let _ = write!(
            self.packages,
            r#",{{"category":"product_version","name":"{id}","product":{{"name":"{id}","product_id":"{id}","product_identification_helper":{{"purl":"{purl}"}}}}}}"#
        );
        let _ = write!(
            self.relations,
            r#"{comma}{{"category":"default_component_of","full_product_name":{{"name":"x","product_id":"{product}:{id}"}},"product_reference":"{id}","relates_to_product_reference":"{product}"}}"#
        );
        self.statuses.push((status, format!("{product}:{id}")));
        self
    }

    pub(in crate::advisories) fn because(
        mut self,
        category: &str,
        details: &str,
        product: &str,
    ) -> Self {
        let comma = if self.remediations.is_empty() {
            ""
        } else {
            ","
        };
        let _ = write!(
            self.remediations,
            r#"{comma}{{"category":"{category}","details":"{details}","product_ids":["{product}"],"url":"https://example.test/errata/RHSA-1"}}"#
        );
        self
    }

    pub(in crate::advisories) fn impact(mut self, word: &str, product: &str) -> Self {
        let comma = if self.threats.is_empty() { "" } else { "," };
        let _ = write!(
            self.threats,
            r#"{comma}{{"category":"impact","details":"{word}","product_ids":["{product}"]}}"#
        );
        self
    }

    /// Fields of the vulnerability that have no method here.
    pub(in crate::advisories) fn beside(self, more: &'static str) -> Self {
        Self { more, ..self }
    }

    pub(in crate::advisories) fn vulnerability(&self, cve: &str) -> String {
        let mut lists: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (status, id) in &self.statuses {
            lists.entry(status).or_default().push(format!("{id:?}"));
        }
        let lists: Vec<String> = lists
            .iter()
            .map(|(status, ids)| format!("{status:?}:[{}]", ids.join(",")))
            .collect();
        format!(
            r#"{{"cve":"{cve}","title":"thing: it breaks","notes":[{{"category":"description","text":"It breaks. Badly."}}],"product_status":{{{}}},"remediations":[{}],"threats":[{}]{}}}"#,
            lists.join(","),
            self.remediations,
            self.threats,
            self.more
        )
    }

    pub(in crate::advisories) fn document(
        &self,
        category: &str,
        id: &str,
        cves: &[&str],
    ) -> String {
        let vulnerabilities: Vec<String> = cves.iter().map(|cve| self.vulnerability(cve)).collect();
        format!(
            r#"{{"document":{{"category":"{category}","csaf_version":"2.0","title":"t","tracking":{{"id":"{id}","current_release_date":"2026-01-02T00:00:00+00:00","status":"final"}}}},"product_tree":{{"branches":[{{"category":"vendor","name":"V","branches":[{}{}]}}],"relationships":[{}]}},"vulnerabilities":[{}]}}
"#,
            self.products,
            self.packages,
            self.relations,
            vulnerabilities.join(",")
        )
    }

    pub(in crate::advisories) fn vex(&self, cve: &str) -> String {
        self.document("csaf_vex", cve, &[cve])
    }
}

pub(in crate::advisories) fn import(store: &mut Store, name: &str, text: &str) -> ImportReport {
    let input = FeedInput::Stream(name.to_owned(), Box::new(text.as_bytes()));
    store
        .import(&Source::named(name), Format::Csaf, input)
        .expect("imported")
}

pub(in crate::advisories) fn store(text: &str) -> Store {
    let mut store = Store::in_memory().expect("store");
    import(&mut store, "vex", text);
    store
}

pub(in crate::advisories) fn red_hat_9() -> Vex {
    Vex::default()
        .product(
            "rhel9",
            "Red Hat Enterprise Linux 9",
            "cpe:/o:redhat:enterprise_linux:9",
        )
        .product(
            "base",
            "BaseOS (v. 9)",
            "cpe:/o:redhat:enterprise_linux:9::baseos",
        )
        .product(
            "eus",
            "BaseOS EUS (v. 9.2)",
            "cpe:/o:redhat:rhel_eus:9.2::baseos",
        )
}
