//! The order of Ruby's gems: `Gem::Version#<=>` of rubygems/lib/rubygems/version.rb.
//!
//! ```text
//! number ( . ( letters | digits )+ )* [ - pre-release ]        `-` stands for `.pre.`
//! key = the segments as a sequence that zeros pad (`padded`)
//! ```
//! Letters are below numbers. Zeros in front of the letters that begin the pre-release do not count: `1.0.a` is `1.a`.

use super::padded::{self, Element};
use super::{KeyWriter, Refusal, VersionKey, run};

/// What `Gem::Platform` knows as a processor, or as a system that stands alone; longer names begin with these.
#[rustfmt::skip]
const PLATFORMS: [&str; 24] = [
    "x86", "x64", "i386", "i486", "i586", "i686", "arm", "aarch64", "universal", "java", "jruby", "mswin", "mingw",
    "powerpc", "ppc", "s390", "sparc", "riscv", "loongarch", "mips", "wasm", "dalvik", "dotnet", "linux",
];

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let segments = segments(without_platform(version))?;
    let release_ends = segments.iter().position(|segment| !run::is_number(segment));
    let (release, pre_release) = segments.split_at(release_ends.unwrap_or(segments.len()));
    let is_zero = |segment: &&str| Element::of(segment).is_zero();
    let zeros = release
        .iter()
        .rev()
        .take_while(|segment| is_zero(segment))
        .count();
    let release = release.iter().take(release.len() - zeros);
    let mut key = KeyWriter::default();
    padded::write(
        &mut key,
        release
            .chain(pre_release)
            .map(|segment| Element::of(segment)),
    );
    Ok(key.finish())
}

/// `1.13.10-x86_64-linux`, as lock files and folders of gems have it, is version 1.13.10.
fn without_platform(version: &str) -> &str {
    match version.split_once('-') {
        Some((release, rest)) if PLATFORMS.iter().any(|platform| rest.starts_with(platform)) => {
            release
        }
        _ => version,
    }
}

/// `Gem::Version::VERSION_PATTERN`, then its runs of letters and of digits.
fn segments(version: &str) -> Result<Vec<&str>, Refusal> {
    let (release, pre_release) = match version.split_once('-') {
        Some((release, pre_release)) => (release, Some(pre_release)),
        None => (version, None),
    };
    if !release.split('.').next().is_some_and(run::is_number) {
        return Err("it does not begin with a number");
    }
    let mut segments = runs(release, &['.'])?;
    if let Some(pre_release) = pre_release {
        segments.push("pre");
        segments.extend(runs(pre_release, &['.', '-'])?);
    }
    Ok(segments)
}

fn runs<'a>(text: &'a str, separators: &[char]) -> Result<Vec<&'a str>, Refusal> {
    let mut found = Vec::new();
    for mut component in text.split(separators) {
        if component.is_empty() || !component.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("it is not made of numbers and letters with single dots between them");
        }
        while !component.is_empty() {
            let (digits, rest) = run::digits(component);
            let (letters, tail) = run::while_all(rest, |c| c.is_ascii_alphabetic());
            found.extend([digits, letters].into_iter().filter(|run| !run.is_empty()));
            component = tail;
        }
    }
    Ok(found)
}
