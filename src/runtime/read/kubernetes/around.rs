//! What stands beside pods in the same text and bears on them: services that publish their ports, the token setting of their accounts,
//! and the variables of config maps.

use super::super::super::field::Field;
use super::super::super::tree::Node;
use super::super::super::{EnvironmentVariable, PublishedPort, RuntimeSpec, Setting, Stated};
use super::Fault;
use super::container::number;
use super::kinds::Object;
use super::pod::{PodLevel, stated, texts};

/// Everything of a text that is no pod.
#[derive(Default)]
pub(super) struct Around<'a> {
    services: Vec<Service<'a>>,
    accounts: Vec<Account>,
    config_maps: Vec<ConfigMap<'a>>,
}

/// A service that leads into the cluster from outside.
struct Service<'a> {
    namespace: String,
    selector: Vec<(String, String)>,
    ports: Vec<Field<'a>>,
}

/// A service account that says whether its pods have its token.
struct Account {
    namespace: String,
    name: String,
    mounts_token: Setting<bool>,
}

/// The data of a config map.
struct ConfigMap<'a> {
    namespace: String,
    name: String,
    data: Field<'a>,
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
                    let ports = spec.get("ports")?.items()?;
                    self.services.push(Service {
                        namespace,
                        selector,
                        ports,
                    });
                }
            }
            "ServiceAccount" => self.accounts.push(Account {
                namespace,
                name: object.name.clone(),
                mounts_token: object.root.get("automountServiceAccountToken")?.boolean()?,
            }),
            "ConfigMap" => self.config_maps.push(ConfigMap {
                namespace,
                name: object.name.clone(),
                data: object.root.get("data")?,
            }),
            _ => {}
        }
        Ok(())
    }

    /// The token setting of a pod that says none itself.
    pub(super) fn mounts_token(&self, object: &Object<'_>, pod: &PodLevel<'_>) -> Setting<bool> {
        let (namespace, name) = (namespace(&object.namespace), pod.account());
        let account = self
            .accounts
            .iter()
            .find(|account| account.namespace == namespace && account.name == name);
        account.map_or(Setting::Absent, |account| account.mounts_token.clone())
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
        for service in &self.services {
            let selects = service.selector.iter().all(|label| labels.contains(label));
            if !selects || service.namespace != namespace {
                continue;
            }
            for port in &service.ports {
                let mut gaps = Vec::new();
                let target = target(port, containers, &mut gaps)?;
                let (index, inside) = target.unwrap_or_default();
                let Some(spec) = specs.get_mut(index) else {
                    continue;
                };
                let protocol = stated(port.get("protocol")?.text()?, &mut gaps);
                spec.ports.push(PublishedPort {
                    host_ip: None,
                    host_port: number(&port.get("nodePort")?, &mut gaps)?.filter(|port| *port != 0),
                    host_port_end: None,
                    container_port: inside,
                    protocol: protocol
                        .map_or_else(|| "tcp".to_owned(), |word| word.value.to_ascii_lowercase()),
                    at: port.spot(),
                });
                spec.gaps.extend(gaps);
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
            let named = |map: &&ConfigMap<'_>| {
                map.namespace == namespace && map.name == name && !name.is_empty()
            };
            for map in self.config_maps.iter().filter(named) {
                for (key, _, value) in map.data.entries()? {
                    variables.push(EnvironmentVariable {
                        name: format!("{prefix}{key}"),
                        value: value.node().and_then(Node::text).map(str::to_owned),
                        at: value.spot(),
                    });
                }
            }
        }
        Ok(variables)
    }
}

/// Where a service's port leads: which of the containers, and its port there. A number that no container declares leads to the first.
fn target(
    port: &Field<'_>,
    containers: &[Field<'_>],
    gaps: &mut Vec<Stated<String>>,
) -> Result<Option<(usize, u16)>, Fault> {
    let target = port.get("targetPort")?;
    let target = if target.is_present() {
        target
    } else {
        port.get("port")?
    };
    let is_name = target
        .node()
        .is_some_and(|node| node.as_integer().is_none());
    let asked = if is_name {
        None
    } else {
        number(&target, gaps)?
    };
    let name = target.node().and_then(Node::text).filter(|_| is_name);
    for (index, container) in containers.iter().enumerate() {
        for declared in container.get("ports")?.items()? {
            let inside = number(&declared.get("containerPort")?, gaps)?;
            let own_name = declared.get("name")?;
            let is_named = name.is_some() && own_name.node().and_then(Node::text) == name;
            if let Some(inside) = inside.filter(|inside| is_named || Some(*inside) == asked) {
                return Ok(Some((index, inside)));
            }
        }
    }
    Ok(asked.map(|asked| (0, asked)))
}
