//! One container of a pod: what it says itself, and what it has of its pod.

use super::pod::{PodLevel, profile, restart, selinux, stated, windows_user};
use super::{Fault, keys, quantity, volumes};
use crate::runtime::field::{Field, mapped};
use crate::runtime::tree::Node;
use crate::runtime::{
    Account, Capabilities, Confinement, Container, EnvironmentVariable, Form, Health,
    KubernetesSpec, Limits, PublishedPort, Role, RuntimeSpec, Setting, Stated,
};

/// The lists of containers, in the order in which they are told.
pub(super) const LISTS: [(&str, Role, &str); 3] = [
    ("containers", Role::Main, "container"),
    ("initContainers", Role::Init, "init container"),
    (
        "ephemeralContainers",
        Role::Ephemeral,
        "ephemeral container",
    ),
];

/// Reads a container.
pub(super) fn container(
    pod: &PodLevel<'_>,
    field: &Field<'_>,
    role: Role,
    word: &str,
) -> Result<RuntimeSpec, Fault> {
    let name = name(field)?;
    let context = field.get("securityContext")?;
    let mut spec = RuntimeSpec::new(Container {
        form: Form::Kubernetes,
        name: format!("{} {word} {name}", pod.title),
        role,
        at: field.spot(),
    });
    pod.inherit(&mut spec)?;
    spec.image = field.get("image")?.text()?;
    account(pod, &context, &mut spec.account)?;
    spec.privileged = context.get("privileged")?.boolean()?;
    spec.capabilities = capabilities(&context)?;
    let may_gain = context.get("allowPrivilegeEscalation")?.boolean()?;
    spec.no_new_privileges = mapped(may_gain, |may_gain| !may_gain);
    spec.read_only_root = context.get("readOnlyRootFilesystem")?.boolean()?;
    spec.confinement = confinement(pod, &context, &name)?;
    volumes::mount(&mut spec, field, &pod.volumes)?;
    spec.limits = limits(pod, field)?;
    spec.device_requests = device_requests(field, &mut spec.gaps)?;
    spec.ports = ports(field, &mut spec.gaps)?;
    spec.environment = environment(field, &mut spec.gaps)?;
    spec.entrypoint = field.get("command")?.words()?;
    spec.command = field.get("args")?.words()?;
    spec.health = health(field)?;
    // A sidecar is an init container with a restart policy of its own.
    spec.restart = restart(field)?.or(spec.restart);
    if let Some(kubernetes) = &mut spec.kubernetes {
        facts(pod, field, kubernetes, &mut spec.gaps)?;
    }
    spec.unknown_keys = keys::unknown_of_container(field)?;
    Ok(spec)
}

/// Its name, or its place in the list.
fn name(field: &Field<'_>) -> Result<String, Fault> {
    let name = field.get("name")?;
    let place = || {
        field
            .path()
            .rsplit('.')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    Ok(name
        .node()
        .and_then(Node::text)
        .map_or_else(place, str::to_owned))
}

fn account(pod: &PodLevel<'_>, context: &Field<'_>, account: &mut Account) -> Result<(), Fault> {
    let number = |key: &str| -> Result<Setting<String>, Fault> {
        let own = context.get(key)?.integer()?;
        Ok(mapped(own.or(pod.context.get(key)?.integer()?), |number| {
            number.to_string()
        }))
    };
    account.user = number("runAsUser")?
        .or(windows_user(context)?)
        .or(windows_user(&pod.context)?);
    account.group = number("runAsGroup")?;
    let own = context.get("runAsNonRoot")?.boolean()?;
    account.must_not_be_root = own.or(pod.context.get("runAsNonRoot")?.boolean()?);
    Ok(())
}

fn capabilities(context: &Field<'_>) -> Result<Capabilities, Fault> {
    let mut capabilities = Capabilities::default();
    let mut gaps = Vec::new();
    for (key, words) in [
        ("add", &mut capabilities.added),
        ("drop", &mut capabilities.dropped),
    ] {
        for item in context.at(&["capabilities", key])?.items()? {
            words.extend(stated(item.text()?, &mut gaps));
        }
    }
    capabilities.unknown = gaps.into_iter().next().map(|gap| gap.value);
    Ok(capabilities)
}

fn confinement(pod: &PodLevel<'_>, context: &Field<'_>, name: &str) -> Result<Confinement, Fault> {
    let of_proc = context.get("procMount")?.text()?;
    Ok(Confinement {
        seccomp: profile(context, "seccompProfile")?.or(profile(&pod.context, "seccompProfile")?),
        seccomp_profile: None,
        apparmor: profile(context, "appArmorProfile")?
            .or(pod.apparmor_annotation(name)?)
            .or(profile(&pod.context, "appArmorProfile")?),
        selinux: selinux(context)?.or(selinux(&pod.context)?),
        unmasked_paths: mapped(of_proc, |kind| kind != "Default"),
    })
}

/// A container's own limits; where it has none of a kind, the pod's (`spec.resources`, 1.34).
fn limits(pod: &PodLevel<'_>, field: &Field<'_>) -> Result<Limits, Fault> {
    let limit = |key: &str| -> Result<Setting<String>, Fault> {
        let own = field.at(&["resources", "limits", key])?;
        let shared = pod.spec.at(&["resources", "limits", key])?;
        let chosen = if own.is_present() { own } else { shared };
        let setting = chosen.scalar()?;
        if setting
            .value()
            .is_some_and(|text| quantity::parse(text).is_none())
        {
            return Err(Fault::new(&chosen, "is no quantity such as 500m or 1Gi"));
        }
        Ok(setting)
    };
    Ok(Limits {
        memory: mapped(limit("memory")?, |text| {
            quantity::parse(&text).unwrap_or_default()
        }),
        cpu: limit("cpu")?,
        ..Limits::default()
    })
}

/// Devices of a plugin, which are resources with a domain: `nvidia.com/gpu=1`.
fn device_requests(
    field: &Field<'_>,
    gaps: &mut Vec<Stated<String>>,
) -> Result<Vec<Stated<String>>, Fault> {
    let mut requests = Vec::new();
    for (key, _, value) in field.at(&["resources", "limits"])?.entries()? {
        if key.contains('/') {
            let request = mapped(value.scalar()?, |count| format!("{key}={count}"));
            requests.extend(stated(request, gaps));
        }
    }
    Ok(requests)
}

fn ports(field: &Field<'_>, gaps: &mut Vec<Stated<String>>) -> Result<Vec<PublishedPort>, Fault> {
    let mut published = Vec::new();
    for port in field.get("ports")?.items()? {
        let inside = number(&port.get("containerPort")?, gaps)?.unwrap_or_default();
        let outside = number(&port.get("hostPort")?, gaps)?;
        let protocol = port.get("protocol")?.text()?;
        let host_ip = port.get("hostIP")?.text()?;
        let Some(outside) = outside.filter(|number| *number != 0) else {
            continue;
        };
        published.push(PublishedPort {
            host_ip: host_ip.value().filter(|ip| !ip.is_empty()).cloned(),
            host_port: Some(outside),
            host_port_end: None,
            container_port: inside,
            protocol: protocol
                .value()
                .map_or_else(|| "tcp".to_owned(), |word| word.to_ascii_lowercase()),
            at: port.get("hostPort")?.spot(),
        });
    }
    Ok(published)
}

/// A port's number.
pub(super) fn number(
    field: &Field<'_>,
    gaps: &mut Vec<Stated<String>>,
) -> Result<Option<u16>, Fault> {
    let Some(stated) = stated(field.integer()?, gaps) else {
        return Ok(None);
    };
    let port = u16::try_from(stated.value);
    port.map(Some)
        .map_err(|_| Fault::new(field, "is no port: they go from 0 to 65535"))
}

fn environment(
    field: &Field<'_>,
    gaps: &mut Vec<Stated<String>>,
) -> Result<Vec<EnvironmentVariable>, Fault> {
    let mut variables = Vec::new();
    for variable in field.get("env")?.items()? {
        let value = variable.get("value")?.verbatim()?;
        let is_elsewhere = variable.get("valueFrom")?.is_present();
        let Some(name) = stated(variable.get("name")?.text()?, gaps) else {
            continue;
        };
        // Without a value it is empty, unless it is taken from elsewhere.
        let value = value
            .value()
            .cloned()
            .or_else(|| (!is_elsewhere).then(String::new));
        variables.push(EnvironmentVariable {
            name: name.value,
            value,
            at: variable.spot(),
        });
    }
    Ok(variables)
}

/// The probes of a container.
const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

fn health(field: &Field<'_>) -> Result<Setting<Health>, Fault> {
    let mut health = Setting::Absent;
    for key in PROBES {
        let probe = field.get(key)?;
        let command = probe.at(&["exec", "command"])?.words()?;
        if probe.is_present() {
            let found = Health {
                disabled: false,
                command: command.value().cloned().unwrap_or_default(),
            };
            health = health.or(Setting::stated(found, probe.spot()));
        }
    }
    Ok(health)
}

/// What a container adds to the facts of its pod.
fn facts(
    pod: &PodLevel<'_>,
    field: &Field<'_>,
    facts: &mut KubernetesSpec,
    gaps: &mut Vec<Stated<String>>,
) -> Result<(), Fault> {
    let host_process = ["securityContext", "windowsOptions", "hostProcess"];
    let own = field.at(&host_process)?.boolean()?;
    facts.host_process = own.or(pod.spec.at(&host_process)?.boolean()?);
    facts.pull_policy = field.get("imagePullPolicy")?.text()?;
    let hooks = field.get("lifecycle")?;
    let mut handlers = vec![hooks.get("postStart")?, hooks.get("preStop")?];
    for key in PROBES {
        handlers.push(field.get(key)?);
    }
    for handler in handlers {
        for action in ["httpGet", "tcpSocket"] {
            let host = stated(handler.at(&[action, "host"])?.text()?, gaps);
            facts
                .probe_hosts
                .extend(host.filter(|host| !host.value.is_empty()));
        }
    }
    Ok(())
}
