//! The words of the table: what a row says, cut to what people read.

use crate::advisories::Status;
use crate::evidence::{
    AdvisorySource, EarlierAdvisories, Finding, Place, SbomRecord, SecretPlace,
    VulnerabilityFinding,
};
use crate::model::Untrusted;

/// Characters of a build instruction that are shown.
pub(super) const INSTRUCTION_SHOWN: usize = 32;
/// Feeds that are named below the tables; the JSON form has them all.
const FEEDS_NAMED: usize = 4;

/// Id, package, installed and fixed version of a finding, safe to show.
pub(super) fn told(finding: &VulnerabilityFinding) -> [String; 4] {
    let fixed = finding.fixed_version.as_deref();
    let fixed = if finding.malicious {
        "malicious: remove it".to_owned()
    } else {
        let extended = finding.fixed_in_extended.as_ref().map(|fix| {
            // `Ubuntu Pro` is long.
            let name = fix.name.rsplit(' ').next().unwrap_or_default();
            format!("{} ({name})", fix.version)
        });
        let fixed = fixed.map(str::to_owned).or(extended);
        fixed.unwrap_or_else(|| no_fix(finding.status))
    };
    let mut row = [&finding.id, &finding.name, &finding.version, &fixed]
        .map(|text| Untrusted(text).to_string());
    if finding.new
        && let [id, ..] = &mut row
    {
        id.push_str(" (new)");
    }
    row
}

/// With which advisories the findings were compared, and how many of them those did not tell.
pub(super) fn compared(earlier: &EarlierAdvisories, findings: &[Finding]) -> String {
    let is_new = |finding: &&Finding| matches!(finding, Finding::Vulnerability(found) if found.new);
    let told = match findings.iter().filter(is_new).count() {
        0 => "those of then tell all of it".to_owned(),
        1 => "1 finding is new since then, because the advisories changed".to_owned(),
        new => format!("{new} findings are new since then, because the advisories changed"),
    };
    format!(
        "of {}, snapshot {}: {told}",
        Untrusted(&earlier.as_of),
        earlier.snapshot.short()
    )
}

/// That no byte was read, and whose word was taken instead.
pub(crate) fn rests_on(sbom: &SbomRecord) -> String {
    let tool = sbom.tool.as_deref().unwrap_or("an unknown tool");
    let subject = sbom.subject.as_deref().unwrap_or("an image");
    format!(
        "Rests on a list: {} by {}, of {}; nothing of it was read",
        Untrusted(&sbom.form),
        Untrusted(tool),
        Untrusted(subject)
    )
}

/// The feeds by name if they are few, by number otherwise.
pub(super) fn feeds(sources: &[AdvisorySource]) -> String {
    let advisories = |count| counted_u64(count, "advisory", "advisories");
    // What is only known beside advisories (KEV, EPSS, ends of support) matches nothing.
    let sources = sources.iter().filter(|source| source.advisories > 0);
    let sources: Vec<&AdvisorySource> = sources.collect();
    if sources.len() > FEEDS_NAMED {
        let all = sources.iter().map(|source| source.advisories).sum();
        return format!("{} feeds ({})", sources.len(), advisories(all));
    }
    let named = sources.iter().map(|source| {
        let count = advisories(source.advisories);
        format!("{} ({count})", Untrusted(&source.name))
    });
    named.collect::<Vec<_>>().join(", ")
}

/// What stands where a fixed version would.
pub(super) fn no_fix(status: Status) -> String {
    match status {
        Status::Affected | Status::Fixed | Status::NotAffected => "no fix known".to_owned(),
        status => status.name().replace('-', " "),
    }
}

/// `12.3 MB`, as people read sizes: in powers of ten.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    for (unit, name) in UNITS {
        if count >= unit {
            let tenths = count / (unit / 10);
            return format!("{}.{} {name}", tenths / 10, tenths % 10);
        }
    }
    format!("{count} B")
}

/// File and line, or the part of the config.
pub(crate) fn spot(place: &Place) -> String {
    let spot = place.path.as_ref().map(ToString::to_string).or_else(|| {
        place
            .config
            .as_ref()
            .map(|part| Untrusted(part).to_string())
    });
    let spot = spot.unwrap_or_default();
    place
        .line
        .map_or_else(|| spot.clone(), |line| format!("{spot}:{line}"))
}

/// File, member and line of a secret, or the part of the config.
pub(super) fn secret_spot(found: &SecretPlace) -> String {
    let Some(member) = &found.member else {
        return spot(&found.place);
    };
    let file = spot(&Place {
        line: None,
        ..found.place.clone()
    });
    let line = found.place.line.map(|line| format!(":{line}"));
    format!("{file}!{}{}", Untrusted(member), line.unwrap_or_default())
}

/// A build instruction without the shell and the markers that builders put around it, and with digests cut short.
pub(crate) fn shortened(instruction: &str, room: usize) -> String {
    let bare = instruction
        .trim_start_matches("/bin/sh -c ")
        .trim_start_matches("#(nop)")
        .trim_end_matches(" # buildkit")
        .split_whitespace()
        .map(short_word)
        .collect::<Vec<_>>()
        .join(" ");
    match bare.char_indices().nth(room) {
        Some((end, _)) => format!("{}…", bare.get(..end).unwrap_or_default().trim_end()),
        None => bare,
    }
}

/// `file:d48cac34fac3…` of a word that ends in a digest.
fn short_word(word: &str) -> String {
    let digits = word.rsplit(':').next().unwrap_or_default();
    if digits.len() >= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let kept = word.len() - digits.len() + 12;
        return format!("{}…", word.get(..kept).unwrap_or(word));
    }
    word.to_owned()
}

pub(super) fn counted(count: usize, noun: &str) -> String {
    counted_u64(count as u64, noun, &format!("{noun}s"))
}

pub(super) fn counted_u64(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_feeds_are_named_and_many_are_counted() {
        let source = |number: u64| AdvisorySource {
            name: format!("feed {number}"),
            advisories: number,
            newest: None,
        };
        let few: Vec<_> = (1..=2).map(source).collect();
        assert_eq!(feeds(&few), "feed 1 (1 advisory), feed 2 (2 advisories)");
        let many: Vec<_> = (1..=60).map(source).collect();
        assert_eq!(feeds(&many), "60 feeds (1830 advisories)");
    }

    #[test]
    fn instructions_are_shown_without_what_the_builder_added() {
        let digest = "d48cac34fac385cbc1de6adfdd88300f76f9bbe346cd17e64fd834d042a98326";
        let classic = format!("/bin/sh -c #(nop) ADD file:{digest} in / ");
        assert_eq!(
            shortened(&classic, INSTRUCTION_SHOWN),
            "ADD file:d48cac34fac3… in /"
        );
        assert_eq!(
            shortened("RUN /bin/sh -c pip install x # buildkit", INSTRUCTION_SHOWN),
            "RUN /bin/sh -c pip install x"
        );
        assert_eq!(
            shortened(&"x".repeat(60), INSTRUCTION_SHOWN)
                .chars()
                .count(),
            INSTRUCTION_SHOWN + 1
        );
    }
}
