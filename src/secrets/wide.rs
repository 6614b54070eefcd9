//! Text of two bytes a character (UTF-16 of either byte order), made narrow as it passes.
//!
//! A file that begins with a byte order mark is such a text as a whole. Elsewhere, in the programs and libraries of
//! Windows and .NET, such texts lie between other bytes: eight bytes at every sixteenth offset, and those one further,
//! are looked at as one number, which is cheap enough for every byte of every file. Where four of them are ASCII and the
//! four between them nothing, the run around them is narrowed. Only ASCII is: no keyword has anything else.

use std::ops::Range;

/// How far apart the looks are. A run of [`SHORTEST`] characters covers one of them.
const STEP: usize = 16;
/// Characters of a run that is worth telling.
const SHORTEST: usize = 12;
/// Stands between runs, and for every character beyond ASCII: no shape matches across it.
const BREAK: u8 = 0;

/// Which byte of a pair is the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    LittleEndian,
    BigEndian,
}

/// How far one file was narrowed.
#[derive(Clone, Copy, Default)]
pub(super) struct WideText {
    /// Of a file with a byte order mark.
    order: Option<Order>,
    /// File offset up to which runs were narrowed.
    done: u64,
}

impl WideText {
    /// Appends the narrow form of the wide text that begins in `fresh`.
    pub(super) fn narrow(
        &mut self,
        bytes: &[u8],
        base: u64,
        fresh: Range<usize>,
        text: &mut Vec<u8>,
    ) {
        if base == 0 && fresh.start == 0 {
            self.order = match bytes {
                [0xff, 0xfe, ..] => Some(Order::LittleEndian),
                [0xfe, 0xff, ..] => Some(Order::BigEndian),
                _ => None,
            };
        }
        match self.order {
            Some(order) => narrow_all(bytes.get(fresh).unwrap_or_default(), order, text),
            None => self.narrow_runs(bytes, base, fresh, text),
        }
    }

    fn narrow_runs(&mut self, bytes: &[u8], base: u64, fresh: Range<usize>, text: &mut Vec<u8>) {
        let mut at = fresh.start;
        while at < fresh.end {
            let Some(seen) = bytes.get(at..).and_then(<[u8]>::first_chunk::<9>) else {
                return;
            };
            if let Some(low) = wide_at(seen) {
                at = self.narrow_run(bytes, base, at + low, text).max(at + STEP);
                at += at.wrapping_neg() % STEP;
            } else {
                at += STEP;
            }
        }
    }

    /// Narrows the run around `at`, and says where it ends.
    fn narrow_run(&mut self, bytes: &[u8], base: u64, at: usize, text: &mut Vec<u8>) -> usize {
        let done = usize::try_from(self.done.saturating_sub(base)).unwrap_or(usize::MAX);
        let character = |at: usize| match bytes.get(at..at + 2) {
            Some([byte, 0]) if is_text(*byte) => Some(*byte),
            _ => None,
        };
        let mut start = at;
        while start >= done + 2 && character(start - 2).is_some() {
            start -= 2;
        }
        let mut end = at.max(done);
        while character(end).is_some() {
            end += 2;
        }
        let start = start.max(done);
        let goes_on = start == done && done > 0;
        if end <= start || (end - start < 2 * SHORTEST && !goes_on) {
            return end.max(at);
        }
        if !goes_on {
            text.push(BREAK);
        }
        text.extend(bytes.get(start..end).unwrap_or_default().iter().step_by(2));
        self.done = base + end as u64;
        end
    }
}

/// Where the first character is, if these nine bytes hold four that are two bytes wide each.
#[inline]
fn wide_at(seen: &[u8; 9]) -> Option<usize> {
    const HIGH: u64 = 0xff80_ff80_ff80_ff80;
    const LOW: u64 = 0x0001_0001_0001_0001;
    let (first, [last]) = seen.split_first_chunk::<8>()? else {
        return None;
    };
    let word = u64::from_le_bytes(*first);
    let shifted = (word >> 8) | u64::from(*last) << 56;
    // No high bit and nothing in the upper bytes; and none of the lower bytes is nothing.
    let is_wide =
        |word: u64| word & HIGH == 0 && (word.wrapping_sub(LOW) & 0x8000_8000_8000_8000) == 0;
    if is_wide(word) {
        Some(0)
    } else if is_wide(shifted) {
        Some(1)
    } else {
        None
    }
}

const fn is_text(byte: u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')
}

fn narrow_all(bytes: &[u8], order: Order, text: &mut Vec<u8>) {
    text.extend(bytes.chunks_exact(2).map(|pair| match (pair, order) {
        ([byte, 0], Order::LittleEndian) | ([0, byte], Order::BigEndian) if byte.is_ascii() => {
            *byte
        }
        _ => BREAK,
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrowed(bytes: &[u8]) -> String {
        let mut text = Vec::new();
        WideText::default().narrow(bytes, 0, 0..bytes.len(), &mut text);
        String::from_utf8_lossy(&text).replace('\0', "|")
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn a_text_with_a_byte_order_mark_is_narrowed_as_a_whole() {
        let little = [&[0xff, 0xfe][..], &wide("a=ü\nb")].concat();
        assert_eq!(narrowed(&little), "|a=|\nb");
        let big: Vec<u8> = "\u{feff}a=ü\nb"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        assert_eq!(narrowed(&big), "|a=|\nb");
    }

    #[test]
    fn a_run_between_other_bytes_is_found_wherever_it_lies_and_in_either_order() {
        for before in 0..40 {
            for order in [u16::to_le_bytes, u16::to_be_bytes] {
                let run = "password=abcd".encode_utf16().flat_map(order);
                let mut bytes = vec![0x90; before];
                bytes.extend(run);
                bytes.extend([0x90; 3]);
                let text = narrowed(&bytes);
                assert!(text.contains("password=abc"), "{before}: {text}");
            }
        }
    }

    #[test]
    fn other_bytes_give_nothing() {
        for bytes in [vec![0; 4096], vec![b'a'; 4096], [1, 0, 0, 0].repeat(1000)] {
            assert_eq!(narrowed(&bytes), "");
        }
    }

    #[test]
    fn a_run_over_the_end_of_a_block_goes_on_in_the_next() {
        let bytes = wide(&"0123456789abcdef".repeat(8));
        let mut wide = WideText::default();
        let mut text = Vec::new();
        wide.narrow(&bytes[..160], 0, 0..96, &mut text);
        wide.narrow(&bytes[64..], 64, 32..bytes.len() - 64, &mut text);
        assert_eq!(
            String::from_utf8_lossy(&text),
            format!("\0{}", "0123456789abcdef".repeat(8))
        );
    }
}
