//! Programs that an attacker is glad to find.

use super::{IMAGE, ImageCheck, ImageView, config_failure, file_failure};
use crate::model::{Check, Failure, LayerPath, Observation, Outcome, Severity, ToolKind};

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-025",
            title: "Package manager",
            severity: Severity::Low,
            cis: &["4.3"],
            why: "It fetches and installs whatever an attacker lacks.",
            fix: "Build in a first stage, and copy the program into an image without one.",
            ..IMAGE
        },
        run: package_managers,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-026",
            title: "Shell in an image that does not need one",
            severity: Severity::Negligible,
            cis: &["4.3"],
            why: "Most attacks that run a command go through a shell, and the start program is none and needs none.",
            fix: "Use a base without a shell, such as scratch or a distroless one.",
            ..IMAGE
        },
        run: shells,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-027",
            title: "Debugger, compiler or network tool",
            severity: Severity::Low,
            cis: &["4.3"],
            why: "It helps to look into other processes, to build an exploit on the spot, or to reach the network behind.",
            fix: "Leave it in the build stage.",
            ..IMAGE
        },
        run: attack_tools,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-028",
            title: "SSH server",
            severity: Severity::Medium,
            cis: &["5.7"],
            why: "It is a second way in, with keys and accounts of its own that nobody looks after.",
            fix: "Remove it; the engine's exec command gives a session.",
            ..IMAGE
        },
        run: ssh,
    },
];

fn tools(view: &ImageView) -> impl Iterator<Item = (&LayerPath, ToolKind)> {
    view.observations()
        .filter_map(|(path, _, fact)| match fact {
            Observation::Tool(kind) => Some((path, *kind)),
            _ => None,
        })
}

fn found(view: &ImageView, kinds: &[ToolKind], what: &str) -> Vec<Failure> {
    tools(view)
        .filter(|(_, kind)| kinds.contains(kind))
        .map(|(path, _)| file_failure(view, path, format!("{} is {what}", path.file_name())))
        .collect()
}

fn package_managers(view: &ImageView) -> Outcome {
    Outcome::of(found(
        view,
        &[ToolKind::PackageManager],
        "a package manager",
    ))
}

fn attack_tools(view: &ImageView) -> Outcome {
    let mut failures = found(view, &[ToolKind::Debugger], "a debugger");
    failures.extend(found(view, &[ToolKind::Compiler], "a compiler or its tool"));
    failures.extend(found(view, &[ToolKind::NetworkTool], "a network tool"));
    Outcome::of(failures)
}

/// Whether the start program is a program of its own (ELF), neither a script nor a shell; `None` if it was not seen.
fn starts_a_program(view: &ImageView) -> Option<bool> {
    let command = view.start_command();
    let program = view.find_program(command.first()?)?;
    let facts = view.facts(program.path.as_str());
    let is_shell = facts
        .iter()
        .any(|fact| matches!(fact, Observation::Tool(ToolKind::Shell)));
    let is_program = facts
        .iter()
        .any(|fact| matches!(fact, Observation::Program(_)));
    let is_script = facts
        .iter()
        .any(|fact| matches!(fact, Observation::Script(_)));
    (is_shell || is_program || is_script).then_some(is_program && !is_shell && !is_script)
}

fn shells(view: &ImageView) -> Outcome {
    let shells = found(view, &[ToolKind::Shell], "a shell");
    if shells.is_empty() {
        return Outcome::Passed;
    }
    let health = view.config.config.healthcheck.as_ref();
    let health_needs_it = health
        .and_then(|check| check.pointer("/Test/0"))
        .is_some_and(|kind| kind == "CMD-SHELL");
    match starts_a_program(view) {
        Some(true) if !health_needs_it => Outcome::Failed(shells),
        Some(_) => Outcome::NotApplicable,
        None => Outcome::NotEvaluated("it is not known what the image starts".to_owned()),
    }
}

fn ssh(view: &ImageView) -> Outcome {
    let starts = view.start_command().iter().any(|word| {
        let name = word.rsplit('/').next().unwrap_or_default();
        name.starts_with("sshd") || name.starts_with("dropbear")
    });
    let is_exposed = view
        .config
        .config
        .exposed_ports
        .keys()
        .any(|port| port.split('/').next() == Some("22"));
    let mut failures = found(view, &[ToolKind::SshServer], "an SSH server");
    if failures.is_empty() && starts {
        failures.push(config_failure("entrypoint", "an SSH server is started"));
    }
    if starts || is_exposed {
        let how = if starts {
            "the image starts it"
        } else {
            "port 22 is exposed"
        };
        failures = failures
            .into_iter()
            .map(|failure| Failure {
                detail: format!("{}, and {how}", failure.detail),
                severity: Some(Severity::High),
                ..failure
            })
            .collect();
    }
    Outcome::of(failures)
}
