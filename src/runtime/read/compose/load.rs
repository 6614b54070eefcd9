//! From texts to one tree: variables, `extends`, the files over each other, `include`.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::dotenv::assignments;
use super::interpolate::fill;
use super::merge;
use super::part::{Content, Key, Mark, Part, Source, Tag};
use crate::runtime::Stated;
use crate::runtime::read::{ReadError, Surroundings, host_path::normalise};
use crate::runtime::tree::{self, Node, Value};

/// Files that include each other one inside the other.
const DEPTH: usize = 20;
/// Sections whose entries an included file hands over.
const SECTIONS: [&str; 6] = [
    "services", "networks", "volumes", "secrets", "configs", "models",
];

/// A file, and what it says.
type File = (Rc<Source>, Rc<Part>);

/// Where variables get their values.
#[derive(Clone)]
pub(super) struct Variables<'a> {
    around: &'a dyn Surroundings,
    /// Env files; an earlier one goes first, since the including project's values hold.
    files: Vec<BTreeMap<String, String>>,
}

impl<'a> Variables<'a> {
    pub(super) const fn new(around: &'a dyn Surroundings) -> Self {
        Self {
            around,
            files: Vec::new(),
        }
    }

    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.around.variable(name).or_else(|| {
            let mut files = self.files.iter();
            files.find_map(|file| file.get(name).cloned())
        })
    }

    /// Adds an env file behind those that are there.
    pub(super) fn add(&mut self, text: &str) {
        let lines = assignments(text, false, &|name| self.value(name));
        let known = lines
            .into_iter()
            .filter_map(|line| Some((line.name, line.value?)));
        self.files.push(known.collect());
    }
}

/// Reads files, and remembers what could not be told.
pub(super) struct Loader<'a> {
    pub(super) around: &'a dyn Surroundings,
    /// Of the text as a whole.
    pub(super) gaps: Vec<Stated<String>>,
    /// Of a service.
    pub(super) service_gaps: BTreeMap<String, Vec<Stated<String>>>,
    /// Files that `extends` named, read once for a project.
    extended: BTreeMap<String, Rc<Part>>,
    /// Files that are being included.
    including: Vec<String>,
}

impl<'a> Loader<'a> {
    pub(super) const fn new(around: &'a dyn Surroundings) -> Self {
        Self {
            around,
            gaps: Vec::new(),
            service_gaps: BTreeMap::new(),
            extended: BTreeMap::new(),
            including: Vec::new(),
        }
    }

    /// One project: its files over each other, and what they include.
    pub(super) fn project(
        &mut self,
        files: &[(Rc<Source>, String)],
        variables: &Variables<'_>,
    ) -> Result<Part, ReadError> {
        let mut root: Option<Part> = None;
        for (source, text) in files {
            let part = self.file(source, text, variables)?;
            let part = super::extends::resolved(self, part, source, variables)?;
            root = Some(match root {
                None => part,
                Some(base) => merge::merge(base, part)?,
            });
        }
        let mut root = merge::without_reset(root.unwrap_or_else(nothing));
        self.include(&mut root, variables)?;
        if let Some(services) = root.get("services") {
            services.map("services")?;
            return Ok(root);
        }
        Err(root
            .mark
            .fault("`services` is missing: a Compose file lists its containers under `services:`"))
    }

    /// One file, its documents over each other.
    fn file(
        &mut self,
        source: &Rc<Source>,
        text: &str,
        variables: &Variables<'_>,
    ) -> Result<Part, ReadError> {
        let documents = tree::documents(text).map_err(|fault| ReadError::Syntax {
            file: source.name.clone(),
            source: fault,
        })?;
        let mut root: Option<Part> = None;
        for document in &documents {
            let part = convert(document, source, variables, "")?;
            if !matches!(part.content, Content::Map(_)) {
                return Err(part.mark.fault("a Compose file is a mapping"));
            }
            root = Some(match root {
                None => part,
                Some(base) => merge::merge(base, part)?,
            });
        }
        let empty = Part {
            content: Content::Map(Vec::new()),
            tag: None,
            mark: first_line(source),
        };
        Ok(self.first_version(root.unwrap_or(empty)))
    }

    /// A file of version 1 has its services at the top.
    fn first_version(&mut self, root: Part) -> Part {
        let Content::Map(entries) = &root.content else {
            return root;
        };
        let is_service = |part: &Part| part.get("image").or_else(|| part.get("build")).is_some();
        let has_sections = ["services", "include"]
            .iter()
            .any(|name| root.get(name).is_some());
        if has_sections || !entries.iter().any(|(_, part)| is_service(part)) {
            return root;
        }
        self.gaps.push(Stated::new(
            "it is a Compose file of version 1, which Compose no longer reads: put its services under `services:`"
                .to_owned(),
            root.spot(""),
        ));
        let key = Key {
            name: "services".to_owned(),
            mark: root.mark.clone(),
        };
        let mark = root.mark.clone();
        Part {
            content: Content::Map(vec![(key, root)]),
            tag: None,
            mark,
        }
    }

    /// A file that `extends` names; the error is in plain words.
    pub(super) fn extended_file(
        &mut self,
        path: &str,
        variables: &Variables<'_>,
    ) -> Result<Result<File, String>, ReadError> {
        let source = Rc::new(source_of(path, None));
        if let Some(part) = self.extended.get(path) {
            return Ok(Ok((source, Rc::clone(part))));
        }
        let text = match self.around.file(path) {
            Ok(text) => text,
            Err(why) => return Ok(Err(why)),
        };
        let part = Rc::new(self.file(&source, &text, variables)?);
        self.extended.insert(path.to_owned(), Rc::clone(&part));
        Ok(Ok((source, part)))
    }

    fn include(&mut self, root: &mut Part, variables: &Variables<'_>) -> Result<(), ReadError> {
        let Some(include) = root.get("include").cloned() else {
            return Ok(());
        };
        for (number, item) in include.list("include")?.iter().enumerate() {
            self.include_one(root, item, &format!("include[{number}]"), variables)?;
        }
        Ok(())
    }

    fn include_one(
        &mut self,
        root: &mut Part,
        item: &Part,
        field: &str,
        variables: &Variables<'_>,
    ) -> Result<(), ReadError> {
        let folder = &item.mark.source.folder;
        let path = match item.content {
            Content::Map(_) => item
                .get("path")
                .ok_or_else(|| item.mark.fault(format!("`{field}` has no `path`")))?,
            _ => item,
        };
        let paths = path.one_or_more(field)?;
        let names: Vec<String> = paths
            .iter()
            .filter_map(Part::text)
            .map(|path| join(folder, path))
            .collect();
        if names.len() != paths.len() {
            let why = paths
                .iter()
                .find_map(Part::why)
                .unwrap_or("a path is no text");
            self.gap(item, field, format!("what is included is not known: {why}"));
            return Ok(());
        }
        let Some(first) = names.first().cloned() else {
            return Ok(());
        };
        if self.including.contains(&first) || self.including.len() >= DEPTH {
            let mut chain = self.including.clone();
            chain.push(first);
            let chain = chain.join(" -> ");
            return Err(item
                .mark
                .fault(format!("the files include each other: {chain}")));
        }
        let project = item.get("project_directory").and_then(Part::text);
        let project = project.map(|path| format!("{}/", join(folder, path)));
        let mut files = Vec::new();
        for name in &names {
            match self.around.file(name) {
                Ok(text) => files.push((Rc::new(source_of(name, project.clone())), text)),
                Err(why) => {
                    self.gap(
                        item,
                        field,
                        format!("the included file {name} could not be read: {why}"),
                    );
                    return Ok(());
                }
            }
        }
        let inside = self.included_variables(item, field, &files, variables)?;
        self.including.push(first);
        let extended = std::mem::take(&mut self.extended);
        let part = self.project(&files, &inside);
        self.extended = extended;
        self.including.pop();
        self.take_over(root, part?);
        Ok(())
    }

    /// The variables of an included project: those of its own env file come last.
    fn included_variables<'v>(
        &mut self,
        item: &Part,
        field: &str,
        files: &[(Rc<Source>, String)],
        variables: &Variables<'v>,
    ) -> Result<Variables<'v>, ReadError> {
        let mut inside = variables.clone();
        let Some(list) = item.get("env_file") else {
            let folder = files.first().map_or("", |(source, _)| &source.folder);
            if let Ok(text) = self.around.file(&join(folder, ".env")) {
                inside.add(&text);
            }
            return Ok(inside);
        };
        for path in list.one_or_more(field)?.iter().filter_map(Part::text) {
            let path = join(&item.mark.source.folder, path);
            match self.around.file(&path) {
                Ok(text) => inside.add(&text),
                Err(why) => {
                    let why = format!("the env file {path} could not be read: {why}");
                    self.gap(item, field, why);
                }
            }
        }
        Ok(inside)
    }

    /// Puts what an included project has beside what is there; what is there already stays.
    fn take_over(&mut self, root: &mut Part, included: Part) {
        let Content::Map(sections) = included.content else {
            return;
        };
        for (section, part) in sections {
            if !SECTIONS.contains(&section.name.as_str()) {
                continue;
            }
            if root.get(&section.name).is_none_or(Part::is_nothing) {
                if let Content::Map(entries) = &mut root.content {
                    entries.retain(|(key, _)| key.name != section.name);
                    entries.push((section, part));
                }
                continue;
            }
            let Content::Map(entries) = part.content else {
                continue;
            };
            for (key, value) in entries {
                self.take_over_one(root, &section.name, key, value);
            }
        }
    }

    fn take_over_one(&mut self, root: &mut Part, section: &str, key: Key, value: Part) {
        let Content::Map(sections) = &mut root.content else {
            return;
        };
        let target = sections
            .iter_mut()
            .find_map(|(name, part)| (name.name == section).then_some(part));
        let Some(Part {
            content: Content::Map(entries),
            ..
        }) = target
        else {
            return;
        };
        if entries.iter().any(|(known, _)| known.name == key.name) {
            let field = format!("{section}.{}", key.name);
            self.gaps.push(Stated::new(
                format!(
                    "`{field}` is left out: it is there already, and included files are not merged"
                ),
                key.mark.spot(field),
            ));
        } else {
            entries.push((key, value));
        }
    }

    fn gap(&mut self, part: &Part, field: &str, why: String) {
        self.gaps.push(Stated::new(why, part.spot(field)));
    }
}

/// The path of a file that another one names.
pub(super) fn join(folder: &str, path: &str) -> String {
    let path = if path.starts_with(['/', '~']) {
        normalise(path)
    } else {
        normalise(&format!("{folder}{path}"))
    };
    path.strip_prefix("./").unwrap_or(&path).to_owned()
}

fn source_of(path: &str, project: Option<String>) -> Source {
    let folder = path.rfind('/').and_then(|end| path.get(..=end));
    Source {
        name: path.to_owned(),
        folder: project.unwrap_or_else(|| folder.unwrap_or_default().to_owned()),
    }
}

fn first_line(source: &Rc<Source>) -> Mark {
    Mark {
        source: Rc::clone(source),
        line: 1,
        column: 1,
    }
}

fn nothing() -> Part {
    let source = Rc::new(Source {
        name: String::new(),
        folder: String::new(),
    });
    Part {
        content: Content::Map(Vec::new()),
        tag: None,
        mark: first_line(&source),
    }
}

/// A node with its variables put in. What `x-` keys hold is not read, and stays as it is.
fn convert(
    node: &Node,
    source: &Rc<Source>,
    variables: &Variables<'_>,
    path: &str,
) -> Result<Part, ReadError> {
    let mark = Mark {
        source: Rc::clone(source),
        line: node.start.line,
        column: node.start.column,
    };
    let content = match &node.value {
        Value::Scalar { .. } if node.is_null() => Content::Nothing,
        Value::Scalar { text, .. } => scalar(text, &mark, variables, path)?,
        Value::Sequence(items) => {
            let items = items.iter().enumerate().map(|(number, item)| {
                convert(item, source, variables, &format!("{path}[{number}]"))
            });
            Content::List(items.collect::<Result<_, _>>()?)
        }
        Value::Mapping(entries) => Content::Map(mapping(entries, source, variables, path)?),
    };
    let tag = match node.tag.as_deref() {
        Some("!reset") => Some(Tag::Reset),
        Some("!override") => Some(Tag::Override),
        _ => None,
    };
    Ok(Part { content, tag, mark })
}

fn scalar(
    text: &str,
    mark: &Mark,
    variables: &Variables<'_>,
    path: &str,
) -> Result<Content, ReadError> {
    let is_own = path.split('.').any(|key| key.starts_with("x-"));
    if !text.contains('$') || is_own {
        return Ok(Content::Text(text.to_owned()));
    }
    let filled = fill(text, &|name| variables.value(name))
        .map_err(|reason| mark.fault(format!("column {}: `{path}`: {reason}", mark.column)))?;
    Ok(match filled.why {
        None => Content::Text(filled.text),
        Some(why) => Content::Unknown {
            why,
            sketch: filled.text,
        },
    })
}

fn mapping(
    entries: &[(Node, Node)],
    source: &Rc<Source>,
    variables: &Variables<'_>,
    path: &str,
) -> Result<Vec<(Key, Part)>, ReadError> {
    let mut names = BTreeSet::new();
    let mut done = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let mark = Mark {
            source: Rc::clone(source),
            line: key.start.line,
            column: key.start.column,
        };
        let fault = |reason: &str| mark.fault(format!("column {}: {reason}", mark.column));
        let name = key.text().ok_or_else(|| fault("a key is a text"))?;
        if !names.insert(name) {
            return Err(fault(&format!("the key `{name}` is there twice")));
        }
        let inside = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let value = convert(value, source, variables, &inside)?;
        let name = name.to_owned();
        done.push((Key { name, mark }, value));
    }
    Ok(done)
}
