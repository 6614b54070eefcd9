//! Changes in texts, from single edits to a plan in a whole file.

mod compose;
mod edits;
mod kubernetes;
mod properties;
mod shared;

use super::*;

/// `services.web.cap_add[0]`; the document first, if it is not the first: `1/spec.replicas`.
fn path(text: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let rest = match text.split_once('/') {
        Some((number, rest)) => {
            steps.push(Step::Document(number.parse().expect("a number")));
            rest
        }
        None => text,
    };
    for word in rest.split('.').filter(|word| !word.is_empty()) {
        let mut parts = word.split('[');
        let key = parts.next().unwrap_or_default();
        if !key.is_empty() {
            steps.push(Step::Key(key.to_owned()));
        }
        for number in parts {
            let number = number.trim_end_matches(']').parse().expect("a number");
            steps.push(Step::Item(number));
        }
    }
    steps
}

fn text(word: &str) -> Yaml {
    Yaml::Text(word.to_owned())
}

fn list(words: &[&str]) -> Yaml {
    Yaml::List(words.iter().copied().map(text).collect())
}

fn map(entries: &[(&str, Yaml)]) -> Yaml {
    let entries = entries.iter();
    Yaml::Map(
        entries
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
    )
}

fn edit(at: &str, change: Change) -> Edit {
    Edit {
        path: path(at),
        change,
    }
}

fn set(at: &str, value: Yaml) -> Edit {
    edit(at, Change::Set(value))
}

fn append(at: &str, words: &[&str]) -> Edit {
    let words = words.iter().copied().map(text).collect();
    edit(at, Change::Append(words))
}

fn remove(at: &str) -> Edit {
    edit(at, Change::Remove)
}

/// One edit in a text, and the text that comes out.
type Case = (&'static str, &'static str, Edit, &'static str);

/// All cases are tried before any of them fails the test.
fn all(cases: &[Case]) {
    let mut failed = Vec::new();
    for (what, before, edit, after) in cases {
        let found = apply(before, std::slice::from_ref(edit));
        if found.as_deref() != Ok(*after) {
            failed.push(format!("{what}:\nwanted {after:?}\nfound  {found:?}"));
            continue;
        }
        let again = apply(after, std::slice::from_ref(edit));
        let is_set = matches!(edit.change, Change::Set(_));
        if is_set && again.as_deref() != Ok(*after) {
            failed.push(format!("{what}, once more: {again:?}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
