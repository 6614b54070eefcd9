//! Plimsoll looks at a container image before it sails: what is aboard, what is wrong with it, and how little power it
//! needs to run.
//!
//! The rooms are the data flow; each uses rooms before it, never after. `ARCHITECTURE.md` has the map.

// The nouns that all rooms share.
pub mod model;
// Keys, and envelopes that say who vouches for bytes.
pub mod signing;
// A reference to an image whose layers open as byte streams.
pub mod source;
// One blob to one report; reports to what is visible in the container.
pub mod layers;
// Bytes of package databases to packages.
pub mod inventory;
// Embedded secrets, found as the bytes pass.
pub mod secrets;
// What an image says of the container boundary.
pub mod posture;
// What somebody runs a container with, in every form, and its checks.
pub mod runtime;
// The least settings that an image needs.
pub mod harden;
// A restricted container on a real engine, and what holds inside.
pub mod prove;
// The advisory store, its feeds, version orders and matching.
pub mod advisories;
// The document that a scan ends in, and its views.
pub mod evidence;
// The one composition of all rooms above.
pub mod scan;
// The door: arguments, output, exit codes.
pub mod cli;
