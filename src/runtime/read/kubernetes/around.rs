//! What stands beside pods in the same text and bears on them: services that publish their ports, the token setting of their accounts,
//! and the variables of config maps.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::Fault;
use super::container::number;
use super::kinds::Object;
use super::pod::{PodLevel, stated, texts};
use crate::runtime::field::Field;
use crate::runtime::tree::Node;
use crate::runtime::{EnvironmentVariable, PublishedPort, RuntimeSpec, Setting, Stated};

/// What one text may multiply: a volume is told with every container of its pod, a service's port with every pod.
const COPIES: usize = 1_000_000;
/// Services that are compared with the labels of pods.
const SERVICES: usize = 1000;

/// A namespace and a name.
type Key = (String, String);

/// Everything of a text that is no pod.
pub(super) struct Around<'a> {
    services: Vec<Service<'a>>,
    /// `automountServiceAccountToken` of service accounts.
    accounts: BTreeMap<Key, Setting<bool>>,
    /// `data` of config maps.
    config_maps: BTreeMap<Key, Field<'a>>,
    /// How many copies are left.
    copies: Cell<usize>,
}

/// A service that leads into the cluster from outside.
struct Service<'a> {
    namespace: String,
    selector: Vec<(String, String)>,
    ports: Vec<Field<'a>>,
}

impl Default for Around<'_> {
    fn default() -> Self {
        Self {
            services: Vec::new(),
            accounts: BTreeMap::new(),
            config_maps: BTreeMap::new(),
            copies: Cell::new(COPIES),
        }
    }
}

fn namespace(field: &Field<'_>) -> String {
    let name = field.node().and_then(Node::text);
    name.filter(|name| *name != "default")
        .unwrap_or_default()
        .to_owned()
}

impl<'a> Around<'a> {
    /// Keeps what an object says of others.
    pub(super) fn add(&mut self, object: &Object<'a>) -> Result<(), Fault> {
        if !object.group.is_empty() {
            return Ok(());
        }
        let namespace = namespace(&object.namespace);
        match object.kind.as_str() {
            "Service" => {
                let spec = object.root.get("spec")?;
                let kind = spec.get("type")?.text()?;
                let is_public = matches!(
                    kind.value().map(String::as_str),
                    Some("NodePort" | "LoadBalancer")
                );
                let selector = texts(spec.get("selector")?.node());
                // A service without a selector leads to no pod that is known.
                if is_public && !selector.is_empty() {
                    if self.services.len() >= SERVICES {
                        return Err(Fault::new(
                            &object.root,
                            "is one of more than 1000 public services",
                        ));
                    }
                    let ports = spec.get("ports")?.items()?;
                    self.services.push(Service {
                        namespace,
                        selector,
                        ports,
                    });
                }
            }
            "ServiceAccount" => {
                let mounts = object.root.get("automountServiceAccountToken")?.boolean()?;
                self.accounts
                    .insert((namespace, object.name.clone()), mounts);
            }
            "ConfigMap" => {
                let data = object.root.get("data")?;
                self.config_maps
                    .insert((namespace, object.name.clone()), data);
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes so many copies from what is left of them; an error where they are used up.
    pub(super) fn copy(&self, count: usize, of: &Field<'_>) -> Result<(), Fault> {
        let left = self.copies.get().checked_sub(count);
        let left = left.ok_or_else(|| {
            Fault::new(
                of,
                "has more containers, volumes, ports and variables than are told of one text",
            )
        })?;
        self.copies.set(left);
        Ok(())
    }

    /// The token setting of a pod that says none itself.
    pub(super) fn mounts_token(&self, object: &Object<'_>, pod: &PodLevel<'_>) -> Setting<bool> {
        let key = (namespace(&object.namespace), pod.account());
        self.accounts.get(&key).cloned().unwrap_or_default()
    }

    /// Adds the ports that services publish to the containers of a pod.
    pub(super) fn publish(
        &self,
        object: &Object<'_>,
        pod: &PodLevel<'_>,
        containers: &[Field<'_>],
        specs: &mut [RuntimeSpec],
    ) -> Result<(), Fault> {
        let (namespace, labels) = (namespace(&object.namespace), pod.labels());
        let selects = |service: &&Service<'_>| {
            service.namespace == namespace
                && service.selector.iter().all(|label| labels.contains(label))
        };
        let mut matching = self.services.iter().filter(selects).peekable();
        if matching.peek().is_none() {
            return Ok(());
        }
        let targets = Targets::new(containers)?;
        for service in matching {
            self.copy(service.ports.len(), &pod.spec)?;
            for port in &service.ports {
                let mut gaps = Vec::new();
                let target = targets.of(port, &mut gaps)?;
                if target.is_none() {
                    let gap = "a service leads to a port that its pod does not have";
                    gaps.push(Stated::new(gap.to_owned(), port.spot()));
                }
                let (index, inside) = target.unwrap_or_default();
                let protocol = stated(port.get("protocol")?.text()?, &mut gaps);
                let published = PublishedPort {
                    host_ip: None,
                    host_port: number(&port.get("nodePort")?, &mut gaps)?.filter(|port| *port != 0),
                    host_port_end: None,
                    container_port: inside,
                    protocol: protocol
                        .map_or_else(|| "tcp".to_owned(), |word| word.value.to_ascii_lowercase()),
                    at: port.spot(),
                };
                if let Some(spec) = specs.get_mut(index) {
                    spec.ports.push(published);
                    spec.gaps.extend(gaps);
                }
            }
        }
        Ok(())
    }

    /// The variables that a container takes from config maps of the same text (`envFrom`). A secret's are never read.
    pub(super) fn variables(
        &self,
        object: &Object<'_>,
        container: &Field<'_>,
    ) -> Result<Vec<EnvironmentVariable>, Fault> {
        let namespace = namespace(&object.namespace);
        let mut variables = Vec::new();
        for source in container.get("envFrom")?.items()? {
            let prefix = source
                .get("prefix")?
                .verbatim()?
                .value()
                .cloned()
                .unwrap_or_default();
            let name = source.at(&["configMapRef", "name"])?;
            let name = name.node().and_then(Node::text).unwrap_or_default();
            let Some(data) = self.config_maps.get(&(namespace.clone(), name.to_owned())) else {
                continue;
            };
            let entries = data.entries()?;
            self.copy(entries.len(), container)?;
            for (key, _, value) in entries {
                variables.push(EnvironmentVariable {
                    name: format!("{prefix}{key}"),
                    value: value.node().and_then(Node::text).map(str::to_owned),
                    at: value.spot(),
                });
            }
        }
        Ok(variables)
    }
}

/// The ports that the containers of a pod declare: which container has which.
struct Targets<'a> {
    by_number: BTreeMap<u16, usize>,
    by_name: BTreeMap<&'a str, (usize, u16)>,
}

impl<'a> Targets<'a> {
    fn new(containers: &[Field<'a>]) -> Result<Self, Fault> {
        let (mut by_number, mut by_name) = (BTreeMap::new(), BTreeMap::new());
        // What cannot be told of them is a gap already.
        let mut told = Vec::new();
        for (index, container) in containers.iter().enumerate() {
            for declared in container.get("ports")?.items()? {
                let Some(inside) = number(&declared.get("containerPort")?, &mut told)? else {
                    continue;
                };
                by_number.entry(inside).or_insert(index);
                if let Some(name) = declared.get("name")?.node().and_then(Node::text) {
                    by_name.entry(name).or_insert((index, inside));
                }
            }
        }
        Ok(Self { by_number, by_name })
    }

    /// Where a service's port leads. A number that no container declares leads to the first.
    fn of(
        &self,
        port: &Field<'_>,
        gaps: &mut Vec<Stated<String>>,
    ) -> Result<Option<(usize, u16)>, Fault> {
        let target = port.get("targetPort")?;
        let target = if target.is_present() {
            target
        } else {
            port.get("port")?
        };
        let name = target
            .node()
            .filter(|node| node.as_integer().is_none())
            .and_then(Node::text);
        if let Some(name) = name {
            return Ok(self.by_name.get(name).copied());
        }
        let asked = number(&target, gaps)?;
        Ok(asked.map(|asked| {
            (
                self.by_number.get(&asked).copied().unwrap_or_default(),
                asked,
            )
        }))
    }
}
