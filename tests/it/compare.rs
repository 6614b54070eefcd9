//! `plimsoll db compare`: the signs, and what cannot be ordered.

use crate::env::{Env, Run};

fn lines(env: &Env, scheme: &str, input: &'static [u8]) -> Run {
    env.command()
        .args(["db", "compare", scheme])
        .write_stdin(input)
        .output()
        .expect("the binary runs")
        .into()
}

#[test]
fn two_versions_are_answered_with_one_sign() {
    let env = Env::new();
    for (scheme, left, sign, right) in [
        ("dpkg", "1.0~rc1-1", "<", "1.0-1"),
        ("maven", "1.0.0.Final", "=", "1"),
        ("rubygems", "1.10.0", ">", "1.9.3-x86_64-linux"),
        ("go", "go1.21rc2", "<", "1.21.0"),
        ("npm", "-1", "?", "1.0.0"),
    ] {
        let run = env.run(&["db", "compare", scheme, left, right]);
        if sign == "?" {
            let run = run.expect_code(3);
            assert!(
                run.stdout.is_empty() && run.stderr.contains("`-1` is not ordered by npm"),
                "{}",
                run.stderr
            );
        } else {
            assert_eq!(
                run.expect_code(0).stdout,
                format!("{sign}\n"),
                "{scheme} {left} {right}"
            );
        }
    }
}

#[test]
fn lines_are_answered_one_by_one_to_the_last_even_if_one_cannot_be() {
    let env = Env::new();
    let run = lines(&env, "composer", b"1.0\t1.0-p1\nv2\t2.0.0.0\r\n2\t1.10").expect_code(0);
    assert_eq!(run.stdout, "<\n=\n>\n");
    let run = lines(
        &env,
        "composer",
        b"1.0\tdev-main\n\xff\t1\nno tab\n1.0\t1.1\n",
    )
    .expect_code(3);
    assert_eq!(run.stdout, "?\n?\n?\n<\n");
    assert!(
        run.stderr
            .contains("line 1: `dev-main` is not ordered by composer"),
        "{}",
        run.stderr
    );
    assert!(run.stderr.contains("(and 2 more)"), "{}", run.stderr);
    assert_eq!(lines(&env, "maven", b"").expect_code(0).stdout, "");
}

#[test]
fn a_scheme_that_is_none_and_a_version_alone_are_wrong_command_lines() {
    let env = Env::new();
    let run = env.run(&["db", "compare", "deb", "1", "2"]).expect_code(2);
    assert!(run.stderr.contains("dpkg, rpm, apk"), "{}", run.stderr);
    env.run(&["db", "compare", "dpkg", "1"]).expect_code(2);
}
