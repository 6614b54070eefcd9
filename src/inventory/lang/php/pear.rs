//! The registry of the PEAR installer, which PECL uses too: `.registry/NAME.reg`, and for other channels than PEAR's
//! own `.registry/.channel.CHANNEL/NAME.reg`.
//!
//! Each file is a package's `package.xml` as an array in the form of PHP's `serialize()` (`PEAR_Registry`); the
//! fields are those of <https://pear.php.net/manual/en/guide.developers.package2.php>, or of version 1.0 of that
//! file.

use crate::layers::{File, FileFacts, ParseError};
use crate::model::{
    ClaimKind, Claims, LayerPath, Package, PackageType, path_file_name, path_parent,
};

/// Whether registry files lie directly in the folder.
pub(super) fn is_registry(folder: &str) -> bool {
    let name = path_file_name(folder);
    name == ".registry"
        || name.starts_with(".channel.")
            && path_parent(folder).is_some_and(|above| path_file_name(above) == ".registry")
}

/// Reads one package.
pub(super) fn read(file: File<'_>) -> Result<FileFacts, ParseError> {
    let mut fields = Fields::default();
    let text = file.bytes.trim_ascii_start();
    walk(text, &mut |path, value| fields.take(path, value))
        .ok_or_else(|| ParseError::new("it is no array in PHP's serialised form"))?;
    let missing = |field| ParseError::new(format!("its record has no {field}"));
    let name = fields.name.ok_or_else(|| missing("name"))?;
    let version = fields.version.ok_or_else(|| missing("version"))?;
    let mut package = Package::new(PackageType::new("pear"), name, version);
    // The installer keeps a package under its channel's name, and PEAR's own in the registry itself.
    let folder = path_file_name(file.entry.parent());
    let channel = folder.strip_prefix(".channel.").unwrap_or("pear.php.net");
    package.namespace = Some(
        fields
            .channel
            .unwrap_or_else(|| channel.to_owned())
            .to_lowercase(),
    );
    package.licenses.extend(fields.license);
    let mut claims = Claims::new(package.full_name(), false);
    for path in fields.files {
        claims.push(&path, ClaimKind::File, None);
    }
    Ok(FileFacts {
        packages: vec![package],
        claims: Some(claims)
            .filter(|claims| !claims.is_empty())
            .into_iter()
            .collect(),
        ..FileFacts::default()
    })
}

/// What is read of a package.
#[derive(Default)]
struct Fields {
    name: Option<String>,
    channel: Option<String>,
    version: Option<String>,
    license: Option<String>,
    /// Where its files were put.
    files: Vec<LayerPath>,
}

impl Fields {
    fn take(&mut self, path: &[&[u8]], value: &[u8]) {
        let place = match path {
            // Version 1.0 of package.xml says `package`, has its version as text, and no channel.
            [b"name" | b"package"] => &mut self.name,
            [b"channel"] => &mut self.channel,
            [b"version"] | [b"version", b"release"] => &mut self.version,
            [b"license" | b"release_license"] | [b"license", b"_content"] => &mut self.license,
            [b"filelist", _, b"installed_as"] => {
                self.files.push(LayerPath::normalise(value));
                return;
            }
            _ => return,
        };
        let value = String::from_utf8_lossy(value.trim_ascii());
        if place.is_none() && !value.is_empty() {
            *place = Some(value.into_owned());
        }
    }
}

/// Takes a text with the keys that lead to it.
type Tell<'a> = dyn FnMut(&[&[u8]], &[u8]) + 'a;

/// How deep values are told: `filelist`, a file, its field.
const DEPTH: usize = 3;

/// Tells every text of an array that lies no deeper than [`DEPTH`], with the keys that lead to it. `None` if it is no
/// array or is damaged before its end.
///
/// <https://www.php.net/manual/en/function.serialize.php>; nothing is nested on the stack, and no length is believed.
fn walk(text: &[u8], tell: &mut Tell<'_>) -> Option<()> {
    let mut rest = text;
    let mut keys: Vec<&[u8]> = Vec::with_capacity(DEPTH);
    // Arrays that are open; those beyond DEPTH are passed over.
    let mut depth = 0_usize;
    loop {
        let token = next_token(&mut rest)?;
        let expects_key = depth <= DEPTH && keys.len() < depth;
        match token {
            Token::Open if depth > 0 && expects_key => return None,
            Token::Open => depth += 1,
            Token::Close => {
                // An array ends where a key could stand; with its end the value of the key outside is complete.
                if depth == 0 || depth <= DEPTH && keys.len() != depth - 1 {
                    return None;
                }
                depth -= 1;
                if depth == 0 {
                    return Some(());
                }
                if depth <= DEPTH {
                    keys.pop();
                }
            }
            Token::Scalar(_) if depth == 0 => return None,
            Token::Scalar(value) if expects_key => keys.push(value),
            Token::Scalar(value) if depth <= DEPTH => {
                tell(&keys, value);
                keys.pop();
            }
            Token::Scalar(_) => {}
        }
    }
}

/// A piece of the serialised form.
enum Token<'a> {
    /// An array or object begins.
    Open,
    /// It ends.
    Close,
    /// A text, or a number as it is written.
    Scalar(&'a [u8]),
}

fn next_token<'a>(rest: &mut &'a [u8]) -> Option<Token<'a>> {
    let (kind, after) = rest.split_first()?;
    *rest = after;
    match kind {
        b'}' => Some(Token::Close),
        b'N' => {
            *rest = rest.strip_prefix(b";")?;
            Some(Token::Scalar(b""))
        }
        b'i' | b'd' | b'b' => {
            *rest = rest.strip_prefix(b":")?;
            Some(Token::Scalar(take_until(rest, b';')?))
        }
        b's' => {
            *rest = rest.strip_prefix(b":")?;
            let value = take_counted(rest)?;
            *rest = rest.strip_prefix(b";")?;
            Some(Token::Scalar(value))
        }
        b'a' | b'O' => {
            *rest = rest.strip_prefix(b":")?;
            if *kind == b'O' {
                take_counted(rest)?;
                *rest = rest.strip_prefix(b":")?;
            }
            take_until(rest, b':')?;
            *rest = rest.strip_prefix(b"{")?;
            Some(Token::Open)
        }
        _ => None,
    }
}

/// `LENGTH:"…"`, the length in bytes.
fn take_counted<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = std::str::from_utf8(take_until(rest, b':')?)
        .ok()?
        .parse()
        .ok()?;
    let (value, after) = rest.strip_prefix(b"\"")?.split_at_checked(length)?;
    *rest = after.strip_prefix(b"\"")?;
    Some(value)
}

fn take_until<'a>(rest: &mut &'a [u8], end: u8) -> Option<&'a [u8]> {
    let (value, after) = rest.split_at_checked(memchr::memchr(end, rest)?)?;
    *rest = after.get(1..)?;
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inventory::lang::php::Php;
    use crate::layers::detect_one;

    const MAIL: &str = "usr/share/php/.registry/mail.reg";

    /// PHP's `serialize()` of nested arrays: a text, or pairs.
    enum Value {
        Text(&'static str),
        Pairs(Vec<(&'static str, Value)>),
    }
    use Value::{Pairs, Text};

    fn serialised(value: &Value) -> String {
        match value {
            Text(text) => format!("s:{}:\"{text}\";", text.len()),
            Pairs(pairs) => {
                let inner: String = pairs
                    .iter()
                    .map(|(key, value)| serialised(&Text(key)) + &serialised(value))
                    .collect();
                format!("a:{}:{{{inner}}}", pairs.len())
            }
        }
    }

    /// The record of PEAR's `Mail` as its installer writes it, shortened.
    fn mail() -> Value {
        Pairs(vec![
            (
                "attribs",
                Pairs(vec![
                    ("packagerversion", Text("1.10.3")),
                    ("version", Text("2.0")),
                ]),
            ),
            ("name", Text("Mail")),
            ("channel", Text("pear.php.net")),
            ("lead", Pairs(vec![("name", Text("Chuck Hagenbuch"))])),
            (
                "version",
                Pairs(vec![("release", Text("1.4.1")), ("api", Text("1.3.0"))]),
            ),
            (
                "license",
                Pairs(vec![
                    (
                        "attribs",
                        Pairs(vec![(
                            "uri",
                            Text("https://opensource.org/licenses/BSD-3-Clause"),
                        )]),
                    ),
                    ("_content", Text("New BSD License")),
                ]),
            ),
            (
                "filelist",
                Pairs(vec![(
                    "Mail/mail.php",
                    Pairs(vec![
                        ("role", Text("php")),
                        ("installed_as", Text("/usr/share/php/Mail/mail.php")),
                    ]),
                )]),
            ),
            (
                "changelog",
                Pairs(vec![(
                    "release",
                    Pairs(vec![("version", Pairs(vec![("release", Text("0.9"))]))]),
                )]),
            ),
        ])
    }

    fn read(path: &str, text: &str) -> Result<FileFacts, ParseError> {
        detect_one(&Php, path, text.as_bytes()).map(|facts| facts.expect("a path that is wanted"))
    }

    #[test]
    fn a_package_of_pear_has_its_channel_release_licence_and_files() {
        let facts = read(MAIL, &serialised(&mail())).expect("a record");
        let package = &facts.packages[0];
        assert_eq!(
            package.purl(None).as_deref(),
            Some("pkg:pear/pear.php.net/Mail@1.4.1")
        );
        assert_eq!(package.licenses, ["New BSD License"]);
        let claims: Vec<&str> = facts.claims[0].iter().map(|claim| claim.path).collect();
        assert_eq!(claims, ["usr/share/php/Mail/mail.php"]);
    }

    #[test]
    fn version_1_of_package_xml_and_pecl_s_channel_are_read() {
        let record = Pairs(vec![
            ("package", Text("memcached")),
            ("version", Text("3.1.5")),
            ("release_license", Text("PHP")),
        ]);
        let path = "usr/local/lib/php/.registry/.channel.pecl.php.net/memcached.reg";
        let facts = read(path, &serialised(&record)).expect("a record");
        assert_eq!(facts.packages[0].full_name(), "pecl.php.net/memcached");
        assert_eq!(facts.packages[0].licenses, ["PHP"]);
        assert!(facts.claims.is_empty());
    }

    #[test]
    fn numbers_nothing_and_objects_are_passed_over() {
        let text = "a:4:{i:0;N;s:1:\"x\";O:3:\"Foo\":1:{s:1:\"a\";b:1;}s:4:\"name\";s:1:\"a\";s:7:\"version\";d:1.5;}";
        let facts = read(MAIL, text).expect("a record");
        assert_eq!(facts.packages[0].version, "1.5");
    }

    #[test]
    fn what_this_machine_s_php_serialises_is_read() {
        let program = "echo serialize(['x' => [1, 2.5, null, true, new stdClass], 'name' => \"a\\\"é\", 'version' => ['release' => '1.0']]);";
        let written = std::process::Command::new("php")
            .args(["-r", program])
            .output();
        let written = match written {
            Ok(written) if written.status.success() => written.stdout,
            _ => {
                println!("skipped: this machine has no php");
                return;
            }
        };
        let facts = read(MAIL, &String::from_utf8_lossy(&written)).expect("a record");
        let package = &facts.packages[0];
        assert_eq!(
            (package.name.as_str(), package.version.as_str()),
            ("a\"é", "1.0")
        );
    }

    #[test]
    fn a_damaged_record_is_an_error() {
        let whole = serialised(&mail());
        for end in (0..whole.len()).step_by(7) {
            let error = read(MAIL, &whole[..end]).expect_err("no end");
            assert_eq!(error.reason, "it is no array in PHP's serialised form");
        }
        for text in [
            "s:1:\"a\";",
            "a:1:{a:0:{}i:1;}",
            "a:1:{i:0;}",
            "a:0:{i",
            "}",
            "s:99:\"a\";",
        ] {
            assert!(read(MAIL, text).is_err(), "{text}");
        }
        let error = read(MAIL, "a:0:{}").expect_err("no name");
        assert_eq!(error.reason, "its record has no name");
    }

    #[test]
    fn deep_nesting_is_walked_and_not_climbed() {
        let deep = format!(
            "a:1:{{i:0;{}{}s:4:\"name\";s:1:\"a\";s:7:\"version\";s:1:\"1\";}}",
            "a:1:{i:0;".repeat(100_000),
            "}".repeat(100_000)
        );
        // The innermost array has a key and no value, which nothing at that depth looks at.
        assert_eq!(read(MAIL, &deep).expect("a record").packages.len(), 1);
    }

    #[test]
    fn only_registries_are_read() {
        for (folder, wanted) in [
            ("usr/share/php/.registry", true),
            ("usr/share/pear/.registry/.channel.pear.horde.org", true),
            ("usr/share/php/.channels", false),
            ("x/.channel.pecl.php.net", false),
            ("", false),
        ] {
            assert_eq!(is_registry(folder), wanted, "{folder}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(
            prop_oneof![Just(b'a'), Just(b':'), Just(b'{'), Just(b'}'), Just(b';'), Just(b'i'), Just(b'1'), any::<u8>()], 0..200)) {
            let _ = detect_one(&Php, MAIL, &bytes);
        }
    }
}
