//! One edit after the other: the text before, the text afterwards.

use super::*;

#[test]
#[rustfmt::skip] // A case is a line.
fn a_scalar_is_replaced_and_its_comment_stays() {
    all(&[
        ("plain", "a: 1\nb: 2\n", set("a", Yaml::Number(3)), "a: 3\nb: 2\n"),
        ("comment", "a: 1   # why\nb: 2\n", set("a", Yaml::Number(3)), "a: 3   # why\nb: 2\n"),
        ("quoted", "a: 'x'  # why\n", set("a", text("z")), "a: z  # why\n"),
        ("same in quotes", "a: 'ALL' # why\n", set("a", text("ALL")), "a: 'ALL' # why\n"),
        ("to quotes", "a: x\n", set("a", text("true")), "a: \"true\"\n"),
        ("from text to boolean", "a: \"true\"\n", set("a", Yaml::Bool(true)), "a: true\n"),
        ("no value", "a:\nb: 2\n", set("a", Yaml::Number(3)), "a: 3\nb: 2\n"),
        ("no value, comment", "a:  # why\nb: 2\n", set("a", Yaml::Number(3)), "a: 3  # why\nb: 2\n"),
        ("null", "a: ~  # why\n", set("a", Yaml::Number(3)), "a: 3  # why\n"),
        ("the last, no newline", "a: 1", set("a", Yaml::Number(3)), "a: 3"),
        ("value below its key", "a:\n  1\nb: 2\n", set("a", Yaml::Number(3)), "a: 3\nb: 2\n"),
        ("quoted over two lines", "a: \"x\n  y\"  # why\nb: 2\n", set("a", Yaml::Number(3)), "a: 3  # why\nb: 2\n"),
        ("plain over two lines", "a: x\n  y\nb: 2\n", set("a", Yaml::Number(3)), "a: 3\nb: 2\n"),
        ("block scalar", "a: |\n  x\n\n  y\n\n# of b\nb: 2\n", set("a", Yaml::Number(3)), "a: 3\n\n# of b\nb: 2\n"),
        ("quoted key", "\"a\" : 1\n'b': 2\n", set("b", Yaml::Number(3)), "\"a\" : 1\n'b': 3\n"),
        ("spaces before the colon", "a : 1\n", set("a", Yaml::Number(3)), "a : 3\n"),
        ("item", "a: [x, y]\nb:\n  - x # why\n", set("b[0]", text("z")), "a: [x, y]\nb:\n  - z # why\n"),
        ("item in brackets", "a: [x, y]\n", set("a[1]", text("z")), "a: [x, z]\n"),
        ("in braces", "a: {b: 1, c: 2}  # why\n", set("a.b", Yaml::Number(3)), "a: {b: 3, c: 2}  # why\n"),
        ("list in braces", "a: {b: 1, c: 2}\n", set("a.b", list(&["x", "y"])), "a: {b: [x, \"y\"], c: 2}\n"),
        ("in an item", "a:\n  - b: 1\n    c: 2\n", set("a[0].b", Yaml::Number(3)), "a:\n  - b: 3\n    c: 2\n"),
        ("multi-byte", "ä: 'ö' # ü\n日本: 1 # 語\nc: 2\n", set("日本", Yaml::Number(3)), "ä: 'ö' # ü\n日本: 3 # 語\nc: 2\n"),
        ("CRLF", "a: 1 # why\r\nb: 2\r\n", set("a", Yaml::Number(3)), "a: 3 # why\r\nb: 2\r\n"),
        ("explicit key", "? a\n: 1\nb: 2\n", set("a", Yaml::Number(3)), "? a\n: 3\nb: 2\n"),
    ]);
}

#[test]
#[rustfmt::skip] // A case is a line.
fn a_key_is_inserted_behind_the_last_of_its_mapping() {
    all(&[
        ("top", "a: 1\n", set("b", Yaml::Number(2)), "a: 1\nb: 2\n"),
        ("no newline", "a: 1", set("b", Yaml::Number(2)), "a: 1\nb: 2"),
        ("comment of the last line", "a: 1 # why\n", set("b", Yaml::Number(2)), "a: 1 # why\nb: 2\n"),
        ("comment, no newline", "a: 1 # why", set("b", Yaml::Number(2)), "a: 1 # why\nb: 2"),
        ("own indentation", "a:\n   b: 1\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n   b: 1\n   d: 3\nc: 2\n"),
        ("before what follows", "a:\n  b: 1\n\n# of c\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: 1\n  d: 3\n\n# of c\nc: 2\n"),
        ("last of the file", "a:\n  b: 1\n\n# the end\n", set("a.d", Yaml::Number(3)), "a:\n  b: 1\n  d: 3\n\n# the end\n"),
        ("CRLF", "a:\r\n  b: 1\r\nc: 2\r\n", set("a.d", list(&["x"])), "a:\r\n  b: 1\r\n  d:\r\n    - x\r\nc: 2\r\n"),
        ("CRLF, no newline", "a:\r\n  b: 1", set("a.d", Yaml::Number(3)), "a:\r\n  b: 1\r\n  d: 3"),
        ("comments between", "a:\n  # of b\n  b: 1\n  # of c\n  c: 2\nd: 4\n", set("a.e", Yaml::Number(3)), "a:\n  # of b\n  b: 1\n  # of c\n  c: 2\n  e: 3\nd: 4\n"),
        ("behind a literal", "a:\n  b: |\n    x\n    y\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: |\n    x\n    y\n  d: 3\nc: 2\n"),
        ("behind a literal, empty lines", "a:\n  b: |+\n    x\n\n\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: |+\n    x\n\n\n  d: 3\nc: 2\n"),
        ("behind a clipped literal", "a:\n  b: |\n    x\n\n\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: |\n    x\n  d: 3\n\n\nc: 2\n"),
        ("behind a folded one", "a:\n  b: >-\n    x\n    y\n\n# of c\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: >-\n    x\n    y\n  d: 3\n\n# of c\nc: 2\n"),
        ("behind a literal at the end", "a:\n  b: |\n    x", set("a.d", Yaml::Number(3)), "a:\n  b: |\n    x\n  d: 3"),
        ("behind an empty literal", "a:\n  b: |\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: |\n  d: 3\nc: 2\n"),
        ("behind no value", "a:\n  b:\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b:\n  d: 3\nc: 2\n"),
        ("behind no value with a comment", "a:\n  b: # why\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: # why\n  d: 3\nc: 2\n"),
        ("behind brackets over lines", "a:\n  b: [x,\n    y] # why\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: [x,\n    y] # why\n  d: 3\nc: 2\n"),
        ("behind a nested list", "a:\n  b:\n  - x\n  - y # why\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b:\n  - x\n  - y # why\n  d: 3\nc: 2\n"),
        ("behind two lines of text", "a:\n  b: x\n    y\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: x\n    y\n  d: 3\nc: 2\n"),
        ("in an item", "a:\n  - b: 1\n    c: 2\n  - b: 2\n", set("a[0].d", Yaml::Number(3)), "a:\n  - b: 1\n    c: 2\n    d: 3\n  - b: 2\n"),
        ("in an item of one key", "a:\n- b: 1\n- b: 2\n", set("a[1].d", Yaml::Number(3)), "a:\n- b: 1\n- b: 2\n  d: 3\n"),
        ("in braces", "a: {b: 1}  # why\n", set("a.d", Yaml::Number(3)), "a: {b: 1, d: 3}  # why\n"),
        ("in empty braces", "a: {}\n", set("a.d", Yaml::Number(3)), "a: {d: 3}\n"),
        ("in braces with spaces", "a: { b: 1 }\n", set("a.d", Yaml::Number(3)), "a: { b: 1, d: 3 }\n"),
        ("in braces with a last comma", "a: {b: 1,}\n", set("a.d", Yaml::Number(3)), "a: {b: 1, d: 3,}\n"),
        ("multi-byte", "ä:\n  ö: ü # ß\n  日: 語\nc: 2\n", set("ä.d", Yaml::Number(3)), "ä:\n  ö: ü # ß\n  日: 語\n  d: 3\nc: 2\n"),
        ("documents", "a: 1\n---\nb: 2\n---\nc: 3\n", set("1/d", Yaml::Number(4)), "a: 1\n---\nb: 2\nd: 4\n---\nc: 3\n"),
        ("document with its end", "a: 1\n...\n---\nb: 2\n", set("0/d", Yaml::Number(4)), "a: 1\nd: 4\n...\n---\nb: 2\n"),
        ("empty documents do not count", "---\n# nothing\n---\na: 1\n---\n---\nb: 2\n", set("1/d", Yaml::Number(4)), "---\n# nothing\n---\na: 1\n---\n---\nb: 2\nd: 4\n"),
        ("key in quotes", "a: 1\n", set("on", Yaml::Number(2)), "a: 1\n\"on\": 2\n"),
        ("byte order mark", "\u{feff}a: 1\nb:\n  c: 2\n", set("b.d", Yaml::Number(3)), "\u{feff}a: 1\nb:\n  c: 2\n  d: 3\n"),
        ("behind an alias", "x: &x 1\na:\n  b: *x # why\nc: 2\n", set("a.d", Yaml::Number(3)), "x: &x 1\na:\n  b: *x # why\n  d: 3\nc: 2\n"),
        ("behind an anchor of nothing", "a:\n  b: &x\nc: *x\n", set("a.d", Yaml::Number(3)), "a:\n  b: &x\n  d: 3\nc: *x\n"),
        ("behind a tagged nothing", "a:\n  b: !reset # why\nc: 2\n", set("a.d", Yaml::Number(3)), "a:\n  b: !reset # why\n  d: 3\nc: 2\n"),
    ]);
}

#[test]
#[rustfmt::skip] // A case is a line.
fn what_leads_to_a_value_is_made() {
    all(&[
        ("two levels", "a:\n  b: 1\n", set("a.c.d", Yaml::Number(3)), "a:\n  b: 1\n  c:\n    d: 3\n"),
        ("four columns a level", "a:\n    b: 1\n", set("c.d.e", Yaml::Number(3)), "a:\n    b: 1\nc:\n    d:\n        e: 3\n"),
        ("below nothing", "a:\nb: 2\n", set("a.c.d", Yaml::Number(3)), "a:\n  c:\n    d: 3\nb: 2\n"),
        ("below nothing, comment", "a: # why\nb: 2\n", set("a.c", Yaml::Number(3)), "a: # why\n  c: 3\nb: 2\n"),
        ("in braces", "a: {b: 1}\n", set("a.c.d", Yaml::Number(3)), "a: {b: 1, c: {d: 3}}\n"),
        ("a list", "a:\n  b: 1\n", append("a.c", &["x", "y"]), "a:\n  b: 1\n  c:\n    - x\n    - \"y\"\n"),
        ("dashes as elsewhere", "a:\n  b:\n  - 1\n", append("a.c", &["x"]), "a:\n  b:\n  - 1\n  c:\n  - x\n"),
        ("mappings in a list", "a:\n  b: 1\n", set("a.c", Yaml::List(vec![map(&[ ("x", text("1")), ("y", map(&[("z", text("2"))])), ])]), ), "a:\n  b: 1\n  c:\n    - x: \"1\"\n      \"y\":\n        z: \"2\"\n"),
        ("an empty mapping", "a: 1\n", set("b.c", map(&[])), "a: 1\nb:\n  c: {}\n"),
        ("null written out", "a: null\n", set("a.b", Yaml::Number(1)), "a:\n  b: 1\n"),
        ("nothing in an item", "a:\n  - b:\n    c: 1\n", set("a[0].b.d", Yaml::Number(3)), "a:\n  - b:\n      d: 3\n    c: 1\n"),
    ]);
}

#[test]
#[rustfmt::skip] // A case is a line.
fn lists_are_replaced_and_grow() {
    all(&[
        ("block by block", "a:\n  - x # 1\n  - y # 2\nb: 2\n", set("a", list(&["z"])), "a:\n  - z\nb: 2\n"),
        ("block at the key's column", "a:\n- x\n- y\nb: 2\n", set("a", list(&["z"])), "a:\n- z\nb: 2\n"),
        ("comment of the key", "a: # why\n  - x\nb: 2\n", set("a", list(&["z"])), "a: # why\n  - z\nb: 2\n"),
        ("block by nothing", "a: # why\n  - x\nb: 2\n", set("a", list(&[])), "a: [] # why\nb: 2\n"),
        ("block by scalar", "a:\n  b: 1\n  c: 2\nd: 3\n", set("a", Yaml::Number(3)), "a: 3\nd: 3\n"),
        ("flow by block", "a: [x, y]  # why\nb: 2\n", set("a", list(&["z"])), "a:  # why\n  - z\nb: 2\n"),
        ("scalar by block", "a: x  # why\nb: 2\n", set("a", list(&["z"])), "a:  # why\n  - z\nb: 2\n"),
        ("append to block", "a:\n  - x # 1\n\n# of b\nb: 2\n", append("a", &["y", "z"]), "a:\n  - x # 1\n  - \"y\"\n  - z\n\n# of b\nb: 2\n"),
        ("append at the key's column", "a:\n- x\nb: 2\n", append("a", &["y"]), "a:\n- x\n- \"y\"\nb: 2\n"),
        ("append to flow", "a: [x]  # why\n", append("a", &["y"]), "a: [x, \"y\"]  # why\n"),
        ("append to flow over lines", "a: [\n  x,\n  y, # 2\n]\n", append("a", &["z"]), "a: [\n  x,\n  y, z, # 2\n]\n"),
        ("append to empty", "a: []  # why\n", append("a", &["y"]), "a: [\"y\"]  # why\n"),
        ("append to nothing", "a:\nb: 2\n", append("a", &["y"]), "a:\n  - \"y\"\nb: 2\n"),
        ("append behind a mapping", "a:\n  - x: 1\n    y: 2 # why\nb: 2\n", append("a", &["z"]), "a:\n  - x: 1\n    y: 2 # why\n  - z\nb: 2\n"),
        ("append behind a literal", "a:\n  - |\n    x\n    y\nb: 2\n", append("a", &["z"]), "a:\n  - |\n    x\n    y\n  - z\nb: 2\n"),
        ("append behind a list in a list", "a:\n  - - x\n    - y\nb: 2\n", append("a", &["z"]), "a:\n  - - x\n    - y\n  - z\nb: 2\n"),
        ("append to a list in a list", "a:\n  - - x\n    - y\nb: 2\n", append("a[0]", &["z"]), "a:\n  - - x\n    - y\n    - z\nb: 2\n"),
        ("append behind nothing", "a:\n  - x\n  -\nb: 2\n", append("a", &["z"]), "a:\n  - x\n  -\n  - z\nb: 2\n"),
        ("append behind an anchor", "a:\n  - &x y\nb: *x\n", append("a", &["z"]), "a:\n  - &x y\n  - z\nb: *x\n"),
        ("append behind an anchored mapping", "a:\n  - &x\n    b: 1\nc: *x\n", append("a", &["z"]), "a:\n  - &x\n    b: 1\n  - z\nc: *x\n"),
        ("append at the end", "a:\n  - x", append("a", &["y"]), "a:\n  - x\n  - \"y\""),
        ("append, CRLF", "a:\r\n  - x\r\n", append("a", &["y"]), "a:\r\n  - x\r\n  - \"y\"\r\n"),
        ("more columns behind the dash", "a:\n  -   x: 1\n      y: 2\n", set("a[0].z", Yaml::Number(3)), "a:\n  -   x: 1\n      y: 2\n      z: 3\n"),
    ]);
}

#[test]
#[rustfmt::skip] // A case is a line.
fn keys_and_items_go_with_their_comment() {
    all(&[
        ("first", "a: 1 # why\nb: 2\n", remove("a"), "b: 2\n"),
        ("last", "a: 1\nb: 2 # why\n", remove("b"), "a: 1\n"),
        ("last, no newline", "a: 1\nb: 2", remove("b"), "a: 1"),
        ("last, CRLF, no newline", "a: 1\r\nb: 2", remove("b"), "a: 1"),
        ("a block", "a:\n  b:\n    - x # 1\n    - y\n  # of c\n  c: 2\n", remove("a.b"), "a:\n  # of c\n  c: 2\n"),
        ("first of an item", "a:\n  - b: 1 # why\n    c: 2\n", remove("a[0].b"), "a:\n  - c: 2\n"),
        ("second of an item", "a:\n  - b: 1\n    c: 2 # why\n  - d\n", remove("a[0].c"), "a:\n  - b: 1\n  - d\n"),
        ("braces, first", "a: {b: 1, c: 2}\n", remove("a.b"), "a: {c: 2}\n"),
        ("braces, last", "a: {b: 1, c: 2}\n", remove("a.c"), "a: {b: 1}\n"),
        ("braces, only", "a: {b: 1}\n", remove("a.b"), "a: {}\n"),
        ("brackets", "a: [x, y, z]\n", remove("a[1]"), "a: [x, z]\n"),
        ("brackets, last comma", "a: [x, ]\n", remove("a[0]"), "a: []\n"),
        ("an item", "a:\n  - x # 1\n  - y # 2\nb: 2\n", remove("a[0]"), "a:\n  - y # 2\nb: 2\n"),
        ("the first of a list in a list", "a:\n  - - x\n    - y\n", remove("a[0][0]"), "a:\n  - - y\n"),
        ("a literal", "a:\n  b: |\n    x\n\n  c: 2\n", remove("a.b"), "a:\n\n  c: 2\n"),
        ("an empty value", "a:\n  b:\n  c: 2\n", remove("a.b"), "a:\n  c: 2\n"),
        ("the only key", "a:\n  b: 1 # why\nc: 2\n", remove("a.b"), "a: {}\nc: 2\n"),
        ("the only key, comment of its mapping", "a: # why\n  b: 1\nc: 2\n", remove("a.b"), "a: {} # why\nc: 2\n"),
        ("the only item", "a:\n  - b # why\nc: 2\n", remove("a[0]"), "a: []\nc: 2\n"),
        ("multi-byte", "ä: 'ö' # ü\n日: 語 # 本\nc: 2\n", remove("日"), "ä: 'ö' # ü\nc: 2\n"),
        ("of a document", "a: 1\n---\nb: 2\nc: 3\n", remove("1/b"), "a: 1\n---\nc: 3\n"),
    ]);
}
