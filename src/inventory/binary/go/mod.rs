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
        None if executable.section(&FUNCTION_TABLES).is_none() => {}
        // Of a release before 1.13, or its makers took it out, as those of esbuild do.
        None => match version::of_runtime(executable.bytes) {
            Some(go_version) => modules::read_none(go_version, harvest),
            None => harvest.unreadable(
                "it is a Go program, but tells neither its modules nor its release of Go",
            ),
        },
    }
}

#[cfg(test)]
pub(super) mod tests;
