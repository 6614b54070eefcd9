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
