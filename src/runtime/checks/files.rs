//! What can be written inside: the root file system, tmpfs, volumes.

use super::account::{RunsAs, primary_group, runs_as};
use super::host_paths::is_in;
use super::mounts::host_mounts;
use super::told::{Blind, Told, blind_at, fails, is_on, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, LayerPath, Outcome, Severity};
use crate::runtime::{Form, Mount, MountKind};

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-016",
            title: "Writable cgroup tree",
            severity: Severity::High,
            cis: &["5.25"],
            nist: &["4.4.3", "4.5.5"],
            pss: &["baseline: hostPathVolumes"],
            why: "With cgroup v1 a release agent that is written there runs on the host as root; with v2 the container lifts its own limits.",
            fix: "Mount it read-only, or give the container a cgroup namespace of its own.",
        },
        fields: &fields::CGROUP_TREE,
        lines: &wording::CGROUP_TREE,
        on_windows: false,
        run: |subject| settle(cgroup_tree(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-017",
            title: "Root file system writable",
            severity: Severity::Medium,
            cis: &["5.13"],
            nist: &["4.4.3", "4.4.4"],
            pss: &[],
            why: "What an attacker brings can be stored and run, and the program's own files be changed.",
            fix: "Make it read-only, with a tmpfs or volume for each folder that the program writes.",
        },
        fields: &fields::READ_ONLY,
        lines: &wording::READ_ONLY,
        on_windows: false,
        run: |subject| settle(writable_root(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-018",
            title: "tmpfs that allows exec, suid or dev",
            severity: Severity::Low,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "Beside a read-only root file system it is the one place where a program that was brought can be run from.",
            fix: "Keep noexec, nosuid and nodev, which engines set by themselves.",
        },
        fields: &fields::TMPFS,
        lines: &wording::TMPFS_OPTIONS,
        on_windows: false,
        run: tmpfs_options,
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-019",
            title: "tmpfs that the container's user cannot write",
            severity: Severity::Negligible,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "A tmpfs over a folder of the image keeps that folder's owner and mode, and a mode= option is ignored. The program fails to write, and \
                  the usual answer is to run it as root.",
            fix: "Give the owner with uid= and gid=.",
        },
        fields: &fields::TMPFS,
        lines: &wording::TMPFS_OWNER,
        on_windows: false,
        run: |subject| settle(tmpfs_owner(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-020",
            title: "tmpfs or scratch volume without a size",
            severity: Severity::Low,
            cis: &["5.11"],
            nist: &["4.4.3"],
            pss: &[],
            why: "A tmpfs without a size grows to half of the host's memory, an emptyDir to all of the node's disk.",
            fix: "Give it a size.",
        },
        fields: &fields::TMPFS,
        lines: &wording::TMPFS_SIZE,
        on_windows: false,
        run: |subject| settle(tmpfs_size(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-057",
            title: "Mount propagation shared",
            severity: Severity::High,
            cis: &["5.20"],
            nist: &["4.4.3", "4.5.5"],
            pss: &[],
            why: "What the container mounts appears on the host, over the host's own files if it likes.",
            fix: "Use rprivate, or rslave if the host's mounts have to appear inside.",
        },
        fields: &fields::PROPAGATION,
        lines: &wording::PROPAGATION,
        on_windows: false,
        run: propagation,
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-060",
            title: "Volumes taken from another container",
            severity: Severity::Low,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "It gets whatever the other one mounts, now and later, secrets and sockets among it.",
            fix: "Name the volumes that are needed.",
        },
        fields: &fields::VOLUMES_FROM,
        lines: &wording::NONE,
        on_windows: true,
        run: volumes_from,
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-061",
            title: "Named volume that is a path of the host",
            severity: Severity::Medium,
            cis: &["5.6"],
            nist: &["4.4.3", "4.5.5"],
            pss: &[],
            why: "Options of the volume's driver bind a path of the host. A look at the mounts alone does not show it.",
            fix: "Say it as a bind, so that it is seen, or use a volume that the engine keeps.",
        },
        fields: &fields::BIND_VOLUME,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(bind_volume(subject)),
    },
];

fn cgroup_tree(subject: &Subject<'_>) -> Told {
    let mut failures = Vec::new();
    if let Some(stated) = said(&subject.spec.writable_cgroups)?.filter(|stated| stated.value) {
        failures.push(Failure::new("writable-cgroups is on", stated.at.place()));
    }
    let (mounts, mut blind) = host_mounts(subject);
    for host in mounts
        .iter()
        .filter(|host| is_in(&host.path, "/sys/fs/cgroup"))
    {
        match host.writable {
            Some(true) => {
                let detail = format!("{} of the host, writable", host.path);
                failures.push(Failure::new(detail, host.mount.at.place()));
            }
            Some(false) => {}
            None => {
                let why = "whether the mount can be written is not known";
                blind = blind.or_else(|| Some(blind_at(why, &host.mount.at)));
            }
        }
    }
    judged(failures, blind)
}

fn writable_root(subject: &Subject<'_>) -> Told {
    let setting = &subject.spec.read_only_root;
    if is_on(setting)? {
        return Ok(Outcome::Passed);
    }
    let detail = if setting.is_absent() {
        "nothing says that it is read-only"
    } else {
        "it is said to be writable"
    };
    fails(detail, subject.place_of(setting))
}

fn memory_mounts<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Mount> {
    let mounts = subject.spec.mounts.iter();
    mounts.filter(|mount| mount.kind == MountKind::Memory)
}

fn target(mount: &Mount) -> &str {
    mount.target.value().map_or("a tmpfs", String::as_str)
}

fn tmpfs_options(subject: &Subject<'_>) -> Outcome {
    if subject.is_kubernetes() {
        // An emptyDir has no such options.
        return Outcome::NotApplicable;
    }
    let failures = memory_mounts(subject).filter_map(|mount| {
        let has = |word: &str| mount.options.iter().any(|option| option == word);
        let allowed: Vec<&str> = ["exec", "suid", "dev"]
            .into_iter()
            .filter(|word| {
                let is_left_open = subject.form() == Form::Oci
                    && target(mount) != "/dev"
                    && !has(&format!("no{word}"));
                has(word) || is_left_open
            })
            .collect();
        (!allowed.is_empty()).then(|| {
            let detail = format!("{}: {}", target(mount), allowed.join(", "));
            Failure::new(detail, mount.at.place())
        })
    });
    Outcome::of(failures.collect())
}

fn tmpfs_owner(subject: &Subject<'_>) -> Told {
    if !matches!(
        subject.form(),
        Form::DockerRun | Form::Compose | Form::Inspect
    ) || memory_mounts(subject).next().is_none()
    {
        return Ok(Outcome::NotApplicable);
    }
    let uid = match runs_as(subject)? {
        RunsAs::Root(..) => return Ok(Outcome::Passed),
        RunsAs::Other(Some(uid)) => uid,
        RunsAs::Other(None) | RunsAs::ImageDecides => return Err(super::account::image_decides()),
    };
    let Some(image) = subject.image else {
        return Err(Blind(
            "the owners of the image's folders are not known: give --image or scan it".to_owned(),
        ));
    };
    let gid = primary_group(subject, Some(uid)).ok().flatten();
    let failures = memory_mounts(subject).filter_map(|mount| {
        let path = LayerPath::normalise(mount.target.value()?.as_bytes());
        let mut folder = *image.folders.get(&path)?;
        folder.uid = option(mount, "uid=").unwrap_or(folder.uid);
        folder.gid = option(mount, "gid=").unwrap_or(folder.gid);
        (!folder.is_writable_by(uid, gid)).then(|| {
            let (owner, mode) = (folder.uid, folder.mode & 0o7777);
            let detail = format!("{}: the image's folder is of uid {owner} with mode {mode:o}, and the user is {uid}", target(mount));
            let fix = format!("uid={uid},gid={}", gid.unwrap_or(uid));
            Failure::new(detail, mount.at.place()).with_fix(fix)
        })
    });
    Ok(Outcome::of(failures.collect()))
}

fn option(mount: &Mount, key: &str) -> Option<u64> {
    let mut options = mount.options.iter();
    options.find_map(|option| option.strip_prefix(key)?.parse().ok())
}

fn tmpfs_size(subject: &Subject<'_>) -> Told {
    let mut failures = Vec::new();
    let mut blind = None;
    let mounts = subject.spec.mounts.iter();
    for mount in mounts.filter(|mount| matches!(mount.kind, MountKind::Memory | MountKind::Scratch))
    {
        // What every runtime puts there has no files of the container in it.
        if subject.form() == Form::Oci && matches!(target(mount), "/dev" | "/run" | "/dev/shm") {
            continue;
        }
        let in_options = mount.options.iter().any(|option| {
            option
                .strip_prefix("size=")
                .is_some_and(|size| !is_no_size(size))
        });
        match said(&mount.size) {
            Err(unknown) => blind = blind.or(Some(unknown)),
            Ok(Some(size)) if !is_no_size(&size.value) => {}
            Ok(_) if in_options => {}
            Ok(_) => {
                let detail = format!("{} has no size", target(mount));
                failures.push(Failure::new(detail, mount.at.place()));
            }
        }
    }
    judged(failures, blind)
}

fn is_no_size(size: &str) -> bool {
    matches!(size.trim(), "" | "0")
}

fn propagation(subject: &Subject<'_>) -> Outcome {
    let failures = subject.spec.mounts.iter().filter_map(|mount| {
        let stated = mount.propagation.as_ref();
        let stated = stated.map(|stated| (stated.value.as_str(), stated.at.place()));
        let options = mount
            .options
            .iter()
            .map(|option| (option.as_str(), mount.at.place()));
        let mut words = stated.into_iter().chain(options);
        let (word, place) = words.find(|(word, _)| {
            matches!(
                word.to_ascii_lowercase().as_str(),
                "shared" | "rshared" | "bidirectional"
            )
        })?;
        Some(Failure::new(format!("{}: {word}", target(mount)), place))
    });
    Outcome::of(failures.collect())
}

fn volumes_from(subject: &Subject<'_>) -> Outcome {
    let failures = subject
        .spec
        .volumes_from
        .iter()
        .map(|from| Failure::new(format!("all volumes of `{}`", from.value), from.at.place()));
    Outcome::of(failures.collect())
}

/// A bind that the options of a volume's driver make is said in one of them: readers keep it among the mount's options
/// (`volume-opt=device=/path`, `o=bind`), or the source's place is the option (`volumes.data.driver_opts.device`).
fn bind_volume(subject: &Subject<'_>) -> Told {
    let (mounts, blind) = host_mounts(subject);
    let failures = mounts.iter().filter(|host| {
        let in_options = host.mount.options.iter().any(|option| {
            let option = option.strip_prefix("volume-opt=").unwrap_or(option);
            option.starts_with("device=") || option == "o=bind"
        });
        let at = host.mount.source.spot();
        in_options || at.is_some_and(|at| at.field.ends_with(".device"))
    });
    let failures = failures.map(|host| {
        Failure::new(
            format!("a volume that is {} of the host", host.path),
            host.mount.at.place(),
        )
    });
    judged(failures.collect(), blind)
}
