//! Installed Lua rocks: the rockspec that LuaRocks keeps of each.
//!
//! A tree of rocks has `rocks-LUA-VERSION/NAME/VERSION-REVISION/NAME-VERSION-REVISION.rockspec`, and LuaRocks knows a
//! rock by these folders (`luarocks.core.path`). The rockspec is a Lua program of assignments
//! (<https://github.com/luarocks/luarocks/blob/main/docs/rockspec_format.md>) and can compute its name: of it only
//! the plain texts in `description` are read.

use super::installed::in_folder;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{Package, PackageType};

/// 1 MiB: the longest list some hundred modules.
const LIMIT: u64 = 1 << 20;

/// Reads the rockspecs of installed rocks.
pub(in crate::inventory) struct Lua;

impl Detector for Lua {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/lua",
            version: 1,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("rockspec")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        if rock_of(entry.path).is_some() {
            Want::Whole { limit: LIMIT }
        } else {
            Want::Skip
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let Some((name, version)) = rock_of(file.entry.path) else {
            return Ok(FileFacts::default());
        };
        // LuaRocks compares names in lower case, and writes them so.
        let name = name.to_ascii_lowercase();
        let mut package = Package::new(PackageType::new("luarocks"), name, version);
        let text = String::from_utf8_lossy(file.bytes);
        let description = Description::read(&text);
        package.licenses.extend(description.license);
        if let Some(homepage) = description.homepage {
            package.properties.insert("homepage".into(), homepage);
        }
        Ok(in_folder(package, file.entry.parent()))
    }
}

/// Name and version by the folders, where the file's name agrees with them.
fn rock_of(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.rsplit('/');
    let file = parts.next()?.strip_suffix(".rockspec")?;
    let (version, name, tree) = (parts.next()?, parts.next()?, parts.next()?);
    // Before version 2 the tree's name had no version of Lua.
    let is_tree = tree == "rocks" || tree.starts_with("rocks-");
    let agrees = file.strip_prefix(name)?.strip_prefix('-')? == version;
    (is_tree && agrees && !name.is_empty() && !version.is_empty()).then_some((name, version))
}

/// What is read of the table `description`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Description {
    license: Option<String>,
    homepage: Option<String>,
}

impl Description {
    fn read(text: &str) -> Self {
        let mut read = Self::default();
        let mut tokens = Tokens { rest: text };
        let mut depth = 0_u32;
        let mut is_description = false;
        let mut before = [Token::End; 2];
        loop {
            let token = tokens.next();
            match (before, token) {
                (_, Token::End) => return read,
                ([Token::Word("description"), Token::Sign('=')], Token::Sign('{'))
                    if depth == 0 =>
                {
                    is_description = true;
                    depth = 1;
                }
                (_, Token::Sign('{')) => depth = depth.saturating_add(1),
                (_, Token::Sign('}')) => {
                    depth = depth.saturating_sub(1);
                    is_description &= depth > 0;
                }
                ([Token::Word(field), Token::Sign('=')], Token::Text(value))
                    if is_description && depth == 1 =>
                {
                    let place = match field {
                        "license" => &mut read.license,
                        "homepage" => &mut read.homepage,
                        _ => &mut None,
                    };
                    *place = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
                }
                _ => {}
            }
            before = [before[1], token];
        }
    }
}

/// A piece of Lua, as far as a rockspec's assignments need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    /// What stands between the quotes; one with escapes stays as it is written.
    Text(&'a str),
    Sign(char),
    End,
}

/// Lua's lexical rules, 3.1 of its manual (<https://www.lua.org/manual/5.4/manual.html#3.1>). What is cut off ends
/// the file.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Token<'a> {
        loop {
            self.rest = self.rest.trim_start();
            let Some(comment) = self.rest.strip_prefix("--") else {
                break;
            };
            self.rest = comment;
            if self.take_long_text().is_none() {
                self.rest = comment
                    .find('\n')
                    .and_then(|end| comment.get(end..))
                    .unwrap_or_default();
            }
        }
        if let Some(text) = self.take_long_text() {
            return Token::Text(text);
        }
        let Some(first) = self.rest.chars().next() else {
            return Token::End;
        };
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        if is_word(first) {
            let end = self
                .rest
                .find(|letter| !is_word(letter))
                .unwrap_or(self.rest.len());
            return Token::Word(self.take(end));
        }
        let sign = self.take(first.len_utf8());
        match first {
            '"' | '\'' => Token::Text(self.take_quoted(sign)),
            other => Token::Sign(other),
        }
    }

    fn take(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn take_quoted(&mut self, quote: &str) -> &'a str {
        let mut escaped = false;
        let end = self.rest.find(|letter: char| {
            let ends = !escaped && quote.starts_with(letter);
            escaped = letter == '\\' && !escaped;
            ends
        });
        let text = self.take(end.unwrap_or(self.rest.len()));
        self.take(quote.len());
        text
    }

    /// `[[…]]`, `[=[…]=]`: nothing in it is escaped.
    fn take_long_text(&mut self) -> Option<&'a str> {
        let after = self.rest.strip_prefix('[')?;
        let level = after.find(|letter| letter != '=')?;
        let (level, after) = after.split_at_checked(level)?;
        let text = after.strip_prefix('[')?;
        let close = format!("]{level}]");
        let end = text.find(&close).unwrap_or(text.len());
        self.rest = text.get(end + close.len()..).unwrap_or_default();
        text.get(..end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const PATH: &str = "usr/local/lib/luarocks/rocks-5.1/mylib/1.0-2/mylib-1.0-2.rockspec";

    fn facts(text: &str) -> FileFacts {
        detect_one(&Lua, PATH, text.as_bytes())
            .expect("LuaRocks' folders tell enough")
            .expect("a path that is wanted")
    }

    /// LuaRocks 3.8 installs it as it is written here.
    const ROCKSPEC: &str = r#"rockspec_format = "3.0"
package = "MyLib"
version = "1.0-2"
source = { url = "git://example.org/mylib", license = "WRONG" }
--[[ description = { license = "WRONG" } ]]
description = {
   summary = "A lib [[not]] -- real \" license = 'WRONG'", detailed = [==[
   license = "WRONG" ]] ]==],
   homepage = 'https://example.org/', -- license = "WRONG"
   labels = { license = "WRONG" },
   license = "MIT/X11"
}
dependencies = { "lua >= 5.1" }
build = { type = "builtin", modules = { mylib = "mylib.lua" }, license = "WRONG" }
"#;

    #[test]
    fn the_folders_tell_the_rock_and_its_description_the_licence() {
        let facts = facts(ROCKSPEC);
        let rock = &facts.packages[0];
        assert_eq!(rock.purl(None).as_deref(), Some("pkg:luarocks/mylib@1.0-2"));
        assert_eq!(rock.licenses, ["MIT/X11"]);
        assert_eq!(rock.properties["homepage"], "https://example.org/");
        let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(claims, ["usr/local/lib/luarocks/rocks-5.1/mylib/1.0-2"]);
    }

    #[test]
    fn a_rockspec_that_computes_or_breaks_off_is_a_rock_all_the_same() {
        for text in [
            "local v = '1.0'\nversion = v .. '-2'\ndescription = { license = lic }",
            "description = { license = \"MIT",
            "description = { license = [[",
            "}}}{{{ --[[",
            "",
        ] {
            assert_eq!(facts(text).packages[0].version, "1.0-2", "{text}");
        }
    }

    #[test]
    fn only_trees_of_rocks_are_read() {
        for (path, wanted) in [
            (PATH, true),
            (
                "app/lua_modules/lib/luarocks/rocks-5.4/a-b/scm-1/a-b-scm-1.rockspec",
                true,
            ),
            ("usr/lib/luarocks/rocks/a/1-1/a-1-1.rockspec", true),
            ("src/mylib-1.0-2.rockspec", false),
            ("rocks-5.1/mylib/1.0-2/other-1.0-2.rockspec", false),
            ("x/mylib/1.0-2/mylib-1.0-2.rockspec", false),
        ] {
            assert_eq!(rock_of(path).is_some(), wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "(description|license|=|\\{|\\}|\"|'|\\[|\\]|-|\\\\|\\n|é| ){0,40}") {
            facts(&text);
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = detect_one(&Lua, PATH, &bytes);
        }
    }
}
