//! A mapping that is changed: a service, a container, a pod.

use super::{Change, Edit, PatchError, Step, Yaml, apply, words};
use crate::runtime::tree::{self, Node, Value};

/// A text, and the mapping in it that is changed.
pub(super) struct Target {
    pub(super) text: String,
    /// Where the mapping is.
    pub(super) base: Vec<Step>,
}

/// A path of keys.
pub(super) fn keys(names: &[&str]) -> Vec<Step> {
    names
        .iter()
        .map(|name| Step::Key((*name).to_owned()))
        .collect()
}

impl Target {
    /// A mapping that must be there.
    pub(super) fn new(text: String, base: Vec<Step>) -> Result<Self, PatchError> {
        let target = Self { text, base };
        match target.node(&[])? {
            Some(node) if matches!(node.value, Value::Mapping(_)) => Ok(target),
            _ => Err(PatchError::Missing {
                path: words(&target.base),
            }),
        }
    }

    /// The value below the mapping, aliases and merge keys followed.
    pub(super) fn node(&self, names: &[&str]) -> Result<Option<Node>, PatchError> {
        let steps: Vec<Step> = self.base.iter().cloned().chain(keys(names)).collect();
        let documents = tree::documents(&self.text)?;
        Ok(find(&documents, &steps).cloned())
    }

    fn path(&self, names: &[&str]) -> Vec<Step> {
        self.base.iter().cloned().chain(keys(names)).collect()
    }

    /// Sets a value. Where what leads to it is shared with others, a copy of that with the value is put into the mapping itself.
    pub(super) fn set(&mut self, names: &[&str], value: Yaml) -> Result<(), PatchError> {
        let first = self.change(names, Change::Set(value.clone()));
        let Err(error) = first else {
            return Ok(());
        };
        let mut names = names;
        let mut value = value;
        while let Some((last, above)) = names.split_last().filter(|(_, above)| !above.is_empty()) {
            let node = self.node(above)?;
            let mut entries = match node.as_ref().map(yaml) {
                Some(Yaml::Map(entries)) => entries,
                _ => Vec::new(),
            };
            match entries.iter_mut().find(|(key, _)| key == last) {
                Some((_, slot)) => *slot = value,
                None => entries.push(((*last).to_owned(), value)),
            }
            (names, value) = (above, Yaml::Map(entries));
            if self.change(names, Change::Set(value.clone())).is_ok() {
                return Ok(());
            }
        }
        Err(error)
    }

    /// Sets a value where nothing is said.
    pub(super) fn set_if_absent(&mut self, names: &[&str], value: Yaml) -> Result<(), PatchError> {
        match self.node(names)? {
            Some(node) if !node.is_null() => Ok(()),
            _ => self.set(names, value),
        }
    }

    /// Makes a list of texts what it should be, with as few lines changed as can be.
    pub(super) fn list(&mut self, names: &[&str], wanted: &[String]) -> Result<(), PatchError> {
        let node = self.node(names)?;
        let known: Vec<Option<String>> = node
            .iter()
            .flat_map(Node::items)
            .map(|item| item.text().map(str::to_owned))
            .collect();
        let before = self.text.clone();
        if self.few_lines(names, &known, wanted).is_ok() {
            return Ok(());
        }
        self.text = before;
        let items = wanted.iter().cloned().map(Yaml::Text).collect();
        self.set(names, Yaml::List(items))
    }

    fn few_lines(
        &mut self,
        names: &[&str],
        known: &[Option<String>],
        wanted: &[String],
    ) -> Result<(), PatchError> {
        for (number, item) in known.iter().enumerate().rev() {
            if !item.as_ref().is_some_and(|item| wanted.contains(item)) {
                let mut path = self.path(names);
                path.push(Step::Item(number));
                self.text = apply(
                    &self.text,
                    &[Edit {
                        path,
                        change: Change::Remove,
                    }],
                )?;
            }
        }
        let is_known = |word: &String| known.iter().flatten().any(|known| known == word);
        let missing: Vec<Yaml> = wanted
            .iter()
            .filter(|word| !is_known(word))
            .cloned()
            .map(Yaml::Text)
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        self.change(names, Change::Append(missing))
    }

    /// Puts something behind the items of a list.
    pub(super) fn append(&mut self, names: &[&str], value: Yaml) -> Result<(), PatchError> {
        if self
            .change(names, Change::Append(vec![value.clone()]))
            .is_ok()
        {
            return Ok(());
        }
        let node = self.node(names)?;
        let items = node.iter().flat_map(Node::items).map(yaml);
        let items = items.chain([value]).collect();
        self.set(names, Yaml::List(items))
    }

    /// Removes a key, or sets it to `nothing` where it comes from elsewhere; nothing is done where it is not there.
    pub(super) fn remove(&mut self, names: &[&str], nothing: Yaml) -> Result<(), PatchError> {
        if self.node(names)?.is_none() || self.change(names, Change::Remove).is_ok() {
            return Ok(());
        }
        self.set(names, nothing)
    }

    fn change(&mut self, names: &[&str], change: Change) -> Result<(), PatchError> {
        let path = self.path(names);
        self.text = apply(&self.text, &[Edit { path, change }])?;
        Ok(())
    }
}

/// The node at the end of a path.
pub(super) fn find<'n>(documents: &'n [Node], path: &[Step]) -> Option<&'n Node> {
    let (first, rest) = match path.split_first() {
        Some((Step::Document(number), rest)) => (*number, rest),
        _ => (0, path),
    };
    rest.iter()
        .try_fold(documents.get(first)?, |node, step| match step {
            Step::Key(key) => node.get(key),
            Step::Item(number) => node.items().get(*number),
            Step::Document(_) => None,
        })
}

/// A node as a value to write.
fn yaml(node: &Node) -> Yaml {
    match &node.value {
        Value::Scalar { text, plain: false } => Yaml::Text(text.clone()),
        Value::Scalar { .. } if node.is_null() => Yaml::Plain("null".to_owned()),
        Value::Scalar { text, .. } => Yaml::Plain(text.clone()),
        Value::Sequence(items) => Yaml::List(items.iter().map(yaml).collect()),
        Value::Mapping(entries) => Yaml::Map(
            entries
                .iter()
                .filter_map(|(key, value)| Some((key.text()?.to_owned(), yaml(value))))
                .collect(),
        ),
    }
}
