//! `PodmanArgs`: the flags of `podman run` that weigh most. Others are named as not read.

use super::container::gap;
use super::unit::Entry;
use crate::runtime::read::compose::shell_words;
use crate::runtime::read::security_option::SecurityOption;
use crate::runtime::read::{engine_words, size};
use crate::runtime::{Namespace, RuntimeSpec, Setting, Stated};

/// Reads the flags; a value may stand behind `=` or be the next word.
pub(super) fn take(entry: &Entry, spec: &mut RuntimeSpec) {
    let words = match entry.value() {
        Setting::Stated(stated) => shell_words(&stated.value),
        _ => None,
    };
    let Some(words) = words else {
        gap(spec, entry, "PodmanArgs is not read");
        return;
    };
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
            None => (word, None),
        };
        if flag == "--privileged" {
            let on = value
                .as_deref()
                .is_none_or(|text| engine_words::boolean(text) == Some(true));
            spec.privileged = Setting::stated(on, entry.at.clone());
            continue;
        }
        let value = value.or_else(|| words.next_if(|next| !next.starts_with('-')));
        if !apply(&flag, value.as_deref().unwrap_or_default(), entry, spec) {
            let flag = if flag.starts_with('-') {
                &flag
            } else {
                "a word"
            };
            gap(spec, entry, format!("PodmanArgs: {flag} is not read"));
        }
    }
}

/// Whether the flag is one that is read.
fn apply(flag: &str, value: &str, entry: &Entry, spec: &mut RuntimeSpec) -> bool {
    let at = &entry.at;
    let space = |space: Option<Namespace>| match space {
        Some(space) => Setting::stated(space, at.clone()),
        None => Setting::Unknown {
            why: format!("{flag} has a mode that is not known"),
            at: at.clone(),
        },
    };
    let text = || Stated::new(value.to_owned(), at.clone());
    match flag {
        "--cap-add" => spec.capabilities.added.extend(list(value, entry)),
        "--cap-drop" => spec.capabilities.dropped.extend(list(value, entry)),
        "--security-opt" => SecurityOption::of(value).apply(at, spec),
        "--pid" => spec.namespaces.pid = space(engine_words::namespace(value)),
        "--ipc" => spec.namespaces.ipc = space(engine_words::namespace(value)),
        "--uts" => spec.namespaces.uts = space(engine_words::namespace(value)),
        "--cgroupns" => spec.namespaces.cgroup = space(engine_words::namespace(value)),
        "--userns" => spec.namespaces.user = space(engine_words::user_namespace(value)),
        "--cpus" => spec.limits.cpu = Setting::Stated(text()),
        "--memory" | "-m" => {
            spec.limits.memory = size::bytes(value).map_or_else(
                || Setting::Unknown {
                    why: format!("{flag} takes a size"),
                    at: at.clone(),
                },
                |bytes| Setting::stated(bytes, at.clone()),
            );
        }
        "--memory-swap" => {
            let swap = size::bytes(value).and_then(|bytes| i64::try_from(bytes).ok());
            let swap = swap.or((value == "-1").then_some(-1));
            match swap {
                Some(swap) => spec.limits.memory_swap = Setting::stated(swap, at.clone()),
                None => return false,
            }
        }
        "--pids-limit" => match value.parse() {
            Ok(pids) => spec.limits.pids = Setting::stated(pids, at.clone()),
            Err(_) => return false,
        },
        "--runtime" => spec.runtime = Setting::Stated(text()),
        "--cgroup-parent" => spec.cgroup_parent = Setting::Stated(text()),
        "--device-cgroup-rule" => spec.device_rules.push(text()),
        "--gpus" => spec.device_requests.push(text()),
        "--volumes-from" => spec.volumes_from.push(text()),
        _ => return false,
    }
    true
}

fn list(value: &str, entry: &Entry) -> Vec<Stated<String>> {
    let words = value.split(',').filter(|word| !word.is_empty());
    words
        .map(|word| Stated::new(word.to_owned(), entry.at.clone()))
        .collect()
}
