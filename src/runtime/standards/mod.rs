//! What published standards say of the settings: one file each.

pub mod cis;
