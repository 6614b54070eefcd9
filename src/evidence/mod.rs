//! What a scan says: the document, its verdict, and the forms in which people and machines read it.
//!
//! What comes in: matches, secrets, packages and gaps, all settled. What goes out: an [`Evidence`] and its views. A
//! pure function of its input: no clock, no random id, no order that is not total. This room knows no ecosystem, reads
//! no layer, and fetches nothing.

mod diff;
mod document;
mod integrity;
mod posture;
mod read;
mod secret;
mod verdict;
mod vulnerability;
pub mod write;

pub use diff::{Cause, Change, Comparison, Difference, Input, compare};
pub use document::{
    Advisories, AdvisorySource, DeletedRecord, EarlierAdvisories, Evidence, Finding,
    IntegrityFinding, LayerRecord, PackageRecord, Place, Policy, Proof, SCHEMA, SbomRecord,
    SecretFinding, SecretPlace, Subject, Tool, VulnerabilityFinding,
};
pub use integrity::modified_file;
pub use posture::{
    CheckRecord, CheckResult, ControlRecord, PostureFinding, PosturePlace, SettingsRecord,
    StandardRecord, WayOutRecord, boundary,
};
pub use read::{EvidenceError, read};
pub use secret::{FoundSecret, gather_secrets};
pub use verdict::{Gate, GateError, Verdict};
pub use vulnerability::vulnerability;
