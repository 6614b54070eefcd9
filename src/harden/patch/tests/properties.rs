//! Whatever the text and the place: only what was wanted changes.

use proptest::prelude::*;

use super::*;

/// Lines of a text, each a piece that stands by itself.
const PIECES: [&str; 8] = [
    "a: 1 # ä\n",
    "b:\n  c: 'x' # why\n  # of d\n  d: [1, 2]\n",
    "e: |\n  # no comment\n  x\n\n",
    "\n# 日本\n",
    "f:\n- x # 1\n- y: 2\n  z: 3\n",
    "g: {h: \"ü\", i: {}}  # why\n",
    "j:\n",
    "k: >-\n  x\n\n  y\n",
];

proptest! {
    #[test]
    fn a_new_key_at_the_top_adds_one_line_and_changes_none(
        order in Just(PIECES.to_vec()).prop_shuffle(),
        count in 1usize..8,
        value in "\\PC{0,12}",
    ) {
        let before = order[..count].concat();
        prop_assume!(before.contains(':'));
        let after = apply(&before, &[set("new", text(&value))]).expect("a text");
        let at = after.lines().position(|line| line.starts_with("new:")).expect("the line");
        let kept: Vec<_> = after
            .lines()
            .enumerate()
            .filter_map(|(number, line)| (number != at).then_some(line))
            .collect();
        prop_assert_eq!(kept, before.lines().collect::<Vec<_>>());
        let gone = apply(&after, &[remove("new")]).expect("a text");
        prop_assert_eq!(gone, before);
    }

    #[test]
    fn any_text_is_changed_as_wanted_or_refused(
        before in "[a-c:\\[\\]{},&*|>#'\"\\- \n\tä]{0,60}",
        at in "[a-c](\\.[a-c]|\\[[0-2]\\])?",
        value in "\\PC{0,8}",
    ) {
        for edit in [set(&at, text(&value)), append(&at, &[&value]), remove(&at)] {
            if let Ok(after) = apply(&before, std::slice::from_ref(&edit)) {
                let mut wanted = parsed(&before).expect("yaml");
                compare::change(&mut wanted, &edit).expect("a change");
                prop_assert_eq!(parsed(&after).expect("yaml"), wanted);
            }
        }
    }
}
