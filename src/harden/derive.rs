//! How a plan is told from an image: one decision after the other, each in a file of its own.

use crate::model::Untrusted;
use crate::posture::ImageView;

use super::choices::Choices;
use super::harmless::harmless;
use super::servers::Server;
use super::start::Start;
use super::user::Decision;
use super::{
    Line, Mode, Plan, PlannedStart, SCHEMA, capabilities, folders, health, limits, ports,
    privileges, user, words, writable,
};

/// The plan for an image. What the choices do not say, the image decides; what cannot be told is a warning.
pub fn plan(view: &ImageView, choices: &Choices) -> Plan {
    let start = Start::read(view);
    let server = start.server();
    let decision = user::decide(view, choices, &start, server);
    let mut warnings = start.warnings.clone();
    warnings.extend(decision.warnings.iter().cloned());
    let uid = decision.user.value.uid;
    let no_new_privileges = privileges::decide(view, choices, &start, uid, &mut warnings);
    let known = writable::Known {
        view,
        choices,
        start: &start,
        server,
        decision: &decision,
    };
    let wishes = writable::wishes(known, &mut warnings);
    let mounts = folders::settle(view, wishes, &decision, server, &mut warnings);
    let known = capabilities::Known {
        view,
        choices,
        start: &start,
        server,
        decision: &decision,
        no_new_privileges: &no_new_privileges,
        mounts: &mounts,
    };
    let capabilities = capabilities::decide(known, &mut warnings);
    let limits = limits::decide(choices, server);
    let ports = ports::decide(view, &start, server);
    warnings.extend(ports.warnings);
    let health = health::decide(view, server, &mut warnings);
    let image = choices.image.as_deref().unwrap_or(&view.name);
    let publish_on = choices.publish_on.as_deref().unwrap_or("127.0.0.1");
    let plan = Plan {
        schema: SCHEMA.to_owned(),
        name: short_name(choices.name.as_deref().unwrap_or(&view.name)),
        image: Untrusted(image).to_string(),
        start: started(view, &start, server, &mut warnings),
        mode: decision.mode,
        user: decision.user.clone(),
        capabilities,
        read_only: read_only(choices, server),
        mounts,
        no_new_privileges,
        pids: limits.pids,
        memory: limits.memory,
        cpu_millis: limits.cpu_millis,
        ports: ports.tcp,
        udp_ports: ports.udp,
        publish_on: publish_on.to_owned(),
        health,
        init: init(&start),
        warnings,
    };
    finish(plan, server, &decision)
}

/// The warnings that only the whole plan shows.
fn finish(mut plan: Plan, server: Option<&Server>, decision: &Decision) -> Plan {
    if !plan.is_pinned() {
        plan.warnings.push(
            "the image is not named by digest: what is planned here is true of today's image alone"
                .to_owned(),
        );
    }
    if plan.mode == Mode::Root && decision.service.is_none() && plan.capabilities.is_empty() {
        plan.warnings.push("it is root without any capability: it cannot pass over the permissions of other accounts' files".to_owned());
    }
    if plan.health.is_none() {
        plan.warnings
            .push("the image has no HEALTHCHECK that could be planned".to_owned());
    }
    let notes = server.map_or(&[][..], |server| server.notes);
    plan.warnings
        .extend(notes.iter().map(|note| (*note).to_owned()));
    let mut seen = std::collections::BTreeSet::new();
    plan.warnings.retain(|warning| seen.insert(warning.clone()));
    plan
}

fn started(
    view: &ImageView,
    start: &Start,
    server: Option<&Server>,
    warnings: &mut Vec<String>,
) -> Line<PlannedStart> {
    let words: Vec<String> = view
        .start_command()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let command = harmless(&words).unwrap_or_else(|| {
        warnings.push("the start command could hold a secret and is not repeated: a form that needs it has to be given it".to_owned());
        Vec::new()
    });
    let planned = PlannedStart {
        programs: start
            .steps
            .iter()
            .filter_map(|step| step.path.clone())
            .collect(),
        server: server.map(|server| server.name.to_owned()),
        command,
        working_dir: view.config.config.working_dir.clone(),
        search_path: view.search_path().collect::<Vec<_>>().join(":"),
        has_shell: view.find_program("/bin/sh").is_some(),
    };
    match start.program().and_then(|program| program.path.as_ref()) {
        Some(path) if start.warnings.is_empty() => {
            Line::proven(planned, format!("ENTRYPOINT and CMD start {path}"))
        }
        Some(path) => Line::inferred(
            planned,
            format!("ENTRYPOINT and CMD start {path}, as far as could be told"),
        ),
        None => Line::assumed(planned, "what is started could not be told"),
    }
}

fn read_only(choices: &Choices, server: Option<&Server>) -> Line<bool> {
    match server {
        _ if choices.writable_root => Line::proven(false, "chosen"),
        Some(server) if !server.is_interpreter() => Line::inferred(
            true,
            format!("{} writes into the folders below alone", server.name),
        ),
        _ => Line::assumed(
            true,
            "nothing tells of more folders than those below: a trial run shows it",
        ),
    }
}

fn init(start: &Start) -> Line<bool> {
    match start.steps.iter().find(|step| words::is_init(&step.word)) {
        Some(step) => Line::proven(false, format!("{} is one already", step.name())),
        None => Line::assumed(true, "reaps children and hands on signals"),
    }
}

/// `registry:5000/team/Shop_App:1.2@sha256:…` is `shop-app`: what every form takes as a name.
fn short_name(reference: &str) -> String {
    let path = reference.split('@').next().unwrap_or_default();
    let last = path
        .rsplit('/')
        .find(|part| !part.is_empty())
        .unwrap_or_default();
    let last = last.split(':').next().unwrap_or_default();
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = last.chars().map(plain).collect();
    let parts: Vec<&str> = name.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(40).collect();
    let name = name.trim_end_matches('-');
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name.to_owned(),
        Some(_) => format!("app-{name}"),
        None => "app".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_every_form_takes() {
        for (reference, name) in [
            ("nginx", "nginx"),
            (
                "registry.example:5000/team/Shop_App:1.2@sha256:00",
                "shop-app",
            ),
            ("docker-archive:/tmp/x.tar", "x-tar"),
            ("$(rm -rf /)", "app"),
            ("7zip", "app-7zip"),
            ("größe", "gr-e"),
            ("", "app"),
        ] {
            assert_eq!(short_name(reference), name, "{reference}");
        }
    }
}
