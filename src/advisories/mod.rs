//! The advisory store, its feeds, version orders and matching.

pub mod version;
