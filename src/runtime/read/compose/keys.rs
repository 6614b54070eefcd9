//! The keys that the specification defines: `schema/compose-spec.json` of
//! <https://github.com/compose-spec/compose-spec>, read in November 2026. What is not here is kept and named.

use super::part::{Content, Part};
use crate::runtime::UnknownKey;

/// Keys at the top.
const TOP: &[&str] = &[
    "version", "name", "include", "services", "models", "networks", "volumes", "secrets", "configs",
];

/// Keys of a service.
const SERVICE: &[&str] = &[
    "annotations",
    "attach",
    "blkio_config",
    "build",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "command",
    "configs",
    "container_name",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "depends_on",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "ipc",
    "isolation",
    "label_file",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "models",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "ports",
    "post_start",
    "pre_stop",
    "privileged",
    "profiles",
    "provider",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "use_api_socket",
    "user",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];

/// Keys of the mappings inside a service: a path, in which `*` is any name or item, and its keys.
const INSIDE: &[(&str, &[&str])] = &[
    (
        "volumes.*",
        &[
            "type",
            "source",
            "target",
            "read_only",
            "consistency",
            "bind",
            "volume",
            "tmpfs",
            "image",
        ],
    ),
    (
        "volumes.*.bind",
        &["propagation", "create_host_path", "recursive", "selinux"],
    ),
    ("volumes.*.volume", &["labels", "nocopy", "subpath"]),
    ("volumes.*.tmpfs", &["size", "mode"]),
    ("volumes.*.image", &["subpath"]),
    (
        "ports.*",
        &[
            "name",
            "mode",
            "host_ip",
            "target",
            "published",
            "protocol",
            "app_protocol",
        ],
    ),
    ("devices.*", &["source", "target", "permissions"]),
    ("secrets.*", &["source", "target", "uid", "gid", "mode"]),
    ("configs.*", &["source", "target", "uid", "gid", "mode"]),
    ("ulimits.*", &["soft", "hard"]),
    ("env_file.*", &["path", "format", "required"]),
    (
        "healthcheck",
        &[
            "disable",
            "interval",
            "retries",
            "test",
            "timeout",
            "start_period",
            "start_interval",
        ],
    ),
    ("logging", &["driver", "options"]),
    ("credential_spec", &["config", "file", "registry"]),
    (
        "gpus.*",
        &["capabilities", "count", "device_ids", "driver", "options"],
    ),
    (
        "networks.*",
        &[
            "aliases",
            "interface_name",
            "ipv4_address",
            "ipv6_address",
            "link_local_ips",
            "mac_address",
            "driver_opts",
            "priority",
            "gw_priority",
        ],
    ),
    (
        "post_start.*",
        &[
            "command",
            "user",
            "privileged",
            "working_dir",
            "environment",
        ],
    ),
    (
        "pre_stop.*",
        &[
            "command",
            "user",
            "privileged",
            "working_dir",
            "environment",
        ],
    ),
    (
        "deploy",
        &[
            "mode",
            "endpoint_mode",
            "replicas",
            "labels",
            "rollback_config",
            "update_config",
            "resources",
            "restart_policy",
            "placement",
        ],
    ),
    ("deploy.resources", &["limits", "reservations"]),
    ("deploy.resources.limits", &["cpus", "memory", "pids"]),
    (
        "deploy.resources.reservations",
        &["cpus", "memory", "generic_resources", "devices"],
    ),
    (
        "deploy.resources.reservations.devices.*",
        &["capabilities", "count", "device_ids", "driver", "options"],
    ),
    (
        "deploy.restart_policy",
        &["condition", "delay", "max_attempts", "window"],
    ),
    (
        "deploy.placement",
        &["constraints", "preferences", "max_replicas_per_node"],
    ),
];

/// Keys at the top that the specification does not define.
pub(super) fn unknown_at_top(root: &Part) -> Vec<UnknownKey> {
    let mut found = Vec::new();
    named(root, TOP, "", &mut found);
    found
}

/// Keys of a service, and inside of it, that the specification does not define.
pub(super) fn unknown_in_service(service: &Part, field: &str) -> Vec<UnknownKey> {
    let mut found = Vec::new();
    named(service, SERVICE, field, &mut found);
    for (path, keys) in INSIDE {
        let path: Vec<&str> = path.split('.').collect();
        walk(service, &path, keys, field, &mut found);
    }
    found.sort_by_key(|unknown| (unknown.at.file.clone(), unknown.at.line, unknown.at.column));
    found
}

fn walk(part: &Part, path: &[&str], keys: &[&str], field: &str, found: &mut Vec<UnknownKey>) {
    match (path, &part.content) {
        ([], _) => named(part, keys, field, found),
        (["*", rest @ ..], Content::List(items)) => {
            for (number, item) in items.iter().enumerate() {
                walk(item, rest, keys, &format!("{field}[{number}]"), found);
            }
        }
        (["*", rest @ ..], Content::Map(entries)) => {
            for (key, value) in entries {
                walk(value, rest, keys, &format!("{field}.{}", key.name), found);
            }
        }
        ([name, rest @ ..], _) => {
            if let Some(value) = part.get(name) {
                walk(value, rest, keys, &format!("{field}.{name}"), found);
            }
        }
    }
}

fn named(part: &Part, known: &[&str], field: &str, found: &mut Vec<UnknownKey>) {
    let Content::Map(entries) = &part.content else {
        return;
    };
    for (key, _) in entries {
        if known.contains(&key.name.as_str()) || key.name.starts_with("x-") {
            continue;
        }
        let path = if field.is_empty() {
            key.name.clone()
        } else {
            format!("{field}.{}", key.name)
        };
        found.push(UnknownKey {
            at: key.mark.spot(path.clone()),
            key: path,
        });
    }
}
