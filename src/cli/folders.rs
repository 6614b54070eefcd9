//! Where Plimsoll keeps its files on this machine: the folders of the XDG Base Directory specification.

use std::path::PathBuf;

use etcetera::{BaseStrategy, choose_base_strategy};

use super::Failure;

/// Layer reports: can be thrown away at any time.
pub(super) fn cache() -> Result<PathBuf, Failure> {
    Ok(base("--cache-dir")?.cache_dir().join("plimsoll"))
}

/// The advisory store.
pub(super) fn store() -> Result<PathBuf, Failure> {
    Ok(base("--db")?
        .data_dir()
        .join("plimsoll")
        .join("advisories.db"))
}

/// The list of bases.
pub(super) fn bases() -> Result<PathBuf, Failure> {
    Ok(base("--bases")?
        .data_dir()
        .join("plimsoll")
        .join("bases.json"))
}

fn base(flag: &str) -> Result<impl BaseStrategy, Failure> {
    let hint = format!("set HOME, or name a place with {flag}");
    choose_base_strategy().map_err(|error| Failure::new(error).with_hint(Some(hint)))
}
