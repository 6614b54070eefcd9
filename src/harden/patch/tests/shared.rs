//! What others use, too, is not changed; what cannot be changed is said.

use super::*;

#[test]
fn what_others_use_through_an_alias_is_never_changed() {
    let anchored = "a: &x\n  b: 1\nc: *x\n";
    let merged = "x: &x\n  b: {c: 1}\nd:\n  <<: *x\n  e: 2\n";
    for (text, edit) in [
        (anchored, set("a.b", Yaml::Number(2))),
        (anchored, set("a.d", Yaml::Number(2))),
        (anchored, set("c.b", Yaml::Number(2))),
        (anchored, remove("a")),
        (merged, set("x.b.c", Yaml::Number(2))),
        (merged, set("x.e2", Yaml::Number(2))),
        (merged, remove("d.b")),
    ] {
        let error = apply(text, std::slice::from_ref(&edit)).expect_err("refused");
        assert!(!matches!(error, PatchError::Syntax(_)), "{edit:?}: {error}");
    }
}

#[test]
fn a_key_of_its_own_goes_over_what_a_merge_key_brings() {
    all(&[
        (
            "over",
            "x: &x {b: 1}\nd:\n  <<: *x\n  e: 2\n",
            set("d.b", Yaml::Number(2)),
            "x: &x {b: 1}\nd:\n  <<: *x\n  e: 2\n  b: 2\n",
        ),
        (
            "beside",
            "x: &x {b: 1}\nd:\n  <<: *x\n",
            set("d.e", Yaml::Number(2)),
            "x: &x {b: 1}\nd:\n  <<: *x\n  e: 2\n",
        ),
        (
            "the value of an alias",
            "x: &x {b: 1}\nd: *x\ne: 2\n",
            set("d", Yaml::Number(2)),
            "x: &x {b: 1}\nd: 2\ne: 2\n",
        ),
        (
            "an anchor that nobody uses",
            "x: &x\n  b: 1\n",
            set("x.b", Yaml::Number(2)),
            "x: &x\n  b: 2\n",
        ),
    ]);
}

#[test]
fn an_anchored_value_is_not_replaced() {
    for (text, edit) in [
        ("a: &x 1\nb: *x\n", set("a", Yaml::Number(2))),
        ("a: !secret 1\n", set("a", Yaml::Number(2))),
        ("a: &x [1]\nb: *x\n", append("a", &["y"])),
    ] {
        assert!(apply(text, &[edit]).is_err(), "{text}");
    }
}

#[test]
fn a_broken_text_is_told_with_its_line() {
    for (text, line) in [
        ("a: 1\nb: [1\nc: }\n", 3),
        ("a: 1\n\tb: 2\n", 1),
        ("a:\n  b: 1\n c: 2\n", 3),
        ("a: 'x\n", 1),
    ] {
        match apply(text, &[set("a", Yaml::Number(3))]) {
            Err(PatchError::Syntax(error)) => assert_eq!(error.line, line, "{text:?}: {error}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
}

#[test]
fn what_is_not_there_is_said_by_its_path() {
    for (edit, path) in [
        (remove("a.x"), "a.x is not there"),
        (remove("2/a"), "document 2 a is not there"),
        (set("a.b.c", Yaml::Number(1)), "a.b.c is not there"),
        (set("l[3].c", Yaml::Number(1)), "l[3].c is not there"),
        (append("a", &["x"]), "a is not there"),
    ] {
        let error = apply("a: {b: 1}\nl: [1]\n", std::slice::from_ref(&edit)).expect_err("missing");
        assert_eq!(error.to_string(), path);
    }
}

#[test]
fn a_tab_before_a_comment_stays_and_one_that_the_parser_refuses_is_told() {
    all(&[(
        "before a comment",
        "a: 1\t# why\nb: 2\n",
        set("a", Yaml::Number(3)),
        "a: 3\t# why\nb: 2\n",
    )]);
    let error = apply("a:\t1\n", &[set("a", Yaml::Number(3))]).expect_err("refused");
    assert!(error.to_string().starts_with("line 1, column 4"), "{error}");
}
