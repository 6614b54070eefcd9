//! PEM, the text form of keys: one section of one kind is looked for.
//!
//! <https://www.rfc-editor.org/rfc/rfc7468>

use std::fs::File;
use std::path::Path;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use super::SigningError;
use crate::model::Untrusted;
use crate::model::limits::read_at_most;

/// The largest key file: comments and all, a key of these kinds is below 1 KiB.
const LARGEST_FILE: u64 = 64 << 10;

const LINE: usize = 64;

/// A key's file, and its name for messages.
pub(super) fn read(path: &Path) -> Result<(Vec<u8>, String), SigningError> {
    let bytes = File::open(path)
        .and_then(|file| read_at_most(file, LARGEST_FILE))
        .map_err(|source| SigningError::Read {
            path: path.to_owned(),
            source,
        })?;
    Ok((bytes, path.display().to_string()))
}

/// The private key of a PEM text.
pub(super) fn private(
    text: &[u8],
    place: &str,
) -> Result<PrivatePkcs8KeyDer<'static>, SigningError> {
    let labels = labels(text);
    let is_encrypted = labels.iter().any(|label| label.contains("ENCRYPTED"))
        || contains(text, b"Proc-Type: 4,ENCRYPTED");
    if is_encrypted {
        return Err(SigningError::Encrypted {
            place: place.to_owned(),
        });
    }
    PrivatePkcs8KeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => SigningError::NoPrivateKey {
            place: place.to_owned(),
            found: told(&labels),
        },
        _ => malformed(place),
    })
}

/// The public key of a PEM text.
pub(super) fn public(
    text: &[u8],
    place: &str,
) -> Result<SubjectPublicKeyInfoDer<'static>, SigningError> {
    SubjectPublicKeyInfoDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => SigningError::NoPublicKey {
            place: place.to_owned(),
            found: told(&labels(text)),
        },
        _ => malformed(place),
    })
}

/// DER as a PEM text.
pub(super) fn write(label: &str, der: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = BASE64_STANDARD.encode(der);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at_checked(LINE).unwrap_or((rest, ""));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text + "-----END " + label + "-----\n"
}

fn malformed(place: &str) -> SigningError {
    SigningError::MalformedPem {
        place: place.to_owned(),
    }
}

/// What the sections call themselves.
fn labels(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let label = |line: &str| {
        let label = line
            .trim()
            .strip_prefix("-----BEGIN ")?
            .strip_suffix("-----")?;
        Some(label.chars().take(LINE).collect())
    };
    text.lines().filter_map(label).collect()
}

fn told(labels: &[String]) -> String {
    match labels.first() {
        None => "something that is no PEM".to_owned(),
        Some(label) => format!("a section `{}`", Untrusted(label)),
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
