//! What a text has that can be patched.

use super::PatchError;
use crate::runtime::tree::{self, Node, Value};

/// An object of a Kubernetes manifest that has containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Its document, from 0, empty ones not counted.
    pub document: usize,
    /// `Deployment/shop`.
    pub name: String,
    /// Where its pod's spec is: `spec`, `template`, `spec`.
    pub pod_path: Vec<String>,
    /// The names of its containers, those that start first among them, in the order of the text.
    pub containers: Vec<String>,
}

/// The services of a Compose file, in the order of the text; those with names in `x-` are none.
pub fn services(text: &str) -> Result<Vec<String>, PatchError> {
    let documents = tree::documents(text)?;
    let services = documents
        .iter()
        .filter_map(|document| document.get("services"));
    let names = services
        .flat_map(Node::entries)
        .filter(|(_, service)| matches!(service.value, Value::Mapping(_)))
        .filter_map(|(key, _)| key.text())
        .filter(|name| !name.starts_with("x-"));
    Ok(names.map(str::to_owned).collect())
}

/// Where kinds of objects have the spec of their pod: the first that has containers counts.
const PATHS: [&[&str]; 4] = [
    &["spec", "template", "spec"],
    &["spec", "jobTemplate", "spec", "template", "spec"],
    &["template", "spec"],
    &["spec"],
];

/// The objects of a manifest that have containers. Those inside of a `List` are not found.
pub fn workloads(text: &str) -> Result<Vec<Workload>, PatchError> {
    let documents = tree::documents(text)?;
    let found = documents
        .iter()
        .enumerate()
        .filter_map(|(number, root)| workload(number, root));
    Ok(found.collect())
}

fn workload(document: usize, root: &Node) -> Option<Workload> {
    let kind = root.get("kind")?.text()?;
    let metadata = root.get("metadata");
    let name = metadata
        .and_then(|metadata| {
            metadata
                .get("name")
                .or_else(|| metadata.get("generateName"))
        })
        .and_then(Node::text)
        .unwrap_or_default();
    let (path, pod) = PATHS.iter().find_map(|path| {
        let pod = root.at(path)?;
        pod.get("containers").map(|_| (path, pod))
    })?;
    let names = pod
        .entries()
        .filter(|(key, _)| matches!(key.text(), Some("containers" | "initContainers")))
        .flat_map(|(_, list)| list.items())
        .filter_map(|item| item.get("name")?.text());
    Some(Workload {
        document,
        name: format!("{kind}/{name}"),
        pod_path: path.iter().map(|key| (*key).to_owned()).collect(),
        containers: names.map(str::to_owned).collect(),
    })
}
