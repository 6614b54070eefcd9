//! Versions of the policy: one for each minor version of Kubernetes.

use std::fmt;
use std::str::FromStr;

/// A version of the policy, `1.MINOR`. A namespace pins one with `pod-security.kubernetes.io/enforce-version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32);

impl Version {
    /// The newest minor version that brought a change (`sysctls` in 1.37). A later one is evaluated like it, as upstream does
    /// (`registry.go`, `EvaluatePod`).
    pub const fn latest() -> Self {
        Self(37)
    }

    /// Whether this is `1.minor` or later.
    pub const fn is_from(self, minor: u32) -> bool {
        self.0 >= minor
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::latest()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v1.{}", self.0)
    }
}

/// A text that is no version of the policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no version of the Pod Security Standards: `latest`, or one such as `v1.30`")]
pub struct VersionError(String);

impl FromStr for Version {
    type Err = VersionError;

    /// `latest`, `v1.30` or `1.30`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || VersionError(text.to_owned());
        if text == "latest" {
            return Ok(Self::latest());
        }
        let number = text.strip_prefix('v').unwrap_or(text);
        let minor = number.strip_prefix("1.").ok_or_else(error)?;
        let is_plain = minor.bytes().all(|byte| byte.is_ascii_digit())
            && (minor == "0" || !minor.starts_with('0'));
        let minor = minor.parse().ok().filter(|_| is_plain);
        minor.map(Self).ok_or_else(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_with_and_without_its_letter() {
        for (text, minor) in [
            ("v1.30", 30),
            ("1.30", 30),
            ("v1.0", 0),
            ("latest", 37),
            ("v1.99", 99),
        ] {
            assert_eq!(text.parse(), Ok(Version(minor)), "{text}");
        }
        for text in [
            "",
            "v1",
            "1.",
            "v2.1",
            "1.30.1",
            "1.030",
            "1.+3",
            "v1.30-rc",
            "Latest",
            "1.99999999999",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert_eq!(Version::latest().to_string(), "v1.37");
    }
}
