//! The plan in a container of a Kubernetes manifest.

use super::target::{Target, find, keys};
use super::{PatchError, Step, Yaml, words};
use crate::harden::{Plan, Writable};
use crate::runtime::tree::{self, Node};

/// Lists of containers that a pod has.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Changes a container, and its pod, to what the plan gives it.
///
/// `document` counts the documents that are not empty, from 0; `pod_path` leads to the pod's spec: `spec`, `template`, `spec` of a
/// Deployment. Limits and volumes that the manifest has stay. Kubernetes has no limit of processes in a manifest, so that of the plan is
/// not in it.
pub fn patch_kubernetes(
    text: &str,
    document: usize,
    pod_path: &[&str],
    container: &str,
    plan: &Plan,
) -> Result<String, PatchError> {
    let mut pod_base = vec![Step::Document(document)];
    pod_base.extend(keys(pod_path));
    let documents = tree::documents(text)?;
    let missing = || PatchError::Missing {
        path: format!("the container {container} of {}", words(&pod_base)),
    };
    let pod = find(&documents, &pod_base).ok_or_else(missing)?;
    let place = LISTS.iter().find_map(|list| {
        let items = pod.get(list)?.items();
        let is_it = |item: &Node| item.get("name").and_then(Node::text) == Some(container);
        Some((*list, items.iter().position(is_it)?))
    });
    let (list, index) = place.ok_or_else(missing)?;
    let mut base = pod_base.clone();
    base.extend([Step::Key(list.to_owned()), Step::Item(index)]);
    let mut inner = Target::new(text.to_owned(), base)?;
    let volumes = pod.get("volumes").map(Node::items).unwrap_or_default();
    let used: Vec<&str> = volumes
        .iter()
        .filter_map(|volume| volume.get("name")?.text())
        .collect();
    let scratch = scratch(&inner, container, &used, plan)?;
    context(&mut inner, plan)?;
    limits(&mut inner, plan)?;
    for (name, path, _) in &scratch {
        let entries = [("name", name), ("mountPath", path)];
        let entries = entries.map(|(key, value)| (key.to_owned(), Yaml::Text(value.clone())));
        inner.append(&["volumeMounts"], Yaml::Map(entries.to_vec()))?;
    }
    let mut outer = Target::new(inner.text, pod_base)?;
    pod_settings(&mut outer, plan, &scratch)?;
    Ok(outer.text)
}

/// `securityContext` of the container.
fn context(target: &mut Target, plan: &Plan) -> Result<(), PatchError> {
    let number = |number: u64| Yaml::Number(i64::try_from(number).unwrap_or(i64::MAX));
    let user = &plan.user.value;
    let at = |name| ["securityContext", name];
    if user.uid != 0 || target.node(&at("runAsNonRoot"))?.is_some() {
        target.set(&at("runAsNonRoot"), Yaml::Bool(user.uid != 0))?;
    }
    target.set(&at("runAsUser"), number(user.uid))?;
    target.set(&at("runAsGroup"), number(user.gid))?;
    if target.node(&at("privileged"))?.is_some() {
        target.set(&at("privileged"), Yaml::Bool(false))?;
    }
    if plan.no_new_privileges.value {
        target.set(&at("allowPrivilegeEscalation"), Yaml::Bool(false))?;
    }
    if plan.read_only.value {
        target.set(&at("readOnlyRootFilesystem"), Yaml::Bool(true))?;
    }
    let capabilities = |name| ["securityContext", "capabilities", name];
    target.list(&capabilities("drop"), &["ALL".to_owned()])?;
    let kept = plan.capabilities.iter();
    let kept: Vec<String> = kept
        .map(|line| line.value.capability.name().to_owned())
        .collect();
    if kept.is_empty() {
        target.remove(&capabilities("add"), Yaml::List(Vec::new()))?;
    } else {
        target.list(&capabilities("add"), &kept)?;
    }
    if target.node(&at("procMount"))?.is_some() {
        target.set(&at("procMount"), Yaml::Text("Default".to_owned()))?;
    }
    let seccomp = ["securityContext", "seccompProfile", "type"];
    let profile = target.node(&seccomp)?;
    match profile.as_ref().and_then(Node::text) {
        Some("RuntimeDefault" | "Localhost") => Ok(()),
        _ => target.set(&seccomp, Yaml::Text("RuntimeDefault".to_owned())),
    }
}

fn limits(target: &mut Target, plan: &Plan) -> Result<(), PatchError> {
    let limit = |name| ["resources", "limits", name];
    target.set_if_absent(&limit("memory"), Yaml::Text(quantity(plan.memory.value)))?;
    let cpu = format!("{}m", plan.cpu_millis.value);
    target.set_if_absent(&limit("cpu"), Yaml::Text(cpu))
}

/// Folders that get an emptyDir: name, path and size. What is mounted already, stays; volumes of the image are kept by the runtime.
fn scratch(
    target: &Target,
    container: &str,
    used: &[&str],
    plan: &Plan,
) -> Result<Vec<(String, String, u64)>, PatchError> {
    let mounts = target.node(&["volumeMounts"])?;
    let taken: Vec<String> = mounts
        .iter()
        .flat_map(Node::items)
        .filter_map(|item| item.get("mountPath").and_then(Node::text))
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect();
    let mut scratch: Vec<(String, String, u64)> = Vec::new();
    for line in &plan.mounts {
        let Writable::Tmpfs { size } = line.value.writable else {
            continue;
        };
        let path = format!("/{}", line.value.path.as_str().trim_start_matches('/'));
        if taken.contains(&path) {
            continue;
        }
        let base = name(container, &path);
        let mut name = base.clone();
        let mut number = 1;
        // The pod may have a volume of that name, and long paths may be the same once they are cut.
        while used.contains(&name.as_str()) || scratch.iter().any(|(known, ..)| *known == name) {
            number += 1;
            name = format!("{base}-{number}");
        }
        scratch.push((name, path, size));
    }
    Ok(scratch)
}

/// A DNS label for a container's folder: `web-var-cache-nginx`. Containers of a pod do not share what they write.
fn name(container: &str, path: &str) -> String {
    let is_allowed = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let mut name: String = format!("{container}{path}")
        .to_ascii_lowercase()
        .chars()
        .map(|letter| if is_allowed(letter) { letter } else { '-' })
        .take(58)
        .collect();
    name.truncate(name.trim_end_matches('-').len());
    name
}

/// What the pod itself needs: no token, the volumes, a group for volumes that stay.
fn pod_settings(
    target: &mut Target,
    plan: &Plan,
    scratch: &[(String, String, u64)],
) -> Result<(), PatchError> {
    target.set_if_absent(&["automountServiceAccountToken"], Yaml::Bool(false))?;
    let has_volume = plan
        .mounts
        .iter()
        .any(|line| line.value.writable == Writable::Volume);
    if has_volume && plan.user.value.uid != 0 {
        let gid = i64::try_from(plan.user.value.gid).unwrap_or(i64::MAX);
        target.set_if_absent(&["securityContext", "fsGroup"], Yaml::Number(gid))?;
    }
    for (name, _, size) in scratch {
        let limit = ("sizeLimit".to_owned(), Yaml::Text(quantity(*size)));
        let volume = vec![
            ("name".to_owned(), Yaml::Text(name.clone())),
            ("emptyDir".to_owned(), Yaml::Map(vec![limit])),
        ];
        target.append(&["volumes"], Yaml::Map(volume))?;
    }
    Ok(())
}

/// `64Mi`, or a number of bytes.
fn quantity(size: u64) -> String {
    const MEBI: u64 = 1 << 20;
    if size > 0 && size.is_multiple_of(MEBI) {
        format!("{}Mi", size / MEBI)
    } else {
        size.to_string()
    }
}
