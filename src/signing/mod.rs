//! Keys, and envelopes that say who vouches for bytes.
//!
//! What comes in: PEM files and bytes. What goes out: a DSSE [`Envelope`] over the bytes, and whether one is by a given key.
//! It never touches the network, knows nothing of what the bytes mean, and a private key never shows: not in `Debug`, not in
//! an error.

mod envelope;
mod error;
mod pem;
mod private;
mod public;
mod spki;

pub use envelope::{DSSE_MEDIA_TYPE, Envelope, Signature};
pub use error::SigningError;
pub use private::{NewKey, SigningKey};
pub use public::VerifyingKey;
pub use spki::Algorithm;
