//! Capabilities: what root inside may do, and what a setuid file may give.

use super::account::is_surely_not_root;
use super::privilege::surely_gains_nothing;
use super::told::{Blind, Told, blind_at, failed, fails, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Capability, CapabilitySet, Check, CheckPlace, Failure, Outcome, Severity};
use crate::runtime::{Form, Namespace, Stated};

/// With one of these, and no user namespace, a process leaves the container or reads the host.
const TAKEOVER: &[(&str, &str)] = &[
    ("SYS_ADMIN", "mounts, enters namespaces, loads BPF"),
    ("SYS_MODULE", "loads kernel modules"),
    ("SYS_PTRACE", "takes over other processes"),
    ("SYS_RAWIO", "reaches I/O ports and memory"),
    (
        "DAC_READ_SEARCH",
        "opens any file of the host by its handle",
    ),
    ("SYS_BOOT", "loads another kernel"),
    ("BPF", "loads BPF programs"),
    ("PERFMON", "traces the kernel"),
    ("MAC_ADMIN", "changes the rules of the security module"),
    ("MAC_OVERRIDE", "ignores the security module"),
    ("CHECKPOINT_RESTORE", "writes into other processes"),
];

/// These reach beyond the container, but do not take the host over by themselves.
const SYSTEM: &[&str] = &[
    "NET_ADMIN",
    "SYSLOG",
    "SYS_TIME",
    "SYS_RESOURCE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_TTY_CONFIG",
    "IPC_LOCK",
    "IPC_OWNER",
    "LINUX_IMMUTABLE",
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "BLOCK_SUSPEND",
    "WAKE_ALARM",
    "LEASE",
    "NET_BROADCAST",
];

/// What Docker's default has and Podman's may leave out (`default_capabilities` of containers.conf(5)).
const LEFT_OUT_BY_PODMAN: &[&str] = &["NET_RAW", "MKNOD", "AUDIT_WRITE"];

const NIST: &[&str] = &["4.4.3", "4.5.2"];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-002",
            title: "Default capabilities kept",
            severity: Severity::Medium,
            cis: &["5.4"],
            nist: NIST,
            pss: &["restricted: capabilities"],
            why: "The default of container engines leaves root fourteen capabilities, and most programs need none of them. For another user they stay in \
                  the bounding set, from where a setuid file takes them.",
            fix: "Drop all, and add back what is needed.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::DROP_ALL,
        on_windows: false,
        run: |subject| settle(default_kept(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-003",
            title: "All capabilities added",
            severity: Severity::Critical,
            cis: &["5.4"],
            nist: NIST,
            pss: &["baseline: capabilities"],
            why: "Root inside has all that the kernel gives to root. It beats a drop of everything beside it.",
            fix: "List the few that are needed.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::ADD_LESS,
        on_windows: false,
        run: |subject| settle(all_added(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-004",
            title: "Capability added that takes over the host",
            severity: Severity::Critical,
            cis: &["5.4"],
            nist: NIST,
            pss: &["baseline: capabilities"],
            why: "Each of these is a known way out: mounting the host's disk, loading a module, reading files by handle, taking over processes.",
            fix: "Remove it. What it is for can mostly be done outside of the container.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::ADD_LESS,
        on_windows: false,
        run: |subject| settle(takeover(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-005",
            title: "Network or system administration capability added",
            severity: Severity::High,
            cis: &["5.4"],
            nist: NIST,
            pss: &["baseline: capabilities"],
            why: "It changes what others on the host rely on: routes, the clock, the kernel's log, limits, locks.",
            fix: "Remove it, or give the container namespaces of its own where it can do no harm.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::ADD_LESS,
        on_windows: false,
        run: |subject| settle(system(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-006",
            title: "NET_RAW available",
            severity: Severity::Low,
            cis: &["5.4"],
            nist: &["4.4.2", "4.4.3"],
            pss: &["baseline: capabilities"],
            why: "Raw and packet sockets forge addresses: others on the same network can be impersonated.",
            fix: "Drop it. ping works without it.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::DROP_NET_RAW,
        on_windows: false,
        run: |subject| settle(net_raw(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-007",
            title: "Capability added that the container cannot use or does not need",
            severity: Severity::Negligible,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "An engine puts added capabilities into the bounding set only. A user other than root gets them through a file capability or not at all; \
                  what is gained is gained by an attacker with a setuid file.",
            fix: "Remove it, or start as root and drop what is not needed.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::ADD_LESS,
        on_windows: false,
        run: |subject| settle(useless(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-008",
            title: "Capability added again that is in the default set",
            severity: Severity::Negligible,
            cis: &["5.4"],
            nist: &["4.4.3"],
            pss: &[],
            why: "It has no effect, and shows that dropping all was forgotten.",
            fix: "Drop all beside it, or remove it.",
        },
        fields: &fields::CAPABILITIES,
        lines: &wording::DROP_ALL,
        on_windows: false,
        run: |subject| settle(added_again(subject)),
    },
];

/// The bounding set, where it can be told.
pub(super) fn bounding(subject: &Subject<'_>) -> Result<CapabilitySet, Blind> {
    let capabilities = &subject.spec.capabilities;
    if let Some(why) = &capabilities.unknown {
        return Err(Blind(why.clone()));
    }
    if said(&capabilities.exact)?.is_none() && subject.form() == Form::Oci {
        // A runtime adds nothing by itself (runtime-spec `config.md`, Linux Process).
        return Ok(CapabilitySet::NONE);
    }
    Ok(capabilities.bounding())
}

/// Where capabilities are said.
fn place(subject: &Subject<'_>) -> CheckPlace {
    let capabilities = &subject.spec.capabilities;
    let words = capabilities.dropped.iter().chain(&capabilities.added);
    let spot = capabilities
        .exact
        .spot()
        .or_else(|| words.map(|word| &word.at).next());
    spot.map_or_else(|| subject.place(), crate::runtime::Spot::place)
}

fn default_kept(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let capabilities = &subject.spec.capabilities;
    let set = bounding(subject)?;
    let detail = if capabilities.adds_all() {
        "ALL is added, which beats a drop".to_owned()
    } else if capabilities.exact.value().is_some() || subject.form() == Form::Oci {
        // A list that somebody chose has fewer than every engine's default.
        let optional: CapabilitySet = named(LEFT_OUT_BY_PODMAN).collect();
        if !CapabilitySet::DOCKER_DEFAULT
            .minus(optional)
            .minus(set)
            .is_empty()
        {
            return Ok(Outcome::Passed);
        }
        "the bounding set has all of the default".to_owned()
    } else {
        let added = capabilities.added.iter();
        let added: CapabilitySet = added.filter_map(|word| word.value.parse().ok()).collect();
        let kept = CapabilitySet(set.0 & CapabilitySet::DOCKER_DEFAULT.0).minus(added);
        if kept.is_empty() {
            return Ok(Outcome::Passed);
        }
        format!("not all are dropped; left of the default: {kept}")
    };
    let failure = Failure::new(detail, place(subject));
    // Nothing can take them out of the bounding set then.
    if is_surely_not_root(subject) && surely_gains_nothing(subject) {
        return failed(failure.of_severity(Severity::Low));
    }
    failed(failure)
}

fn named<'n>(names: &'n [&'n str]) -> impl Iterator<Item = Capability> + 'n {
    names.iter().filter_map(|name| name.parse().ok())
}

fn all_added(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let capabilities = &subject.spec.capabilities;
    let is_all = |word: &&Stated<String>| {
        let word = word.value.trim();
        word.eq_ignore_ascii_case("all") || word.eq_ignore_ascii_case("cap_all")
    };
    if let Some(word) = capabilities.added.iter().find(is_all) {
        let beats = if capabilities.drops_all() {
            ", which beats the drop of ALL"
        } else {
            ""
        };
        return fails(format!("ALL is added{beats}"), word.at.place());
    }
    let set = bounding(subject)?;
    // Kernels before 5.9 do not know the last three.
    let recent: CapabilitySet = named(&["PERFMON", "BPF", "CHECKPOINT_RESTORE"]).collect();
    if CapabilitySet::ALL.minus(recent).minus(set).is_empty() {
        return fails("the bounding set has every capability", place(subject));
    }
    Ok(Outcome::Passed)
}

/// Each capability beyond the default with the place that gives it.
fn beyond_default(subject: &Subject<'_>) -> Result<Vec<(Capability, CheckPlace)>, Blind> {
    subject.unless_privileged()?;
    let capabilities = &subject.spec.capabilities;
    if capabilities.adds_all() {
        return Err(Blind("every capability is added: see PLM-R-003".to_owned()));
    }
    if said(&capabilities.exact)?.is_some() {
        let beyond = bounding(subject)?.minus(CapabilitySet::DOCKER_DEFAULT);
        return Ok(beyond.iter().map(|one| (one, place(subject))).collect());
    }
    let added = capabilities.added.iter();
    let known = added.filter_map(|word| Some((word.value.parse().ok()?, word.at.place())));
    Ok(known.collect())
}

fn blind_words(subject: &Subject<'_>) -> Option<Blind> {
    subject.spec.capabilities.unknown.clone().map(Blind)
}

/// What is left of a capability's weight: in a user namespace of its own it holds for that namespace alone; a user other than root
/// who can gain nothing never has it.
fn weighed(subject: &Subject<'_>, failure: Failure) -> Failure {
    if subject.has_own_users() {
        let detail = format!("{}; in a user namespace of its own", failure.detail);
        return Failure { detail, ..failure }.of_severity(Severity::Medium);
    }
    if is_surely_not_root(subject) && surely_gains_nothing(subject) {
        let detail = format!(
            "{}; only in the bounding set, the user is not root",
            failure.detail
        );
        return Failure { detail, ..failure }.of_severity(Severity::Medium);
    }
    failure
}

fn takeover(subject: &Subject<'_>) -> Told {
    let beyond = beyond_default(subject)?;
    let failures = beyond.into_iter().filter_map(|(capability, place)| {
        let (_, what) = TAKEOVER
            .iter()
            .find(|(name, _)| *name == capability.name())?;
        let failure = Failure::new(format!("{capability} is added: {what}"), place);
        Some(weighed(subject, failure))
    });
    judged(failures.collect(), blind_words(subject))
}

fn system(subject: &Subject<'_>) -> Told {
    let beyond = beyond_default(subject)?;
    let named = beyond
        .into_iter()
        .filter(|(one, _)| SYSTEM.contains(&one.name()));
    let failures =
        named.map(|(one, place)| weighed(subject, Failure::new(format!("{one} is added"), place)));
    judged(failures.collect(), blind_words(subject))
}

fn net_raw(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    if matches!(
        subject.spec.namespaces.network.value(),
        Some(Namespace::None)
    ) {
        return Ok(Outcome::NotApplicable);
    }
    if !bounding(subject)?.contains(Capability::NET_RAW) {
        return Ok(Outcome::Passed);
    }
    let capabilities = &subject.spec.capabilities;
    let is_named = |word: &Stated<String>| word.value.parse() == Ok(Capability::NET_RAW);
    let said = capabilities.added.iter().find(|word| is_named(word));
    match said {
        Some(word) => fails("NET_RAW is added", word.at.place()),
        None if subject.form() == Form::Quadlet && !capabilities.adds_all() => Err(Blind(
            "the host's containers.conf says whether Podman's default has NET_RAW".to_owned(),
        )),
        None => fails("NET_RAW is kept of the default", place(subject)),
    }
}

fn useless(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let capabilities = &subject.spec.capabilities;
    // Podman gives a user other than root what is added as ambient capabilities; a bundle says its sets one by one.
    if capabilities.added.is_empty() || matches!(subject.form(), Form::Quadlet | Form::Oci) {
        return Ok(Outcome::NotApplicable);
    }
    let mut failures = Vec::new();
    let mut blind = blind_words(subject);
    let not_root = is_surely_not_root(subject);
    for word in &capabilities.added {
        let Ok(capability) = word.value.parse::<Capability>() else {
            continue;
        };
        if capability == Capability::NET_BIND_SERVICE && low_ports_are_free(subject) {
            let detail = "NET_BIND_SERVICE is added, but ports below 1024 are free in a network namespace of its own (Docker from 20.10)";
            failures.push(Failure::new(detail, word.at.place()));
        } else if not_root {
            let files = subject.image.map(|image| &image.file_capabilities);
            match files {
                None => {
                    let why = "only a file capability of the image could use what is added: give --image or scan it";
                    blind = blind.or_else(|| Some(blind_at(why, &word.at)));
                }
                Some(files)
                    if files
                        .iter()
                        .any(|(_, file)| file.permitted.contains(capability)) => {}
                Some(_) => {
                    let detail = format!(
                        "{capability} is added, but the user is not root and no file of the image has it"
                    );
                    failures.push(Failure::new(detail, word.at.place()));
                }
            }
        }
    }
    judged(failures, blind)
}

/// Docker sets `net.ipv4.ip_unprivileged_port_start=0` in a network namespace of its own (moby `daemon/oci_linux.go`).
fn low_ports_are_free(subject: &Subject<'_>) -> bool {
    let network = &subject.spec.namespaces.network;
    let is_own = match network.value() {
        None => network.is_absent(),
        Some(Namespace::Host | Namespace::Joined(_)) => false,
        Some(_) => true,
    };
    let mut sysctls = subject.spec.sysctls.iter();
    let is_set = sysctls.any(|one| one.value.0 == "net.ipv4.ip_unprivileged_port_start");
    is_own
        && !is_set
        && matches!(
            subject.form(),
            Form::DockerRun | Form::Compose | Form::Inspect
        )
}

fn added_again(subject: &Subject<'_>) -> Told {
    subject.unless_privileged()?;
    let capabilities = &subject.spec.capabilities;
    if capabilities.drops_all() || subject.form() == Form::Oci {
        return Ok(Outcome::Passed);
    }
    let dropped = |one: Capability| {
        let mut dropped = capabilities.dropped.iter();
        dropped.any(|word| word.value.parse() == Ok(one))
    };
    let failures = capabilities.added.iter().filter_map(|word| {
        let one: Capability = word.value.parse().ok()?;
        let in_podman = !LEFT_OUT_BY_PODMAN.contains(&one.name());
        let in_default = CapabilitySet::DOCKER_DEFAULT.contains(one)
            && (subject.form() != Form::Quadlet || in_podman);
        (in_default && !dropped(one)).then(|| {
            Failure::new(
                format!("{one} is in the default set anyway"),
                word.at.place(),
            )
        })
    });
    judged(failures.collect(), blind_words(subject))
}
