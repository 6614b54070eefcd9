//! Text that came from an image, made safe to show.

use std::fmt;

/// Shows text from an image with everything escaped that a terminal or a reader could be fooled by: control characters
/// (escape sequences, line breaks), and the characters that change reading direction or take no room (Trojan Source,
/// CVE-2021-42574).
#[derive(Clone, Copy, Debug)]
pub struct Untrusted<'a>(pub &'a str);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((position, found)) = rest.char_indices().find(|(_, c)| is_deceptive(*c)) {
            f.write_str(rest.get(..position).unwrap_or_default())?;
            write!(f, "{}", found.escape_unicode())?;
            rest = rest.get(position + found.len_utf8()..).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

/// Whether a terminal or a reader could be fooled by it.
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{200b}'..='\u{200f}' // zero-width space and joiners, direction marks
                | '\u{2028}'..='\u{202e}' // line and paragraph separators, embeddings and overrides
                | '\u{2060}'..='\u{206f}' // word joiner, isolates, deprecated format characters
                | '\u{feff}' // byte-order mark
                | '\u{fff9}'..='\u{fffb}' // interlinear annotation
                | '\u{e0000}'..='\u{e007f}' // tags
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_is_escaped() {
        assert_eq!(
            Untrusted("a\u{1b}[31mb\n").to_string(),
            "a\\u{1b}[31mb\\u{a}"
        );
        assert_eq!(Untrusted("evil\u{202e}txt").to_string(), "evil\\u{202e}txt");
        assert_eq!(Untrusted("größe/日本").to_string(), "größe/日本");
    }
}
