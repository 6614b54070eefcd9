//! Chisel's record of the slices of Ubuntu packages that an image was cut from: `var/lib/chisel/manifest.wall`.
//!
//! The file is zstd over "jsonwall": a JSON object a line, sorted, of the kinds `package`, `slice`, `path` and `content`
//! (chisel's `public/manifest`). There is no dpkg database in such an image.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use serde::Deserialize;

use crate::inventory::harvest::Harvest;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{
    ClaimKind, Claims, FileAlgorithm, FileDigest, Gap, GapKind, LayerPath, Package, PackageType,
};

/// 16 MiB as it is stored.
const LIMIT: u64 = 16 << 20;

/// 128 MiB inflated: a whole Ubuntu server, which nobody cuts into slices, would have half of it.
const INFLATED: u64 = 128 << 20;

/// A million lines: four for each file of such a server.
const LINES: u64 = 1_000_000;

/// 64 KiB a line: a path and the slices that share it.
const LINE: u64 = 64 << 10;

/// The window of zstd as a power of two: 8 MiB, the most that a reader has to grant (RFC 8878, 3.1.1.1.2).
const WINDOW_LOG: u32 = 23;

/// Reads chisel's manifests.
pub(in crate::inventory) struct Chisel;

impl Detector for Chisel {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "os/chisel",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Name("manifest.wall")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if entry.parent() == "var/lib/chisel" {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let refused = |_| ParseError::new("it is no zstd file");
        let mut decoder = zstd::Decoder::new(file.bytes).map_err(refused)?;
        decoder.window_log_max(WINDOW_LOG).map_err(refused)?;
        let mut wall = Wall {
            harvest: Harvest::of(file.entry.path),
            claims: BTreeMap::new(),
        };
        let is_whole = wall.read(BufReader::new(decoder.take(INFLATED)))?;
        let mut facts = wall.harvest.finish();
        facts.claims = wall.claims.into_values().collect();
        if !is_whole {
            let detail =
                format!("it has more than {INFLATED} bytes or {LINES} lines: the rest is left out");
            let path = LayerPath::from(file.entry.path);
            facts
                .gaps
                .push(Gap::at(GapKind::LimitReached, path, detail));
        }
        Ok(facts)
    }
}

/// One line of the wall: the fields of the kinds that are read.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Record {
    Package {
        name: String,
        version: String,
        #[serde(default)]
        sha256: String,
        #[serde(default)]
        arch: String,
    },
    Path {
        path: String,
        #[serde(default)]
        slices: Vec<String>,
        #[serde(default)]
        sha256: String,
        /// What it is after a slice's script has changed it.
        #[serde(default)]
        final_sha256: String,
    },
    #[serde(other)]
    Other,
}

struct Wall<'a> {
    harvest: Harvest<'a>,
    /// By package.
    claims: BTreeMap<String, Claims>,
}

impl Wall<'_> {
    /// Reads the lines; false if a limit came before their end.
    fn read(&mut self, mut wall: impl BufRead) -> Result<bool, ParseError> {
        let mut bytes = 0;
        let mut line = Vec::new();
        for number in 1..=LINES {
            line.clear();
            match (&mut wall).take(LINE).read_until(b'\n', &mut line) {
                Ok(0) => return Ok(bytes < INFLATED),
                Ok(read) => bytes += read as u64,
                Err(_) if number == 1 => return Err(ParseError::new("it is no zstd file")),
                // What was read before the damage is true all the same.
                Err(_) => {
                    let reason = format!("it is damaged behind line {}", number - 1);
                    self.harvest.unreadable(reason);
                    return Ok(true);
                }
            }
            if number == 1 {
                if !line.starts_with(b"{\"jsonwall\":\"1.") {
                    return Err(ParseError::new("it is no jsonwall of version 1"));
                }
                continue;
            }
            match serde_json::from_slice(&line) {
                Ok(record) => self.take(record),
                Err(_) => self
                    .harvest
                    .unreadable(format!("line {number} is no record")),
            }
        }
        Ok(false)
    }

    fn take(&mut self, record: Record) {
        match record {
            Record::Package {
                name,
                version,
                sha256,
                arch,
            } => {
                if name.is_empty() || version.is_empty() {
                    self.harvest
                        .unreadable("a package has no name or no version");
                    return;
                }
                let mut package = Package::new(PackageType::DEB, name, version);
                package.architecture = Some(arch).filter(|arch| !arch.is_empty());
                if !sha256.is_empty() {
                    package.properties.insert("package-sha256".into(), sha256);
                }
                self.harvest.package(package);
            }
            Record::Path {
                path,
                slices,
                sha256,
                final_sha256,
            } => {
                // A slice is called PACKAGE_SLICE, and no package has an underscore in its name.
                let owner = slices.first().and_then(|slice| slice.split_once('_'));
                let (Some((owner, _)), false) = (owner, path.ends_with('/')) else {
                    return;
                };
                let digest = if final_sha256.is_empty() {
                    sha256
                } else {
                    final_sha256
                };
                let digest = FileDigest::of_hex(FileAlgorithm::Sha256, &digest);
                let path = LayerPath::normalise(path.as_bytes());
                if !self.claims.contains_key(owner) {
                    self.claims
                        .insert(owner.to_owned(), Claims::new(owner, true));
                }
                if let Some(claims) = self.claims.get_mut(owner) {
                    claims.push(&path, ClaimKind::File, digest);
                }
            }
            Record::Other => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const PATH: &str = "var/lib/chisel/manifest.wall";

    const WALL: &str = r#"{"jsonwall":"1.0","schema":"1.0","count":9}
{"kind":"content","slice":"libc6_libs","path":"/lib/x86_64-linux-gnu/libc.so.6"}
{"kind":"package","name":"base-files","version":"12ubuntu4.6","sha256":"aa","arch":"amd64"}
{"kind":"package","name":"libc6","version":"2.35-0ubuntu3.4","sha256":"bb","arch":"amd64"}
{"kind":"path","path":"/etc/","mode":"0755","slices":["base-files_base"]}
{"kind":"path","path":"/etc/debian_version","mode":"0644","slices":["base-files_release-info"],"sha256":"9f86d081884c7d659a2feaa0c55ad015","final_sha256":"ba7816bf8f01cfea414140de5dae2223","size":13}
{"kind":"path","path":"/lib/x86_64-linux-gnu/libc.so.6","mode":"0755","slices":["libc6_libs"],"sha256":"9f86d081884c7d659a2feaa0c55ad015","size":4}
{"kind":"path","path":"/lib64","mode":"0777","slices":["base-files_base"],"link":"usr/lib64"}
{"kind":"slice","name":"libc6_libs"}
"#;

    fn pack(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 3).expect("memory")
    }

    fn facts(text: &str) -> FileFacts {
        detect_one(&Chisel, PATH, &pack(text.as_bytes()))
            .expect("a wall")
            .expect("wanted")
    }

    #[test]
    fn packages_are_debian_ones_and_own_the_files_of_their_slices() {
        let facts = facts(WALL);
        assert_eq!(facts.gaps, []);
        let packages: Vec<(&str, &str, Option<&str>)> = facts
            .packages
            .iter()
            .map(|p| {
                (
                    p.name.as_str(),
                    p.version.as_str(),
                    p.architecture.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            packages,
            [
                ("base-files", "12ubuntu4.6", Some("amd64")),
                ("libc6", "2.35-0ubuntu3.4", Some("amd64"))
            ]
        );
        let claims: Vec<(&str, &str, Option<u64>)> = facts
            .claims
            .iter()
            .flat_map(|claims| {
                claims.iter().map(|claim| {
                    (
                        claims.owner.as_str(),
                        claim.path,
                        claim.digest.map(|digest| digest.start),
                    )
                })
            })
            .collect();
        assert_eq!(
            claims,
            [
                (
                    "base-files",
                    "etc/debian_version",
                    Some(0xba78_16bf_8f01_cfea)
                ),
                ("base-files", "lib64", None),
                (
                    "libc6",
                    "lib/x86_64-linux-gnu/libc.so.6",
                    Some(0x9f86_d081_884c_7d65)
                ),
            ]
        );
    }

    #[test]
    fn what_is_no_record_is_a_gap_and_the_rest_goes_on() {
        let text = format!(
            "{WALL}{{\"kind\":\"package\",\"name\":\"x\"}}\nnonsense\n{{\"kind\":\"new\"}}\n"
        );
        let facts = facts(&text);
        assert_eq!(facts.packages.len(), 2);
        let gaps: Vec<&str> = facts.gaps.iter().map(|gap| gap.detail.as_str()).collect();
        assert_eq!(gaps, ["line 10 is no record", "line 11 is no record"]);
    }

    #[test]
    fn other_files_are_errors_and_a_damaged_one_is_read_up_to_the_damage() {
        for bytes in [
            b"".to_vec(),
            b"text".to_vec(),
            pack(b"text"),
            pack(b"{\"jsonwall\":\"2.0\"}\n"),
        ] {
            assert!(detect_one(&Chisel, PATH, &bytes).is_err());
        }
        // Numbers that do not compress, so that the damage comes late.
        let lines: Vec<String> = (0_u64..20_000)
            .map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
            .map(|number| format!("{{\"kind\":\"x\",\"n\":\"{number}\"}}\n"))
            .collect();
        let text = format!("{WALL}{}", lines.concat());
        let mut bytes = pack(text.as_bytes());
        bytes.truncate(bytes.len() - 1_000);
        let facts = detect_one(&Chisel, PATH, &bytes)
            .expect("begun")
            .expect("wanted");
        assert_eq!(facts.packages.len(), 2);
        assert!(
            facts.gaps[0]
                .detail
                .starts_with("it is damaged behind line ")
        );
    }

    #[test]
    fn a_wall_that_inflates_without_end_stops_at_the_limit() {
        let mut bytes = pack(WALL.as_bytes());
        let blank = pack(&vec![b'\n'; 1 << 20]);
        for _ in 0..=(INFLATED >> 20) {
            bytes.extend_from_slice(&blank);
        }
        let facts = detect_one(&Chisel, PATH, &bytes)
            .expect("a wall")
            .expect("wanted");
        assert_eq!(facts.packages.len(), 2);
        let kinds: Vec<GapKind> = facts.gaps.iter().map(|gap| gap.kind).collect();
        assert_eq!(kinds.last(), Some(&GapKind::LimitReached));
        assert!(kinds.len() < 30);
    }

    #[test]
    fn the_manifest_is_read_at_its_place_only() {
        assert_eq!(detect_one(&Chisel, "srv/manifest.wall", b""), Ok(None));
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = detect_one(&Chisel, PATH, &bytes);
        }

        #[test]
        fn any_records_never_panic(lines in "(\\{\"kind\":\"(path|package)\",\"(path|name)\":\"[a-z/_]{0,4}\"[,}\"a-z:\\[\\]]{0,12}\n){0,5}") {
            let text = format!("{{\"jsonwall\":\"1.0\"}}\n{lines}");
            let _ = detect_one(&Chisel, PATH, &pack(text.as_bytes()));
        }
    }
}
