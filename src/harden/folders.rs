//! Makes mounts of wishes: one for each folder that needs one, none that hides what the program reads.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::model::{EntryShape, LayerPath, Observation};
use crate::posture::ImageView;

use super::servers::{Drops, Purpose, Server};
use super::user::Decision;
use super::writable::Wish;
use super::{Line, PlannedMount, Writable};

const MIB: u64 = 1024 * 1024;
/// A folder that anybody may write, as `/tmp`.
const OPEN: u32 = 0o1777;

/// Makes mounts of wishes, by path.
pub(super) fn settle(
    view: &ImageView,
    wishes: Vec<Wish>,
    decision: &Decision,
    server: Option<&Server>,
    warnings: &mut Vec<String>,
) -> Vec<Line<PlannedMount>> {
    let mut by_path: BTreeMap<LayerPath, Wish> = BTreeMap::new();
    for wish in wishes {
        if !is_plain(&wish.path) {
            warnings.push(format!(
                "a folder has a name that not every form can write: {} is not planned",
                wish.path
            ));
            continue;
        }
        match by_path.get_mut(&wish.path) {
            Some(known) => join(known, wish),
            None => {
                by_path.insert(wish.path.clone(), wish);
            }
        }
    }
    let kept: Vec<Wish> = by_path
        .values()
        .filter(|wish| !is_covered(view, wish, &by_path))
        .cloned()
        .collect();
    let owner = owner(decision, server);
    kept.into_iter()
        .map(|wish| mount(view, wish, owner, warnings))
        .collect()
}

/// Letters, digits and a few signs: no form has to quote them, and none of them ends an option.
fn is_plain(path: &LayerPath) -> bool {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | '~' | '@');
    !path.as_str().is_empty() && path.as_str().chars().all(is_plain)
}

/// Two wishes for one folder: data wins, and the surer reason is said.
fn join(known: &mut Wish, other: Wish) {
    let is_scratch = matches!(known.purpose, Purpose::Run | Purpose::Temporary);
    if !is_scratch {
        known.purpose = known.purpose.max(other.purpose);
    }
    known.must_exist |= other.must_exist;
    if other.confidence > known.confidence {
        known.reason = other.reason;
        known.confidence = other.confidence;
    }
}

/// Whether a folder above is writable anyway.
fn is_covered(view: &ImageView, wish: &Wish, all: &BTreeMap<LayerPath, Wish>) -> bool {
    let mut above = all
        .values()
        .filter(|other| other.path != wish.path && wish.path.is_within(other.path.as_str()));
    let in_image = view
        .attributes(wish.path.as_str())
        .is_some_and(|found| found.is_folder);
    above.any(|above| {
        let is_lost_in_memory = is_memory(above.purpose)
            && (wish.purpose == Purpose::Data && wish.must_exist
                || in_image
                || wish.must_exist && wish.purpose == Purpose::Run);
        !is_lost_in_memory
    })
}

const fn is_memory(purpose: Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Run | Purpose::Temporary | Purpose::Cache | Purpose::Log
    )
}

/// Whose the folders are: the account that writes them first. A server that gives up root by itself opens them as root.
fn owner(decision: &Decision, server: Option<&Server>) -> (u64, u64) {
    let user = &decision.user.value;
    let drops_in_script = server.is_none_or(|server| server.drops == Drops::InScript);
    match &decision.service {
        Some(service) if user.uid != 0 || drops_in_script => (service.uid, service.gid),
        _ => (user.uid, user.gid),
    }
}

fn mount(
    view: &ImageView,
    wish: Wish,
    (uid, gid): (u64, u64),
    warnings: &mut Vec<String>,
) -> Line<PlannedMount> {
    let path = wish.path;
    let exists = view
        .attributes(path.as_str())
        .is_some_and(|found| found.is_folder);
    let is_scratch_place =
        ["tmp", "run", "var/tmp", "run/lock", "var/run"].contains(&path.as_str());
    let has_content = !is_scratch_place && wish.purpose != Purpose::Log && has_content(view, &path);
    let mut reason = wish.reason;
    let writable = match wish.purpose {
        purpose if is_memory(purpose) && !has_content => Writable::Tmpfs {
            size: size_of(purpose),
        },
        purpose => {
            if has_content && purpose != Purpose::Data {
                reason += "; the image has files there that memory would hide, so a volume";
                warnings.push(format!("{path} has files of the image and has to be writable: a named volume is filled with them once, Kubernetes' volumes and bind mounts are not and have to be"));
            }
            Writable::Volume
        }
    };
    let mode = (!exists).then_some(if wish.purpose == Purpose::Temporary {
        OPEN
    } else {
        0o755
    });
    Line::new(
        PlannedMount {
            path,
            writable,
            uid,
            gid,
            mode,
            has_content,
        },
        wish.confidence,
        reason,
    )
}

const fn size_of(purpose: Purpose) -> u64 {
    match purpose {
        Purpose::Run => 16 * MIB,
        _ => 64 * MIB,
    }
}

/// Whether a file is known to lie in a folder of the image.
fn has_content(view: &ImageView, folder: &LayerPath) -> bool {
    let is_file = |path: &LayerPath| {
        view.attributes(path.as_str())
            .is_none_or(|found| !found.is_folder)
    };
    let of_package = below(&view.owners, folder).any(|(path, _)| is_file(path));
    let mut seen = below(&view.visible, folder).flat_map(|(_, seen)| &seen.facts);
    of_package
        || seen.any(
            |fact| !matches!(fact, Observation::Entry(entry) if entry.kind != EntryShape::File),
        )
}

/// What a map by path has below a folder.
pub(super) fn below<'a, T>(
    map: &'a BTreeMap<LayerPath, T>,
    folder: &LayerPath,
) -> impl Iterator<Item = (&'a LayerPath, &'a T)> {
    let prefix = format!("{}/", folder.as_str());
    let from = (Bound::Included(prefix.as_str()), Bound::Unbounded);
    map.range::<str, _>(from)
        .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
}
