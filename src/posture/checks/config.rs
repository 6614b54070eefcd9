//! What the config declares: health, ports, volumes, folders, triggers.

use super::{IMAGE, ImageCheck, ImageView, config_failure};
use crate::model::{Check, LayerPath, Outcome, Severity};
use crate::posture::history::instructions;

pub(super) const CHECKS: &[ImageCheck] = &[
    ImageCheck {
        check: Check {
            id: "PLM-I-040",
            title: "No HEALTHCHECK",
            severity: Severity::Negligible,
            cis: &["4.6"],
            why: "The engine cannot tell a program that hangs from one that works. Kubernetes ignores it and has probes of its own.",
            fix: "HEALTHCHECK CMD [\"/app\", \"health\"]",
            ..IMAGE
        },
        run: health,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-041",
            title: "Port below 1024",
            severity: Severity::Low,
            cis: &["5.8"],
            why: "In the host's network it takes root or NET_BIND_SERVICE, which people then give.",
            fix: "Listen on a port from 1024 on, and publish it as the one that clients expect.",
            ..IMAGE
        },
        run: low_ports,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-042",
            title: "Port of remote administration",
            severity: Severity::Medium,
            cis: &["5.7"],
            why: "Who reaches the port and has or guesses a credential controls what is behind it.",
            fix: "Do not offer it; use the engine's exec command.",
            ..IMAGE
        },
        run: admin_ports,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-043",
            title: "VOLUME at a system path",
            severity: Severity::High,
            cis: &["5.6"],
            why: "A volume stays writable with a read-only root, and one container leaves programs or settings there for the next.",
            fix: "Remove the VOLUME; declare only folders of data.",
            ..IMAGE
        },
        run: volumes,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-044",
            title: "WORKDIR is a system folder",
            severity: Severity::Low,
            why: "Relative paths then meet files of the system, and the program needs rights to write there.",
            fix: "WORKDIR /app",
            ..IMAGE
        },
        run: working_folder,
    },
    ImageCheck {
        check: Check {
            id: "PLM-I-045",
            title: "ONBUILD triggers",
            severity: Severity::Negligible,
            why: "They run in the build of everybody who uses the image as a base, who does not see them.",
            fix: "Remove ONBUILD from what is no build image.",
            ..IMAGE
        },
        run: triggers,
    },
];

/// SSH, Telnet, RDP, VNC, the engine's API, X11, the debuggers of Node.js and Java.
const ADMIN_PORTS: [u16; 9] = [22, 23, 2375, 2376, 3389, 5900, 6000, 9229, 5005];
/// Folders whose content is the system's.
const SYSTEM: [&str; 18] = [
    "",
    "etc",
    "usr",
    "usr/bin",
    "usr/sbin",
    "usr/lib",
    "lib",
    "lib64",
    "bin",
    "sbin",
    "boot",
    "dev",
    "proc",
    "sys",
    "root",
    "run",
    "var/run",
    "var/lib/docker",
];

fn health(view: &ImageView) -> Outcome {
    let check = view.config.config.healthcheck.as_ref();
    let first = check
        .and_then(|check| check.pointer("/Test/0"))
        .and_then(|word| word.as_str());
    match (check, first) {
        (Some(_), Some("NONE")) => {
            Outcome::Failed(vec![config_failure("healthcheck", "HEALTHCHECK NONE")])
        }
        (Some(_), _) => Outcome::Passed,
        (None, _) if view.is_oci_config == Some(true) => {
            let said = instructions(&view.config)
                .iter()
                .any(|found| found.keyword == "HEALTHCHECK");
            if said {
                Outcome::NotEvaluated(
                    "the history has a HEALTHCHECK, but a config of the OCI form cannot keep it: engines do not run it".to_owned(),
                )
            } else {
                Outcome::NotApplicable
            }
        }
        (None, _) => {
            let said = instructions(&view.config)
                .iter()
                .rev()
                .find(|found| found.keyword == "HEALTHCHECK")
                .is_some_and(|found| !found.text.starts_with("NONE"));
            if said {
                return Outcome::NotEvaluated(
                    "the history has a HEALTHCHECK, and the config came without it: engines do not run it".to_owned(),
                );
            }
            Outcome::Failed(vec![config_failure("healthcheck", "no HEALTHCHECK")])
        }
    }
}

/// Exposed ports: the text and the number.
fn ports(view: &ImageView) -> impl Iterator<Item = (&String, u16)> {
    let ports = view.config.config.exposed_ports.keys();
    ports.filter_map(|port| {
        let number = port.split(['/', '-']).next()?.parse().ok()?;
        Some((port, number))
    })
}

fn low_ports(view: &ImageView) -> Outcome {
    let failures = ports(view)
        .filter(|(_, number)| (1..1024).contains(number))
        .map(|(port, _)| config_failure(format!("exposed port {port}"), format!("EXPOSE {port}")))
        .collect();
    Outcome::of(failures)
}

fn admin_ports(view: &ImageView) -> Outcome {
    let failures = ports(view)
        .filter(|(_, number)| ADMIN_PORTS.contains(number))
        .map(|(port, _)| config_failure(format!("exposed port {port}"), format!("EXPOSE {port}")))
        .collect();
    Outcome::of(failures)
}

fn is_system(path: &str) -> bool {
    SYSTEM.contains(&LayerPath::from(path).as_str())
}

fn volumes(view: &ImageView) -> Outcome {
    let failures = view
        .config
        .config
        .volumes
        .keys()
        .filter(|path| {
            let path = LayerPath::from(path.as_str());
            // Data of a program may lie in a folder of its own below /root, /run and /usr/share.
            let is_inside = [
                "etc", "bin", "sbin", "lib", "lib64", "boot", "dev", "proc", "sys", "usr/bin",
                "usr/sbin", "usr/lib",
            ]
            .iter()
            .any(|folder| path.is_within(folder));
            is_system(path.as_str()) || is_inside
        })
        .map(|path| {
            let own = LayerPath::from(path.as_str());
            let failure = config_failure(format!("volume {path}"), format!("VOLUME {path}"));
            // A folder of one program's settings is less than the system's own.
            let is_program_s = own.parent().is_some_and(|parent| parent == "etc");
            if is_program_s {
                failure.of_severity(Severity::Medium)
            } else {
                failure
            }
        })
        .collect();
    Outcome::of(failures)
}

fn working_folder(view: &ImageView) -> Outcome {
    let folder = view.config.config.working_dir.as_str();
    let start = view.start_command();
    if folder.is_empty() && start.is_empty() {
        return Outcome::NotApplicable;
    }
    let is_root_home = LayerPath::from(folder).as_str() == "root";
    if !is_system(folder) || (is_root_home && view.run_user().uid == Some(0)) {
        return Outcome::Passed;
    }
    let shown = if folder.is_empty() {
        "WORKDIR is not set, so /".to_owned()
    } else {
        format!("WORKDIR {folder}")
    };
    let failure = config_failure("working folder", shown);
    let is_top = LayerPath::from(folder).as_str().is_empty();
    Outcome::Failed(vec![if is_top {
        failure.of_severity(Severity::Negligible)
    } else {
        failure
    }])
}

fn triggers(view: &ImageView) -> Outcome {
    let failures = view
        .config
        .config
        .on_build
        .iter()
        .map(|text| {
            let keyword = text.split_whitespace().next().unwrap_or_default();
            let keyword: String = keyword
                .chars()
                .filter(char::is_ascii_alphabetic)
                .take(12)
                .collect();
            config_failure("on build", format!("ONBUILD {keyword}"))
        })
        .collect();
    Outcome::of(failures)
}
