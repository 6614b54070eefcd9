//! The import table of ARCHITECTURE.md is law: this reads it, and every path in `src/`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::visit::Visit;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Room to the rooms that it may use, as the page's table has them.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| `")?.split('|').collect();
        let [room, _, uses, ""] = cells[..] else {
            return None;
        };
        let room = room.trim().strip_suffix('`')?;
        let uses = uses
            .split(',')
            .map(str::trim)
            .filter(|room| *room != "–")
            .map(str::to_owned)
            .collect();
        Some((room.to_owned(), uses))
    });
    rows.collect()
}

/// Collects `crate::ROOM` wherever it stands: in a `use` with any nesting, or in the middle of an expression.
#[derive(Default)]
struct Rooms {
    used: BTreeSet<String>,
    climbs: bool,
}

impl<'ast> Visit<'ast> for Rooms {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&item.tree, &mut Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        self.path(&names);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, tokens: &'ast syn::Macro) {
        let text = tokens.tokens.to_string();
        for rest in text.split("crate :: ").skip(1) {
            self.used.extend(
                rest.split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next()
                    .map(str::to_owned),
            );
        }
    }
}

impl Rooms {
    fn tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before);
                before.pop();
            }
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, before));
            }
            syn::UseTree::Name(name) => self.leaf(before, &name.ident),
            syn::UseTree::Rename(rename) => self.leaf(before, &rename.ident),
            syn::UseTree::Glob(_) => self.path(before),
        }
    }

    fn leaf(&mut self, before: &[String], name: &syn::Ident) {
        self.path(&[before, &[name.to_string()]].concat());
    }

    fn path(&mut self, names: &[String]) {
        match names {
            [first, room, ..] if first == "crate" => {
                self.used.insert(room.clone());
            }
            [first, second, ..] if first == "super" && second == "super" => self.climbs = true,
            _ => {}
        }
    }
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn every_room_uses_only_the_rooms_that_the_architecture_page_allows() {
    let table = table();
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files {
        let place = file
            .strip_prefix(&src)
            .expect("below src")
            .display()
            .to_string();
        let room = place.split(['/', '.']).next().expect("a name").to_owned();
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let code = std::fs::read_to_string(&file).expect("a source file");
        let mut rooms = Rooms::default();
        rooms.visit_file(&syn::parse_file(&code).expect("Rust"));
        let Some(allowed) = table.get(&room) else {
            wrong.push(format!("{place}: the page has no room `{room}`"));
            continue;
        };
        let used = rooms
            .used
            .iter()
            .filter(|used| **used != room && !allowed.contains(*used));
        wrong.extend(used.map(|used| format!("{place}: `{room}` may not use `{used}`")));
        if rooms.climbs {
            wrong.push(format!("{place}: `super::super` hides which room is meant"));
        }
        seen.insert(room);
    }
    assert_eq!(
        seen,
        table.keys().cloned().collect(),
        "the page's rooms are those of src/"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_rooms_of_the_page_have_an_order() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the page");
    let position = |room: &str| page.find(&format!("| `{room}` |")).expect("a row");
    for (room, uses) in table() {
        for used in uses {
            assert!(
                position(&used) < position(&room),
                "`{room}` uses `{used}`, which comes after it"
            );
        }
    }
}
