//! Kubernetes manifests: from the text of one file to its containers and its pods.
//!
//! YAML with any number of documents, JSON, lists, and the output of `helm template`. Every kind that carries pods is read; a kind that
//! nobody here knows is read if its pod stands where Kubernetes' own kinds have it, and a gap says so. Kinds without pods are passed
//! over, but for what they say of pods in the same text: services, accounts, config maps.
//!
//! Fields are those of `core/v1` (<https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/>). What the API server
//! would refuse as a wrong type is an error with its line. What it would drop, a key that it does not know, is kept and named.

mod around;
mod container;
mod keys;
mod kinds;
mod pod;
mod quantity;
mod repeated;
mod template;
mod volumes;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::around::Around;
use self::kinds::{Carrier, Object};
use self::pod::PodLevel;
use super::{ReadError, Settings};
use crate::runtime::field::{Field, TypeError};
use crate::runtime::tree::{Node, documents};
use crate::runtime::{Pod, Stated};

/// Why a part of a manifest cannot be read.
struct Fault {
    line: u64,
    reason: String,
}

impl Fault {
    fn new(field: &Field<'_>, reason: &str) -> Self {
        Self {
            line: field.spot().line.unwrap_or(1),
            reason: format!("{} {reason}", field.path()),
        }
    }
}

impl From<TypeError> for Fault {
    fn from(error: TypeError) -> Self {
        Self {
            line: error.line,
            reason: error.to_string(),
        }
    }
}

/// Reads a manifest.
pub fn kubernetes(file: &str, text: &str) -> Result<Settings, ReadError> {
    let mut settings = Settings::default();
    let mut roots = parsed(file, text)?;
    for root in &mut roots {
        repeated::keep_last(root, file, &mut settings.gaps);
    }
    let form = |Fault { line, reason }| ReadError::Form {
        file: file.to_owned(),
        line,
        reason,
    };
    if let Some(line) = roots.iter().find_map(template::line_of_value) {
        return Err(form(unrendered(line)));
    }
    let mut without_kind = Vec::new();
    let mut objects = Vec::new();
    for root in &roots {
        let document = Field::new(root, "", Some(file));
        objects.extend(
            kinds::objects(document, &mut without_kind).map_err(|error| form(error.into()))?,
        );
    }
    if objects.is_empty() && (!without_kind.is_empty() || roots.is_empty()) {
        return Err(ReadError::Unrecognised {
            file: file.to_owned(),
        });
    }
    for field in without_kind {
        let gap = "it has no kind and apiVersion, and is passed over".to_owned();
        settings.gaps.push(Stated::new(gap, field.spot()));
    }
    read(&objects, &mut settings).map_err(form)?;
    name_apart(&mut settings);
    Ok(settings)
}

fn parsed(file: &str, text: &str) -> Result<Vec<Node>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    documents(&spaced(text)).map_err(|source| match template::line_of_marks(text) {
        Some(line) => {
            let Fault { line, reason } = unrendered(line);
            ReadError::Form {
                file: file.to_owned(),
                line,
                reason,
            }
        }
        None => ReadError::Syntax {
            file: file.to_owned(),
            source,
        },
    })
}

/// JSON may be indented with tabs, YAML may not. Inside of JSON's texts there are none, so that each can be a space.
fn spaced(text: &str) -> Cow<'_, str> {
    let is_json = text.trim_start().starts_with(['{', '[']);
    if is_json && text.contains('\t') {
        Cow::Owned(text.replace('\t', " "))
    } else {
        Cow::Borrowed(text)
    }
}

fn unrendered(line: u64) -> Fault {
    Fault {
        line,
        reason: "this is a Helm template: render it with `helm template` first".to_owned(),
    }
}

fn read(objects: &[Object<'_>], settings: &mut Settings) -> Result<(), Fault> {
    let mut around = Around::default();
    for object in objects {
        around.add(object)?;
    }
    for object in objects {
        match object.carrier() {
            Carrier::At(path) => known(object, path, &around, settings)?,
            Carrier::Unknown => unknown(object, &around, settings),
        }
    }
    Ok(())
}

fn known(
    object: &Object<'_>,
    path: &[&str],
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Fault> {
    let template = object.root.at(path)?;
    if !template.get("spec")?.is_present() {
        let gap = format!("{} says nothing of its pod", object.title());
        settings
            .gaps
            .push(Stated::new(gap, template.get("spec")?.spot()));
        return Ok(());
    }
    workload(object, &template, around, settings)
}

/// A kind that nobody here knows: what it calls containers may be something else, so that it is never an error.
fn unknown(object: &Object<'_>, around: &Around<'_>, settings: &mut Settings) {
    let title = object.title();
    let gap = if let Some(path) = object.guess() {
        let mut own = Settings::default();
        let template = object.root.at(path).map_err(Fault::from);
        match template.and_then(|template| workload(object, &template, around, &mut own)) {
            Ok(()) => {
                settings.specs.extend(own.specs);
                settings.pods.extend(own.pods);
                settings.gaps.extend(own.gaps);
                format!("the kind of {title} is not known; its pod is read as Kubernetes' own")
            }
            Err(fault) => format!(
                "the kind of {title} is not known, and its pod cannot be read: {}",
                fault.reason
            ),
        }
    } else if let Some(path) = object.containers_elsewhere() {
        format!("the kind of {title} is not known, and its {path} is not read")
    } else {
        return;
    };
    settings.gaps.push(Stated::new(gap, object.root.spot()));
}

fn workload(
    object: &Object<'_>,
    template: &Field<'_>,
    around: &Around<'_>,
    settings: &mut Settings,
) -> Result<(), Fault> {
    let mut pod = PodLevel::new(object, template)?;
    let mounts_token = around.mounts_token(object, &pod);
    pod.kubernetes.mounts_token = std::mem::take(&mut pod.kubernetes.mounts_token).or(mounts_token);
    let shared = pod.shared()?;
    let mut specs = Vec::new();
    let mut fields = Vec::new();
    for (list, role, word) in container::LISTS {
        for field in pod.spec.get(list)?.items()? {
            around.copy(shared, &pod.spec)?;
            let mut spec = container::container(&pod, &field, role, word)?;
            spec.environment.extend(around.variables(object, &field)?);
            specs.push(spec);
            fields.push(field);
        }
    }
    around.publish(object, &pod, &fields, &mut specs)?;
    let is_knative = object.group == "serving.knative.dev";
    let mut unknown = keys::unknown_of_workload(object, template)?;
    let of_kind: &[&str] = if is_knative { keys::KNATIVE } else { &[] };
    unknown.extend(keys::unknown_of_pod(&pod.spec, of_kind)?);
    if let Some(first) = specs.first_mut() {
        first.unknown_keys.splice(0..0, unknown).for_each(drop);
    } else {
        let gap = format!("{} has no container", pod.title);
        settings.gaps.push(Stated::new(gap, pod.spec.spot()));
    }
    settings.specs.extend(specs);
    if let Some(node) = pod.spec.node() {
        settings.pods.push(Pod {
            name: pod.title.clone(),
            metadata: pod.metadata.node().cloned(),
            spec: node.clone(),
            path: pod.spec.path().to_owned(),
            at: pod.spec.spot(),
        });
    }
    Ok(())
}

/// A name is told once in a file: where two objects have the same, in two namespaces, the line is added.
fn name_apart(settings: &mut Settings) {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for spec in &settings.specs {
        *count.entry(spec.container.name.clone()).or_default() += 1;
    }
    let mut told = BTreeMap::new();
    for spec in &mut settings.specs {
        let name = &mut spec.container.name;
        if count.get(name).is_some_and(|count| *count > 1) {
            let line = spec.container.at.line.unwrap_or_default();
            *name = format!("{name} (line {line})");
        }
        // Two on one line, in flow style.
        let again = told.entry(name.clone()).or_insert(0_usize);
        *again += 1;
        if *again > 1 {
            *name = format!("{name} #{again}");
        }
    }
}
