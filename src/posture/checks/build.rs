//! How the image was built, as far as its history tells.

use super::{IMAGE, ImageCheck, ImageView, NIST_TRUST, NIST_VULNERABILITIES, at, config_failure};
use crate::model::{Check, Failure, Joiner, Observation, Outcome, Severity, ShellCommand, shell};
use crate::posture::history::{Instruction, instructions};

/// Why a check of the history was not evaluated.
pub(super) const NO_HISTORY: &str = "the image has no history of build instructions";

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-034",
            title: "Downloaded script piped into a shell",
            severity: Severity::High,
            cis: &["4.11"],
            nist: NIST_TRUST,
            why: "Whoever answers for that address when the image is built runs commands in it, and nobody sees which.",
            fix: "Download to a file, compare its digest, then run it.",
            ..IMAGE
        },
        run: piped,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-035",
            title: "Certificate or signature checks are off",
            severity: Severity::High,
            cis: &["4.11"],
            nist: NIST_TRUST,
            why: "Anybody between the build or the program and the server can hand over something else.",
            fix: "Remove the switch; add the missing certificate or key instead.",
            ..IMAGE
        },
        run: unchecked,
    },
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

const SHELLS: [&str; 6] = ["sh", "bash", "dash", "ash", "zsh", "ksh"];
/// Interpreters that run what they are given on standard input.
const INTERPRETERS: [&str; 6] = ["python", "python3", "perl", "ruby", "node", "php"];

/// Runs a check over the history, which must be there.
fn over(view: &ImageView, check: impl Fn(&Instruction<'_>) -> Vec<String>) -> Outcome {
    let found = instructions(&view.config);
    if found.is_empty() {
        return Outcome::NotEvaluated(NO_HISTORY.to_owned());
    }
    Outcome::of(failures(&found, check))
}

fn failures(
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
fn commands(instruction: &Instruction<'_>) -> Vec<ShellCommand> {
    if instruction.keyword == "RUN" {
        shell::commands(instruction.text)
    } else {
        Vec::new()
    }
}

fn downloads(text: &str) -> bool {
    ["curl ", "wget "]
        .iter()
        .any(|program| text.contains(program))
}

/// The program without `sudo`, `env` and their like before it.
fn interpreter(command: &ShellCommand) -> Option<&str> {
    let name = |word: &'_ shell::ShellWord| word.text.rsplit('/').next().unwrap_or_default().len();
    let words = command.words.iter().map(|word| {
        let start = word.text.len().saturating_sub(name(word));
        word.text.get(start..).unwrap_or_default()
    });
    let mut words = words.skip_while(|word| ["sudo", "env", "exec", "-E", "nohup"].contains(word));
    words
        .next()
        .filter(|word| SHELLS.contains(word) || INTERPRETERS.contains(word))
}

fn piped(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let mut details = Vec::new();
        let mut comes_from_net = false;
        for command in commands(instruction) {
            if command.joined != Joiner::Pipe {
                comes_from_net = false;
            }
            let runs = interpreter(&command);
            let substitutes = command.words.iter().any(|word| {
                (word.text.contains("<(") || word.text.contains("$(") || word.text.contains('`'))
                    && !word.is_literal
                    && downloads(&word.text)
            });
            let is_source =
                ["eval", ".", "source"].contains(&command.program().unwrap_or_default());
            if let Some(program) = runs.filter(|_| comes_from_net || substitutes) {
                details.push(format!("a download is piped into {program}"));
            } else if is_source && substitutes {
                details.push("a download is evaluated".to_owned());
            }
            comes_from_net |= ["curl", "wget"].contains(&command.program().unwrap_or_default());
        }
        details
    })
}

/// Switches that turn a check off: program (empty for any), word.
const UNCHECKED: [(&str, &str); 20] = [
    ("curl", "--insecure"),
    ("curl", "--proxy-insecure"),
    ("wget", "--no-check-certificate"),
    ("pip", "--trusted-host"),
    ("pip3", "--trusted-host"),
    ("apt-get", "--allow-unauthenticated"),
    ("apt", "--allow-unauthenticated"),
    ("apt-get", "--force-yes"),
    ("apt-get", "--allow-insecure-repositories"),
    ("apk", "--allow-untrusted"),
    ("rpm", "--nosignature"),
    ("rpm", "--nogpgcheck"),
    ("yum", "--nogpgcheck"),
    ("dnf", "--nogpgcheck"),
    ("microdnf", "--nogpgcheck"),
    ("tdnf", "--nogpgcheck"),
    ("zypper", "--no-gpg-checks"),
    ("zypper", "--no-gpg-check"),
    ("git", "http.sslVerify=false"),
    ("dnf", "--setopt=sslverify=false"),
];
/// Variables that turn a check off, with the value that does; `*` is any.
const UNCHECKED_VARIABLES: [(&str, &str); 8] = [
    ("NODE_TLS_REJECT_UNAUTHORIZED", "0"),
    ("PYTHONHTTPSVERIFY", "0"),
    ("GIT_SSL_NO_VERIFY", "*"),
    ("PIP_TRUSTED_HOST", "*"),
    ("NPM_CONFIG_STRICT_SSL", "false"),
    ("npm_config_strict_ssl", "false"),
    ("GONOSUMCHECK", "*"),
    ("GOINSECURE", "*"),
];

fn turns_off(name: &str, value: &str) -> bool {
    let value = value.trim_matches('"');
    let is_off = |(known, off): &(&str, &str)| {
        name == *known && (*off == value || (*off == "*" && !["", "0", "false"].contains(&value)))
    };
    UNCHECKED_VARIABLES.iter().any(is_off)
}

fn unchecked_command(command: &ShellCommand) -> Vec<String> {
    let program = command.program().unwrap_or_default();
    let mut details: Vec<String> = command
        .arguments()
        .filter(|word| {
            let is_listed = |(of, switch): &(&str, &str)| *of == program && *switch == *word;
            // `-k` in a bundle of short options, such as `-fsSLk`.
            let is_short = program == "curl"
                && word.starts_with('-')
                && !word.starts_with("--")
                && word.contains('k')
                && word.len() <= 8;
            UNCHECKED.iter().any(is_listed) || is_short
        })
        .map(|word| format!("{program} {word}"))
        .collect();
    let words: Vec<&str> = command.arguments().collect();
    let sets_npm = ["npm", "yarn", "pnpm"].contains(&program)
        && words.contains(&"strict-ssl")
        && words.contains(&"false");
    let sets_git =
        program == "git" && words.contains(&"http.sslVerify") && words.contains(&"false");
    if sets_npm || sets_git {
        details.push(format!("{program} is told to check no certificate"));
    }
    let exported = command.arguments().filter_map(|word| word.split_once('='));
    let assigned = command
        .assignments
        .iter()
        .map(|(name, value)| (name.as_str(), value.text.as_str()));
    let is_export = ["export", "env"].contains(&program);
    details.extend(
        assigned
            .chain(exported.filter(|_| is_export))
            .filter(|(name, value)| turns_off(name, value))
            .map(|(name, _)| format!("{name} is set")),
    );
    details
}

fn unchecked(view: &ImageView) -> Outcome {
    let found = instructions(&view.config);
    let mut all = failures(&found, |instruction| {
        commands(instruction)
            .iter()
            .flat_map(unchecked_command)
            .collect()
    });
    let variables = view
        .config
        .config
        .env
        .iter()
        .filter_map(|variable| variable.split_once('='));
    all.extend(
        variables
            .filter(|(name, value)| turns_off(name, value))
            .map(|(name, _)| config_failure(format!("env {name}"), format!("{name} is set"))),
    );
    all.extend(
        view.observations()
            .filter_map(|(path, _, fact)| match fact {
                Observation::UnverifiedPackages { line, setting } => Some(Failure::new(
                    format!("packages are taken unchecked: {setting}"),
                    at(view, path, Some(*line)),
                )),
                _ => None,
            }),
    );
    if all.is_empty() && found.is_empty() {
        return Outcome::NotEvaluated(NO_HISTORY.to_owned());
    }
    Outcome::of(all)
}

/// Package managers with the words that update an index and those that install.
fn index_step(command: &ShellCommand) -> Option<(&str, bool)> {
    let program = command.program()?;
    let (family, updates): (&str, &[&str]) = match program {
        "apt-get" | "apt" | "aptitude" => ("apt", &["update"]),
        "apk" => ("apk", &["update"]),
        "yum" | "dnf" | "microdnf" | "tdnf" => ("dnf", &["makecache", "check-update"]),
        "zypper" => ("zypper", &["refresh", "ref"]),
        _ => return None,
    };
    let word = command.arguments().find(|word| !word.starts_with('-'))?;
    Some((family, updates.contains(&word)))
}

fn update_alone(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let found = commands(instruction);
        let steps: Vec<(&str, bool)> = found.iter().filter_map(index_step).collect();
        let is_alone = |(index, (family, is_update)): (usize, &(&str, bool))| {
            let mut later = steps.iter().skip(index + 1);
            *is_update && !later.any(|(other, is_update)| other == family && !is_update)
        };
        let is_cached = instruction.text.contains("--mount=type=cache");
        let alone = steps
            .iter()
            .enumerate()
            .filter(|step| is_alone(*step) && !is_cached);
        alone
            .map(|(_, (family, _))| {
                format!("the {family} index is updated, and nothing is installed after it")
            })
            .collect()
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
    ["http://", "https://", "git@", "git://"]
        .iter()
        .any(|start| source.starts_with(start))
}

fn add_address(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let (sources, _, is_checked) = sources(instruction.text);
        let found = sources.into_iter().filter(|source| is_address(source));
        if instruction.keyword != "ADD" || is_checked {
            return Vec::new();
        }
        found
            .map(|source| format!("ADD of {}", without_user(source)))
            .collect()
    })
}

/// Only the host: the rest can hold a token.
fn without_user(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host)
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
        instruction.keyword == "ADD"
            && target != "/"
            && sources.iter().any(|source| is_unnamed(source))
    });
    if outcome == Outcome::Passed && has_unnamed {
        return Outcome::NotEvaluated(
            "the history names a file of ADD only by its digest, so that it may be an archive"
                .to_owned(),
        );
    }
    outcome
}

/// The words that install of each package manager, and what stands between a name and its version.
fn unpinned_names(command: &ShellCommand) -> Vec<&str> {
    let program = command.program().unwrap_or_default();
    let (verbs, marks): (&[&str], &[&str]) = match program {
        "apt-get" | "apt" => (&["install"], &["="]),
        "apk" => (&["add"], &["=", "~", ">", "<"]),
        "yum" | "dnf" | "microdnf" | "tdnf" => (&["install"], &["-"]),
        "pip" | "pip3" => (&["install"], &["==", "@", ">=", "~=", "/", ".whl", ".txt"]),
        "npm" | "pnpm" => (&["install", "add", "i"], &["@"]),
        "gem" => (&["install"], &[":"]),
        _ => return Vec::new(),
    };
    let words = command.words.iter().skip(1).filter(|word| word.is_literal);
    let mut names = words
        .map(|word| word.text.as_str())
        .skip_while(|word| !verbs.contains(word))
        .skip(1);
    let mut found = Vec::new();
    while let Some(name) = names.next() {
        // These options are followed by a value.
        if [
            "-r",
            "-t",
            "-c",
            "--virtual",
            "--repository",
            "-i",
            "-v",
            "--requirement",
        ]
        .contains(&name)
        {
            names.next();
        } else if !name.starts_with(['-', '.', '/'])
            && !marks
                .iter()
                .any(|mark| name.trim_start_matches('@').contains(mark))
        {
            found.push(name);
        }
    }
    let pins_gem = program == "gem"
        && command
            .arguments()
            .any(|word| word == "-v" || word.starts_with("--version"));
    if pins_gem { Vec::new() } else { found }
}

fn unpinned(view: &ImageView) -> Outcome {
    over(view, |instruction| {
        let found = commands(instruction);
        let names: Vec<&str> = found.iter().flat_map(unpinned_names).collect();
        match names.as_slice() {
            [] => Vec::new(),
            [name] => vec![format!("{name} without a version")],
            [name, rest @ ..] => vec![format!("{name} and {} more without a version", rest.len())],
        }
    })
}
