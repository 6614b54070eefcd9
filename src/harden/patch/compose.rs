//! The plan in a service of a Compose file.

use super::target::{Target, keys};
use super::{PatchError, Step, Yaml, words};
use crate::harden::{Plan, Writable};
use crate::runtime::tree::{self, Node};

/// Options of `security_opt` that take away what holds a container in.
const WEAK: [&str; 4] = ["seccomp", "apparmor", "label", "systempaths"];

/// Changes a service to what the plan gives it. Limits that the file has stay, and so do mounts, networks and ports: the plan is
/// about what the image needs, and those are about where it runs.
pub fn patch_compose(text: &str, service: &str, plan: &Plan) -> Result<String, PatchError> {
    let documents = tree::documents(text)?;
    let number = documents
        .iter()
        .position(|document| document.at(&["services", service]).is_some());
    let mut base = vec![Step::Document(number.unwrap_or(0))];
    base.extend(keys(&["services", service]));
    if number.is_none() {
        return Err(PatchError::Missing { path: words(&base) });
    }
    let mut target = Target::new(text.to_owned(), base)?;
    let user = &plan.user.value;
    target.set(&["user"], Yaml::Text(format!("{}:{}", user.uid, user.gid)))?;
    if target.node(&["privileged"])?.is_some() {
        target.set(&["privileged"], Yaml::Bool(false))?;
    }
    if plan.read_only.value {
        target.set(&["read_only"], Yaml::Bool(true))?;
    }
    capabilities(&mut target, plan)?;
    security(&mut target, plan)?;
    mounts(&mut target, service, plan)?;
    limits(&mut target, plan)?;
    if plan.init.value {
        target.set_if_absent(&["init"], Yaml::Bool(true))?;
    }
    Ok(target.text)
}

fn capabilities(target: &mut Target, plan: &Plan) -> Result<(), PatchError> {
    target.list(&["cap_drop"], &["ALL".to_owned()])?;
    let kept: Vec<String> = plan
        .capabilities
        .iter()
        .map(|line| line.value.capability.name().to_owned())
        .collect();
    if kept.is_empty() {
        return target.remove(&["cap_add"], Yaml::List(Vec::new()));
    }
    target.list(&["cap_add"], &kept)
}

/// Keeps profiles of one's own, and takes out what switches one off.
fn security(target: &mut Target, plan: &Plan) -> Result<(), PatchError> {
    let known = target.node(&["security_opt"])?;
    let mut options: Vec<String> = known
        .iter()
        .flat_map(Node::items)
        .filter_map(Node::text)
        .filter(|option| !is_weak(option))
        .map(str::to_owned)
        .collect();
    let is_new = |option: &String| option.starts_with("no-new-privileges");
    if plan.no_new_privileges.value {
        if !options.iter().any(is_new) {
            options.push("no-new-privileges:true".to_owned());
        }
    } else {
        options.retain(|option| !is_new(option));
    }
    if options.is_empty() {
        return target.remove(&["security_opt"], Yaml::List(Vec::new()));
    }
    target.list(&["security_opt"], &options)
}

fn is_weak(option: &str) -> bool {
    let cut = option
        .find(['=', ':'])
        .and_then(|at| option.split_at_checked(at));
    let (name, value) = cut.unwrap_or((option, ""));
    let value = value.trim_start_matches(['=', ':']);
    (WEAK.contains(&name) && matches!(value, "unconfined" | "disable" | "type:spc_t"))
        || (name == "no-new-privileges" && !matches!(value, "" | "true"))
        || name == "writable-cgroups"
}

/// Memory and volumes for what has to be writable, where nothing is mounted yet.
fn mounts(target: &mut Target, service: &str, plan: &Plan) -> Result<(), PatchError> {
    let taken = mounted(target.node(&["volumes"])?.as_ref());
    let mut tmpfs: Vec<String> = target
        .node(&["tmpfs"])?
        .as_ref()
        .map(texts)
        .unwrap_or_default();
    let before = tmpfs.clone();
    for line in &plan.mounts {
        let mount = &line.value;
        let path = format!("/{}", mount.path.as_str().trim_start_matches('/'));
        if taken.contains(&path) {
            continue;
        }
        match mount.writable {
            // No `mode=`: over a folder that is there it does nothing.
            Writable::Tmpfs { size } => {
                tmpfs.retain(|known| !is_at(known, &path));
                let (uid, gid, size) = (mount.uid, mount.gid, bytes(size));
                tmpfs.push(format!("{path}:uid={uid},gid={gid},size={size}"));
            }
            // Two mounts in one place are refused by Compose: the file's own stays.
            Writable::Volume if tmpfs.iter().any(|known| is_at(known, &path)) => {}
            Writable::Volume => volume(target, service, &path)?,
        }
    }
    if tmpfs == before {
        return Ok(());
    }
    target.list(&["tmpfs"], &tmpfs)
}

/// Whether an entry of `tmpfs` is for this path.
fn is_at(entry: &str, path: &str) -> bool {
    let known = entry.split(':').next().unwrap_or(entry);
    known.trim_end_matches('/') == path
}

/// A text, or the texts of a list.
fn texts(node: &Node) -> Vec<String> {
    let items = node.items().iter().filter_map(Node::text);
    node.text()
        .into_iter()
        .chain(items)
        .map(str::to_owned)
        .collect()
}

/// Where something is mounted.
fn mounted(volumes: Option<&Node>) -> Vec<String> {
    let items = volumes.map(Node::items).unwrap_or_default();
    let targets = items.iter().filter_map(|item| match item.text() {
        // From the end: a variable's default before it may have colons, too.
        Some(short) => short.rsplit(':').find(|word| word.starts_with('/')),
        None => item.get("target").and_then(Node::text),
    });
    targets
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect()
}

/// A named volume, and its entry at the top of the file.
fn volume(target: &mut Target, service: &str, path: &str) -> Result<(), PatchError> {
    let name = format!("{service}{}", path.replace(['/', '.'], "-"));
    target.append(&["volumes"], Yaml::Text(format!("{name}:{path}")))?;
    let document = target.base.iter().take(1).cloned().collect();
    let mut top = Target::new(std::mem::take(&mut target.text), document)?;
    let done = top.set(&["volumes", &name], Yaml::Map(Vec::new()));
    target.text = top.text;
    done
}

/// Limits where the file says none, in the place where it says others.
fn limits(target: &mut Target, plan: &Plan) -> Result<(), PatchError> {
    let in_deploy = target.node(&["deploy", "resources", "limits"])?.is_some();
    let cpus = cpus(plan.cpu_millis.value);
    let pids = i64::try_from(plan.pids.value).unwrap_or(i64::MAX);
    let memory = Yaml::Text(bytes(plan.memory.value));
    for (name, inside, value) in [
        ("pids_limit", "pids", Yaml::Number(pids)),
        ("mem_limit", "memory", memory),
        ("cpus", "cpus", Yaml::Text(cpus)),
    ] {
        let below = ["deploy", "resources", "limits", inside];
        let is_said = |node: Option<Node>| {
            let none = |node: &Node| matches!(node.text(), None | Some("0" | "-1"));
            node.is_some_and(|node| !none(&node))
        };
        if is_said(target.node(&[name])?) || is_said(target.node(&below)?) {
            continue;
        }
        // Compose refuses a file that says two different things.
        if in_deploy && target.node(&[name])?.is_none() {
            target.set(&below, value)?;
        } else {
            target.set(&[name], value)?;
        }
    }
    Ok(())
}

/// `64m`, or a number of bytes.
fn bytes(size: u64) -> String {
    const MEBI: u64 = 1 << 20;
    if size > 0 && size.is_multiple_of(MEBI) {
        format!("{}m", size / MEBI)
    } else {
        size.to_string()
    }
}

/// `0.5` of 500.
fn cpus(millis: u64) -> String {
    let fraction = format!("{:03}", millis % 1000);
    let text = format!("{}.{fraction}", millis / 1000);
    let short = text.trim_end_matches('0');
    let point = if short.ends_with('.') { "0" } else { "" };
    format!("{short}{point}")
}
