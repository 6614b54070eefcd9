//! What of a container's settings cannot be told: each leaves a gap, whether a check asks for it or not.

use super::{RuntimeSpec, Setting, Spot};

/// A setting that says something, but not what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown<'a> {
    /// Why, in plain words.
    pub why: &'a str,
    /// Where.
    pub at: &'a Spot,
}

impl RuntimeSpec {
    /// Every setting of the container that cannot be told, each once.
    pub fn unknown_settings(&self) -> Vec<Unknown<'_>> {
        let mut all = Vec::new();
        self.of_identity(&mut all);
        self.of_confinement(&mut all);
        self.of_limits(&mut all);
        self.of_mounts(&mut all);
        self.of_kubernetes(&mut all);
        all.sort();
        all.dedup();
        all
    }

    fn of_identity<'a>(&'a self, all: &mut Vec<Unknown<'a>>) {
        take(&self.image, all);
        take(&self.account.user, all);
        take(&self.account.group, all);
        take(&self.account.must_not_be_root, all);
        take(&self.entrypoint, all);
        take(&self.command, all);
        take(&self.health, all);
        take(&self.restart, all);
        take(&self.runtime, all);
        take(&self.log, all);
        take(&self.publish_all, all);
    }

    fn of_confinement<'a>(&'a self, all: &mut Vec<Unknown<'a>>) {
        take(&self.privileged, all);
        take(&self.capabilities.exact, all);
        take(&self.no_new_privileges, all);
        take(&self.read_only_root, all);
        take(&self.writable_cgroups, all);
        take(&self.cgroup_parent, all);
        let namespaces = &self.namespaces;
        for namespace in [
            &namespaces.network,
            &namespaces.pid,
            &namespaces.ipc,
            &namespaces.uts,
            &namespaces.user,
            &namespaces.cgroup,
        ] {
            take(namespace, all);
        }
        let confinement = &self.confinement;
        take(&confinement.seccomp, all);
        take(&confinement.apparmor, all);
        take(&confinement.selinux, all);
        take(&confinement.unmasked_paths, all);
    }

    fn of_limits<'a>(&'a self, all: &mut Vec<Unknown<'a>>) {
        let limits = &self.limits;
        take(&limits.memory, all);
        take(&limits.memory_swap, all);
        take(&limits.cpu, all);
        take(&limits.pids, all);
        take(&limits.oom_kill_disable, all);
        take(&limits.oom_score_adj, all);
        take(&limits.shm_size, all);
    }

    fn of_mounts<'a>(&'a self, all: &mut Vec<Unknown<'a>>) {
        for mount in &self.mounts {
            take(&mount.source, all);
            take(&mount.target, all);
            take(&mount.read_only, all);
            take(&mount.size, all);
        }
    }

    fn of_kubernetes<'a>(&'a self, all: &mut Vec<Unknown<'a>>) {
        let Some(kubernetes) = &self.kubernetes else {
            return;
        };
        take(&kubernetes.namespace, all);
        take(&kubernetes.mounts_token, all);
        take(&kubernetes.shares_processes, all);
        take(&kubernetes.os, all);
        take(&kubernetes.host_process, all);
        take(&kubernetes.pull_policy, all);
    }
}

fn take<'a, T>(setting: &'a Setting<T>, all: &mut Vec<Unknown<'a>>) {
    if let Setting::Unknown { why, at } = setting {
        all.push(Unknown { why, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{Container, Form, Role};

    #[test]
    fn a_setting_that_cannot_be_told_is_named_once() {
        let container = Container {
            form: Form::Compose,
            name: "web".to_owned(),
            role: Role::Main,
            at: Spot::default(),
        };
        let mut spec = RuntimeSpec::new(container);
        assert!(spec.unknown_settings().is_empty());
        let why = "the variable TAG has no value".to_owned();
        spec.image = Setting::Unknown {
            why: why.clone(),
            at: Spot::default(),
        };
        spec.account.user = spec.image.clone();
        let unknown = spec.unknown_settings();
        assert_eq!(unknown.len(), 1);
        assert_eq!(unknown[0].why, why);
    }
}
