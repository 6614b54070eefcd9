//! Maven's order: `ComparableVersion` of maven-artifact 3.9,
//! <https://maven.apache.org/pom.html#version-order-specification>.
//!
//! ```text
//! key = ( 1q below a release | 20 end | 21 final | 30 sp | 40 text 00 | 50 `-number` | 60 `.number` )*
//! the qualifiers among these: ... ( 00 | 01 number )                              `rc`, `rc1`; q is the rank
//! ```
//! Maven's own comparison is no order: it takes a missing item for equal to `0` and to `final`, yet between a qualifier
//! behind a dot and one behind a hyphen the kind of item alone decides. So 1 < `1.Final-redhat-1` < `1.Final` = 1, and
//! `1.sp.1` < `1-alpha` < 1 < `1.sp.1`. No key can agree with that. Ours agrees for numbers, a qualifier, and further
//! parts behind hyphens. It differs
//! - for a qualifier without a number between a dot and a further part: here `1.Final-redhat-1` is above `1.Final`;
//! - for `final` with a number: Maven has `1.ga1` = 1 = `1.ga2` and yet `1.ga1` < `1.ga2`, here all three ascend;
//! - for a part that is empty or zero before a qualifier, `1-0-rc`: here it is not there;
//! - for a version that begins with a letter, against one that begins with a number and a letter: `x0` and `0x`.
//!
//! Where Maven 3.8 differs it is not followed, but the rows of its own tests that we have agree.

use super::{KeyWriter, Refusal, VersionKey, run};

const ALPHA: u8 = 0x10;
const END: u8 = 0x20;
const NUMBERED_RELEASE: u8 = 0x21;
const SP: u8 = 0x30;
const OTHER: u8 = 0x40;
const HYPHEN_NUMBER: u8 = 0x50;
const DOT_NUMBER: u8 = 0x60;
const WITHOUT_NUMBER: u8 = 0x00;
const WITH_NUMBER: u8 = 0x01;

/// One item of a version, as far as the order sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item<'v> {
    /// A number; one behind a hyphen, or behind a letter, opens a list and is below one behind a dot.
    Number { digits: &'v str, opens_list: bool },
    /// A qualifier, with the number that belongs to it.
    Qualifier {
        name: &'v str,
        number: Option<&'v str>,
    },
}

impl Item<'_> {
    /// Whether it says no more than that the version is a release.
    fn is_nothing(self) -> bool {
        match self {
            Self::Number { digits, .. } => digits.bytes().all(|digit| digit == b'0'),
            Self::Qualifier { name, number } => number.is_none() && is_release(name),
        }
    }

    fn write(self, key: &mut KeyWriter) {
        match self {
            Self::Number { digits, opens_list } => {
                key.byte(if opens_list {
                    HYPHEN_NUMBER
                } else {
                    DOT_NUMBER
                })
                .digits(digits);
            }
            Self::Qualifier { name, number } => {
                match rank(name, number.is_some()) {
                    OTHER => key.byte(OTHER).text(name),
                    rank => key.byte(rank),
                };
                match number {
                    Some(number) => key.byte(WITH_NUMBER).digits(number),
                    None => key.byte(WITHOUT_NUMBER),
                };
            }
        }
    }
}

fn is_release(name: &str) -> bool {
    matches!(name, "ga" | "final" | "release")
}

/// One letter is short for a qualifier only where a number follows: `1a1` is `1-alpha-1`, `1a` is not.
fn rank(name: &str, with_number: bool) -> u8 {
    match name {
        "alpha" => ALPHA,
        "beta" => ALPHA + 1,
        "milestone" => ALPHA + 2,
        "rc" | "cr" => ALPHA + 3,
        "snapshot" => ALPHA + 4,
        "sp" => SP,
        name if is_release(name) => NUMBERED_RELEASE,
        "a" if with_number => ALPHA,
        "b" if with_number => ALPHA + 1,
        "m" if with_number => ALPHA + 2,
        _ => OTHER,
    }
}

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    if version.is_empty() {
        return Err("it is empty");
    }
    if version
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || c == '$')
    {
        return Err("it has a space, a control character or a property's `$`");
    }
    if !version.contains(|c: char| c.is_ascii_digit()) {
        // Maven would compare `unspecified` and `latest` as words.
        return Err("it has no number");
    }
    let lower_case = version.to_lowercase();
    let mut key = KeyWriter::default();
    let mut nothings: Vec<Item<'_>> = Vec::new();
    for item in items(&lower_case) {
        if item.is_nothing() {
            nothings.push(item);
            continue;
        }
        // Zeros count only where a number follows them: `1.0.1`, `1.0-1`.
        let zeros = nothings
            .drain(..)
            .filter(|nothing| matches!(nothing, Item::Number { .. }));
        if matches!(item, Item::Number { .. }) {
            zeros.for_each(|zero| zero.write(&mut key));
        }
        item.write(&mut key);
    }
    Ok(key.byte(END).finish())
}

/// Cuts a version in lower case at dots, hyphens, and where digits and letters meet.
fn items(version: &str) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    let mut rest = version;
    let mut opens_list = false;
    loop {
        let (digits, tail) = run::digits(rest);
        let after_item = if digits.is_empty() {
            let (name, tail) =
                run::while_all(rest, |c| !c.is_ascii_digit() && c != '.' && c != '-');
            if name.is_empty() {
                // Two separators in a row, or one in front: a zero between them.
                items.push(Item::Number {
                    digits: "0",
                    opens_list,
                });
                tail
            } else {
                // A hyphen between a qualifier and its number is not there: `rc-1` is `rc1`.
                let (number, after) = run::digits(tail.strip_prefix('-').unwrap_or(tail));
                let number = Some(number).filter(|number| !number.is_empty());
                items.push(Item::Qualifier { name, number });
                if number.is_some() { after } else { tail }
            }
        } else {
            items.push(Item::Number { digits, opens_list });
            tail
        };
        let Some(separator) = after_item.chars().next() else {
            return items;
        };
        let is_separator = matches!(separator, '.' | '-');
        opens_list = separator != '.';
        rest = if is_separator {
            after_item.get(1..).unwrap_or_default()
        } else {
            after_item
        };
    }
}
