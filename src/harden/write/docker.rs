//! A `docker run` command: one flag a line, the reasons above it.

use crate::harden::Plan;

use super::names::{bytes, memory, memory_options, ports, processors, volumes};
use super::quote::{check_text, comment, shell};
use super::{hashed, header, said};

/// A flag with its value, and the reason.
struct Flag {
    text: String,
    reason: Option<String>,
}

impl Flag {
    fn new(name: &str, value: &str, reason: impl Into<Option<String>>) -> Self {
        let value = if value.is_empty() {
            String::new()
        } else {
            format!(" {}", shell(value))
        };
        Self {
            text: format!("{name}{value}"),
            reason: reason.into(),
        }
    }
}

/// The command, as a shell script.
pub(super) fn write(plan: &Plan) -> String {
    let flags = flags(plan);
    let mut comments = header(plan);
    comments.push(String::new());
    for flag in &flags {
        if let Some(reason) = &flag.reason {
            comments.push(comment(&flag.text));
            comments.push(format!("    {reason}"));
        }
    }
    let network = shell(&plan.name);
    comments.push(String::new());
    comments.push(format!(
        "The network is made once: docker network create {network}"
    ));
    let mut words = vec!["docker run --detach".to_owned()];
    words.extend(flags.into_iter().map(|flag| flag.text));
    words.push(shell(&plan.image));
    format!("{}{}\n", hashed(&comments), words.join(" \\\n  "))
}

fn flags(plan: &Plan) -> Vec<Flag> {
    let user = &plan.user.value;
    let mut flags = vec![
        Flag::new("--name", &plan.name, None),
        Flag::new(
            "--user",
            &format!("{}:{}", user.uid, user.gid),
            said(&plan.user),
        ),
        Flag::new(
            "--cap-drop",
            "ALL",
            "proven: whatever is not added below is not there".to_owned(),
        ),
    ];
    flags.extend(
        plan.capabilities
            .iter()
            .map(|line| Flag::new("--cap-add", line.value.capability.name(), said(line))),
    );
    if plan.no_new_privileges.value {
        flags.push(Flag::new(
            "--security-opt",
            "no-new-privileges:true",
            said(&plan.no_new_privileges),
        ));
    }
    if plan.read_only.value {
        flags.push(Flag::new("--read-only", "", said(&plan.read_only)));
    }
    for (named, size) in memory(plan) {
        let mount = &named.mount.value;
        let value = format!("/{}:{}", mount.path.as_str(), memory_options(mount, size));
        flags.push(Flag::new("--tmpfs", &value, said(named.mount)));
    }
    for named in volumes(plan) {
        let value = format!(
            "type=volume,source={},target=/{}",
            named.name,
            named.mount.value.path.as_str()
        );
        flags.push(Flag::new("--mount", &value, said(named.mount)));
    }
    for port in ports(plan) {
        flags.push(Flag::new(
            "--publish",
            &port.published(&plan.publish_on),
            said(port.line),
        ));
    }
    flags.extend(limits(plan));
    flags.extend(health(plan));
    if plan.init.value {
        flags.push(Flag::new("--init", "", said(&plan.init)));
    }
    flags
}

/// What is the same for all but in its numbers.
fn limits(plan: &Plan) -> Vec<Flag> {
    let memory = bytes(plan.memory.value);
    vec![
        Flag::new(
            "--network",
            &plan.name,
            "assumed: a network of its own instead of the bridge that all share".to_owned(),
        ),
        Flag::new("--ipc", "private", None),
        Flag::new(
            "--pids-limit",
            &plan.pids.value.to_string(),
            said(&plan.pids),
        ),
        Flag::new("--memory", &memory, said(&plan.memory)),
        Flag::new(
            "--memory-swap",
            &memory,
            "assumed: no swap beside it".to_owned(),
        ),
        Flag::new(
            "--cpus",
            &processors(plan.cpu_millis.value),
            said(&plan.cpu_millis),
        ),
        Flag::new("--ulimit", "nofile=65536:65536", None),
        Flag::new("--ulimit", "core=0:0", None),
        Flag::new("--restart", "on-failure:5", None),
        Flag::new("--log-driver", "json-file", None),
        Flag::new("--log-opt", "max-size=10m", None),
        Flag::new("--log-opt", "max-file=3", None),
    ]
}

/// The flag takes a text for a shell alone: words for an image without one are kept by the engine, unsaid.
fn health(plan: &Plan) -> Option<Flag> {
    let line = plan.health.as_ref()?;
    let in_shell = line.value.in_shell || plan.start.value.has_shell;
    in_shell.then(|| Flag::new("--health-cmd", &check_text(&line.value), said(line)))
}
