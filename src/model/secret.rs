//! An embedded secret as the engine reports it: everything but its value.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Severity;
use super::digest::encode_hex;

/// How sure the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The shape fits, nothing more.
    Possible,
    /// The shape is the provider's own and the value looks random.
    Likely,
    /// A structure inside the value (checksum, header, key material) was checked.
    Proven,
}

/// A keyed hash of a secret's value: tells whether two places hold the same secret without holding it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode_hex(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 32)
            .map(|number| Self(number.to_be_bytes()))
            .ok_or_else(|| serde::de::Error::custom("a fingerprint has 32 hex digits"))
    }
}

/// One secret in one place. The value was dropped where it was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHit {
    /// The rule's public id, such as `aws/access-key-id`.
    pub rule: String,
    /// What it is, for people: "AWS access key id".
    pub title: String,
    /// How bad it is that this is public.
    pub severity: Severity,
    /// How sure the engine is.
    pub confidence: Confidence,
    /// Line in the file, from 1; in a config, the line of the value.
    pub line: u64,
    /// Enough to recognise it by, never enough to use it: `AKIA…[20 characters]`.
    pub redacted: String,
    /// Equal for equal secrets. `None` for a value that people choose, such as a password, as long as the user gave no
    /// key: whoever reads the evidence could try a word list against its fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// What to do about it: which credential to rotate, and where.
    pub remedy: String,
    /// The member of the archive that the file is, as it names it; inside another archive both names with a `!` between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_back_what_it_writes() {
        let fingerprint = Fingerprint(*b"0123456789abcdef");
        let json = serde_json::to_string(&fingerprint).expect("json");
        assert_eq!(
            serde_json::from_str::<Fingerprint>(&json).expect("fingerprint"),
            fingerprint
        );
        assert!(serde_json::from_str::<Fingerprint>("\"+0\"").is_err());
    }
}
