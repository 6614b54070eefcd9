//! What is started, where the settings say it. Arguments are never shown: only what they do.

use super::told::{Blind, Told, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::Setting;

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-091",
            title: "Escape idiom in the command",
            severity: Severity::Critical,
            cis: &[],
            nist: &["4.4.5", "4.5.5"],
            pss: &[],
            why: "The command leaves the container on purpose: it enters the host's namespaces, its root or its disk.",
            fix: "Do on the host what belongs to the host.",
        },
        fields: &fields::COMMAND,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(escapes(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-092",
            title: "Authentication turned off",
            severity: Severity::Medium,
            cis: &[],
            nist: &["4.4.3", "4.4.4"],
            pss: &[],
            why: "Whoever reaches the port is let in.",
            fix: "Turn it on.",
        },
        fields: &fields::COMMAND,
        lines: &wording::NONE,
        on_windows: true,
        run: |subject| settle(no_authentication(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-145",
            title: "SSH server started",
            severity: Severity::Medium,
            cis: &["5.7"],
            nist: &["4.1.2", "4.4.4"],
            pss: &[],
            why: "A second way in, with accounts and keys of its own that nobody rotates.",
            fix: "Use the engine's exec.",
        },
        fields: &fields::COMMAND,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(ssh_server(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-161",
            title: "Command asks for root or disables its own sandbox",
            severity: Severity::Medium,
            cis: &[],
            nist: &["4.4.3", "4.4.4"],
            pss: &[],
            why: "The program itself warns of it: its own protection is taken away.",
            fix: "Run it as a user, and without the switch.",
        },
        fields: &fields::COMMAND,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(asks_for_root(subject)),
    },
];

/// The words of what is started, shell text taken apart, each with the place of its setting; and why there may be more.
struct Words<'a> {
    all: Vec<&'a str>,
    setting: Option<&'a Setting<Vec<String>>>,
    blind: Option<Blind>,
}

fn words<'a>(subject: &Subject<'a>) -> Words<'a> {
    let mut found = Words {
        all: Vec::new(),
        setting: None,
        blind: None,
    };
    let separates = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                ';' | '&' | '|' | '(' | ')' | '`' | '"' | '\'' | '<' | '>'
            )
    };
    for setting in [&subject.spec.entrypoint, &subject.spec.command] {
        match said(setting) {
            Err(unknown) => found.blind = found.blind.or(Some(unknown)),
            Ok(None) => {}
            Ok(Some(stated)) => {
                found.setting = found.setting.or(Some(setting));
                let words = stated.value.iter().flat_map(|word| word.split(separates));
                found.all.extend(words.filter(|word| !word.is_empty()));
            }
        }
    }
    found
}

impl Words<'_> {
    /// Whether nothing is said of what is started, so that the image's own is.
    fn are_the_images(&self) -> bool {
        self.setting.is_none() && self.blind.is_none()
    }

    fn has(&self, word: &str) -> bool {
        self.all.contains(&word)
    }

    /// Whether a program is named, with or without its folder.
    fn runs(&self, program: &str) -> bool {
        self.all.iter().any(|word| base(word) == program)
    }

    /// The word behind each that is this program.
    fn behind<'s>(&'s self, program: &'s str) -> impl Iterator<Item = &'s [&'s str]> {
        (0..self.all.len()).filter_map(move |at| {
            let is_it = self.all.get(at).is_some_and(|word| base(word) == program);
            is_it.then(|| self.all.get(at + 1..).unwrap_or_default())
        })
    }

    fn judged(self, subject: &Subject<'_>, details: Vec<String>) -> Told {
        let place = self
            .setting
            .map_or_else(|| subject.place(), |setting| subject.place_of(setting));
        let failures = details
            .into_iter()
            .map(|detail| Failure::new(detail, place.clone()));
        judged(failures.collect(), self.blind)
    }
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn escapes(subject: &Subject<'_>) -> Told {
    let words = words(subject);
    if words.are_the_images() {
        return Ok(Outcome::NotApplicable);
    }
    let roots: Vec<&str> = host_roots(subject).collect();
    let to_host = |rest: &[&str]| {
        let target = rest.iter().find(|word| word.starts_with('/'));
        target.is_some_and(|target| {
            target.starts_with("/proc/1/root") || roots.contains(&target.trim_end_matches('/'))
        })
    };
    let engines = ["docker", "nerdctl", "podman", "ctr"];
    let idioms = [
        (
            words.behind("nsenter").any(enters_init),
            "nsenter into the host's first process",
        ),
        (
            words.behind("chroot").any(to_host),
            "chroot into the host's root",
        ),
        (words.behind("mount").any(names_disk), "mount of a disk"),
        (
            engines
                .iter()
                .any(|engine| words.behind(engine).any(starts_container)),
            "another container is started from inside",
        ),
        (
            words.runs("insmod") || words.runs("modprobe"),
            "a kernel module is loaded",
        ),
    ];
    let mut found: Vec<String> = idioms
        .into_iter()
        .filter(|(is_there, _)| *is_there)
        .map(|(_, what)| what.to_owned())
        .collect();
    for (file, what) in KERNEL_FILES {
        let touches = |word: &&str| word.starts_with('/') && word.contains(file);
        if words.all.iter().any(touches) {
            found.push(format!("{what} is touched"));
        }
    }
    words.judged(subject, found)
}

/// Files of the kernel that make it run a program, or more.
const KERNEL_FILES: &[(&str, &str)] = &[
    ("core_pattern", "the kernel's core_pattern"),
    ("release_agent", "a cgroup's release_agent"),
    ("uevent_helper", "the kernel's uevent_helper"),
    ("binfmt_misc/register", "the kernel's binary formats"),
    ("sysrq-trigger", "the kernel's sysrq"),
];

fn names_disk(rest: &[&str]) -> bool {
    const DISKS: &[&str] = &[
        "/dev/sd",
        "/dev/nvme",
        "/dev/vd",
        "/dev/xvd",
        "/dev/dm-",
        "/dev/mapper/",
    ];
    let mut near = rest.iter().take(8);
    near.any(|word| DISKS.iter().any(|disk| word.starts_with(disk)))
}

fn starts_container(rest: &[&str]) -> bool {
    let verb = rest.iter().find(|word| !word.starts_with('-'));
    matches!(verb, Some(&("run" | "create" | "exec")))
}

/// `-t 1`, `-t1`, `--target 1`, `--target=1`, also among short options that are written together.
fn enters_init(rest: &[&str]) -> bool {
    rest.iter().enumerate().take(12).any(|(at, word)| {
        let next_is_init = rest.get(at + 1) == Some(&"1");
        let is_short = word.starts_with('-') && !word.starts_with("--");
        match *word {
            "--target=1" | "-t1" => true,
            "--target" | "-t" => next_is_init,
            word if is_short => word.ends_with('t') && next_is_init,
            _ => false,
        }
    })
}

/// Where the host's root is inside: usual names, and where it is mounted.
fn host_roots<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a str> {
    let usual = [
        "/host",
        "/hostfs",
        "/rootfs",
        "/host-root",
        "/mnt/host",
        "/node",
        "/hostroot",
    ];
    let (mounts, _) = super::mounts::host_mounts(subject);
    let mounted = mounts.into_iter().filter(|host| host.path == "/");
    let mounted = mounted.filter_map(|host| host.mount.target.value().map(String::as_str));
    usual.into_iter().chain(mounted)
}

/// Arguments that let everybody in.
const OPEN_ARGUMENTS: &[&str] = &[
    "--no-auth",
    "--noauth",
    "--disable-auth",
    "--without-auth",
    "--skip-grant-tables",
    "--insecure",
    "--anonymous-auth=true",
    "--auth=none",
    "--auth=false",
    "--NotebookApp.token=",
    "--ServerApp.token=",
    "--IdentityProvider.token=",
    "--NotebookApp.password=",
    "--ServerApp.password=",
    "--disable-login",
    "--no-password",
];

/// Variables that let everybody in, with the values that do; empty: any of `1`, `true`, `yes`, `on`.
const OPEN_VARIABLES: &[(&str, &[&str])] = &[
    ("POSTGRES_HOST_AUTH_METHOD", &["trust"]),
    ("ALLOW_EMPTY_PASSWORD", &[]),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", &[]),
    ("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", &[]),
    ("ALLOW_ANONYMOUS_LOGIN", &[]),
    ("ALLOW_PLAINTEXT_LISTENER", &[]),
    ("GF_AUTH_ANONYMOUS_ENABLED", &[]),
    ("NEO4J_AUTH", &["none"]),
    ("xpack.security.enabled", &["false"]),
    ("DISABLE_SECURITY_PLUGIN", &[]),
    ("DISABLE_AUTH", &[]),
    ("DANGEROUSLY_OMIT_AUTH", &[]),
];

fn is_on(value: &str) -> bool {
    matches!(
        value.trim().to_ascii_lowercase().as_str(),
        "1" | "true" | "yes" | "on"
    )
}

fn no_authentication(subject: &Subject<'_>) -> Told {
    let words = words(subject);
    let mut found = Vec::new();
    let arguments = subject
        .spec
        .entrypoint
        .value()
        .into_iter()
        .chain(subject.spec.command.value());
    // Quotes with nothing between them are nothing.
    let arguments: Vec<String> = arguments
        .flatten()
        .map(|word| word.replace(['"', '\''], ""))
        .collect();
    let open = |known: &&&str| {
        let mut all = arguments
            .iter()
            .flat_map(|word| word.split_whitespace())
            .chain(words.all.iter().copied());
        all.any(|word| word == **known)
    };
    if let Some(argument) = OPEN_ARGUMENTS.iter().find(open) {
        found.push(format!(
            "{} is among the arguments",
            argument.trim_end_matches('=')
        ));
    }
    let off = |rest: &[&str]| rest.first() == Some(&"no");
    if words.behind("protected-mode").any(off) || words.behind("--protected-mode").any(off) {
        found.push("protected-mode is off".to_owned());
    }
    let place = words
        .setting
        .map_or_else(|| subject.place(), |setting| subject.place_of(setting));
    let mut failures: Vec<Failure> = found
        .into_iter()
        .map(|detail| Failure::new(detail, place.clone()))
        .collect();
    failures.extend(variables(subject, OPEN_VARIABLES));
    judged(failures, words.blind)
}

/// One failure for each variable that has one of its values. They are known words, never secrets.
fn variables(subject: &Subject<'_>, known: &[(&str, &[&str])]) -> Vec<Failure> {
    let environment = subject.spec.environment.iter();
    let found = environment.filter(|variable| {
        let Some(value) = &variable.value else {
            return false;
        };
        known.iter().any(|(name, values)| {
            let has = values
                .iter()
                .any(|wanted| wanted.eq_ignore_ascii_case(value.trim()));
            *name == variable.name && (has || (values.is_empty() && is_on(value)))
        })
    });
    found
        .map(|variable| {
            Failure::new(
                format!("the variable {} says so", variable.name),
                variable.at.place(),
            )
        })
        .collect()
}

fn ssh_server(subject: &Subject<'_>) -> Told {
    let words = words(subject);
    let mut found = Vec::new();
    for server in ["sshd", "dropbear"] {
        if words.runs(server) {
            found.push(format!("{server} is started"));
        }
    }
    let starts = |rest: &[&str]| matches!(rest, ["ssh" | "sshd", "start", ..]);
    if words.behind("service").any(starts) {
        found.push("the service ssh is started".to_owned());
    }
    let exposes = subject
        .image
        .is_some_and(|image| image.exposed_ports.iter().any(|(port, _)| *port == 22));
    if words.are_the_images() {
        if exposes {
            found.push("the image exposes port 22".to_owned());
        } else if subject.image.is_none() {
            return Err(Blind(
                "no command is said, so the image decides: give --image or scan it".to_owned(),
            ));
        }
    }
    words.judged(subject, found)
}

fn asks_for_root(subject: &Subject<'_>) -> Told {
    const ARGUMENTS: &[&str] = &[
        "--no-sandbox",
        "--allow-root",
        "--allow-run-as-root",
        "--unsafe-perm",
        "--disable-setuid-sandbox",
        "--user=root",
    ];
    const VARIABLES: &[(&str, &[&str])] = &[
        ("ALLOW_RUNASROOT", &[]),
        ("RUN_AS_ROOT", &[]),
        ("PUID", &["0"]),
        ("PGID", &["0"]),
        ("OMPI_ALLOW_RUN_AS_ROOT", &[]),
        ("COMPOSER_ALLOW_SUPERUSER", &[]),
    ];
    let words = words(subject);
    let found = ARGUMENTS.iter().filter(|known| words.has(known));
    let place = words
        .setting
        .map_or_else(|| subject.place(), |setting| subject.place_of(setting));
    let mut failures: Vec<Failure> = found
        .map(|argument| Failure::new(format!("{argument} is among the arguments"), place.clone()))
        .collect();
    failures.extend(variables(subject, VARIABLES));
    judged(failures, words.blind)
}
