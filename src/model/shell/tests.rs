use proptest::prelude::*;

use super::*;

/// Commands as text: the joiner's sign, words with `|` between them, `>` before outputs.
fn shown(script: &str) -> Vec<String> {
    commands(script).iter().map(show).collect()
}

fn show(command: &ShellCommand) -> String {
    let joined = match command.joined {
        Joiner::Start => "",
        Joiner::Pipe => "| ",
        Joiner::And => "&& ",
        Joiner::Or => "|| ",
        Joiner::Sequence => "; ",
    };
    let assignments = command
        .assignments
        .iter()
        .map(|(name, value)| format!("{name}={}", value.text));
    let words = command.words.iter().map(|word| word.text.clone());
    let outputs = command.outputs.iter().map(|word| format!(">{}", word.text));
    let parts: Vec<String> = assignments.chain(words).chain(outputs).collect();
    format!("{joined}{}", parts.join("_"))
}

#[test]
fn commands_are_told_apart_by_every_operator() {
    for (script, expected) in [
        ("", vec![]),
        ("a b", vec!["a_b"]),
        ("a;b & c", vec!["a", "; b", "; c"]),
        (
            "a && b || c | d |& e",
            vec!["a", "&& b", "|| c", "| d", "| e"],
        ),
        ("a &&\n\n  # why\n b", vec!["a", "&& b"]),
        ("a \\\n  b\\\nc", vec!["a_bc"]),
        ("a\r\nb\r\n", vec!["a", "; b"]),
        ("(a; b) && c", vec!["a", "; b", "&& c"]),
        ("a && (b | c)", vec!["a", "&& b", "| c"]),
        ("{ a; b; } > /x/y", vec!["a", "; b", "; >/x/y"]),
        ("# a\nb # c\nd#e", vec!["b", "; d#e"]),
        ("A=1 B= c D=2", vec!["A=1_B=_c_D=2"]),
        ("A=1", vec!["A=1"]),
        ("! a", vec!["a"]),
        ("a=(b c) d", vec!["a=(b c)_d"]),
    ] {
        assert_eq!(shown(script), expected, "{script}");
    }
}

#[test]
fn commands_inside_of_compound_commands_are_seen_without_the_reserved_words() {
    for (script, expected) in [
        (
            "if [ \"$1\" = x ] && a; then b; elif c; then d; else e; fi; f",
            vec!["[_$1_=_x_]", "a", "b", "c", "d", "e", "f"],
        ),
        ("while read x; do a; done < f | b", vec!["read_x", "a", "b"]),
        ("for x in a b; do c \"$x\"; done", vec!["c_$x"]),
        ("for x\ndo c; done", vec!["c"]),
        ("for ((i=0; i<3; i++)); do c; done", vec!["c"]),
        ("((i < 3)) && a", vec!["a"]),
        ("[[ a && b > c ]] || d", vec!["d"]),
        (
            "case \"$1\" in\n a|b) c ;; (d)\n e; f ;;\n *) g\nesac; h",
            vec!["c", "e", "f", "g", "h"],
        ),
        ("case x in esac; a", vec!["a"]),
        (
            "case x in a) case y in b) c;; esac;; d) e;; esac",
            vec!["c", "e"],
        ),
        ("f() { a; }; f", vec!["a", "f"]),
        (
            "f() (a)\nfunction g { b; }\nfunction h() { c; }",
            vec!["a", "b", "c"],
        ),
        ("echo if then fi", vec!["echo_if_then_fi"]),
        ("'if' a", vec!["if_a"]),
    ] {
        let found = commands(script);
        let shown: Vec<_> = found
            .iter()
            .map(|command| {
                let words = command.words.iter().map(|word| word.text.as_str());
                words.collect::<Vec<_>>().join("_")
            })
            .collect();
        assert_eq!(shown, expected, "{script}");
    }
}

#[test]
fn quotes_are_resolved_and_expansions_stand_as_written() {
    for (word, text, variables, is_literal) in [
        ("'a b'\"c d\"e\\ f", "a bc de f", vec![], true),
        (r#""a\"b\$c\d""#, r#"a"b$c\d"#, vec![], true),
        ("'$a'", "$a", vec![], true),
        ("\"$a/${b:-$c}\"", "$a/${b:-$c}", vec!["a", "b", "c"], false),
        (
            "${#a}${!b}$1$@",
            "${#a}${!b}$1$@",
            vec!["a", "b", "1", "@"],
            false,
        ),
        (
            "\"$(a \"$b\" ')' \"$(c)\")\"x",
            "$(a \"$b\" ')' \"$(c)\")x",
            vec!["b"],
            false,
        ),
        ("`a b`", "`a b`", vec![], false),
        ("\"${a:-don't}\"", "${a:-don't}", vec!["a"], false),
        (r"$'a\n\x41\u0042\101\'b'", "a\nABA'b", vec![], true),
        ("a$", "a$", vec![], true),
        ("*.x", "*.x", vec![], false),
        ("'*'.x", "*.x", vec![], true),
        ("[ab]", "[ab]", vec![], false),
        ("[", "[", vec![], true),
        ("~/x", "~/x", vec![], false),
        ("/a/{b,c}", "/a/{b,c}", vec![], false),
        ("{}", "{}", vec![], true),
        ("<(a b)", "<(a b)", vec![], false),
        ("a=b=c", "a=b=c", vec![], true),
        ("\"\"", "", vec![], true),
    ] {
        let found = commands(&format!("x {word}"));
        let words = &found[0].words;
        assert_eq!(words.len(), 2, "{word}: {words:?}");
        let expected = ShellWord {
            text: text.to_owned(),
            variables: variables.into_iter().map(str::to_owned).collect(),
            is_literal,
            line: 1,
            column: 3,
        };
        assert_eq!(words[1], expected, "{word}");
    }
}

#[test]
fn redirections_are_no_words_and_files_that_are_written_are_told() {
    for (script, expected) in [
        ("a > /b c", "a_c_>/b"),
        ("a 2>/b >>\"$C/d\" < e", "a_>/b_>$C/d"),
        ("a 2>&1 >&- 3>&$x &>f &>>g >|h", "a_>f_>g_>h"),
        ("a {log}>b", "a_>b"),
        ("a 2 >b", "a_2_>b"),
        ("> /b", ">/b"),
        ("> /b a", "a_>/b"),
    ] {
        assert_eq!(shown(script), [expected], "{script}");
    }
}

#[test]
fn text_of_documents_is_no_command() {
    let script = "cat <<A - <<-'B' && x\nrm $y\nA\n\trm z\n\tB\nb <<< c\nd";
    assert_eq!(shown(script), ["cat_-", "&& x", "; b", "; d"]);
    let found = commands(script);
    assert_eq!(
        found
            .iter()
            .map(|found| (found.line, found.has_document))
            .collect::<Vec<_>>(),
        [(1, true), (1, false), (6, true), (7, false)]
    );
    assert_eq!(shown("a <<E\nb\n"), ["a"]);
}

#[test]
fn places_are_those_of_the_text() {
    let found = commands("set -e\n\n  é x \\\n    y | z");
    let words: Vec<_> = found.iter().flat_map(|found| &found.words).collect();
    assert_eq!(
        words
            .iter()
            .map(|word| (word.text.as_str(), word.line, word.column))
            .collect::<Vec<_>>(),
        [
            ("set", 1, 1),
            ("-e", 1, 5),
            ("é", 3, 3),
            ("x", 3, 5),
            ("y", 4, 5),
            ("z", 4, 9)
        ]
    );
    assert_eq!(found[2].program(), Some("z"));
}

#[test]
fn the_usual_form_of_official_images_is_understood() {
    let script = "set -eux; apt-get update; apt-get install -y --no-install-recommends gosu; rm -rf /var/lib/apt/lists/*; gosu nobody true";
    assert_eq!(
        shown(script),
        [
            "set_-eux",
            "; apt-get_update",
            "; apt-get_install_-y_--no-install-recommends_gosu",
            "; rm_-rf_/var/lib/apt/lists/*",
            "; gosu_nobody_true"
        ]
    );
}

#[test]
fn broken_text_is_read_as_far_as_it_goes() {
    for script in ["a 'b", "a \"b", "a $(b", "a ${b", "a `b", "a $'b\\", "a \\"] {
        let found = commands(script);
        assert_eq!(found.len(), 1, "{script}");
        assert_eq!(found[0].program(), Some("a"), "{script}");
    }
    for script in [
        ")",
        ";;",
        "&&",
        "case",
        "case x in",
        "for",
        "function",
        "((",
        "[[",
        "<<",
        ">",
        "esac done fi",
    ] {
        let _ = commands(script);
    }
}

#[test]
fn a_long_line_of_one_character_takes_linear_time() {
    for part in [
        "(",
        "$(",
        "${",
        "\"$(",
        "`",
        "'",
        "{",
        "a=(",
        "<<a ",
        ";;",
        "case x in ",
        "x|",
        "<(",
        "$",
        "=",
        "[",
        "a\n<<b\n",
    ] {
        let _ = commands(&part.repeat(1_000_000 / part.len()));
    }
}

proptest! {
    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let _ = commands(&text);
    }

    #[test]
    fn any_text_of_signs_is_read(text in "[ab =$(){}'\"\\\\`;&|<>\n#\r!\\[\\]*-]{0,60}") {
        for command in commands(&text) {
            prop_assert!(command.line > 0);
        }
    }

    #[test]
    fn words_without_signs_come_back(words in prop::collection::vec("[b-e/.:0-9-]{1,8}", 1..9)) {
        let script = format!("a {}", words.join(" "));
        let found = commands(&script);
        let read: Vec<_> = found.iter().flat_map(ShellCommand::arguments).collect();
        prop_assert_eq!(read, words);
    }
}
