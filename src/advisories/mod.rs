//! The advisory store, its feeds, version orders and matching.
