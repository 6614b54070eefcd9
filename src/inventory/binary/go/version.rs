//! Versions that a program of Go has where the list of modules says `(devel)`, and that of the standard library.

use memchr::memmem;

use super::settings::Settings;

/// Bytes of a version. 100: a pseudo-version has 40.
const LONGEST: usize = 100;

/// The release of the standard library: `go1.22.3` is `1.22.3`.
///
/// Behind a space stand experiments (`go1.20.1 X:boringcrypto`), behind a hyphen what a vendor changed
/// (<https://go.dev/doc/toolchain#name>): neither makes another release. A toolchain between two releases is none of them, and its name
/// stays: `devel go1.23-0123abc`.
pub(super) fn standard_library(go_version: &str) -> String {
    let mut words = go_version.split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    match first.strip_prefix("go") {
        Some(release) => release.split('-').next().unwrap_or(release).to_owned(),
        None => [Some(first), words.next()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
    }
}

/// The release that a program's runtime says of itself, `runtime.buildVersion`: each linker writes that text between zeros
/// (`addstrdata` in `cmd/link/internal/ld/data.go`). `None` where there is no such text, or several that differ.
pub(super) fn of_runtime(program: &[u8]) -> Option<&str> {
    let texts = memmem::find_iter(program, b"\0go1.").filter_map(|zero| {
        let rest = program.get(zero + 1..)?;
        let text = rest.get(..LONGEST).unwrap_or(rest);
        let text = text.get(..memchr::memchr(0, text)?)?;
        let is_release = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'.';
        let text = std::str::from_utf8(text).ok()?;
        text.as_bytes().iter().all(is_release).then_some(text)
    });
    let mut texts = texts.filter(|text| text.as_bytes().get(4).is_some_and(u8::is_ascii_digit));
    let first = texts.next()?;
    texts.all(|other| other == first).then_some(first)
}

/// The version that the linker was told to write into a variable: `-X main.version=1.2.3`.
///
/// There is no rule for its name. In this order: `version` in the program's own module, another that ends so there
/// (`gitVersion`, `buildVersion`), and `version` or `gitVersion` of a library, as those of Prometheus and
/// Kubernetes are set by each program.
pub(super) fn of_linker_flags(flags: &str, main_module: &str) -> Option<String> {
    let mut best: Option<(u8, String)> = None;
    for (variable, value) in assignments(flags) {
        let (Some(rank), Some(version)) = (rank(variable, main_module), as_version(value)) else {
            continue;
        };
        if best.as_ref().is_none_or(|(other, _)| rank < *other) {
            best = Some((rank, version));
        }
    }
    best.map(|(_, version)| version)
}

/// What `-X` sets, in all ways to quote: `-X a.b=c`, `-X=a.b=c`, `-X 'a.b=c'`, `"-X a.b=c"`.
fn assignments(flags: &str) -> impl Iterator<Item = (&str, &str)> {
    flags
        .split(|c: char| c.is_ascii_whitespace() || matches!(c, '\'' | '"'))
        .map(|word| word.strip_prefix("-X=").unwrap_or(word))
        .filter_map(|word| word.split_once('='))
}

fn rank(variable: &str, main_module: &str) -> Option<u8> {
    let (package, name) = variable.rsplit_once('.')?;
    let name = name.to_ascii_lowercase();
    let is_own = package == "main"
        || package
            .strip_prefix(main_module)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match name.as_str() {
        "version" if is_own => Some(0),
        "goversion" | "apiversion" | "minversion" | "schemaversion" => None,
        name if is_own && name.ends_with("version") => Some(1),
        "version" | "gitversion" => Some(2),
        _ => None,
    }
}

/// As Go writes versions, with a `v`. Two numbers at least: `1.2`.
fn as_version(value: &str) -> Option<String> {
    let number = value.strip_prefix('v').unwrap_or(value);
    let (first, rest) = number.split_once('.')?;
    let is_version = number.len() <= LONGEST
        && !first.is_empty()
        && first.bytes().all(|byte| byte.is_ascii_digit())
        && rest.starts_with(|c: char| c.is_ascii_digit())
        && rest
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_'));
    is_version.then(|| format!("v{number}"))
}

/// The pseudo-version of a commit that no tag is known of: `v0.0.0-20240501120000-0123456789ab`
/// (<https://go.dev/ref/mod#pseudo-versions>).
pub(super) fn of_commit(settings: &Settings<'_>) -> Option<String> {
    let revision = settings.revision.as_deref()?.get(..12)?;
    // `2024-05-01T12:00:00Z`: Go writes it so, in UTC.
    let time = settings.time.as_deref()?.strip_suffix('Z')?;
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    let is_whole = digits.len() == 14
        && time.len() == 19
        && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| format!("v0.0.0-{digits}-{revision}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_of_the_standard_library_is_without_what_makes_no_other_release() {
        for (go_version, release) in [
            ("go1.22.3", "1.22.3"),
            ("go1.20", "1.20"),
            ("go1.21rc2", "1.21rc2"),
            ("go1.20.1 X:boringcrypto", "1.20.1"),
            ("go1.21.3-bigcorp", "1.21.3"),
            ("go1.22.5 (Red Hat 1.22.5-1.el9)", "1.22.5"),
            (
                "devel go1.23-0123abc Tue Jan 2 15:04:05 2024 +0000",
                "devel go1.23-0123abc",
            ),
            ("devel +0123abc", "devel +0123abc"),
        ] {
            assert_eq!(standard_library(go_version), release);
        }
    }

    #[test]
    fn the_runtime_s_own_release_stands_between_zeros_and_is_one() {
        for (program, release) in [
            (&b"\0\0go1.26.5\0\0"[..], Some("go1.26.5")),
            (b"a\0go1.9\0b\0go1.9\0", Some("go1.9")),
            (b"\0go1.26.5\0\0go1.25.1\0", None),
            (b"cgo1.26.5\0 only_go1.26.go\0", None),
            (b"\0go1.26.5", None),
            (b"\0go1.26 X:a\0", None),
            (b"\0go1.x\0", None),
            (b"", None),
        ] {
            assert_eq!(of_runtime(program), release, "{program:?}");
        }
    }

    #[test]
    fn the_version_that_a_linker_was_told_is_found_however_it_is_quoted() {
        for (flags, version) in [
            ("-s -w -X main.version=1.2.3", Some("v1.2.3")),
            (
                "-X=main.Version=v1.2.3-rc.1+dirty",
                Some("v1.2.3-rc.1+dirty"),
            ),
            ("'-X main.version=1.2' -extldflags '-static'", Some("v1.2")),
            (
                "-X \"example.org/tool/internal/build.gitVersion=v1.30.2\"",
                Some("v1.30.2"),
            ),
            (
                "-X example.org/tool/v.BuildVersion=3.0.0 -X main.version=2.0.0",
                Some("v2.0.0"),
            ),
            (
                "-X github.com/prometheus/common/version.Version=2.45.0",
                Some("v2.45.0"),
            ),
            (
                "-X k8s.io/component-base/version.gitVersion=v1.27.1",
                Some("v1.27.1"),
            ),
            (
                "-X example.org/tools.version=1.2.3 -X main.version=9.9.9",
                Some("v9.9.9"),
            ),
            ("-X main.goVersion=1.22.3", None),
            ("-X main.version=dev", None),
            ("-X main.version=", None),
            ("-X main.token=1.2.3", None),
            ("-X other.org/lib.schemaVersion=1.2.3", None),
            ("", None),
        ] {
            assert_eq!(
                of_linker_flags(flags, "example.org/tool").as_deref(),
                version,
                "{flags}"
            );
        }
    }

    #[test]
    fn a_commit_makes_a_pseudo_version_if_its_time_is_known() {
        let settings = |time: &str, revision: &str| Settings {
            time: Some(time.to_owned().into()),
            revision: Some(revision.to_owned().into()),
            ..Settings::default()
        };
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            of_commit(&settings("2024-05-01T12:03:04Z", commit)).as_deref(),
            Some("v0.0.0-20240501120304-0123456789ab")
        );
        for (time, revision) in [
            ("2024-05-01T12:03:04+02:00", commit),
            ("yesterday", commit),
            ("2024-05-01T12:03:04Z", "42"),
            ("2024-05-01T12:03:04Z", "no revision at all"),
        ] {
            assert_eq!(
                of_commit(&settings(time, revision)),
                None,
                "{time} {revision}"
            );
        }
    }
}
