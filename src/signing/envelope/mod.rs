//! DSSE: bytes, what they are, and signatures over both.
//!
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>, `…/envelope.md`
//!
//! ```text
//! signed   "DSSEv1" SP length(type) SP type SP length(payload) SP payload        lengths in ASCII decimal
//! JSON     {"payload": base64, "payloadType": type, "signatures": [{"keyid": …, "sig": base64}]}
//! ```

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::{SigningError, SigningKey, VerifyingKey};
use crate::model::Untrusted;

/// An envelope's media type.
pub const DSSE_MEDIA_TYPE: &str = "application/vnd.dsse.envelope.v1+json";

/// More signatures than that are nobody's: each costs a verification.
const MOST_SIGNATURES: usize = 64;

/// Signed bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// What the bytes are: a media type.
    pub payload_type: String,
    /// The bytes.
    pub payload: Vec<u8>,
    /// Who vouches for them.
    pub signatures: Vec<Signature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// What the envelope calls the key. Nothing is decided by it.
    pub key_id: String,
    /// The signature's bytes; ASN.1 DER for ECDSA.
    pub bytes: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EnvelopeForm {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureForm>,
}

#[derive(Serialize, Deserialize)]
struct SignatureForm {
    #[serde(default)]
    keyid: Option<String>,
    sig: String,
}

impl Envelope {
    /// Signs bytes.
    pub fn sign(
        payload_type: &str,
        payload: &[u8],
        key: &SigningKey,
    ) -> Result<Self, SigningError> {
        let bytes = key.sign(&to_be_signed(payload_type, payload))?;
        Ok(Self {
            payload_type: payload_type.to_owned(),
            payload: payload.to_owned(),
            signatures: vec![Signature {
                key_id: key.public().id(),
                bytes,
            }],
        })
    }

    /// Reads the JSON form.
    pub fn parse(bytes: &[u8]) -> Result<Self, SigningError> {
        let malformed = |reason: String| SigningError::MalformedEnvelope {
            reason: Untrusted(&reason).to_string(),
        };
        let form: EnvelopeForm =
            serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string()))?;
        if form.signatures.len() > MOST_SIGNATURES {
            return Err(malformed(format!("more than {MOST_SIGNATURES} signatures")));
        }
        let signatures = form.signatures.into_iter().map(|signature| {
            Ok(Signature {
                bytes: decode(&signature.sig, "signature")?,
                key_id: signature.keyid.unwrap_or_default(),
            })
        });
        Ok(Self {
            payload: decode(&form.payload, "payload")?,
            payload_type: form.payload_type,
            signatures: signatures.collect::<Result<_, SigningError>>()?,
        })
    }

    /// Writes the JSON form.
    pub fn to_json(&self) -> Vec<u8> {
        let signatures = self.signatures.iter().map(|signature| SignatureForm {
            keyid: Some(signature.key_id.clone()),
            sig: BASE64_STANDARD.encode(&signature.bytes),
        });
        let form = EnvelopeForm {
            payload: BASE64_STANDARD.encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: signatures.collect(),
        };
        // Strings alone: there is nothing that could fail.
        serde_json::to_vec(&form).unwrap_or_default()
    }

    /// The bytes, if they are of this type and signed by this key.
    pub fn verify(&self, payload_type: &str, key: &VerifyingKey) -> Result<&[u8], SigningError> {
        if self.payload_type != payload_type {
            return Err(SigningError::OtherType {
                wanted: payload_type.to_owned(),
                found: Untrusted(&self.payload_type).to_string(),
            });
        }
        if self.signatures.is_empty() {
            return Err(SigningError::NoSignature);
        }
        let signed = to_be_signed(&self.payload_type, &self.payload);
        let mut signatures = self.signatures.iter();
        if signatures.any(|signature| key.has_signed(&signed, &signature.bytes)) {
            return Ok(&self.payload);
        }
        let wanted = key.id();
        let mut claimed = self.signatures.iter().map(|signature| &*signature.key_id);
        if claimed.any(|id| id == wanted) {
            return Err(SigningError::Altered { key: wanted });
        }
        Err(SigningError::OtherKey {
            wanted,
            found: self.claimed_keys(),
        })
    }

    fn claimed_keys(&self) -> String {
        const SHOWN: usize = 4;
        const LONGEST: usize = 64;
        let ids = self.signatures.iter().take(SHOWN).map(|signature| {
            let id: String = signature.key_id.chars().take(LONGEST).collect();
            if id.is_empty() {
                "a key without an id".to_owned()
            } else {
                Untrusted(&id).to_string()
            }
        });
        ids.collect::<Vec<_>>().join(", ")
    }
}

/// What a signature is over: neither type nor payload can be moved into the other.
fn to_be_signed(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!(
        "DSSEv1 {} {payload_type} {} ",
        payload_type.len(),
        payload.len()
    );
    [head.as_bytes(), payload].concat()
}

/// A verifier takes either alphabet, padded or not.
fn decode(text: &str, field: &'static str) -> Result<Vec<u8>, SigningError> {
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) {
        &URL_SAFE
    } else {
        &STANDARD
    };
    GeneralPurpose::new(alphabet, lenient)
        .decode(text)
        .map_err(|_| SigningError::MalformedBase64 { field })
}

#[cfg(test)]
mod tests;
