//! The build instructions of an image, read from the history of its config.
//!
//! Every builder writes them in its own way. Docker's classic one: `/bin/sh -c #(nop)  ENV A=b`. The newer one: `RUN |1 A=b /bin/sh -c x # buildkit`.
//! buildah: as the classic one. kaniko: as in the Dockerfile. What has none of these forms (Bazel, Nix, ko, `docker commit`) is no
//! instruction, so that a check can say that it was not evaluated.

use crate::model::ImageConfig;

/// Instructions of a Dockerfile.
const KEYWORDS: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction<'a> {
    /// Its place in the history, from 0.
    pub item: usize,
    /// The layer that it made.
    pub layer: Option<usize>,
    /// `RUN`, `ENV`, …
    pub keyword: &'static str,
    /// What follows the keyword; for `RUN` the text that the shell gets.
    pub text: &'a str,
    /// Build arguments that a `RUN` was given: name and value.
    pub arguments: Vec<(&'a str, &'a str)>,
}

/// The instructions in their order; items of no known form are left out.
pub fn instructions(config: &ImageConfig) -> Vec<Instruction<'_>> {
    let mut layers = 0;
    let mut found = Vec::new();
    for (item, history) in config.history.iter().enumerate() {
        let layer = (!history.empty_layer).then_some(layers);
        layers += usize::from(!history.empty_layer);
        if let Some((keyword, text, arguments)) = instruction(&history.created_by) {
            found.push(Instruction {
                item,
                layer,
                keyword,
                text,
                arguments,
            });
        }
    }
    found
}

type Parts<'a> = (&'static str, &'a str, Vec<(&'a str, &'a str)>);

fn instruction(created_by: &str) -> Option<Parts<'_>> {
    let text = created_by.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    if let Some((_, rest)) = text
        .split_once("#(nop)")
        .filter(|(shell, _)| is_shell(shell))
    {
        return keyword(rest.trim()).map(|(keyword, text)| (keyword, text, Vec::new()));
    }
    if let Some((keyword, rest)) = keyword(text) {
        return Some(if keyword == "RUN" {
            let (rest, arguments) = build_arguments(rest);
            (keyword, after_shell(rest).unwrap_or(rest), arguments)
        } else {
            (keyword, rest, Vec::new())
        });
    }
    let (rest, arguments) = build_arguments(text);
    Some(("RUN", after_shell(rest)?, arguments))
}

fn keyword(text: &str) -> Option<(&'static str, &str)> {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let keyword = KEYWORDS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(word))?;
    Some((keyword, rest.trim_start()))
}

fn is_shell(text: &str) -> bool {
    text.trim_end().ends_with("-c") && text.len() < 200
}

/// `|2 A=1 B=x y /bin/sh -c …`: the values may have blanks, so that they end where the shell or the next name is.
fn build_arguments(text: &str) -> (&str, Vec<(&str, &str)>) {
    let Some(rest) = text.strip_prefix('|') else {
        return (text, Vec::new());
    };
    let (count, mut rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let count: usize = count.parse().unwrap_or(0);
    let mut arguments = Vec::new();
    while arguments.len() < count {
        let Some((name, after)) = rest.split_once('=') else {
            break;
        };
        let end = if arguments.len() + 1 == count {
            shell_start(after)
        } else {
            after.find(' ')
        };
        let (value, after) = after
            .split_at_checked(end.unwrap_or(after.len()))
            .unwrap_or((after, ""));
        arguments.push((name.trim(), value));
        rest = after.trim_start();
    }
    (rest, arguments)
}

/// Where ` /bin/sh -c ` or another shell begins.
fn shell_start(text: &str) -> Option<usize> {
    let option = text.find(" -c ")?;
    let before = text.get(..option)?;
    before.rfind(" /").or_else(|| before.rfind(' '))
}

/// What stands behind `/bin/sh -c `, `/bin/bash -o pipefail -c `.
fn after_shell(text: &str) -> Option<&str> {
    let (shell, rest) = text.split_once(" -c ")?;
    let mut words = shell.split(' ');
    let is_shell = words
        .next()
        .is_some_and(|word| word.starts_with('/') && word.ends_with("sh"));
    let are_options = words
        .all(|word| word.starts_with('-') || ["pipefail", "errexit", "nounset"].contains(&word));
    (is_shell && are_options).then_some(rest.trim_start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::History;

    fn config(items: &[(&str, bool)]) -> ImageConfig {
        ImageConfig {
            history: items
                .iter()
                .map(|(text, empty_layer)| History {
                    created_by: (*text).to_owned(),
                    empty_layer: *empty_layer,
                    ..History::default()
                })
                .collect(),
            ..ImageConfig::default()
        }
    }

    #[test]
    fn every_builder_s_form_is_read() {
        for (text, keyword, rest) in [
            ("/bin/sh -c #(nop)  ENV A=b", "ENV", "A=b"),
            ("/bin/sh -c #(nop) ADD file:0a in / ", "ADD", "file:0a in /"),
            (
                "/bin/sh -c apt-get update && x",
                "RUN",
                "apt-get update && x",
            ),
            ("|1 A=b /bin/sh -c x y", "RUN", "x y"),
            ("RUN |2 A=b C=d e /bin/sh -c x # buildkit", "RUN", "x"),
            (
                "RUN /bin/bash -o pipefail -c x | y # buildkit",
                "RUN",
                "x | y",
            ),
            ("RUN apk add x", "RUN", "apk add x"),
            ("COPY a /b # buildkit", "COPY", "a /b"),
            ("CMD [\"a\"]", "CMD", "[\"a\"]"),
        ] {
            let config = config(&[(text, false)]);
            let found = instructions(&config);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!((found[0].keyword, found[0].text), (keyword, rest), "{text}");
        }
        for text in [
            "",
            "bazel build ...",
            "# debian.sh --arch 'amd64' out/",
            "ko build x",
        ] {
            assert_eq!(instructions(&config(&[(text, false)])), [], "{text}");
        }
    }

    #[test]
    fn build_arguments_and_layers_are_told() {
        let config = config(&[
            ("ENV A=b", true),
            ("ADD x /", false),
            ("RUN |2 A=b T=c d /bin/sh -c x # buildkit", false),
        ]);
        let found = instructions(&config);
        assert_eq!(found[2].arguments, [("A", "b"), ("T", "c d")]);
        let layers: Vec<_> = found
            .iter()
            .map(|found| (found.item, found.layer))
            .collect();
        assert_eq!(layers, [(0, None), (1, Some(0)), (2, Some(1))]);
    }

    proptest! {
        #[test]
        fn any_history_is_read(text in "(RUN )?(\\|[0-9] )?[A-Za-z=/|# ()-]{0,40}( -c )?\\PC{0,20}") {
            let _ = instructions(&config(&[(&text, false)]));
        }
    }
}
