//! The upstreams' comparison loops, written down plainly as second judges. Bytewise keys are transitive and
//! antisymmetric by themselves; that they agree with these loops is what has to be shown.

use std::cmp::Ordering;

fn weight(byte: Option<&u8>) -> i32 {
    match byte {
        Some(b'~') => -1,
        None => 0,
        Some(digit) if digit.is_ascii_digit() => 0,
        Some(letter) if letter.is_ascii_alphabetic() => i32::from(*letter),
        Some(other) => i32::from(*other) + 256,
    }
}

fn verrevcmp(mut left: &[u8], mut right: &[u8]) -> Ordering {
    let digit = |byte: &[u8]| byte.first().is_some_and(u8::is_ascii_digit);
    while !left.is_empty() || !right.is_empty() {
        while (!left.is_empty() && !digit(left)) || (!right.is_empty() && !digit(right)) {
            let order = weight(left.first()).cmp(&weight(right.first()));
            if order.is_ne() {
                return order;
            }
            left = &left[1..];
            right = &right[1..];
        }
        let split = |text: &'_ [u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (a, b) = (left.split_at(split(left)), right.split_at(split(right)));
        let order = number(a.0).cmp(&number(b.0));
        if order.is_ne() {
            return order;
        }
        (left, right) = (a.1, b.1);
    }
    Ordering::Equal
}

fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |value, digit| value * 10 + u64::from(digit - b'0'))
}

pub(super) fn dpkg(left: &str, right: &str) -> Ordering {
    let split = |text: &str| {
        let (upstream, revision) = text.rsplit_once('-').unwrap_or((text, ""));
        (upstream.to_owned(), revision.to_owned())
    };
    let (a, b) = (split(left), split(right));
    verrevcmp(a.0.as_bytes(), b.0.as_bytes())
        .then_with(|| verrevcmp(a.1.as_bytes(), b.1.as_bytes()))
}

pub(super) fn rpmvercmp(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left.as_bytes(), right.as_bytes());
    let skip = |text: &mut &[u8]| {
        while text
            .first()
            .is_some_and(|c| !c.is_ascii_alphanumeric() && *c != b'~' && *c != b'^')
        {
            *text = &text[1..];
        }
    };
    loop {
        skip(&mut a);
        skip(&mut b);
        match (a.first(), b.first()) {
            (None, None) => return Ordering::Equal,
            (Some(b'~'), Some(b'~')) | (Some(b'^'), Some(b'^')) => {
                (a, b) = (&a[1..], &b[1..]);
            }
            (Some(b'~'), _) | (None, Some(b'^')) => return Ordering::Less,
            (_, Some(b'~')) | (Some(b'^'), None) => return Ordering::Greater,
            (Some(b'^'), _) => return Ordering::Less,
            (_, Some(b'^')) => return Ordering::Greater,
            (None, _) => return Ordering::Less,
            (_, None) => return Ordering::Greater,
            (Some(x), Some(y)) => match (x.is_ascii_digit(), y.is_ascii_digit()) {
                (true, false) => return Ordering::Greater,
                (false, true) => return Ordering::Less,
                (digits, _) => {
                    let run = |text: &[u8]| {
                        text.iter()
                            .take_while(|c| {
                                if digits {
                                    c.is_ascii_digit()
                                } else {
                                    c.is_ascii_alphabetic()
                                }
                            })
                            .count()
                    };
                    let (x, y) = (a.split_at(run(a)), b.split_at(run(b)));
                    let order = if digits {
                        number(x.0).cmp(&number(y.0))
                    } else {
                        x.0.cmp(y.0)
                    };
                    if order.is_ne() {
                        return order;
                    }
                    (a, b) = (x.1, y.1);
                }
            },
        }
    }
}

/// `Gem::Version#<=>` over `canonical_segments`, for versions without a hyphen.
pub(super) fn gem(left: &str, right: &str) -> Ordering {
    let (a, b) = (canonical_segments(left), canonical_segments(right));
    let zero = "0".to_owned();
    for index in 0..a.len().max(b.len()) {
        let (a, b) = (a.get(index).unwrap_or(&zero), b.get(index).unwrap_or(&zero));
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Greater,
            (Err(_), Ok(_)) => Ordering::Less,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn canonical_segments(version: &str) -> Vec<String> {
    let mut segments: Vec<String> = vec![String::new()];
    for c in version.chars() {
        let last = segments.last_mut().expect("a segment");
        let goes_on = last
            .chars()
            .last()
            .is_none_or(|before| before.is_ascii_digit() == c.is_ascii_digit());
        match c {
            '.' => segments.push(String::new()),
            c if goes_on => last.push(c),
            c => segments.push(c.to_string()),
        }
    }
    let is_word = |segment: &String| segment.parse::<u64>().is_err();
    let mut tail = segments.split_off(segments.iter().position(is_word).unwrap_or(segments.len()));
    for part in [&mut segments, &mut tail] {
        while part
            .last()
            .is_some_and(|segment| segment.parse::<u64>() == Ok(0))
        {
            part.pop();
        }
    }
    segments.append(&mut tail);
    segments
}

/// `rpmvercmp` of libalpm.
pub(super) fn alpm(left: &str, right: &str) -> Ordering {
    let (mut a, mut b) = (left, right);
    while !a.is_empty() && !b.is_empty() {
        let skip = |text: &str| {
            text.find(|c: char| c.is_ascii_alphanumeric())
                .unwrap_or(text.len())
        };
        let (x, y) = (skip(a), skip(b));
        (a, b) = (&a[x..], &b[y..]);
        if a.is_empty() || b.is_empty() {
            break;
        }
        if x != y {
            return x.cmp(&y);
        }
        let digits = a.starts_with(|c: char| c.is_ascii_digit());
        let run = |text: &str| {
            let other = |c: char| !c.is_ascii_alphanumeric() || c.is_ascii_digit() != digits;
            text.find(other).unwrap_or(text.len())
        };
        let (x, y) = (a.split_at(run(a)), b.split_at(run(b)));
        if y.0.is_empty() {
            return if digits {
                Ordering::Greater
            } else {
                Ordering::Less
            };
        }
        let order = if digits {
            number(x.0.as_bytes()).cmp(&number(y.0.as_bytes()))
        } else {
            x.0.cmp(y.0)
        };
        if order.is_ne() {
            return order;
        }
        (a, b) = (x.1, y.1);
    }
    let is_letter = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        _ if is_letter(a) || (a.is_empty() && !is_letter(b)) => Ordering::Less,
        _ => Ordering::Greater,
    }
}
