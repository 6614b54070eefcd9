//! `--security-opt`: the words that weaken or strengthen what holds beyond capabilities and namespaces.
//!
//! Docker's words are read in docker/cli `opts.go` and moby `daemon_unix.go`, Podman's in its manual. `=` and the older `:` are the same.

use super::engine_words::boolean;
use crate::runtime::{RuntimeSpec, SeLinux, Setting, Spot, UnknownKey};

/// One option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecurityOption<'a> {
    /// `no-new-privileges`, with or without a value; `None`: a value that is no boolean.
    NoNewPrivileges(Option<bool>),
    /// A profile: `unconfined`, `builtin`, a file, or the profile itself as JSON.
    Seccomp(&'a str),
    /// A profile of AppArmor.
    AppArmor(&'a str),
    /// Of SELinux: `disable`, `type:spc_t`.
    Label(&'a str),
    /// `systempaths=unconfined`.
    SystemPaths(&'a str),
    /// Podman: masked paths that are shown.
    Unmask(&'a str),
    /// `writable-cgroups`.
    WritableCgroups(Option<bool>),
    /// Known, and of no weight here.
    Harmless,
    /// A word that no engine has.
    Unknown(&'a str),
}

impl<'a> SecurityOption<'a> {
    /// Reads a word.
    pub(super) fn of(word: &'a str) -> Self {
        let word = word.trim();
        let (key, value) = word
            .split_once('=')
            .filter(|(key, _)| !key.contains(':'))
            .or_else(|| word.split_once(':'))
            .unwrap_or((word, ""));
        match key {
            "no-new-privileges" if value.is_empty() => Self::NoNewPrivileges(Some(true)),
            "no-new-privileges" => Self::NoNewPrivileges(boolean(value)),
            "seccomp" => Self::Seccomp(value),
            "apparmor" => Self::AppArmor(value),
            "label" => Self::Label(value),
            // What `label=disable` was called before Docker 1.11.
            "disable" => Self::Label("disable"),
            "systempaths" => Self::SystemPaths(value),
            "unmask" => Self::Unmask(value),
            "writable-cgroups" if value.is_empty() => Self::WritableCgroups(Some(true)),
            "writable-cgroups" => Self::WritableCgroups(boolean(value)),
            "mask" | "proc-opts" | "credentialspec" => Self::Harmless,
            _ => Self::Unknown(key),
        }
    }

    /// Writes it down. A later option replaces an earlier one of its kind, as in the engines; parts of a SELinux label add up.
    pub(super) fn apply(self, at: &Spot, spec: &mut RuntimeSpec) {
        let confinement = &mut spec.confinement;
        match self {
            Self::NoNewPrivileges(value) => spec.no_new_privileges = flag(value, at),
            Self::WritableCgroups(value) => spec.writable_cgroups = flag(value, at),
            Self::Seccomp(value) => {
                confinement.seccomp_profile = serde_json::from_str(value)
                    .ok()
                    .filter(serde_json::Value::is_object);
                let is_inline = value.trim_start().starts_with('{');
                let name = if is_inline { INLINE } else { value };
                confinement.seccomp = Setting::stated(name.to_owned(), at.clone());
            }
            Self::AppArmor(value) => {
                confinement.apparmor = Setting::stated(value.to_owned(), at.clone());
            }
            Self::Label(value) => {
                let mut label = confinement.selinux.value().cloned().unwrap_or_default();
                if selinux(value, &mut label) {
                    confinement.selinux = Setting::stated(label, at.clone());
                }
            }
            Self::SystemPaths(value) => {
                confinement.unmasked_paths = Setting::stated(value == "unconfined", at.clone());
            }
            Self::Unmask(value) => {
                confinement.unmasked_paths = Setting::stated(!value.is_empty(), at.clone());
            }
            Self::Harmless => {}
            Self::Unknown(key) => spec.unknown_keys.push(UnknownKey {
                key: format!("{} {key}", at.field),
                at: at.clone(),
            }),
        }
    }
}

/// The name of a profile that is given as its whole text.
pub(super) const INLINE: &str = "a profile of its own";

fn flag(value: Option<bool>, at: &Spot) -> Setting<bool> {
    match value {
        Some(value) => Setting::stated(value, at.clone()),
        None => Setting::Unknown {
            why: "its value is no boolean".to_owned(),
            at: at.clone(),
        },
    }
}

/// Reads `disable`, `type:T`, `user:U`, …; whether it says anything of separation.
fn selinux(value: &str, label: &mut SeLinux) -> bool {
    let (key, value) = value.split_once(':').unwrap_or((value, ""));
    let part = || Some(value.to_owned());
    match key {
        "disable" => label.disabled = true,
        "type" => label.kind = part(),
        "user" => label.user = part(),
        "role" => label.role = part(),
        "level" => label.level = part(),
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::SecurityOption::*;
    use super::*;
    use crate::runtime::{Container, Form, Role};

    fn spec_of(words: &[&str]) -> RuntimeSpec {
        let mut spec = RuntimeSpec::new(Container {
            form: Form::DockerRun,
            name: "x".to_owned(),
            role: Role::Main,
            at: Spot::default(),
        });
        for word in words {
            SecurityOption::of(word).apply(&Spot::default(), &mut spec);
        }
        spec
    }

    #[test]
    fn every_spelling_of_a_word_is_read() {
        for (word, expected) in [
            ("no-new-privileges", NoNewPrivileges(Some(true))),
            ("no-new-privileges:true", NoNewPrivileges(Some(true))),
            ("no-new-privileges=true", NoNewPrivileges(Some(true))),
            ("no-new-privileges=1", NoNewPrivileges(Some(true))),
            ("no-new-privileges=false", NoNewPrivileges(Some(false))),
            ("no-new-privileges:false", NoNewPrivileges(Some(false))),
            ("no-new-privileges=yes", NoNewPrivileges(None)),
            ("seccomp=unconfined", Seccomp("unconfined")),
            ("seccomp:unconfined", Seccomp("unconfined")),
            ("seccomp={\"a\":\"b=c\"}", Seccomp("{\"a\":\"b=c\"}")),
            ("seccomp:/a=b.json", Seccomp("/a=b.json")),
            ("apparmor:unconfined", AppArmor("unconfined")),
            ("label=type:spc_t", Label("type:spc_t")),
            ("label:disable", Label("disable")),
            ("disable", Label("disable")),
            ("systempaths=unconfined", SystemPaths("unconfined")),
            ("unmask=ALL", Unmask("ALL")),
            ("writable-cgroups=true", WritableCgroups(Some(true))),
            ("mask=/proc/acpi", Harmless),
            ("seccom=unconfined", Unknown("seccom")),
        ] {
            assert_eq!(SecurityOption::of(word), expected, "{word}");
        }
    }

    #[test]
    fn a_value_of_false_is_not_the_same_as_being_there() {
        let spec = spec_of(&["no-new-privileges=false"]);
        assert_eq!(spec.no_new_privileges.value(), Some(&false));
        let last = spec_of(&["no-new-privileges", "no-new-privileges:false"]);
        assert_eq!(last.no_new_privileges.value(), Some(&false));
    }

    #[test]
    fn a_profile_given_as_its_text_is_kept_and_not_taken_for_a_name() {
        let spec = spec_of(&["seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"]);
        assert_eq!(
            spec.confinement.seccomp.value().map(String::as_str),
            Some(INLINE)
        );
        let profile = spec.confinement.seccomp_profile.expect("profile");
        assert_eq!(profile["defaultAction"], "SCMP_ACT_ALLOW");
    }

    #[test]
    fn parts_of_a_label_add_up() {
        let spec = spec_of(&["label=type:spc_t", "label=user:system_u"]);
        let label = spec.confinement.selinux.value().expect("label");
        assert_eq!(label.kind.as_deref(), Some("spc_t"));
        assert_eq!(label.user.as_deref(), Some("system_u"));
        assert!(!label.disabled);
    }

    #[test]
    fn an_unknown_word_is_kept_and_named_without_its_value() {
        let spec = spec_of(&["secret=hunter2"]);
        assert_eq!(spec.unknown_keys.len(), 1);
        assert!(!format!("{:?}", spec.unknown_keys).contains("hunter2"));
    }
}
