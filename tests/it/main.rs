//! Whole commands on whole images. One binary, so that it links once.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests"
)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "tests"
)]

/// Runtime settings against the checks and the standards.
mod audit;
/// The order of versions, on the command line.
mod compare;
/// A place of its own for each test, and the binary in it.
mod env;
/// What changed between two images.
mod diff;
/// Findings that were worked out by hand.
mod hand_checked;
/// The forms of the evidence for other tools.
mod formats;
/// Bad input: a clear error or a gap, and the exit code that tells which.
mod hostile;
/// Why an advisory matches, and what the store holds.
mod explain;
/// Images as code.
mod image;
/// Ownership and deleted packages.
mod inventory;
/// Syft and Trivy on the same image.
mod peers;
/// What stood when; stores as files.
mod history;
/// Files that are not what their package brought, and whose the others are.
mod integrity;
/// The advisory store by way of a registry.
mod publication;
/// A registry to push to.
mod registry;
/// The container boundary: images, the settings that they need, and their audit.
mod posture;
/// The rooms of ARCHITECTURE.md against every `use` in `src/`.
mod rooms;
/// Bills of materials, out and in.
mod sbom;
/// The main job on images of our own.
mod scan;
/// The published schema against real evidence.
mod schema;
/// Secrets: found, explained, never shown.
mod secrets;
/// The advisory store by its commands.
mod update;
/// The first voyage: a real Debian, from a real registry, with real advisories.
mod voyage;
