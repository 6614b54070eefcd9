//! Sequences of words and numbers behind whose end stand zeros: the segments of gems, Conda's components.
//!
//! ```text
//! sequence = ( 10 word 00 | 12 zero | 30 zero | 40 number | 50 infinity )* 20
//! ```
//! Words are below numbers, so `1.a` < `1` < `1.0.1`: the end lies between what can follow a zero. So a zero has two
//! bytes. It is below the end if the next element that is no zero is a word, and above the end if that is a number; if
//! there is none, the zero goes.

use super::{KeyWriter, run};

const WORD: u8 = 0x10;
const ZERO_BEFORE_WORD: u8 = 0x12;
const END: u8 = 0x20;
const ZERO_BEFORE_NUMBER: u8 = 0x30;
const NUMBER: u8 = 0x40;
const INFINITY: u8 = 0x50;

/// An element of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element<'e> {
    Word(&'e str),
    /// Decimal digits.
    Number(&'e str),
    /// Above every number.
    Infinity,
}

impl<'e> Element<'e> {
    /// A run of digits, or else a word.
    pub(super) fn of(text: &'e str) -> Self {
        if run::is_number(text) {
            Self::Number(text)
        } else {
            Self::Word(text)
        }
    }

    pub(super) fn is_zero(self) -> bool {
        matches!(self, Self::Number(digits) if digits.bytes().all(|digit| digit == b'0'))
    }
}

pub(super) fn write<'e>(key: &mut KeyWriter, elements: impl IntoIterator<Item = Element<'e>>) {
    let mut zeros = 0;
    for element in elements {
        if element.is_zero() {
            zeros += 1;
            continue;
        }
        let zero = match element {
            Element::Word(_) => ZERO_BEFORE_WORD,
            Element::Number(_) | Element::Infinity => ZERO_BEFORE_NUMBER,
        };
        for _ in 0..zeros {
            key.byte(zero);
        }
        zeros = 0;
        match element {
            Element::Word(word) => key.byte(WORD).text(word),
            Element::Number(digits) => key.byte(NUMBER).digits(digits),
            Element::Infinity => key.byte(INFINITY),
        };
    }
    key.byte(END);
}
