//! What Go's linker writes into a program: with which release it was built, and of which modules.
//!
//! `debug/buildinfo` and `runtime/debug` of the standard library are the formats' definition.

mod build_info;
mod modules;
mod settings;
mod version;

pub(in crate::inventory) use self::modules::has_unknown_modules;

use self::build_info::BuildInfo;
use super::executable::Executable;
use crate::inventory::harvest::Harvest;
use crate::layers::Entry;

/// Go's table of functions, which every program that Go's own compiler made has, however it is stripped.
const FUNCTION_TABLES: [&str; 3] = [".gopclntab", "__gopclntab", ".data.rel.ro.gopclntab"];

pub(super) fn read(executable: &Executable<'_>, _: &Entry<'_>, harvest: &mut Harvest<'_>) {
    match BuildInfo::find(executable) {
        Some(Ok(build_info)) => modules::read(&build_info, harvest),
        Some(Err(reason)) => harvest.unreadable(reason),
        None if executable.section(&FUNCTION_TABLES).is_some() => harvest.unreadable(
            "it is a Go program, but does not say of which modules: Go does so since 1.13",
        ),
        None => {}
    }
}

#[cfg(test)]
pub(super) mod tests;
