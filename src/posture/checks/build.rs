//! How the image was built, as far as its history tells.

use std::collections::{BTreeMap, BTreeSet};

use super::{IMAGE, ImageCheck, ImageView, NIST_TRUST, NIST_VULNERABILITIES, config_failure};
use crate::model::{Check, Failure, Outcome, Severity, ShellCommand, shell};
use crate::posture::history::{Instruction, instructions};

/// Why a check of the history was not evaluated.
pub(super) const NO_HISTORY: &str = "the image has no history of build instructions";

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-036",
            title: "Package index is updated without an install in the same RUN",
            severity: Severity::Low,
            cis: &["4.7"],
            nist: NIST_VULNERABILITIES,
            why: "The index is cached with its layer, so that later builds install old packages.",
            fix: "Update and install in one RUN.",
            ..IMAGE
        },
        run: update_alone,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-037",
            title: "ADD of an address",
            severity: Severity::Low,
            cis: &["4.9"],
            nist: NIST_TRUST,
            why: "What the address serves on the day of the build goes into the image without a check.",
            fix: "ADD --checksum=sha256:… ADDRESS, or download and compare in a RUN.",
            ..IMAGE
        },
        run: add_address,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-038",
            title: "ADD where COPY would do",
            severity: Severity::Low,
            cis: &["4.9"],
            why: "ADD unpacks archives and fetches addresses, so that a changed file name changes what it does.",
            fix: "Write COPY.",
            ..IMAGE
        },
        run: add_copy,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-039",
            title: "Package is installed without its version",
            severity: Severity::Negligible,
            cis: &["4.11"],
            nist: NIST_TRUST,
            why: "The same Dockerfile gives another image tomorrow.",
            fix: "Name the version, or install from a lock file.",
            ..IMAGE
        },
        run: unpinned,
    },
];

/// Runs a check over the history, which must be there.
pub(super) fn over(view: &ImageView, check: impl Fn(&Instruction<'_>) -> Vec<String>) -> Outcome {
    let found = instructions(&view.config);
    if found.is_empty() {
        return Outcome::NotEvaluated(NO_HISTORY.to_owned());
    }
    Outcome::of(failures(&found, check))
}

/// What a check finds in each instruction.
pub(super) fn failures(
    found: &[Instruction<'_>],
    check: impl Fn(&Instruction<'_>) -> Vec<String>,
) -> Vec<Failure> {
    let of_one = |instruction: &Instruction<'_>| {
        let mut details = check(instruction);
        details.dedup();
        let failure = |detail| {
            let mut failure = config_failure(format!("history {}", instruction.item), detail);
            failure.place.layer = instruction.layer;
            failure
        };
        details.into_iter().map(failure).collect::<Vec<_>>()
    };
    found.iter().flat_map(of_one).collect()
}

/// The commands of a `RUN`; none of any other instruction.
pub(super) fn commands(instruction: &Instruction<'_>) -> Vec<ShellCommand> {
    if instruction.keyword == "RUN" {
        shell::commands(instruction.text)
    } else {
        Vec::new()
    }
}

/// Words of package managers that install from the index.
const INSTALLS: [&str; 13] = [
    "install",
    "add",
    "upgrade",
    "dist-upgrade",
    "full-upgrade",
    "build-dep",
    "satisfy",
    "in",
    "patch",
    "fix",
    "update",
    "source",
    "dup",
];

/// What a command does to a package manager's index: the manager's family, and whether it updates the index or uses it.
fn index_step(command: &ShellCommand) -> Option<(&'static str, bool)> {
    let (family, updates): (&str, &[&str]) = match command.program()? {
        "apt-get" | "apt" | "aptitude" => ("apt", &["update"]),
        "apk" => ("apk", &["update"]),
        "yum" | "dnf" | "microdnf" | "tdnf" => ("dnf", &["makecache", "check-update"]),
        "zypper" => ("zypper", &["refresh", "ref"]),
        _ => return None,
    };
    let is_verb = |word: &&str| updates.contains(word) || INSTALLS.contains(word);
    let verb = command.arguments().find(is_verb)?;
    Some((family, updates.contains(&verb)))
}

fn update_alone(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        if instruction.text.contains("--mount=type=cache") {
            return Vec::new();
        }
        let found = commands(instruction);
        let mut installed = BTreeSet::new();
        let mut alone = BTreeSet::new();
        for (family, is_update) in found.iter().filter_map(index_step).rev() {
            if !is_update {
                installed.insert(family);
            } else if !installed.contains(family) {
                alone.insert(family);
            }
        }
        let detail =
            |family| format!("the {family} index is updated, and nothing is installed after it");
        alone.into_iter().map(detail).collect()
    })
}

/// The sources of an `ADD` and its target; options are left out.
fn sources(text: &str) -> (Vec<&str>, &str, bool) {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let words = text.split([' ', ',']).map(|word| word.trim_matches('"'));
    let mut words: Vec<&str> = words
        .filter(|word| !word.is_empty() && *word != "in")
        .collect();
    let is_checked = words.iter().any(|word| word.starts_with("--checksum"));
    words.retain(|word| !word.starts_with("--"));
    let target = words.pop().unwrap_or_default();
    (words, target, is_checked)
}

fn is_address(source: &str) -> bool {
    source.contains("://") || source.starts_with("git@")
}

fn add_address(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let (sources, _, is_checked) = sources(instruction.text);
        let found = sources.into_iter().filter(|source| is_address(source));
        if instruction.keyword != "ADD" || is_checked {
            return Vec::new();
        }
        found
            .map(|source| format!("ADD of {}", host(source)))
            .collect()
    })
}

/// Only the host: the rest can hold a token, and so can what stands before it.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let is_host = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-.".contains(c))
        && port.chars().all(|c| c.is_ascii_digit());
    if is_host { host } else { "an address" }
}

fn add_copy(view: &ImageView) -> Outcome {
    const ARCHIVES: [&str; 9] = [
        ".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".tar.zst", ".tar.Z",
    ];
    // Docker's classic builder names a file only by its digest: whether it is an archive is lost. What goes to / is a root file system.
    let is_unnamed = |source: &&str| source.starts_with("file:") || source.starts_with("multi:");
    let is_archive = |source: &str| ARCHIVES.iter().any(|end| source.ends_with(end));
    let outcome = over(view, |instruction| {
        let (sources, target, _) = sources(instruction.text);
        if instruction.keyword != "ADD" || target == "/" {
            return Vec::new();
        }
        let plain = sources
            .iter()
            .filter(|source| !is_address(source) && !is_archive(source) && !is_unnamed(source));
        plain
            .map(|source| {
                let what = if source.starts_with("dir:") {
                    "a folder"
                } else {
                    source
                };
                format!("ADD of {what} to {target}")
            })
            .collect()
    });
    let has_unnamed = instructions(&view.config).iter().any(|instruction| {
        let (sources, target, _) = sources(instruction.text);
        instruction.keyword == "ADD" && target != "/" && sources.iter().any(is_unnamed)
    });
    if outcome == Outcome::Passed && has_unnamed {
        return Outcome::NotEvaluated(
            "the history names a file of ADD only by its digest, so that it may be an archive"
                .to_owned(),
        );
    }
    outcome
}

/// How many packages a command installs without a version. Their names are not told: what looks like one could be an option's value.
fn unpinned_count(command: &ShellCommand) -> usize {
    const WITH_VALUE: [&str; 9] = [
        "-r",
        "-t",
        "-c",
        "--virtual",
        "--repository",
        "-i",
        "-v",
        "-o",
        "--requirement",
    ];
    let program = command.program().unwrap_or_default();
    let verbs: &[&str] = match program {
        "apt-get" | "apt" | "yum" | "dnf" | "microdnf" | "tdnf" | "pip" | "pip3" | "gem" => {
            &["install"]
        }
        "apk" => &["add"],
        "npm" | "pnpm" => &["install", "add", "i"],
        _ => return 0,
    };
    let mut names = command
        .words
        .iter()
        .skip_while(|word| !verbs.contains(&word.text.as_str()))
        .skip(1);
    let mut count = 0;
    while let Some(name) = names.next() {
        if WITH_VALUE.contains(&name.text.as_str()) {
            names.next();
        } else if name.is_literal
            && !name.text.starts_with(['-', '.', '/'])
            && !is_pinned(program, &name.text)
        {
            count += 1;
        }
    }
    let names_one_version = program == "gem"
        && command
            .arguments()
            .any(|word| word == "-v" || word.starts_with("--version"));
    if names_one_version { 0 } else { count }
}

fn is_pinned(program: &str, name: &str) -> bool {
    // An address or a file is what it is.
    if name.contains(['/', ':']) && !name.starts_with('@') {
        return true;
    }
    match program {
        "apt-get" | "apt" => name.contains('='),
        "apk" => name.contains(['=', '~', '<', '>']),
        // `name-1.2-3`: a dash with a number that has a dot. `java-11-openjdk` is a name.
        "yum" | "dnf" | "microdnf" | "tdnf" => name
            .split('-')
            .skip(1)
            .any(|part| part.starts_with(|c: char| c.is_ascii_digit()) && part.contains('.')),
        // A file of the build's folder is a wheel or a list.
        "pip" | "pip3" => {
            let end = name.rsplit('.').next().unwrap_or_default();
            name.contains(['=', '@', '~', '<', '>']) || ["whl", "txt", "gz"].contains(&end)
        }
        _ => name.trim_start_matches('@').contains('@'),
    }
}

fn unpinned(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for command in commands(instruction) {
            let count = unpinned_count(&command);
            if let Some(program) = command.program().filter(|_| count > 0) {
                *counts.entry(program.to_owned()).or_default() += count;
            }
        }
        let detail =
            |(program, count)| format!("{program} installs {count} packages without a version");
        counts.into_iter().map(detail).collect()
    })
}
