//! `ComparableVersion` of maven-artifact 3.9, written down plainly with its nested lists: the judge of our Maven keys.

use std::cmp::Ordering;

#[derive(Clone, Debug, PartialEq)]
enum Item {
    Number(u64),
    Word(String),
    Combination(String, u64),
    List(Vec<Item>),
}

use Item::{Combination, List, Number, Word};

/// Two versions, by the comparison that is no order everywhere.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    lists(&parse(left), &parse(right))
}

fn qualifier(word: &str) -> String {
    let known = ["alpha", "beta", "milestone", "rc", "snapshot", "", "sp"];
    let word = match word {
        "cr" => "rc",
        "ga" | "final" | "release" => "",
        word => word,
    };
    match known.iter().position(|name| *name == word) {
        Some(rank) => rank.to_string(),
        None => format!("7-{word}"),
    }
}

fn words(left: &str, right: &str) -> Ordering {
    qualifier(left).cmp(&qualifier(right))
}

fn with_nothing(item: &Item) -> Ordering {
    match item {
        Number(number) => number.cmp(&0),
        Word(word) | Combination(word, _) => words(word, ""),
        List(items) => items
            .iter()
            .map(with_nothing)
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal),
    }
}

fn items(left: &Item, right: &Item) -> Ordering {
    let kind = |item: &Item| match item {
        Word(_) | Combination(..) => 0,
        List(_) => 1,
        Number(_) => 2,
    };
    match (left, right) {
        (Number(a), Number(b)) => a.cmp(b),
        (List(a), List(b)) => lists(a, b),
        (Word(a), Word(b)) => words(a, b),
        (Word(a), Combination(b, _)) => words(a, b).then(Ordering::Less),
        (Combination(a, _), Word(b)) => words(a, b).then(Ordering::Greater),
        (Combination(a, m), Combination(b, n)) => words(a, b).then(m.cmp(n)),
        _ => kind(left).cmp(&kind(right)),
    }
}

fn lists(left: &[Item], right: &[Item]) -> Ordering {
    let (mut left, mut right) = (left.iter(), right.iter());
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (Some(a), Some(b)) => items(a, b),
            (Some(a), None) => with_nothing(a),
            (None, Some(b)) => with_nothing(b).reverse(),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// `parseItem`, for the texts that it is called with.
fn item(is_combination: bool, is_digit: bool, text: &str) -> Item {
    if is_combination {
        let text = text.replace('-', "");
        let (word, digits) =
            text.split_at(text.find(|c: char| c.is_ascii_digit()).expect("a digit"));
        let word = match word {
            "a" => "alpha",
            "b" => "beta",
            "m" => "milestone",
            word => word,
        };
        Combination(word.to_owned(), digits.parse().expect("digits"))
    } else if is_digit {
        Number(text.parse().expect("digits"))
    } else {
        Word(text.to_owned())
    }
}

fn add(open: &mut [Vec<Item>], item: Item) {
    open.last_mut().expect("a list").push(item);
}

fn nest(open: &mut Vec<Vec<Item>>, even_if_empty: bool) {
    if even_if_empty || !open.last().expect("a list").is_empty() {
        open.push(Vec::new());
    }
}

/// `parseVersion`. A list can only be the last item of its parent, so the open lists are a stack.
fn parse(version: &str) -> Vec<Item> {
    let version = version.to_lowercase();
    let bytes = version.as_bytes();
    let mut open: Vec<Vec<Item>> = vec![Vec::new()];
    let (mut is_digit, mut is_combination, mut start) = (false, false, 0);
    for (i, byte) in bytes.iter().enumerate() {
        match byte {
            b'.' | b'-' if i == start => {
                add(&mut open, Number(0));
                start = i + 1;
                if *byte == b'-' {
                    nest(&mut open, false);
                }
                is_combination = false;
            }
            b'-' if !is_digit && bytes.get(i + 1).is_some_and(u8::is_ascii_digit) => {
                is_combination = true;
            }
            b'.' | b'-' => {
                add(
                    &mut open,
                    item(is_combination, is_digit, &version[start..i]),
                );
                start = i + 1;
                if *byte == b'-' {
                    nest(&mut open, false);
                }
                is_combination = false;
            }
            b'0'..=b'9' => {
                if !is_digit && i > start {
                    is_combination = true;
                    nest(&mut open, false);
                }
                is_digit = true;
            }
            _ => {
                if is_digit && i > start {
                    add(&mut open, item(is_combination, true, &version[start..i]));
                    start = i;
                    nest(&mut open, true);
                    is_combination = false;
                }
                is_digit = false;
            }
        }
    }
    if version.len() > start {
        if !is_digit {
            nest(&mut open, false);
        }
        add(&mut open, item(is_combination, is_digit, &version[start..]));
    }
    let mut inner: Option<Vec<Item>> = None;
    while let Some(mut list) = open.pop() {
        list.extend(inner.take().map(List));
        normalize(&mut list);
        inner = Some(list);
    }
    inner.expect("the outermost list")
}

fn normalize(list: &mut Vec<Item>) {
    for i in (0..list.len()).rev() {
        let is_null = match &list[i] {
            Number(number) => *number == 0,
            Word(word) => word.is_empty(),
            List(items) => items.is_empty(),
            Combination(..) => false,
        };
        let goes = match list.get(i + 1) {
            None | Some(Word(_)) => true,
            Some(List(items)) => matches!(items.first(), Some(Word(_) | Combination(..))),
            Some(_) => false,
        };
        if is_null && goes {
            list.remove(i);
        }
    }
}
