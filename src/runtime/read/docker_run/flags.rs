//! Every flag of `docker run` (Docker 28) and what `podman run` and `nerdctl run` add, and how words are told apart by them.
//!
//! The rules are those of spf13/pflag, which all three use: `--flag=value`, `--flag value`, `-abc` for switches, `-p8080:80` and `-p=…` for
//! a short flag with a value, `--` ends the flags. A switch takes a value only behind `=`. The first word that is no flag is the image, and
//! whatever stands behind it is the program's.

use super::word::Word;

/// A flag: its name, its letter, whether it takes a value, and whether it adds up (otherwise the last one counts).
pub(super) type Flag = (&'static str, Option<char>, bool, bool);

const fn switch(name: &'static str) -> Flag {
    (name, None, false, false)
}

const fn value(name: &'static str) -> Flag {
    (name, None, true, false)
}

const fn list(name: &'static str) -> Flag {
    (name, None, true, true)
}

const fn short(flag: Flag, letter: char) -> Flag {
    (flag.0, Some(letter), flag.2, flag.3)
}

/// docker/cli `cli/command/container/opts.go` and `run.go`, with the older names that it still takes.
const DOCKER: &[Flag] = &[
    list("add-host"),
    list("annotation"),
    short(list("attach"), 'a'),
    value("blkio-weight"),
    list("blkio-weight-device"),
    list("cap-add"),
    list("cap-drop"),
    value("cgroup-parent"),
    value("cgroupns"),
    value("cidfile"),
    value("cpu-count"),
    value("cpu-percent"),
    value("cpu-period"),
    value("cpu-quota"),
    value("cpu-rt-period"),
    value("cpu-rt-runtime"),
    short(value("cpu-shares"), 'c'),
    value("cpus"),
    value("cpuset-cpus"),
    value("cpuset-mems"),
    short(switch("detach"), 'd'),
    value("detach-keys"),
    list("device"),
    list("device-cgroup-rule"),
    list("device-read-bps"),
    list("device-read-iops"),
    list("device-write-bps"),
    list("device-write-iops"),
    switch("disable-content-trust"),
    list("dns"),
    list("dns-opt"),
    list("dns-option"),
    list("dns-search"),
    value("domainname"),
    value("entrypoint"),
    short(list("env"), 'e'),
    list("env-file"),
    list("expose"),
    list("gpus"),
    list("group-add"),
    value("health-cmd"),
    value("health-interval"),
    value("health-retries"),
    value("health-start-interval"),
    value("health-start-period"),
    value("health-timeout"),
    switch("help"),
    short(value("hostname"), 'h'),
    switch("init"),
    short(switch("interactive"), 'i'),
    value("io-maxbandwidth"),
    value("io-maxiops"),
    value("ip"),
    value("ip6"),
    value("ipc"),
    value("isolation"),
    value("kernel-memory"),
    short(list("label"), 'l'),
    list("label-file"),
    list("link"),
    list("link-local-ip"),
    value("log-driver"),
    list("log-opt"),
    value("mac-address"),
    short(value("memory"), 'm'),
    value("memory-reservation"),
    value("memory-swap"),
    value("memory-swappiness"),
    list("mount"),
    value("name"),
    list("net"),
    list("net-alias"),
    list("network"),
    list("network-alias"),
    switch("no-healthcheck"),
    switch("oom-kill-disable"),
    value("oom-score-adj"),
    value("pid"),
    value("pids-limit"),
    value("platform"),
    switch("privileged"),
    short(list("publish"), 'p'),
    short(switch("publish-all"), 'P'),
    value("pull"),
    short(switch("quiet"), 'q'),
    switch("read-only"),
    value("restart"),
    switch("rm"),
    value("runtime"),
    list("security-opt"),
    value("shm-size"),
    switch("sig-proxy"),
    value("stop-signal"),
    value("stop-timeout"),
    list("storage-opt"),
    list("sysctl"),
    list("tmpfs"),
    short(switch("tty"), 't'),
    list("ulimit"),
    switch("use-api-socket"),
    short(value("user"), 'u'),
    value("userns"),
    value("uts"),
    short(list("volume"), 'v'),
    value("volume-driver"),
    list("volumes-from"),
    short(value("workdir"), 'w'),
];

/// podman-run(1).
const PODMAN: &[Flag] = &[
    value("arch"),
    value("authfile"),
    list("cert-dir"),
    list("cgroup-conf"),
    value("cgroups"),
    list("chrootdirs"),
    value("conmon-pidfile"),
    value("creds"),
    list("decryption-key"),
    switch("env-host"),
    list("env-merge"),
    value("gidmap"),
    value("group-entry"),
    value("health-log-destination"),
    value("health-max-log-count"),
    value("health-max-log-size"),
    value("health-on-failure"),
    value("health-startup-cmd"),
    value("health-startup-interval"),
    value("health-startup-retries"),
    value("health-startup-success"),
    value("health-startup-timeout"),
    value("hosts-file"),
    list("hostuser"),
    switch("http-proxy"),
    value("image-volume"),
    value("init-ctr"),
    value("init-path"),
    switch("no-hostname"),
    switch("no-hosts"),
    value("os"),
    switch("passwd"),
    value("passwd-entry"),
    value("personality"),
    value("pidfile"),
    value("pod"),
    value("pod-id-file"),
    value("preserve-fd"),
    value("preserve-fds"),
    value("rdt-class"),
    switch("read-only-tmpfs"),
    switch("replace"),
    list("requires"),
    value("retry"),
    value("retry-delay"),
    switch("rmi"),
    switch("rootfs"),
    value("sdnotify"),
    value("seccomp-policy"),
    list("secret"),
    value("shm-size-systemd"),
    value("signature-policy"),
    value("subgidname"),
    value("subuidname"),
    value("systemd"),
    value("timeout"),
    switch("tls-verify"),
    value("tz"),
    list("uidmap"),
    value("umask"),
    list("unsetenv"),
    switch("unsetenv-all"),
    value("variant"),
];

/// nerdctl's command reference.
const NERDCTL: &[Flag] = &[
    value("cosign-certificate-identity"),
    value("cosign-certificate-identity-regexp"),
    value("cosign-certificate-oidc-issuer"),
    value("cosign-certificate-oidc-issuer-regexp"),
    value("cosign-key"),
    value("healthcheck"),
    value("ipfs-address"),
    value("userns-remap"),
    value("verify"),
];

/// The flag of this name.
pub(super) fn of_name(name: &str) -> Option<&'static Flag> {
    let mut all = [DOCKER, PODMAN, NERDCTL].into_iter().flatten();
    all.find(|flag| flag.0 == name)
}

/// The flag of this letter.
fn of_letter(letter: char) -> Option<&'static Flag> {
    let mut all = [DOCKER, PODMAN, NERDCTL].into_iter().flatten();
    all.find(|flag| flag.1 == Some(letter))
}

/// A flag as it is given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Its long name.
    pub(super) name: &'static str,
    /// Its value; `true` for a switch without one.
    pub(super) value: Word,
}

/// What the words behind `run` are.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    /// Flags, in order.
    pub(super) flags: Vec<Given>,
    /// The image, and what stands behind it.
    pub(super) rest: Vec<Word>,
    /// Flags that no engine has: name (without a value) and place.
    pub(super) unknown: Vec<Word>,
    /// Words among the flags of which it is not known what they are: each may be any number of flags.
    pub(super) open: Vec<Word>,
    /// Flags whose value is missing.
    pub(super) cut: Vec<Word>,
}

/// Tells the words behind `run` apart.
pub(super) fn parse(words: &[Word]) -> Parsed {
    let mut parsed = Parsed::default();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let text = word.text.as_str();
        if text == "--" {
            parsed.rest = words.cloned().collect();
            break;
        }
        if word.is_open {
            let rest: Vec<_> = words.clone().collect();
            if !is_image(word, &rest) {
                parsed.open.push(word.clone());
                continue;
            }
        }
        let Some(body) = text.strip_prefix('-').filter(|body| !body.is_empty()) else {
            parsed.rest = std::iter::once(word).chain(words).cloned().collect();
            break;
        };
        let takes_next = match body.strip_prefix('-') {
            Some(long) => long_flag(long, word, &mut parsed),
            None => cluster(body, word, &mut parsed),
        };
        match takes_next {
            Next::Nothing => {}
            Next::Value(flag) => match words.next() {
                Some(value) => parsed.flags.push(Given {
                    name: flag.0,
                    value: value.clone(),
                }),
                None => parsed.cut.push(word.clone()),
            },
            // Whether a flag that nobody knows takes a value cannot be told. It is taken to, where the word behind it is no flag and is
            // itself followed by a known one: an image is followed by its own arguments, which are seldom flags of `run`.
            Next::Perhaps => {
                let mut ahead = words.clone();
                let is_value = ahead.next().is_some_and(|next| !next.text.starts_with('-'))
                    && ahead.next().is_some_and(|next| is_known(&next.text));
                if is_value {
                    words.next();
                }
            }
        }
    }
    parsed
}

/// Whether a word without a value among the flags is the image: the last one is; otherwise its variable's name tells, or what follows.
fn is_image(word: &Word, rest: &[&Word]) -> bool {
    let name = word.text.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if word.is_many || says(&["opt", "arg", "flag", "param", "extra"]) {
        false
    } else {
        rest.is_empty()
            || says(&["image", "img", "tag", "repo"])
            || !rest.iter().any(|next| is_known(&next.text))
                && rest
                    .iter()
                    .all(|next| next.is_open || next.text.starts_with('-'))
    }
}

/// Whether it is a flag of `run`.
fn is_known(text: &str) -> bool {
    let Some(body) = text.strip_prefix('-') else {
        return false;
    };
    match body.strip_prefix('-') {
        Some(long) => of_name(long.split('=').next().unwrap_or(long)).is_some(),
        None => body
            .chars()
            .next()
            .is_some_and(|letter| of_letter(letter).is_some()),
    }
}

/// What a flag wants of the word behind it.
enum Next {
    Nothing,
    Value(&'static Flag),
    Perhaps,
}

fn long_flag(long: &str, word: &Word, parsed: &mut Parsed) -> Next {
    let (name, value) = match long.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (long, None),
    };
    match (of_name(name), value) {
        (Some(flag), Some(value)) => {
            let value = word.part(value);
            parsed.flags.push(Given {
                name: flag.0,
                value,
            });
            Next::Nothing
        }
        (Some(flag), None) if flag.2 => Next::Value(flag),
        (Some(flag), None) => {
            let value = word.part("true");
            parsed.flags.push(Given {
                name: flag.0,
                value,
            });
            Next::Nothing
        }
        (None, value) => {
            parsed.unknown.push(word.part(&format!("--{name}")));
            if value.is_some() {
                Next::Nothing
            } else {
                Next::Perhaps
            }
        }
    }
}

/// `-itd`, `-p8080:80`, `-eA=b`, `-u=0`, `-t=false`.
fn cluster(body: &str, word: &Word, parsed: &mut Parsed) -> Next {
    let mut rest = body;
    while let Some(letter) = rest.chars().next() {
        rest = rest.get(letter.len_utf8()..).unwrap_or_default();
        let Some(flag) = of_letter(letter) else {
            parsed.unknown.push(word.part(&format!("-{letter}")));
            return if rest.is_empty() {
                Next::Perhaps
            } else {
                Next::Nothing
            };
        };
        let value = match rest.strip_prefix('=') {
            Some(value) => Some(value),
            None if flag.2 && !rest.is_empty() => Some(rest),
            None => None,
        };
        match value {
            Some(value) => {
                let value = word.part(value);
                parsed.flags.push(Given {
                    name: flag.0,
                    value,
                });
                return Next::Nothing;
            }
            None if flag.2 => return Next::Value(flag),
            None => {
                let value = word.part("true");
                parsed.flags.push(Given {
                    name: flag.0,
                    value,
                });
            }
        }
    }
    Next::Nothing
}
