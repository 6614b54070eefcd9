//! A command in one text, as words: as a shell would see it, without running anything.

/// Splits at spaces outside of quotes; `None` if a quote is not closed. Variables and patterns stay as they are.
pub(in crate::runtime::read) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\n' | '\r' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '\'' => break,
                        other => word.push(other),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match letters.next()? {
                        '"' => break,
                        '\\' => match letters.next()? {
                            '\n' => {}
                            other @ ('"' | '\\' | '$' | '`') => word.push(other),
                            other => word.extend(['\\', other]),
                        },
                        other => word.push(other),
                    }
                }
            }
            '\\' => match letters.next() {
                Some('\n') => {}
                Some(other) => word.get_or_insert_default().push(other),
                None => word.get_or_insert_default().push('\\'),
            },
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_command_is_split_as_a_shell_does() {
        for (text, words) in [
            ("a b  c", vec!["a", "b", "c"]),
            ("a 'b c' \"d \\\" e\"", vec!["a", "b c", "d \" e"]),
            ("a\\ b ''", vec!["a b", ""]),
            ("x='1 2'y", vec!["x=1 2y"]),
            ("", vec![]),
        ] {
            assert_eq!(split(text).expect("closed"), words, "{text}");
        }
        assert_eq!(split("a 'b"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_split_or_refused(text in "[ab '\"\\\\\n]{0,30}") {
            let _ = split(&text);
        }
    }
}
