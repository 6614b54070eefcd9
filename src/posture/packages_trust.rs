//! Sources of packages that are used without a check of who made them: apt, dnf and its kin, zypper, pip, npm. Only the setting is
//! told, never an address: it can hold a password.

use super::reader::{Reader, has_extension, is_in, is_no, is_yes, settings};
use crate::layers::Interest;
use crate::model::{Observation, path_file_name};

/// Parts of a path up to which the settings of npm and pip are those of the machine or an account, not of a package's own tests.
const PARTS: usize = 4;

pub(super) const PACKAGES_TRUST: Reader = Reader {
    name: "posture/packages-trust",
    version: 1,
    interests: &[
        Interest::Name("sources.list"),
        Interest::Folder("sources.list.d"),
        Interest::Name("apt.conf"),
        Interest::Folder("apt.conf.d"),
        Interest::Folder("yum.repos.d"),
        Interest::Folder("repos.d"),
        Interest::Name("yum.conf"),
        Interest::Name("dnf.conf"),
        Interest::Name("zypp.conf"),
        Interest::Name("pip.conf"),
        Interest::Name("npmrc"),
        Interest::Name(".npmrc"),
    ],
    is_read: |path| form(path).is_some(),
    read: |path, bytes| form(path).map(|read| read(bytes)).unwrap_or_default(),
};

type Form = fn(&[u8]) -> Vec<Observation>;

fn form(path: &str) -> Option<Form> {
    let is_near = path.split('/').count() <= PARTS && !path.contains("node_modules/");
    let ends = |extension: &str| has_extension(path, extension);
    if path == "etc/apt/sources.list" || is_in(path, "etc/apt/sources.list.d") && ends("list") {
        Some(apt_list)
    } else if is_in(path, "etc/apt/sources.list.d") && ends("sources") {
        Some(apt_stanzas)
    } else if path == "etc/apt/apt.conf" || is_in(path, "etc/apt/apt.conf.d") {
        Some(apt_conf)
    } else if (is_in(path, "etc/yum.repos.d") || is_in(path, "etc/zypp/repos.d")) && ends("repo")
        || matches!(
            path,
            "etc/yum.conf" | "etc/dnf/dnf.conf" | "etc/zypp/zypp.conf"
        )
    {
        Some(rpm_repositories)
    } else if path_file_name(path) == "pip.conf" && is_near {
        Some(pip)
    } else if matches!(path_file_name(path), "npmrc" | ".npmrc") && is_near {
        Some(npm)
    } else {
        None
    }
}

fn unverified(line: u64, setting: impl Into<String>) -> Observation {
    Observation::UnverifiedPackages {
        line,
        setting: setting.into(),
    }
}

/// Options of a source that switch its check off (sources.list(5)).
const APT_OPTIONS: [&str; 3] = ["trusted", "allow-insecure", "allow-weak"];

/// `deb [trusted=yes arch=amd64] URI suite component`
fn apt_list(bytes: &[u8]) -> Vec<Observation> {
    let mut found = Vec::new();
    for (line, text) in settings(bytes, &['#']) {
        let options = text
            .split_once('[')
            .and_then(|(_, rest)| rest.split_once(']'));
        let is_source = text.starts_with("deb");
        let words = options
            .filter(|_| is_source)
            .map_or("", |(options, _)| options);
        for (key, value) in words
            .split_whitespace()
            .filter_map(|word| word.split_once('='))
        {
            let option = APT_OPTIONS
                .iter()
                .find(|option| key.eq_ignore_ascii_case(option));
            if let Some(option) = option.filter(|_| is_yes(value)) {
                found.push(unverified(line, format!("[{option}=yes]")));
            }
        }
    }
    found
}

/// The same as stanzas of `Key: value` (deb822). One that says `Enabled: no` is not used.
fn apt_stanzas(bytes: &[u8]) -> Vec<Observation> {
    let mut found = Vec::new();
    let mut stanza = Vec::new();
    let mut is_enabled = true;
    for (line, text) in super::reader::lines(bytes) {
        if text.trim().is_empty() {
            found.extend(stanza.drain(..).filter(|_| is_enabled));
            is_enabled = true;
        }
        let Some((key, value)) = text.split_once(':').map(|(key, value)| (key, value.trim()))
        else {
            continue;
        };
        if key.eq_ignore_ascii_case("Enabled") {
            is_enabled = !is_no(value);
        }
        let option = APT_OPTIONS
            .iter()
            .find(|option| key.eq_ignore_ascii_case(option));
        if let Some(option) = option.filter(|_| is_yes(value)) {
            stanza.push(unverified(line, format!("{option}: yes")));
        }
    }
    found.extend(stanza.into_iter().filter(|_| is_enabled));
    found
}

/// Settings of apt.conf(5) and apt-secure(8), written in one word or in nested braces: the last part tells.
const APT_SETTINGS: [&str; 4] = [
    "AllowDowngradeToInsecureRepositories",
    "AllowInsecureRepositories",
    "AllowUnauthenticated",
    "AllowWeakRepositories",
];

fn apt_conf(bytes: &[u8]) -> Vec<Observation> {
    let mut found = Vec::new();
    for (line, text) in settings(bytes, &['#', '/']) {
        for statement in text.split([';', '{']) {
            let mut words = statement.split_whitespace();
            let (Some(key), Some(value)) = (words.next(), words.next()) else {
                continue;
            };
            let last = key.rsplit("::").next().unwrap_or_default();
            let setting = APT_SETTINGS
                .iter()
                .find(|known| last.eq_ignore_ascii_case(known));
            if let Some(setting) = setting.filter(|_| is_yes(value.trim_matches('"'))) {
                found.push(unverified(line, format!("{setting} \"true\"")));
            }
        }
    }
    found
}

/// Sections of `key=value` (dnf.conf(5)). A repository with `enabled=0` is not used.
fn rpm_repositories(bytes: &[u8]) -> Vec<Observation> {
    let mut found = Vec::new();
    let mut section = Vec::new();
    let mut is_enabled = true;
    for (line, text) in settings(bytes, &['#', ';']) {
        if text.starts_with('[') {
            found.extend(section.drain(..).filter(|_| is_enabled));
            is_enabled = true;
        }
        let Some((key, value)) = text.split_once('=') else {
            continue;
        };
        match (key.trim(), value.trim()) {
            ("enabled", value) if is_no(value) => is_enabled = false,
            ("gpgcheck" | "pkg_gpgcheck", value) if is_no(value) => {
                section.push(unverified(line, format!("{}=0", key.trim())));
            }
            _ => {}
        }
    }
    found.extend(section.into_iter().filter(|_| is_enabled));
    found
}

fn pip(bytes: &[u8]) -> Vec<Observation> {
    keys(bytes, |key, _| {
        (key == "trusted-host").then_some("trusted-host")
    })
}

fn npm(bytes: &[u8]) -> Vec<Observation> {
    keys(bytes, |key, value| {
        (key == "strict-ssl" && is_no(value)).then_some("strict-ssl=false")
    })
}

fn keys(bytes: &[u8], setting: fn(&str, &str) -> Option<&'static str>) -> Vec<Observation> {
    let settings = settings(bytes, &['#', ';']);
    let found = settings.filter_map(|(line, text)| {
        let (key, value) = text.split_once('=')?;
        setting(key.trim(), value.trim()).map(|setting| unverified(line, setting))
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn finds(path: &str, text: &str, expected: &[(u64, &str)]) {
        assert!((PACKAGES_TRUST.is_read)(path), "{path}");
        let found: Vec<_> = (PACKAGES_TRUST.read)(path, text.as_bytes());
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, text)| unverified(*line, *text))
            .collect();
        assert_eq!(found, expected, "{path}: {text}");
    }

    #[test]
    fn sources_of_apt_that_are_trusted_without_a_signature_are_found() {
        let list = "deb [arch=amd64 trusted=yes] http://x ./\ndeb http://y ./\n# deb [trusted=yes] http://z ./\ndeb [signed-by=/k] http://a b";
        finds("etc/apt/sources.list", list, &[(1, "[trusted=yes]")]);
        finds(
            "etc/apt/sources.list.d/x.list",
            "deb [ trusted=no ] http://x ./",
            &[],
        );
        let stanzas = "Types: deb\nTrusted: yes\n\nTypes: deb\nEnabled: no\nTrusted: yes\n";
        finds(
            "etc/apt/sources.list.d/x.sources",
            stanzas,
            &[(2, "trusted: yes")],
        );
        let conf = "APT::Get::AllowUnauthenticated \"true\";\nAcquire { AllowInsecureRepositories \"yes\"; };\n// APT::Get::AllowUnauthenticated \"true\";\nAcquire::AllowWeakRepositories \"false\";";
        let expected = [
            (1, "AllowUnauthenticated \"true\""),
            (2, "AllowInsecureRepositories \"true\""),
        ];
        finds("etc/apt/apt.conf.d/99x", conf, &expected);
    }

    #[test]
    fn repositories_of_rpm_without_a_check_are_found_while_they_are_enabled() {
        let text = "[a]\nenabled=1\ngpgcheck=0\n[b]\ngpgcheck = 0\nenabled = 0\n[c]\ngpgcheck=1\n";
        finds("etc/yum.repos.d/x.repo", text, &[(3, "gpgcheck=0")]);
        finds(
            "etc/dnf/dnf.conf",
            "[main]\ngpgcheck=False\n",
            &[(2, "gpgcheck=0")],
        );
    }

    #[test]
    fn pip_and_npm_that_trust_any_certificate_are_found() {
        finds(
            "etc/pip.conf",
            "[global]\ntrusted-host = x\n",
            &[(2, "trusted-host")],
        );
        finds(
            "root/.npmrc",
            "strict-ssl=false\n//x/:_password=y",
            &[(1, "strict-ssl=false")],
        );
        assert!(!(PACKAGES_TRUST.is_read)("app/node_modules/x/.npmrc"));
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "(deb \\[|trusted=yes|Enabled: no|\n|\\[|\\{|gpgcheck=0|.){0,20}") {
            for path in ["etc/apt/sources.list", "etc/apt/sources.list.d/x.sources", "etc/apt/apt.conf", "etc/yum.conf"] {
                let _ = (PACKAGES_TRUST.read)(path, text.as_bytes());
            }
        }
    }
}
