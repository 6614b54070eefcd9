//! Embedded secrets, found as the bytes pass.
//!
//! What comes in: every byte of every file of a layer, in chunks, and the texts of the image's config. What goes out:
//! [`SecretHit`](crate::model::SecretHit)s, without the values. This room never holds a file whole, never skips one by
//! its path, never sends anything anywhere to check a secret, and never lets a value out: a value is a borrowed slice
//! that is dropped where it was judged.
//!
//! The way of a byte: `stream` cuts the file into blocks with an overlap; `prefilter` finds the rules' keywords in one
//! pass; `search` tries the shape of a `rule` at each keyword; `judge` weighs the match (`proof`, `placeholder`,
//! entropy) and `published` its place; `findings` keeps what is told, through `redact`.
//!
//! **Fingerprints.** The first 16 bytes of HMAC-SHA256 over the value, under the user's key or a public one. Under the
//! public key, anyone who holds the same secret gets the same fingerprint: that is the use of it, and it gives nothing
//! away of a token with 80 random bits or more. A password that people choose could be guessed from it with a word
//! list, so a value of a rule marked `guessable` gets a fingerprint only under the user's own key, and none otherwise.
//!
//! **Published material.** What lies in a test, an example or documentation, by the customs of the ecosystems, is
//! reported as `possible`, however well it is formed: such files are mostly published with the software that they belong
//! to. It is still a finding, since some are not. The very values that published software carries, such as the keys of
//! a library's self-test (`published.txt`), are known to everyone before the image exists: they are `negligible`, too.
//! Nothing of it is hidden.

mod engine;
mod exceptions;
mod file_search;
mod findings;
mod judge;
mod nested;
mod placeholder;
mod prefilter;
mod proof;
mod published;
mod redact;
mod rule;
mod search;
mod session;
mod stream;
#[cfg(test)]
mod tests;
mod wide;

pub use engine::Engine;
pub use exceptions::{ExceptionError, Exceptions, baseline};
pub use rule::{Rule, RuleError, Rules};
