//! A pod as the checks see it, and what a check finds.

use super::Violation;
use crate::runtime::field::{Field, TypeError, mapped};
use crate::runtime::{Pod, Setting, Spot, tree::Node};

/// A pod, taken apart once for all checks.
pub(super) struct Subject<'a> {
    /// The spec.
    pub(super) spec: Field<'a>,
    /// `metadata.annotations`.
    annotations: Option<Field<'a>>,
    /// Its containers, in the order in which upstream visits them (`visitor.go`): init, main, ephemeral. Sidecars are init containers.
    pub(super) containers: Vec<Seen<'a>>,
    /// Why not every container can be seen.
    broken: Option<String>,
}

/// A container of the pod.
pub(super) struct Seen<'a> {
    /// Its name, or its place in the list.
    pub(super) name: String,
    /// All of it.
    pub(super) field: Field<'a>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(pod: &'a Pod) -> Self {
        let file = pod.at.file.as_deref();
        let spec = Field::new(&pod.spec, pod.path.clone(), file);
        let mut subject = Self {
            annotations: annotations(pod, file),
            containers: Vec::new(),
            broken: None,
            spec: spec.clone(),
        };
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            match spec.get(list).and_then(|field| field.items()) {
                Ok(items) => subject.containers.extend(items.into_iter().map(seen)),
                Err(error) => subject.broken = Some(error.to_string()),
            }
        }
        subject
    }

    /// The annotations: key, place of the key and value.
    pub(super) fn annotations(&self, findings: &mut Findings) -> Vec<(&'a str, Field<'a>)> {
        let Some(annotations) = &self.annotations else {
            return Vec::new();
        };
        let entries = findings.told(annotations.entries()).unwrap_or_default();
        entries
            .into_iter()
            .map(|(key, _, field)| (key, field))
            .collect()
    }

    /// `hostUsers: false`: the pod has a user namespace of its own.
    pub(super) fn own_users(&self) -> Setting<bool> {
        mapped(
            settle(&self.spec, &["hostUsers"], Field::boolean),
            |shared| !shared,
        )
    }

    /// `os.name: windows`, in this very spelling.
    pub(super) fn is_windows(&self) -> Setting<bool> {
        mapped(settle(&self.spec, &["os", "name"], Field::text), |name| {
            name == "windows"
        })
    }

    /// Each container, told to a check.
    pub(super) fn each(
        &self,
        findings: &mut Findings,
        mut check: impl FnMut(&Seen<'a>, &mut Findings),
    ) {
        if let Some(why) = &self.broken {
            findings.untold(why.clone());
        }
        for container in &self.containers {
            check(container, findings);
        }
    }
}

fn annotations<'a>(pod: &'a Pod, file: Option<&'a str>) -> Option<Field<'a>> {
    let node: &Node = pod.metadata.as_ref()?.get("annotations")?;
    // The metadata stands beside the spec.
    let above = pod.path.strip_suffix("spec").unwrap_or_default();
    Some(Field::new(
        node,
        format!("{above}metadata.annotations"),
        file,
    ))
}

fn seen(field: Field<'_>) -> Seen<'_> {
    let name = field.node().and_then(|node| node.get("name")?.text());
    let index = || {
        field
            .path()
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    Seen {
        name: name.map_or_else(index, str::to_owned),
        field,
    }
}

/// A setting at the end of a path; a value of a wrong type is unknown.
pub(super) fn settle<'a, T>(
    root: &Field<'a>,
    path: &[&str],
    read: impl Fn(&Field<'a>) -> Result<Setting<T>, TypeError>,
) -> Setting<T> {
    let read = root.at(path).and_then(|field| read(&field));
    read.unwrap_or_else(|error| Setting::Unknown {
        at: Spot {
            field: error.field.clone(),
            ..root.spot()
        },
        why: error.reason(),
    })
}

/// What a check has found so far.
#[derive(Default)]
pub(super) struct Findings {
    /// What is not allowed, for certain.
    pub(super) violations: Vec<Violation>,
    /// What could not be told, the first such thing.
    pub(super) untold: Option<String>,
}

impl Findings {
    /// A value that is not allowed.
    pub(super) fn forbid(
        &mut self,
        container: Option<&Seen<'_>>,
        path: &[&str],
        value: Option<String>,
        at: &Spot,
    ) {
        self.violations.push(Violation {
            container: container.map(|container| container.name.clone()),
            field: path.join("."),
            value,
            at: at.clone(),
        });
    }

    /// Something that could not be told.
    pub(super) fn untold(&mut self, why: impl Into<String>) {
        if self.untold.is_none() {
            self.untold = Some(why.into());
        }
    }

    /// The value, if it could be told.
    pub(super) fn told<T>(&mut self, read: Result<T, TypeError>) -> Option<T> {
        read.map_err(|error| self.untold(error.to_string())).ok()
    }

    /// The setting, where one is said.
    pub(super) fn stated<T>(&mut self, setting: Setting<T>) -> Option<(T, Spot)> {
        match setting {
            Setting::Absent => None,
            Setting::Stated(stated) => Some((stated.value, stated.at)),
            Setting::Unknown { why, at } => {
                self.untold(format!("{}: {why}", at.field));
                None
            }
        }
    }

    /// Where something is said that is not allowed, upstream does not go on to what is left out.
    pub(super) fn prefer_stated(&mut self) {
        if self
            .violations
            .iter()
            .any(|violation| violation.value.is_some())
        {
            self.violations
                .retain(|violation| violation.value.is_some());
        }
    }

    /// Nothing counts where `exempt` holds; where that cannot be told, no violation is certain.
    pub(super) fn unless(&mut self, exempt: Setting<bool>) {
        match exempt {
            Setting::Stated(stated) if stated.value => *self = Self::default(),
            Setting::Unknown { why, at } if !self.violations.is_empty() => {
                self.violations.clear();
                self.untold = Some(format!("{}: {why}", at.field));
            }
            _ => {}
        }
    }
}
