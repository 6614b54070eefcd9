//! Which kinds of object carry pods, and where.

use crate::runtime::field::{Field, TypeError};
use crate::runtime::tree::{Node, Value};

/// An object of the API.
pub(super) struct Object<'a> {
    /// `Deployment`.
    pub(super) kind: String,
    /// `apps`; empty for the core group.
    pub(super) group: String,
    /// `metadata.name`, or `metadata.generateName` with a star.
    pub(super) name: String,
    /// `metadata.namespace`.
    pub(super) namespace: Field<'a>,
    /// All of it.
    pub(super) root: Field<'a>,
}

/// Where an object has its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carrier {
    /// At the end of this path: metadata and spec of the pod or its template.
    At(&'static [&'static str]),
    /// Nobody here knows the kind.
    Unknown,
}

/// Where a pod's spec is looked for in a kind that is not known, the template's path.
const GUESSES: [&[&str]; 3] = [
    &["spec", "template"],
    &["spec", "jobTemplate", "spec", "template"],
    &[],
];

impl<'a> Object<'a> {
    /// An object at this place; `None` where the document is none.
    fn new(root: Field<'a>, from_list: Option<(&str, &str)>) -> Result<Option<Self>, TypeError> {
        let text = |field: &Field<'_>| field.node().and_then(Node::text).map(str::to_owned);
        let kind = text(&root.get("kind")?).or_else(|| from_list.map(|(kind, _)| kind.to_owned()));
        let version = text(&root.get("apiVersion")?);
        let version = version.or_else(|| from_list.map(|(_, version)| version.to_owned()));
        let (Some(kind), Some(version)) = (kind, version) else {
            return Ok(None);
        };
        let group = version.split_once('/').map(|(group, _)| group.to_owned());
        let metadata = root.get("metadata")?;
        let generated = || text(&metadata.get("generateName").ok()?).map(|name| format!("{name}*"));
        Ok(Some(Self {
            kind,
            group: group.unwrap_or_default(),
            name: text(&metadata.get("name")?)
                .or_else(generated)
                .unwrap_or_default(),
            namespace: metadata.get("namespace")?,
            root,
        }))
    }

    /// `Deployment/shop`.
    pub(super) fn title(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// Where its pod is.
    pub(super) fn carrier(&self) -> Carrier {
        let template = Carrier::At(&["spec", "template"]);
        match (self.group.as_str(), self.kind.as_str()) {
            ("", "Pod") | ("serving.knative.dev", "Revision") => Carrier::At(&[]),
            ("", "PodTemplate") => Carrier::At(&["template"]),
            ("", "ReplicationController" | "DeploymentConfig")
            | ("apps" | "extensions", "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet")
            | ("batch", "Job")
            | ("argoproj.io", "Rollout")
            | ("serving.knative.dev", "Service" | "Configuration")
            | ("apps.openshift.io", "DeploymentConfig") => template,
            ("batch", "CronJob") => Carrier::At(&["spec", "jobTemplate", "spec", "template"]),
            _ => Carrier::Unknown,
        }
    }

    /// The path of a pod's template in an object of an unknown kind.
    pub(super) fn guess(&self) -> Option<&'static [&'static str]> {
        let has_pod = |path: &&&[&str]| {
            let spec = self.root.at(path).and_then(|field| field.get("spec"));
            spec.is_ok_and(|spec| spec.node().is_some_and(has_containers))
        };
        GUESSES.iter().find(has_pod).copied()
    }

    /// The path of containers elsewhere in an object of an unknown kind. Policies describe containers, and have none.
    pub(super) fn containers_elsewhere(&self) -> Option<String> {
        let is_policy = ["kyverno.io", "gatekeeper.sh"]
            .iter()
            .any(|of| self.group.ends_with(of));
        if is_policy {
            return None;
        }
        self.root.node().and_then(search)
    }
}

/// Whether this looks like the spec of a pod.
fn has_containers(node: &Node) -> bool {
    let containers = node.get("containers").map(Node::items).unwrap_or_default();
    !containers.is_empty() && containers.iter().all(|item| item.get("image").is_some())
}

/// The path of the first containers below a node. It is put together on the way back: long keys are not copied for every node.
fn search(node: &Node) -> Option<String> {
    if has_containers(node) {
        return Some("containers".to_owned());
    }
    match &node.value {
        Value::Scalar { .. } => None,
        Value::Sequence(items) => items.iter().enumerate().find_map(|(index, item)| {
            let dot = if matches!(item.value, Value::Sequence(_)) {
                ""
            } else {
                "."
            };
            search(item).map(|path| format!("[{index}]{dot}{path}"))
        }),
        Value::Mapping(entries) => entries.iter().find_map(|(key, value)| {
            let dot = if matches!(value.value, Value::Sequence(_)) {
                ""
            } else {
                "."
            };
            let path = search(value)?;
            Some(format!("{}{dot}{path}", key.text().unwrap_or_default()))
        }),
    }
}

/// The objects of a document: itself, or the items of a list (`List`, `DeploymentList`). What has no kind is put aside.
pub(super) fn objects<'a>(
    document: Field<'a>,
    without_kind: &mut Vec<Field<'a>>,
) -> Result<Vec<Object<'a>>, TypeError> {
    let mut objects = Vec::new();
    gather(document, None, &mut objects, without_kind)?;
    Ok(objects)
}

fn gather<'a>(
    field: Field<'a>,
    from_list: Option<(&str, &str)>,
    objects: &mut Vec<Object<'a>>,
    without_kind: &mut Vec<Field<'a>>,
) -> Result<(), TypeError> {
    let object = match field.mapping() {
        Ok(()) => Object::new(field.clone(), from_list)?,
        Err(_) => None,
    };
    let Some(object) = object else {
        without_kind.push(field);
        return Ok(());
    };
    let items = field.get("items")?;
    let Some(of) = object
        .kind
        .strip_suffix("List")
        .filter(|_| items.is_present())
    else {
        objects.push(object);
        return Ok(());
    };
    let version = field.get("apiVersion")?;
    let version = version.node().and_then(Node::text).unwrap_or_default();
    // The items of a typed list need not say what they are.
    let from_list = Some((of, version)).filter(|(of, _)| !of.is_empty());
    for item in items.items()? {
        gather(item, from_list, objects, without_kind)?;
    }
    Ok(())
}
