//! Why something cannot be signed, or is not vouched for.

use std::path::PathBuf;

/// An error of keys or envelopes. None of them holds a key, or a part of one.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The key's file cannot be read.
    #[error("the key {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// A private key under a password.
    #[error(
        "the private key {place} is encrypted, and encrypted keys are not read yet: `openssl pkcs8 -in OLD -out NEW` writes it without a password"
    )]
    Encrypted {
        /// Where it was.
        place: String,
    },
    /// There is no private key in the PKCS#8 form.
    #[error(
        "{place} holds no private key in PKCS#8 PEM, but {found}{}",
        old_form(found)
    )]
    NoPrivateKey {
        /// Where it was looked for.
        place: String,
        /// What is there.
        found: String,
    },
    /// There is no public key.
    #[error(
        "{place} holds no public key in PEM, but {found}{}",
        private_form(found)
    )]
    NoPublicKey {
        /// Where it was looked for.
        place: String,
        /// What is there.
        found: String,
    },
    /// The PEM text is broken.
    #[error("{place} is no well-formed PEM")]
    MalformedPem {
        /// Where it was.
        place: String,
    },
    /// A key that is damaged, or of another kind.
    #[error(
        "the key {place} is damaged, or neither Ed25519 nor ECDSA P-256: `plimsoll key new` makes one"
    )]
    UnknownKey {
        /// Where it was.
        place: String,
    },
    /// The machine gives no random numbers, or refuses to compute.
    #[error("this machine has no random numbers for a key or a signature")]
    NoRandomness,
    /// Not the JSON of an envelope.
    #[error("the signature is no DSSE envelope: {reason}")]
    MalformedEnvelope {
        /// What is wrong.
        reason: String,
    },
    /// A field of an envelope is not base64.
    #[error("the envelope's {field} is not base64")]
    MalformedBase64 {
        /// `payload` or `signature`.
        field: &'static str,
    },
    /// An envelope that nobody signed.
    #[error("the envelope has no signature")]
    NoSignature,
    /// The envelope is about something else.
    #[error("the envelope signs `{found}`, not `{wanted}`")]
    OtherType {
        /// The payload type that was asked for.
        wanted: String,
        /// The one that it has, escaped.
        found: String,
    },
    /// Signed, but by somebody else.
    #[error("the signature is by another key: {wanted} was asked for, {found} has signed")]
    OtherKey {
        /// The id of the key that was asked for.
        wanted: String,
        /// The ids that the envelope names, escaped.
        found: String,
    },
    /// The envelope names the key, but the key did not sign these bytes.
    #[error("the signature does not hold: what key {key} signed was altered")]
    Altered {
        /// The key's id.
        key: String,
    },
}

fn old_form(found: &str) -> &'static str {
    if found.contains("EC PRIVATE KEY") {
        ": `openssl pkcs8 -topk8 -nocrypt -in OLD -out NEW` converts it"
    } else if found.contains("PUBLIC KEY") {
        ": name the file without .pub"
    } else {
        ""
    }
}

fn private_form(found: &str) -> &'static str {
    if found.contains("PRIVATE KEY") {
        ": name the file that ends in .pub, and keep this one to yourself"
    } else {
        ""
    }
}
