//! File names with `*` in them, compared without allocation.

use serde::Deserialize;

/// What a file may be called: literal parts with anything between them.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub(super) struct NamePattern {
    prefix: String,
    middle: Vec<String>,
    /// What stands behind the last `*`; without one the prefix is the whole name.
    suffix: Option<String>,
}

impl From<String> for NamePattern {
    /// Reads a pattern in which `*` stands for any run of characters, the empty one, too.
    fn from(text: String) -> Self {
        let mut parts = text.split('*').map(str::to_owned);
        let prefix = parts.next().unwrap_or_default();
        let suffix = parts.next_back();
        Self {
            prefix,
            middle: parts.collect(),
            suffix,
        }
    }
}

impl NamePattern {
    /// Whether a file name fits. A program of Windows fits without its `.exe`.
    pub(super) fn fits(&self, name: &str) -> bool {
        self.fits_exactly(name)
            || name
                .strip_suffix(".exe")
                .is_some_and(|name| self.fits_exactly(name))
    }

    fn fits_exactly(&self, name: &str) -> bool {
        let Some(rest) = name.strip_prefix(&*self.prefix) else {
            return false;
        };
        let Some(suffix) = &self.suffix else {
            return rest.is_empty();
        };
        let Some(mut rest) = rest.strip_suffix(&**suffix) else {
            return false;
        };
        for part in &self.middle {
            match rest.split_once(&**part) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
impl NamePattern {
    /// A file name that fits, with this text for each `*`.
    pub(super) fn name_with(&self, star: &str) -> String {
        let parts = [&self.prefix]
            .into_iter()
            .chain(&self.middle)
            .chain(&self.suffix);
        parts.map(String::as_str).collect::<Vec<_>>().join(star)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_everything_else_for_itself() {
        for (pattern, name, fits) in [
            ("node", "node", true),
            ("node", "node.exe", true),
            ("node", "node_exporter", false),
            ("node", "anode", false),
            ("python3*", "python3", true),
            ("python3*", "python3.11", true),
            ("python3*", "python", false),
            ("*.phar", "composer.phar", true),
            ("*.phar", "composer.phar.pubkey", false),
            ("libpython*.so*", "libpython3.11.so.1.0", true),
            ("libpython*.so*", "libpython3.so", true),
            ("libpython*.so*", "libpython3.a", false),
            ("libQt*Core.so*", "libQt5Core.so.5", true),
            ("libQt*Core.so*", "libQt5Gui.so.5", false),
            ("a*b*c", "abc", true),
            ("a*a", "a", false),
            ("*", "", true),
        ] {
            let read = NamePattern::from(pattern.to_owned());
            assert_eq!(read.fits(name), fits, "{pattern} {name}");
            assert_eq!(read.name_with("*"), pattern);
        }
    }
}
