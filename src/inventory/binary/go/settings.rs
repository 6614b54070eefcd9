//! The settings of a build: the lines `build\tKEY=VALUE` of a list of modules.
//!
//! Only what is named here is kept. Linker flags can hold passwords that somebody compiled in, so that of them nothing but
//! a version goes out.

use std::borrow::Cow;

/// What of the settings is of use.
#[derive(Debug, Default)]
pub(super) struct Settings<'a> {
    pub(super) goos: Option<Cow<'a, str>>,
    pub(super) goarch: Option<Cow<'a, str>>,
    pub(super) cgo: Option<Cow<'a, str>>,
    pub(super) revision: Option<Cow<'a, str>>,
    pub(super) time: Option<Cow<'a, str>>,
    pub(super) modified: Option<Cow<'a, str>>,
    pub(super) linker_flags: Option<Cow<'a, str>>,
}

impl<'a> Settings<'a> {
    /// Takes what stands behind `build\t`. A line that is no setting says nothing.
    pub(super) fn take(&mut self, line: &'a str) {
        let Some((key, value)) = line.split_once('=') else {
            return;
        };
        let place = match key {
            "GOOS" => &mut self.goos,
            "GOARCH" => &mut self.goarch,
            "CGO_ENABLED" => &mut self.cgo,
            "vcs.revision" => &mut self.revision,
            "vcs.time" => &mut self.time,
            "vcs.modified" => &mut self.modified,
            "-ldflags" => &mut self.linker_flags,
            _ => return,
        };
        *place = Some(unquoted(value)).filter(|value| !value.is_empty());
    }
}

/// A value with white space or quotes in it is quoted as in Go's source (`strconv.Quote`). Escapes of characters that no
/// version has are left as they stand.
fn unquoted(value: &str) -> Cow<'_, str> {
    let within = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(raw) = within('`') {
        return raw.into();
    }
    let Some(quoted) = within('"') else {
        return value.into();
    };
    let mut text = String::with_capacity(quoted.len());
    let mut characters = quoted.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                other => text.extend(other),
            },
            other => text.push(other),
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_unquoted_as_go_quotes_them() {
        let mut settings = Settings::default();
        for line in [
            "GOOS=linux",
            "CGO_ENABLED=",
            r#"-ldflags="-X \"main.a b=\\c\"\t""#,
            "vcs.time=`2024`",
            "no setting",
        ] {
            settings.take(line);
        }
        assert_eq!(settings.goos.as_deref(), Some("linux"));
        assert_eq!(settings.cgo, None);
        assert_eq!(settings.time.as_deref(), Some("2024"));
        assert_eq!(
            settings.linker_flags.as_deref(),
            Some("-X \"main.a b=\\c\"\t")
        );
    }
}
