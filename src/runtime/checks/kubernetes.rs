//! What only Kubernetes has, and what is written in vain.

use super::account::{RunsAs, runs_as};
use super::told::{Blind, Told, fails, is_on, judged, said, settle};
use super::{RuntimeCheck, Subject, fields, wording};
use crate::model::{Check, Failure, Outcome, Severity};
use crate::runtime::{KubernetesSpec, Role, RuntimeSpec};

/// Volumes that the restricted level allows.
const CORE_VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

pub(super) const CHECKS: &[RuntimeCheck] = &[
    RuntimeCheck {
        check: Check {
            id: "PLM-R-062",
            title: "Volume of a kind that is not for all clusters",
            severity: Severity::Low,
            cis: &[],
            nist: &["4.3.4"],
            pss: &["restricted: restrictedVolumes"],
            why: "The driver is part of the node, mostly unmaintained, and its credentials are in the manifest or on the node.",
            fix: "Use a PersistentVolumeClaim.",
        },
        fields: &fields::POD_VOLUMES,
        lines: &wording::NONE,
        on_windows: true,
        run: volume_kinds,
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-093",
            title: "Service account token mounted",
            severity: Severity::Medium,
            cis: &[],
            nist: &["4.3.2"],
            pss: &[],
            why: "Whoever is in the container talks to the cluster's API as the pod.",
            fix: "Switch it off, unless the program itself talks to the API.",
        },
        fields: &fields::TOKEN,
        lines: &wording::TOKEN,
        on_windows: true,
        run: |subject| settle(token(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-094",
            title: "Probe or hook targets another host",
            severity: Severity::Medium,
            cis: &[],
            nist: &["4.3.3", "4.4.2"],
            pss: &["baseline: hostProbesAndHostLifecycle"],
            why: "The kubelet asks that host, from the node's own network, where network policies do not hold.",
            fix: "Remove the host: the pod's own address is meant.",
        },
        fields: &fields::PROBE_HOSTS,
        lines: &wording::NONE,
        on_windows: true,
        run: probe_hosts,
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-095",
            title: "Windows host process",
            severity: Severity::Critical,
            cis: &[],
            nist: &["4.4.3", "4.5.5"],
            pss: &["baseline: windowsHostProcess"],
            why: "It is a process of the node, with the node's files, network and rights.",
            fix: "Remove it.",
        },
        fields: &fields::HOST_PROCESS,
        lines: &wording::HOST_PROCESS,
        on_windows: true,
        run: |subject| settle(host_process(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-096",
            title: "Init or ephemeral container weaker than the main one",
            severity: Severity::Medium,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "It shares the pod's volumes and network: what it is allowed the pod is allowed.",
            fix: "Give it the same settings.",
        },
        fields: &fields::ROLES,
        lines: &wording::NONE,
        on_windows: false,
        run: |subject| settle(weaker(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-097",
            title: "Default namespace or kube-system used",
            severity: Severity::Negligible,
            cis: &[],
            nist: &["4.3.4"],
            pss: &[],
            why: "Policies, quotas and roles are given by namespace; there, they are those of everybody, or of the cluster itself.",
            fix: "Use a namespace of its own.",
        },
        fields: &fields::NAMESPACE,
        lines: &wording::NAMESPACE,
        on_windows: true,
        run: |subject| settle(namespace(subject)),
    },
    RuntimeCheck {
        check: Check {
            id: "PLM-R-099",
            title: "Setting that means nothing",
            severity: Severity::Low,
            cis: &[],
            nist: &["4.4.3"],
            pss: &[],
            why: "A key that the form does not define, or a capability that the kernel does not have, is refused or passed over: what it was to protect is not protected.",
            fix: "Correct its spelling, or remove it.",
        },
        fields: &fields::UNKNOWN_KEYS,
        lines: &wording::NONE,
        on_windows: true,
        run: in_vain,
    },
];

/// The part that only Kubernetes has; nothing to check where there is none.
fn pod<'a>(subject: &Subject<'a>) -> Option<&'a KubernetesSpec> {
    subject.spec.kubernetes.as_ref()
}

fn volume_kinds(subject: &Subject<'_>) -> Outcome {
    let Some(pod) = pod(subject) else {
        return Outcome::NotApplicable;
    };
    // A hostPath has checks of its own.
    let failures = pod.volumes.iter().filter(|volume| {
        volume.value != "hostPath" && !CORE_VOLUMES.contains(&volume.value.as_str())
    });
    let failures = failures.map(|volume| {
        Failure::new(
            format!("a volume of kind {}", volume.value),
            volume.at.place(),
        )
    });
    Outcome::of(failures.collect())
}

fn token(subject: &Subject<'_>) -> Told {
    let Some(pod) = pod(subject) else {
        return Ok(Outcome::NotApplicable);
    };
    match said(&pod.mounts_token)? {
        Some(stated) if !stated.value => Ok(Outcome::Passed),
        Some(stated) => fails("automountServiceAccountToken is true", stated.at.place()),
        None => fails(
            "automountServiceAccountToken is not said, so it is true unless the service account says otherwise",
            subject.place(),
        ),
    }
}

fn probe_hosts(subject: &Subject<'_>) -> Outcome {
    let Some(pod) = pod(subject) else {
        return Outcome::NotApplicable;
    };
    let named = pod.probe_hosts.iter().filter(|host| !host.value.is_empty());
    let failures =
        named.map(|host| Failure::new(format!("the host {}", host.value), host.at.place()));
    Outcome::of(failures.collect())
}

fn host_process(subject: &Subject<'_>) -> Told {
    let Some(pod) = pod(subject) else {
        return Ok(Outcome::NotApplicable);
    };
    match said(&pod.host_process)?.filter(|stated| stated.value) {
        None => Ok(Outcome::Passed),
        Some(stated) => fails("hostProcess is true", stated.at.place()),
    }
}

/// The main containers of the same workload.
fn mains<'a>(subject: &Subject<'a>) -> Vec<&'a RuntimeSpec> {
    let key = |spec: &RuntimeSpec| {
        spec.kubernetes.as_ref().map(|pod| {
            let namespace = pod.namespace.value().cloned();
            (pod.kind.clone(), pod.workload.clone(), namespace)
        })
    };
    let own = key(subject.spec);
    let beside = subject.beside.iter();
    beside
        .filter(|spec| spec.container.role == Role::Main && key(spec) == own)
        .collect()
}

fn weaker(subject: &Subject<'_>) -> Told {
    if !subject.is_kubernetes() || subject.spec.container.role == Role::Main {
        return Ok(Outcome::NotApplicable);
    }
    let mains = mains(subject);
    if mains.is_empty() {
        return Err(Blind(
            "the main containers of the pod are not at hand".to_owned(),
        ));
    }
    let mut failures = Vec::new();
    let mut blind = None;
    for (what, is_weak) in WEAKNESSES {
        match is_weak(subject) {
            Err(unknown) => blind = blind.or(Some(unknown)),
            Ok(false) => {}
            Ok(true) => {
                let main_is = |spec: &&RuntimeSpec| {
                    let main = Subject { spec, ..*subject };
                    !matches!(is_weak(&main), Ok(false))
                };
                if !mains.iter().any(main_is) {
                    let detail = format!("it {what}, and no main container of the pod does");
                    failures.push(Failure::new(detail, subject.place()));
                }
            }
        }
    }
    judged(failures, blind)
}

/// A sentence's end, and whether it is so.
type Weakness = (&'static str, fn(&Subject<'_>) -> Result<bool, Blind>);

const WEAKNESSES: &[Weakness] = &[
    ("is privileged", |subject| is_on(&subject.spec.privileged)),
    ("can gain privileges by exec", |subject| {
        Ok(!is_on(&subject.spec.no_new_privileges)?)
    }),
    ("can write its root file system", |subject| {
        Ok(!is_on(&subject.spec.read_only_root)?)
    }),
    ("may run as root", |subject| {
        Ok(!matches!(runs_as(subject)?, RunsAs::Other(_)))
    }),
    ("keeps the default capabilities", |subject| {
        Ok(!subject.spec.capabilities.drops_all())
    }),
    ("has no seccomp filter", |subject| {
        let profile = said(&subject.spec.confinement.seccomp)?;
        Ok(profile.is_none_or(|profile| profile.value.eq_ignore_ascii_case("unconfined")))
    }),
    ("has no memory limit", |subject| {
        Ok(said(&subject.spec.limits.memory)?.is_none_or(|limit| limit.value == 0))
    }),
];

fn namespace(subject: &Subject<'_>) -> Told {
    let Some(pod) = pod(subject) else {
        return Ok(Outcome::NotApplicable);
    };
    match said(&pod.namespace)? {
        None => fails("no namespace is said", subject.place()),
        Some(stated) if matches!(stated.value.as_str(), "" | "default" | "kube-system") => fails(
            format!("the namespace is `{}`", stated.value),
            stated.at.place(),
        ),
        Some(_) => Ok(Outcome::Passed),
    }
}

fn in_vain(subject: &Subject<'_>) -> Outcome {
    let spec = subject.spec;
    let keys = spec.unknown_keys.iter();
    let keys = keys.map(|key| {
        Failure::new(
            format!("the key `{}` is not one of the form", key.key),
            key.at.place(),
        )
    });
    let words = spec
        .capabilities
        .added
        .iter()
        .chain(&spec.capabilities.dropped);
    let words = words.filter(|word| {
        let text = word.value.trim();
        let is_all = text.eq_ignore_ascii_case("all") || text.eq_ignore_ascii_case("cap_all");
        !is_all && text.parse::<crate::model::Capability>().is_err()
    });
    let words = words.map(|word| {
        Failure::new(
            format!("no capability is called `{}`", word.value),
            word.at.place(),
        )
    });
    Outcome::of(keys.chain(words).collect())
}
