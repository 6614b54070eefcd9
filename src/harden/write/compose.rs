//! A Compose file with one service, each setting below its reason.

use crate::harden::{HealthCheck, Line, Plan};

use super::names::{bytes, memory, memory_options, ports, processors, volumes};
use super::quote::{compose, yaml_list};
use super::{hashed, header, said};

/// The file.
pub(super) fn write(plan: &Plan) -> String {
    let name = compose(&plan.name);
    let mut out = Text(hashed(&header(plan)));
    out.line("services:");
    out.line(&format!("  {name}:"));
    out.line(&format!("    image: {}", compose(&plan.image)));
    let user = &plan.user.value;
    out.with(
        &said(&plan.user),
        &format!("user: \"{}:{}\"", user.uid, user.gid),
    );
    capabilities(plan, &mut out);
    if plan.no_new_privileges.value {
        out.with(
            &said(&plan.no_new_privileges),
            "security_opt: [\"no-new-privileges:true\"]",
        );
    }
    if plan.read_only.value {
        out.with(&said(&plan.read_only), "read_only: true");
    }
    mounts(plan, &mut out);
    network(plan, &name, &mut out);
    limits(plan, &mut out);
    if let Some(line) = &plan.health {
        health(line, &mut out);
    }
    if plan.init.value {
        out.with(&said(&plan.init), "init: true");
    }
    out.line("networks:");
    out.line(&format!("  {name}: {{}}"));
    let volumes = volumes(plan);
    if !volumes.is_empty() {
        out.line("volumes:");
        for named in &volumes {
            out.line(&format!("  {}: {{}}", compose(&named.name)));
        }
    }
    out.0
}

/// Lines of the file; those of the service are four deep.
struct Text(String);

impl Text {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn with(&mut self, reason: &str, setting: &str) {
        self.line(&format!("    # {reason}"));
        self.line(&format!("    {setting}"));
    }

    fn item(&mut self, reason: &str, item: &str) {
        self.line(&format!("      # {reason}"));
        self.line(&format!("      - {item}"));
    }
}

fn capabilities(plan: &Plan, out: &mut Text) {
    out.with(
        "proven: whatever is not added is not there",
        "cap_drop: [\"ALL\"]",
    );
    if plan.capabilities.is_empty() {
        return;
    }
    out.line("    cap_add:");
    for line in &plan.capabilities {
        out.item(&said(line), &compose(line.value.capability.name()));
    }
}

fn mounts(plan: &Plan, out: &mut Text) {
    let memory = memory(plan);
    if !memory.is_empty() {
        out.line("    tmpfs:");
    }
    for (named, size) in memory {
        let mount = &named.mount.value;
        out.item(
            &said(named.mount),
            &compose(&format!(
                "/{}:{}",
                mount.path.as_str(),
                memory_options(mount, size)
            )),
        );
    }
    let volumes = volumes(plan);
    if !volumes.is_empty() {
        out.line("    volumes:");
    }
    for named in volumes {
        out.item(&said(named.mount), "type: volume");
        out.line(&format!("        source: {}", compose(&named.name)));
        out.line(&format!(
            "        target: {}",
            compose(&format!("/{}", named.mount.value.path.as_str()))
        ));
    }
}

fn network(plan: &Plan, name: &str, out: &mut Text) {
    out.with(
        "assumed: a network of its own",
        &format!("networks: [{name}]"),
    );
    out.line("    ipc: private");
    let ports = ports(plan);
    if !ports.is_empty() {
        out.line("    ports:");
    }
    for port in ports {
        out.item(
            &said(port.line),
            &compose(&port.published(&plan.publish_on)),
        );
    }
}

fn limits(plan: &Plan, out: &mut Text) {
    out.with(
        &said(&plan.pids),
        &format!("pids_limit: {}", plan.pids.value),
    );
    out.with(
        &said(&plan.memory),
        &format!("mem_limit: {}", bytes(plan.memory.value)),
    );
    out.with(
        "assumed: no swap beside it",
        &format!("memswap_limit: {}", bytes(plan.memory.value)),
    );
    out.with(
        &said(&plan.cpu_millis),
        &format!("cpus: {}", processors(plan.cpu_millis.value)),
    );
    out.line("    ulimits:");
    out.line("      nofile: {soft: 65536, hard: 65536}");
    out.line("      core: 0");
    out.line("    restart: \"on-failure:5\"");
    out.line("    logging:");
    out.line("      driver: json-file");
    out.line("      options: {max-size: \"10m\", max-file: \"3\"}");
}

fn health(line: &Line<HealthCheck>, out: &mut Text) {
    let kind = if line.value.in_shell {
        "CMD-SHELL"
    } else {
        "CMD"
    };
    let words = [kind]
        .into_iter()
        .chain(line.value.command.iter().map(String::as_str));
    out.with(&said(line), "healthcheck:");
    out.line(&format!("      test: {}", yaml_list(words, compose)));
    if let Some(interval) = line.value.interval {
        out.line(&format!("      interval: {interval}s"));
    }
    if let Some(timeout) = line.value.timeout {
        out.line(&format!("      timeout: {timeout}s"));
    }
}
