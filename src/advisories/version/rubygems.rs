//! The order of Ruby's gems: `Gem::Version#<=>` of rubygems/lib/rubygems/version.rb.
//!
//! ```text
//! number ( . ( letters | digits )+ )* [ - pre-release ]        `-` stands for `.pre.`
//! key = ( 10 letters 00 | 12 zero | 30 zero | 40 number )* 20
//! ```
//! Letters are below numbers. A version is as long as it has to be: behind its end stand zeros. So a zero has two
//! bytes: it is below the end if the next segment that is no zero is made of letters, and above the end if that is a
//! number; if there is none, the zero goes.

use super::{KeyWriter, Refusal, VersionKey, run};

const LETTERS: u8 = 0x10;
const ZERO_BEFORE_LETTERS: u8 = 0x12;
const END: u8 = 0x20;
const ZERO_BEFORE_NUMBER: u8 = 0x30;
const NUMBER: u8 = 0x40;

/// What `Gem::Platform` knows as a processor, or as a system that stands alone; longer names begin with these.
#[rustfmt::skip]
const PLATFORMS: [&str; 24] = [
    "x86", "x64", "i386", "i486", "i586", "i686", "arm", "aarch64", "universal", "java", "jruby", "mswin", "mingw",
    "powerpc", "ppc", "s390", "sparc", "riscv", "loongarch", "mips", "wasm", "dalvik", "dotnet", "linux",
];

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let segments = segments(without_platform(version))?;
    let mut key = KeyWriter::default();
    let mut zeros = 0;
    // Zeros in front of the letters that begin the pre-release are not counted: `1.0.a` is `1.a`.
    let mut in_release = true;
    for segment in segments {
        let is_number = run::is_number(segment);
        if is_number && segment.bytes().all(|digit| digit == b'0') {
            zeros += 1;
            continue;
        }
        let (zero, kind) = if is_number {
            (ZERO_BEFORE_NUMBER, NUMBER)
        } else {
            (ZERO_BEFORE_LETTERS, LETTERS)
        };
        if is_number || !in_release {
            for _ in 0..zeros {
                key.byte(zero);
            }
        }
        zeros = 0;
        in_release &= is_number;
        key.byte(kind);
        if is_number {
            key.digits(segment);
        } else {
            key.text(segment);
        }
    }
    Ok(key.byte(END).finish())
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
