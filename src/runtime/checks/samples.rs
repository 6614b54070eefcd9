//! Containers for tests.

use super::Subject;
use crate::model::{CapabilitySet, Outcome};
use crate::runtime::{
    Container, Form, Health, KubernetesSpec, Mount, MountKind, Namespace, Restart, Role,
    RuntimeSpec, Setting, Spot, Stated,
};

pub(crate) const FORMS: [Form; 6] = [
    Form::DockerRun,
    Form::Inspect,
    Form::Compose,
    Form::Kubernetes,
    Form::Quadlet,
    Form::Oci,
];

/// A place with a field and a line.
pub(crate) fn spot(field: &str) -> Spot {
    Spot {
        field: field.to_owned(),
        file: Some("settings".to_owned()),
        line: Some(7),
        column: None,
    }
}

pub(crate) fn said<T>(value: T) -> Setting<T> {
    Setting::stated(value, spot("field"))
}

pub(crate) fn unknown<T>() -> Setting<T> {
    Setting::Unknown {
        why: "the variable X has no value".to_owned(),
        at: spot("field"),
    }
}

pub(crate) fn words(words: &[&str]) -> Vec<Stated<String>> {
    let words = words.iter();
    words
        .map(|word| Stated::new((*word).to_owned(), spot(word)))
        .collect()
}

pub(crate) fn strings(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A container of which nothing is said.
pub(crate) fn bare(form: Form) -> RuntimeSpec {
    let mut spec = RuntimeSpec::new(Container {
        form,
        name: "web".to_owned(),
        role: Role::Main,
        at: spot("web"),
    });
    if form == Form::Kubernetes {
        spec.kubernetes = Some(KubernetesSpec {
            kind: "Deployment".to_owned(),
            workload: "shop".to_owned(),
            ..KubernetesSpec::default()
        });
    }
    spec
}

/// A container of which everything is said as it should be.
pub(crate) fn hardened(form: Form) -> RuntimeSpec {
    let mut spec = bare(form);
    let digest = "a".repeat(64);
    spec.image = said(format!(
        "registry.example:5000/shop/web:1.2@sha256:{digest}"
    ));
    spec.account.user = said("10001".to_owned());
    spec.account.group = said("10001".to_owned());
    spec.account.must_not_be_root = said(true);
    spec.privileged = said(false);
    spec.capabilities.dropped = words(&["ALL"]);
    spec.no_new_privileges = said(true);
    spec.read_only_root = said(true);
    spec.confinement.unmasked_paths = said(false);
    spec.confinement.apparmor = said("docker-default".to_owned());
    spec.limits.memory = said(512 << 20);
    spec.limits.cpu = said("1".to_owned());
    spec.limits.pids = said(256);
    spec.restart = said(Restart {
        policy: "on-failure".to_owned(),
        max_retries: Some(5),
    });
    spec.health = said(Health {
        disabled: false,
        command: strings(&["/bin/true"]),
    });
    spec.command = said(strings(&["serve"]));
    spec.namespaces.network = said(Namespace::Named("shop".to_owned()));
    spec.namespaces.ipc = said(Namespace::Private);
    if form == Form::Oci {
        spec.image = Setting::Absent;
        spec.capabilities.dropped.clear();
        spec.capabilities.exact = said(CapabilitySet::NONE);
        for namespace in [
            &mut spec.namespaces.pid,
            &mut spec.namespaces.uts,
            &mut spec.namespaces.cgroup,
            &mut spec.namespaces.user,
        ] {
            *namespace = said(Namespace::Private);
        }
        spec.confinement.seccomp_profile =
            Some(serde_json::json!({"defaultAction": "SCMP_ACT_ERRNO"}));
    }
    if form == Form::Kubernetes {
        spec.confinement.seccomp = said("RuntimeDefault".to_owned());
        spec.namespaces.network = Setting::Absent;
        spec.namespaces.ipc = Setting::Absent;
        spec.namespaces.user = said(Namespace::Private);
        spec.restart = Setting::Absent;
        if let Some(pod) = &mut spec.kubernetes {
            pod.namespace = said("shop".to_owned());
            pod.mounts_token = said(false);
        }
    }
    spec
}

/// A path of the host at the same path inside.
pub(crate) fn bind(source: &str, read_only: bool) -> Mount {
    Mount {
        kind: MountKind::Host,
        source: said(source.to_owned()),
        target: said("/mnt".to_owned()),
        read_only: said(read_only),
        propagation: None,
        options: Vec::new(),
        size: Setting::Absent,
        at: spot("mount"),
    }
}

/// A tmpfs.
pub(crate) fn tmpfs(target: &str, options: &[&str]) -> Mount {
    Mount {
        kind: MountKind::Memory,
        source: Setting::Absent,
        target: said(target.to_owned()),
        options: strings(options),
        size: said("64m".to_owned()),
        ..bind("", false)
    }
}

/// What one check comes to.
pub(crate) fn outcome(subject: &Subject<'_>, id: &str) -> Outcome {
    let all = super::run(subject).into_iter();
    let mut found = all.filter(|checked| checked.check.id == id);
    found.next().expect("a check of this id").outcome
}

/// The same for settings alone.
pub(crate) fn of(spec: &RuntimeSpec, id: &str) -> Outcome {
    outcome(&Subject::new(spec, &|_, _| None), id)
}

/// The same by its name.
pub(crate) fn name(spec: &RuntimeSpec, id: &str) -> &'static str {
    of(spec, id).name()
}
