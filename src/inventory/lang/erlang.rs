//! Installed applications of Erlang and Elixir: the resource file `ebin/NAME.app` of each.
//!
//! app(5), <https://www.erlang.org/doc/apps/kernel/app.html>: one term `{application, Name, [{vsn, "…"}, …]}.` The
//! runtime loads nothing as an application without it, so releases have them all. The file does not say where an
//! application comes from. Those of Erlang/OTP and of Elixir are known by their names, which Hex keeps from others;
//! their type is `otp`. Any other is taken for the package of Hex that has its name.

use super::installed::in_folder;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType, path_file_name, path_parent};

/// 4 MiB: it lists the modules of the application.
const LIMIT: u64 = 4 << 20;

/// Reads the resource files of applications.
pub(in crate::inventory) struct Erlang;

impl Detector for Erlang {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/erlang",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("app")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if path_file_name(entry.parent()) == "ebin" {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let text = String::from_utf8_lossy(file.bytes);
        let application = Application::read(&text)
            .ok_or_else(|| ParseError::new("it is no term {application, Name, [...]}"))?;
        let version = application
            .version
            .ok_or_else(|| ParseError::new("its vsn is no text"))?;
        let name = application.name.to_lowercase();
        let package_type = if OF_OTP.contains(&name.as_str()) || OF_ELIXIR.contains(&name.as_str())
        {
            PackageType::new("otp")
        } else {
            PackageType::new("hex")
        };
        let mut package = Package::new(package_type, name, version);
        package.licenses = application.licenses;
        let folder = folder_of(&package, file.entry.parent());
        Ok(in_folder(package, folder))
    }
}

/// The folder that an application has to itself: the one above its `ebin` where that is named after it, `NAME` or
/// `NAME-VSN`.
fn folder_of<'a>(package: &Package, ebin: &'a str) -> &'a str {
    let above = path_parent(ebin).unwrap_or_default();
    let folder = path_file_name(above).to_lowercase();
    let is_named_after = folder
        .strip_prefix(package.name.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
    if is_named_after { above } else { ebin }
}

/// The applications of Erlang/OTP: the folders in its `lib/`, <https://github.com/erlang/otp/tree/master/lib>, and
/// those of earlier releases.
const OF_OTP: [&str; 59] = [
    "appmon",
    "asn1",
    "common_test",
    "compiler",
    "cosevent",
    "coseventdomain",
    "cosfiletransfer",
    "cosnotification",
    "cosproperty",
    "costime",
    "costransactions",
    "crypto",
    "debugger",
    "dialyzer",
    "diameter",
    "docbuilder",
    "edoc",
    "eldap",
    "erl_docgen",
    "erl_interface",
    "erts",
    "et",
    "eunit",
    "ftp",
    "gs",
    "hipe",
    "ic",
    "inets",
    "jinterface",
    "kernel",
    "megaco",
    "mnesia",
    "observer",
    "odbc",
    "orber",
    "os_mon",
    "ose",
    "otp_mibs",
    "parsetools",
    "percept",
    "pman",
    "public_key",
    "reltool",
    "runtime_tools",
    "sasl",
    "snmp",
    "ssh",
    "ssl",
    "stdlib",
    "syntax_tools",
    "test_server",
    "tftp",
    "toolbar",
    "tools",
    "tv",
    "typer",
    "webtool",
    "wx",
    "xmerl",
];

/// The applications of Elixir, and the build tools that come as archives, as the PURL type `otp` names them.
const OF_ELIXIR: [&str; 8] = [
    "eex", "elixir", "ex_unit", "hex", "iex", "logger", "mix", "rebar",
];

/// What is read of the term.
#[derive(Debug, Default, PartialEq, Eq)]
struct Application {
    name: String,
    version: Option<String>,
    /// Build tools copy what they do not know from the source's resource file: packages of Hex have their licences
    /// there.
    licenses: Vec<String>,
}

impl Application {
    fn read(text: &str) -> Option<Self> {
        let mut tokens = Tokens { rest: text };
        tokens.expect(&Token::Sign('{'))?;
        tokens.expect(&Token::Atom("application".into()))?;
        tokens.expect(&Token::Sign(','))?;
        let Token::Atom(name) = tokens.next()? else {
            return None;
        };
        tokens.expect(&Token::Sign(','))?;
        tokens.expect(&Token::Sign('['))?;
        let mut application = Self {
            name,
            ..Self::default()
        };
        loop {
            match tokens.next()? {
                Token::Sign('{') => application.take_property(&mut tokens)?,
                Token::Sign(']') => break,
                _ => {}
            }
        }
        (!application.name.is_empty()).then_some(application)
    }

    /// Takes `KEY, VALUE}`.
    fn take_property(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        let Token::Atom(key) = tokens.next()? else {
            return tokens.skip_to_end();
        };
        tokens.expect(&Token::Sign(','))?;
        let mut depth = 1_u32;
        while depth > 0 {
            match tokens.next()? {
                Token::Sign('{' | '[' | '(') => depth = depth.saturating_add(1),
                Token::Sign('}' | ']' | ')') => depth -= 1,
                Token::Text(text) => self.take_text(&key, depth, text),
                _ => {}
            }
        }
        Some(())
    }

    fn take_text(&mut self, key: &str, depth: u32, text: String) {
        if text.is_empty() {
            return;
        }
        match (key, depth) {
            ("vsn", 1) => {
                self.version.get_or_insert(text);
            }
            ("licenses", 2) => self.licenses.push(text),
            _ => {}
        }
    }
}

/// A piece of a term.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    Atom(String),
    Text(String),
    /// A number, variable or anything else that is one word.
    Word,
    Sign(char),
}

/// The tokens of a term, <https://www.erlang.org/doc/system/data_types.html>; numbers and signs only as far as it
/// takes to pass over them.
struct Tokens<'a> {
    rest: &'a str,
}

impl Tokens<'_> {
    fn expect(&mut self, token: &Token) -> Option<()> {
        (self.next()? == *token).then_some(())
    }

    /// Passes over the rest of a tuple that has no key.
    fn skip_to_end(&mut self) -> Option<()> {
        let mut depth = 1_u32;
        while depth > 0 {
            match self.next()? {
                Token::Sign('{' | '[' | '(') => depth = depth.saturating_add(1),
                Token::Sign('}' | ']' | ')') => depth -= 1,
                _ => {}
            }
        }
        Some(())
    }

    fn next(&mut self) -> Option<Token> {
        self.rest = self.rest.trim_start();
        while let Some(comment) = self.rest.strip_prefix('%') {
            let end = comment.find('\n')?;
            self.rest = comment.get(end..)?.trim_start();
        }
        let first = self.rest.chars().next()?;
        if first.is_alphanumeric() || first == '_' {
            let is_word = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '@');
            let end = self.rest.find(|letter| !is_word(letter));
            let word = self.take(end.unwrap_or(self.rest.len()));
            return Some(if first.is_lowercase() {
                Token::Atom(word.to_owned())
            } else {
                Token::Word
            });
        }
        self.take(first.len_utf8());
        match first {
            '"' => self.quoted('"').map(Token::Text),
            '\'' => self.quoted('\'').map(Token::Atom),
            // A character: `$"` opens no text.
            '$' => {
                let letter = self.rest.chars().next()?;
                self.take(letter.len_utf8());
                Some(Token::Word)
            }
            sign => Some(Token::Sign(sign)),
        }
    }

    fn take(&mut self, end: usize) -> &str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    /// What stands before the closing quote. An escaped letter stands for itself: none that has a meaning is in a
    /// version.
    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut text = String::new();
        let mut letters = self.rest.chars();
        loop {
            match letters.next()? {
                letter if letter == quote => break,
                '\\' => text.push(letters.next()?),
                letter => text.push(letter),
            }
        }
        self.rest = letters.as_str();
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const PATH: &str = "opt/app/lib/jose-1.11.5/ebin/jose.app";

    fn facts(text: &str) -> FileFacts {
        detect_one(&Erlang, PATH, text.as_bytes())
            .expect("an application")
            .expect("a path that is wanted")
    }

    #[test]
    fn a_package_of_hex_has_its_version_licences_and_folder() {
        let facts = facts(
            "%% coding: utf-8\n{application,jose,\n [{description,\"{vsn,\\\"9\\\"} JSON \\\\\"},\n {vsn,\"1.11.5\"},\n {mod,{jose_app,[]}},{vsn_of,{vsn,\"2\"}},{env,[{x,$\"},{licenses,[\"no\"]}]},\n {registered,[]},{modules,['jose.a',jose_b]},\n {licenses,[\"Apache 2.0\",\"MIT\"]},{links,[{\"GitHub\",\"https://x\"}]}]}.\n",
        );
        let package = &facts.packages[0];
        assert_eq!(package.purl(None).as_deref(), Some("pkg:hex/jose@1.11.5"));
        assert_eq!(package.licenses, ["Apache 2.0", "MIT"]);
        let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(claims, ["opt/app/lib/jose-1.11.5"]);
    }

    #[test]
    fn the_applications_of_erlang_and_elixir_are_of_otp() {
        for (name, purl) in [
            ("ssl", "pkg:otp/ssl@1.0"),
            ("'cosEvent'", "pkg:otp/cosevent@1.0"),
            ("mix", "pkg:otp/mix@1.0"),
            ("cowboy", "pkg:hex/cowboy@1.0"),
        ] {
            let facts = facts(&format!("{{application, {name}, [{{vsn, \"1.0\"}}]}}."));
            assert_eq!(facts.packages[0].purl(None).as_deref(), Some(purl));
        }
    }

    #[test]
    fn what_is_no_application_or_has_no_version_is_an_error() {
        for (text, reason) in [
            ("", "it is no term {application, Name, [...]}"),
            (
                "{application, a, [{vsn, \"1\"}",
                "it is no term {application, Name, [...]}",
            ),
            (
                "{application, A, []}.",
                "it is no term {application, Name, [...]}",
            ),
            (
                "{other, a, []}.",
                "it is no term {application, Name, [...]}",
            ),
            (
                "% {application, a, []}",
                "it is no term {application, Name, [...]}",
            ),
            ("{application, a, [{vsn, git}]}.", "its vsn is no text"),
            ("{application, a, [{vsn, \"\"}]}.", "its vsn is no text"),
            ("{application, a, []}.", "its vsn is no text"),
        ] {
            let error = detect_one(&Erlang, PATH, text.as_bytes()).expect_err(text);
            assert_eq!(error.reason, reason, "{text}");
        }
    }

    #[test]
    fn only_resource_files_in_ebin_are_read() {
        let text = b"{application, a, [{vsn, \"1\"}]}.";
        for (path, wanted) in [
            (PATH, true),
            ("ebin/a.app", true),
            ("src/a.app", false),
            ("a.app", false),
        ] {
            let read = detect_one(&Erlang, path, text).expect("no error");
            assert_eq!(read.is_some(), wanted, "{path}");
        }
    }

    #[test]
    fn an_application_claims_the_folder_that_is_named_after_it_or_its_ebin() {
        for (path, claimed) in [
            ("lib/a-1/ebin/a.app", "lib/a-1"),
            ("lib/A/ebin/a.app", "lib/A"),
            ("lib/ab-1/ebin/a.app", "lib/ab-1/ebin"),
            ("usr/ebin/a.app", "usr/ebin"),
            ("ebin/a.app", "ebin"),
        ] {
            let text = b"{application, a, [{vsn, \"1\"}]}.";
            let facts = detect_one(&Erlang, path, text)
                .expect("no error")
                .expect("wanted");
            let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
            assert_eq!(claims, [claimed], "{path}");
        }
    }

    #[test]
    fn deep_nesting_is_walked_and_not_climbed() {
        let text = format!(
            "{{application, a, [{{env, {}{}}}, {{vsn, \"1\"}}]}}.",
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        assert_eq!(facts(&text).packages[0].version, "1");
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "(\\{application, a, \\[)?(\\{|\\}|\\[|\\]|vsn|,|\"|'|\\\\|\\$|%|é|\\n|A| ){0,40}") {
            let _ = detect_one(&Erlang, PATH, text.as_bytes());
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = detect_one(&Erlang, PATH, &bytes);
        }
    }
}
