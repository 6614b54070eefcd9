//! Bitnami's components: the SPDX document that its installer leaves beside each, `opt/bitnami/NAME/.spdx-NAME.spdx`.
//!
//! It is the record of Bitnami's own package format, as dpkg's status is of Debian's: the component itself and what its
//! build put into it. So its packages are recorded, not claimed.

use super::shipped::{LIMIT, facts};
use super::{Bounds, read};
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::Basis;

/// Reads the records of Bitnami's components.
pub(in crate::inventory) struct Bitnami;

/// Whether the file is such a record.
pub(super) fn is_record(entry: &Entry<'_>) -> bool {
    let name = entry.file_name().strip_prefix(".spdx-");
    entry.path.starts_with("opt/bitnami/")
        && name.and_then(|name| name.strip_suffix(".spdx")).is_some()
}

impl Detector for Bitnami {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/bitnami",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("spdx")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if is_record(entry) {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let sbom = read(file.bytes, Bounds::IMAGE)?
            .ok_or_else(|| ParseError::new("it is no SPDX document"))?;
        Ok(facts(sbom, file.entry.path, Basis::Recorded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::detect_one;

    const REDIS: &str = r#"{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "SPDX document for Redis 7.2.4",
        "creationInfo": {"creators": ["Organization: VMware, Inc."]}, "documentDescribes": ["SPDXRef-redis"],
        "packages": [
            {"SPDXID": "SPDXRef-redis", "name": "redis", "versionInfo": "7.2.4-3", "licenseDeclared": "BSD-3-Clause",
             "externalRefs": [{"referenceCategory": "SECURITY", "referenceType": "cpe23Type",
                 "referenceLocator": "cpe:2.3:*:redis:redis:7.2.4:*:*:*:*:*:*:*"},
                {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                 "referenceLocator": "pkg:bitnami/redis@7.2.4-3?arch=amd64&distro=debian-12"}]},
            {"SPDXID": "SPDXRef-x", "name": "golang.org/x/net", "versionInfo": "v0.1.0",
             "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "purl",
                 "referenceLocator": "pkg:golang/golang.org/x/net@v0.1.0"}]}]}"#;

    #[test]
    fn a_component_is_recorded_with_what_was_built_into_it() {
        let facts = detect_one(
            &Bitnami,
            "opt/bitnami/redis/.spdx-redis.spdx",
            REDIS.as_bytes(),
        )
        .expect("a record")
        .expect("wanted");
        assert_eq!(facts.gaps, []);
        let [redis, net] = facts.packages.as_slice() else {
            panic!("two packages: {:?}", facts.packages)
        };
        assert_eq!(
            redis.purl(None).as_deref(),
            Some("pkg:bitnami/redis@7.2.4-3")
        );
        assert_eq!(redis.basis, Basis::Recorded);
        assert_eq!(redis.licenses, ["BSD-3-Clause"]);
        assert_eq!(
            redis.properties["cpe"],
            "cpe:2.3:*:redis:redis:7.2.4:*:*:*:*:*:*:*"
        );
        assert_eq!(net.full_name(), "golang.org/x/net");
    }

    #[test]
    fn the_same_name_elsewhere_is_no_record() {
        let elsewhere = detect_one(&Bitnami, "srv/.spdx-redis.spdx", REDIS.as_bytes());
        assert_eq!(elsewhere, Ok(None));
    }
}
