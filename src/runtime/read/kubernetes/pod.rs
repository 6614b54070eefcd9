//! What a pod says of all its containers.

use super::kinds::Object;
use super::volumes::Volumes;
use crate::runtime::field::{Field, TypeError, mapped};
use crate::runtime::tree::Node;
use crate::runtime::{
    KubernetesSpec, Namespace, Namespaces, Restart, RuntimeSpec, SeLinux, Setting, Stated,
};

/// A pod or its template, beside its containers.
pub(super) struct PodLevel<'a> {
    /// The object that has it: `Deployment/shop`.
    pub(super) title: String,
    /// The pod's spec.
    pub(super) spec: Field<'a>,
    /// Metadata of the pod or the template.
    pub(super) metadata: Field<'a>,
    /// `securityContext` of the pod.
    pub(super) context: Field<'a>,
    /// Its volumes.
    pub(super) volumes: Volumes<'a>,
    /// What only Kubernetes says, as far as the pod says it.
    pub(super) kubernetes: KubernetesSpec,
}

impl<'a> PodLevel<'a> {
    /// The pod at this template of an object.
    pub(super) fn new(object: &Object<'a>, template: &Field<'a>) -> Result<Self, TypeError> {
        let spec = template.get("spec")?;
        let volumes = Volumes::new(object, &spec)?;
        let kubernetes = KubernetesSpec {
            kind: object.kind.clone(),
            workload: object.name.clone(),
            namespace: object.namespace.text()?,
            mounts_token: spec.get("automountServiceAccountToken")?.boolean()?,
            shares_processes: spec.get("shareProcessNamespace")?.boolean()?,
            os: spec.at(&["os", "name"])?.text()?,
            volumes: volumes.sources(),
            ..KubernetesSpec::default()
        };
        Ok(Self {
            title: object.title(),
            metadata: template.get("metadata")?,
            context: spec.get("securityContext")?,
            spec,
            volumes,
            kubernetes,
        })
    }

    /// How many things are told again with every container.
    pub(super) fn shared(&self) -> Result<usize, TypeError> {
        let sysctls = self.context.get("sysctls")?.items()?.len();
        let groups = self.context.get("supplementalGroups")?.items()?.len();
        Ok(self.kubernetes.volumes.len() + sysctls + groups)
    }

    /// The name of its service account, `default` where none is said.
    pub(super) fn account(&self) -> String {
        let named = |key| Some(self.spec.get(key).ok()?.node()?.text()?.to_owned());
        let name = named("serviceAccountName").or_else(|| named("serviceAccount"));
        name.unwrap_or_else(|| "default".to_owned())
    }

    /// Its labels.
    pub(super) fn labels(&self) -> Vec<(String, String)> {
        texts(
            self.metadata
                .get("labels")
                .ok()
                .as_ref()
                .and_then(Field::node),
        )
    }

    /// Puts what holds for every container into the spec of one.
    pub(super) fn inherit(&self, spec: &mut RuntimeSpec) -> Result<(), TypeError> {
        spec.namespaces = self.namespaces()?;
        spec.account.extra_groups = self.groups(&mut spec.gaps)?;
        spec.sysctls = self.sysctls(&mut spec.gaps)?;
        spec.runtime = self.spec.get("runtimeClassName")?.text()?;
        spec.restart = restart(&self.spec)?;
        spec.kubernetes = Some(self.kubernetes.clone());
        Ok(())
    }

    fn namespaces(&self) -> Result<Namespaces, TypeError> {
        let of_host = |key: &str| -> Result<Setting<Namespace>, TypeError> {
            let shared = self.spec.get(key)?.boolean()?;
            Ok(mapped(shared, |shared| {
                if shared {
                    Namespace::Host
                } else {
                    Namespace::Private
                }
            }))
        };
        Ok(Namespaces {
            network: of_host("hostNetwork")?,
            pid: of_host("hostPID")?,
            ipc: of_host("hostIPC")?,
            user: of_host("hostUsers")?,
            ..Namespaces::default()
        })
    }

    fn groups(&self, gaps: &mut Vec<Stated<String>>) -> Result<Vec<Stated<String>>, TypeError> {
        let mut fields = self.context.get("supplementalGroups")?.items()?;
        fields.push(self.context.get("fsGroup")?);
        let mut groups = Vec::new();
        for field in fields {
            let group = mapped(field.integer()?, |group| group.to_string());
            groups.extend(stated(group, gaps));
        }
        Ok(groups)
    }

    fn sysctls(
        &self,
        gaps: &mut Vec<Stated<String>>,
    ) -> Result<Vec<Stated<(String, String)>>, TypeError> {
        let mut sysctls = Vec::new();
        for field in self.context.get("sysctls")?.items()? {
            let value = field.get("value")?.verbatim()?;
            if let Some(name) = stated(field.get("name")?.text()?, gaps) {
                let value = value.value().cloned().unwrap_or_default();
                sysctls.push(Stated::new((name.value, value), name.at));
            }
        }
        Ok(sysctls)
    }

    /// The profile of AppArmor that an annotation of the pod gives a container, as before 1.30.
    pub(super) fn apparmor_annotation(
        &self,
        container: &str,
    ) -> Result<Setting<String>, TypeError> {
        let key = format!("container.apparmor.security.beta.kubernetes.io/{container}");
        self.metadata.get("annotations")?.get(&key)?.text()
    }
}

/// The value with its place, where one is said. What cannot be told becomes a gap.
pub(super) fn stated<T>(setting: Setting<T>, gaps: &mut Vec<Stated<String>>) -> Option<Stated<T>> {
    match setting {
        Setting::Absent => None,
        Setting::Stated(stated) => Some(stated),
        Setting::Unknown { why, at } => {
            gaps.push(Stated::new(format!("{}: {why}", at.field), at));
            None
        }
    }
}

/// Keys and values of a mapping of texts, sorted.
pub(super) fn texts(node: Option<&Node>) -> Vec<(String, String)> {
    let entries = node.into_iter().flat_map(Node::entries);
    let mut texts: Vec<_> = entries
        .filter_map(|(key, value)| Some((key.text()?.to_owned(), value.text()?.to_owned())))
        .collect();
    texts.sort_unstable();
    texts
}

/// `restartPolicy` of a pod, or of a container that has its own.
pub(super) fn restart(field: &Field<'_>) -> Result<Setting<Restart>, TypeError> {
    let policy = field.get("restartPolicy")?.text()?;
    Ok(mapped(policy, |policy| Restart {
        policy,
        max_retries: None,
    }))
}

/// A profile of seccomp or AppArmor: its type, or `localhost/NAME`, as annotations write it.
pub(super) fn profile(context: &Field<'_>, key: &str) -> Result<Setting<String>, TypeError> {
    let profile = context.get(key)?;
    let kind = profile.get("type")?.text()?;
    let file = profile.get("localhostProfile")?.text()?;
    Ok(match (kind.value().map(String::as_str), file.value()) {
        (Some("Localhost"), Some(file)) => {
            Setting::stated(format!("localhost/{file}"), profile.spot())
        }
        _ => kind,
    })
}

/// Options of SELinux. A container's stand for the pod's as a whole.
pub(super) fn selinux(context: &Field<'_>) -> Result<Setting<SeLinux>, TypeError> {
    let options = context.get("seLinuxOptions")?;
    if !options.is_present() {
        return Ok(Setting::Absent);
    }
    let mut words: Vec<Option<String>> = Vec::new();
    for key in ["type", "user", "role", "level"] {
        match options.get(key)?.text()? {
            Setting::Unknown { why, at } => return Ok(Setting::Unknown { why, at }),
            setting => words.push(setting.value().filter(|word| !word.is_empty()).cloned()),
        }
    }
    let mut words = words.into_iter();
    let mut next = || words.next().flatten();
    let selinux = SeLinux {
        disabled: false,
        kind: next(),
        user: next(),
        role: next(),
        level: next(),
    };
    Ok(Setting::stated(selinux, options.spot()))
}

/// Whoever a container of Windows runs as.
pub(super) fn windows_user(context: &Field<'_>) -> Result<Setting<String>, TypeError> {
    context.at(&["windowsOptions", "runAsUserName"])?.text()
}
