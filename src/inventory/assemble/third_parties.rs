//! Who else than distributions brings packages in a distribution's format, and by what their packages are known.
//!
//! A wrong line here would take a package away from its distribution's advisories: a sign stands here only if no distribution's
//! package has it. That the package's name is the third party's product is no sign, since distributions build the same products.

use crate::model::{Package, PackageType};

/// What tells a third party's package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// Somewhere in the version.
    Version(&'static str),
    /// Somewhere in the maintainer's name and address (dpkg, apk).
    Maintainer(&'static str),
    /// How the vendor's name begins (rpm).
    Vendor(&'static str),
}

use Sign::{Maintainer, Vendor, Version};

/// One line a third party: its id, as a package's distribution has it, and its signs.
const TABLE: [(&str, &[Sign]); 22] = [
    ("adoptium", &[Vendor("Eclipse Adoptium")]),
    ("azul", &[Maintainer("@azul.com>"), Vendor("Azul Systems")]),
    (
        "confluent",
        &[Maintainer("@confluent.io>"), Vendor("Confluent")],
    ),
    (
        "datadog",
        &[Maintainer("@datadoghq.com>"), Vendor("Datadog")],
    ),
    (
        "docker",
        &[
            Maintainer("@docker.com>"),
            Maintainer("@containerd.io>"),
            Vendor("Docker"),
        ],
    ),
    ("elastic", &[Maintainer("@elastic.co>"), Vendor("Elastic")]),
    ("gitlab", &[Maintainer("@gitlab.com>"), Vendor("GitLab")]),
    (
        "google",
        &[
            Maintainer("Google Cloud CLI Authors"),
            Maintainer("<chromium-dev@chromium.org>"),
            Vendor("Google LLC"),
            Vendor("Google, Inc"),
        ],
    ),
    ("grafana", &[Maintainer("@grafana.com>"), Vendor("Grafana")]),
    (
        "hashicorp",
        &[Maintainer("@hashicorp.com>"), Vendor("HashiCorp")],
    ),
    // What MariaDB builds itself: `1:10.11.6+maria~deb12`.
    ("mariadb", &[Version("+maria~"), Vendor("MariaDB")]),
    (
        "microsoft",
        &[
            Maintainer("Microsoft <"),
            Maintainer("@microsoft.com>"),
            Maintainer("@dotnetfoundation.org>"),
            Vendor("Microsoft"),
        ],
    ),
    ("mongodb", &[Maintainer("@mongodb.com>"), Vendor("MongoDB")]),
    (
        "mysql",
        &[
            Maintainer("<mysql-build@oss.oracle.com>"),
            Vendor("Oracle and/or its affiliates"),
        ],
    ),
    (
        "nginx",
        &[
            Maintainer("<nginx-packaging@f5.com>"),
            Maintainer("@nginx.com>"),
            Vendor("NGINX Packaging"),
            Vendor("Nginx, Inc"),
        ],
    ),
    ("nodesource", &[Version("nodesource")]),
    ("nvidia", &[Maintainer("@nvidia.com>"), Vendor("NVIDIA")]),
    ("postgresql", &[Version(".pgdg"), Version("PGDG")]),
    (
        "rabbitmq",
        &[Maintainer("@rabbitmq.com>"), Vendor("RabbitMQ")],
    ),
    ("remi", &[Version(".remi"), Vendor("Remi's RPM repository")]),
    ("sury", &[Version("deb.sury.org")]),
    ("yarn", &[Maintainer("<yarn@dan.cx>")]),
];

/// Makers who also have distributions: the tags of those in a package's release.
const OWN_DISTRIBUTIONS: [(&str, &[&str]); 1] = [("microsoft", &[".azl", ".cm"])];

/// The third party that a package is of, if it is of one.
pub(super) fn of(package: &Package) -> Option<&'static str> {
    let property = |key: &str| package.properties.get(key).map_or("", String::as_str);
    let (maintainer, vendor) = (property("maintainer"), property("vendor"));
    let is_rpm = package.package_type == PackageType::RPM;
    let has = |sign: &Sign| match sign {
        Version(part) => package.version.contains(part),
        Maintainer(part) => !is_rpm && maintainer.contains(part),
        Vendor(start) => is_rpm && vendor.starts_with(start),
    };
    let (id, _) = TABLE.iter().find(|(_, signs)| signs.iter().any(has))?;
    let is_of_distribution = OWN_DISTRIBUTIONS
        .iter()
        .any(|(maker, tags)| maker == id && tags.iter().any(|tag| package.version.contains(tag)));
    (!is_of_distribution).then_some(*id)
}

/// Whether a package's distribution is no distribution, but a third party.
pub(super) fn is_one(id: &str) -> bool {
    id == super::origin::EPEL || TABLE.iter().any(|(known, _)| *known == id)
}
