//! What a path of the host is, when a container is given it.
//!
//! `/var/run` is `/run` on every distribution with systemd, and is taken for it.

/// What a path of the host is. Readers have normalised it: no `//`, `/./`, `..`, or trailing `/`; a leading `~` stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HostPath {
    /// `/`.
    Root,
    /// The socket of a container engine: which one.
    EngineSocket(&'static str),
    /// A folder with such a socket in it.
    HoldsEngineSocket(&'static str),
    /// Keys, tokens or password hashes, or a folder with them in it.
    Credentials(&'static str),
    /// A device, or all of them.
    Device,
    /// `/proc`, `/sys` and below.
    Kernel,
    /// Part of the host's system, and what part.
    System(&'static str),
    /// A folder of the host's logs.
    Logs,
    /// A file of the system that everybody may read, and whose content is no secret.
    Public,
    /// Which time zone it is.
    TimeZone,
    /// Nothing that is known to matter.
    Other,
}

/// Sockets of engines. Whoever can write to one starts a container of his own choice.
const SOCKETS: &[(&str, &str)] = &[
    ("/run/docker.sock", "Docker"),
    ("/run/docker/plugins", "Docker's plugins"),
    ("/run/containerd/containerd.sock", "containerd"),
    ("/run/containerd/containerd.sock.ttrpc", "containerd"),
    ("/run/k3s/containerd/containerd.sock", "containerd"),
    ("/run/k0s/containerd.sock", "containerd"),
    ("/run/docker/containerd/containerd.sock", "containerd"),
    ("/run/crio/crio.sock", "CRI-O"),
    ("/run/podman/podman.sock", "Podman"),
    ("/run/buildkit/buildkitd.sock", "BuildKit"),
    ("/run/cri-dockerd.sock", "cri-dockerd"),
    ("/run/dockershim.sock", "dockershim"),
    ("/run/host-services/docker.proxy.sock", "Docker Desktop"),
    ("/run/incus/unix.socket", "Incus"),
    ("/run/libvirt/libvirt-sock", "libvirt"),
    ("/run/snapd.socket", "snapd"),
];

/// The same by their names, wherever they lie: rootless engines, Docker Desktop, Colima.
const SOCKET_NAMES: &[(&str, &str)] = &[
    ("docker.sock", "Docker"),
    ("docker-cli.sock", "Docker"),
    ("docker.raw.sock", "Docker"),
    ("containerd.sock", "containerd"),
    ("crio.sock", "CRI-O"),
    ("podman.sock", "Podman"),
    ("buildkitd.sock", "BuildKit"),
    ("cri-dockerd.sock", "cri-dockerd"),
    ("dockershim.sock", "dockershim"),
];

/// Folders that hold a socket of a user's own engine: `/run/user/N` and below.
const USER_SOCKETS: &[&str] = &[
    "",
    "/podman",
    "/docker",
    "/containerd",
    "/containerd-rootless",
];

/// Credentials below a home folder.
const IN_HOME: &[(&str, &str)] = &[
    (".ssh", "SSH keys"),
    (".aws", "AWS credentials"),
    (".azure", "Azure credentials"),
    (".kube", "Kubernetes credentials"),
    (".docker", "registry credentials"),
    (".config/gcloud", "Google Cloud credentials"),
    (".config/gh", "GitHub credentials"),
    (".config/containers/auth.json", "registry credentials"),
    (".config", "cloud credentials"),
    (".netrc", "passwords"),
    (".git-credentials", "passwords"),
    (".npmrc", "registry credentials"),
    (".pypirc", "registry credentials"),
    (".gnupg", "keys"),
    (".vault-token", "a token"),
    (".terraform.d", "tokens"),
    (".password-store", "passwords"),
];

/// Credentials of the host itself.
const CREDENTIALS: &[(&str, &str)] = &[
    ("/etc/shadow", "password hashes"),
    ("/etc/shadow-", "password hashes"),
    ("/etc/gshadow", "password hashes"),
    ("/etc/kubernetes", "Kubernetes credentials"),
    ("/etc/rancher", "Kubernetes credentials"),
    ("/etc/ssh", "host keys"),
    ("/etc/ssl/private", "private keys"),
    ("/etc/pki/tls/private", "private keys"),
    ("/etc/letsencrypt", "private keys"),
    ("/etc/krb5.keytab", "Kerberos keys"),
    ("/var/lib/kubelet/pki", "Kubernetes credentials"),
    ("/var/lib/kubelet/pods", "secrets of all pods"),
    ("/var/lib/etcd", "the cluster's database"),
    ("/var/lib/rancher", "Kubernetes credentials"),
    ("/run/secrets", "secrets"),
];

/// Parts of the system.
const SYSTEM: &[(&str, &str)] = &[
    ("/etc", "the host's configuration"),
    ("/boot", "the host's kernel"),
    ("/efi", "the host's boot loader"),
    ("/lib/modules", "the kernel's modules"),
    ("/usr/lib/modules", "the kernel's modules"),
    ("/lib", "the host's libraries"),
    ("/lib32", "the host's libraries"),
    ("/lib64", "the host's libraries"),
    ("/libx32", "the host's libraries"),
    ("/bin", "the host's programs"),
    ("/sbin", "the host's programs"),
    ("/usr", "the host's programs"),
    ("/opt/cni", "the node's network plugins"),
    ("/root", "root's home"),
    ("/var/lib/docker", "the engine's data"),
    ("/var/lib/containerd", "the engine's data"),
    ("/var/lib/containers", "the engine's data"),
    ("/var/lib/crio", "the engine's data"),
    ("/var/lib/kubelet", "the kubelet's data"),
    ("/var/spool/cron", "the host's jobs"),
    ("/run/systemd", "control of the host's services"),
    ("/run/dbus", "control of the host's services"),
];

/// Files and folders of the system without a secret in them.
const PUBLIC: &[&str] = &[
    "/etc/passwd",
    "/etc/group",
    "/etc/hosts",
    "/etc/hostname",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/os-release",
    "/etc/lsb-release",
    "/etc/machine-id",
    "/etc/ssl/certs",
    "/etc/ca-certificates",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/usr/lib/os-release",
    "/usr/share",
];

/// Devices that every container has anyway.
const HARMLESS_DEVICES: &[&str] = &[
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/stdin",
    "/dev/stdout",
    "/dev/stderr",
];

/// What a path is; the worst of what it could be.
pub fn classify(path: &str) -> HostPath {
    let path = canonical(path);
    let path = path.as_str();
    if is_windows_pipe(path) {
        return HostPath::EngineSocket("Docker");
    }
    if path == "/" {
        return HostPath::Root;
    }
    if let Some(found) = socket(path) {
        return found;
    }
    if let Some(what) = in_home(path).or_else(|| find(CREDENTIALS, path)) {
        return HostPath::Credentials(what);
    }
    if path == "/etc/localtime" || path == "/etc/timezone" || is_in(path, "/usr/share/zoneinfo") {
        return HostPath::TimeZone;
    }
    if HARMLESS_DEVICES.contains(&path) {
        return HostPath::Other;
    }
    if is_in(path, "/dev") {
        return HostPath::Device;
    }
    if is_in(path, "/proc") || is_in(path, "/sys") {
        return HostPath::Kernel;
    }
    if PUBLIC.iter().any(|public| is_in(path, public)) {
        return HostPath::Public;
    }
    if let Some(what) = find(SYSTEM, path) {
        return HostPath::System(what);
    }
    if is_in(path, "/var/log") {
        return HostPath::Logs;
    }
    let holds = SYSTEM.iter().find(|(system, _)| is_in(system, path));
    holds.map_or(HostPath::Other, |(_, what)| HostPath::System(what))
}

/// The one spelling: `/var/run` is `/run`; what readers left of `//`, `/.` and a trailing `/` goes.
pub fn canonical(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let rest = path.strip_prefix('/');
    for part in rest.unwrap_or(path).split('/') {
        match part {
            "" | "." => {}
            ".." if rest.is_some() => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rest.is_none() {
        return if joined.is_empty() {
            path.to_owned()
        } else {
            joined
        };
    }
    match joined.strip_prefix("var/run") {
        Some(rest) if rest.is_empty() || rest.starts_with('/') => format!("/run{rest}"),
        _ => format!("/{joined}"),
    }
}

/// Whether `path` is `folder` or lies below it.
pub fn is_in(path: &str, folder: &str) -> bool {
    folder == "/"
        || path
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn find(table: &[(&str, &'static str)], path: &str) -> Option<&'static str> {
    let found = table.iter().find(|(folder, _)| is_in(path, folder));
    found.map(|(_, what)| *what)
}

/// `\\.\pipe\docker_engine`, in either slash.
fn is_windows_pipe(path: &str) -> bool {
    let path = path.replace('\\', "/").to_ascii_lowercase();
    path.contains("pipe/docker_engine") || path.contains("pipe/containerd-containerd")
}

fn socket(path: &str) -> Option<HostPath> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let by_name = SOCKET_NAMES.iter().find(|(known, _)| *known == name);
    let known = SOCKETS.iter().find(|(known, _)| *known == path);
    if let Some((_, engine)) = known.or(by_name) {
        return Some(HostPath::EngineSocket(engine));
    }
    // `/var` has `/var/run`, which is a link to `/run` on most hosts and a folder on others.
    if path == "/var" || path == "/run/user" || is_users_run(path) {
        return Some(HostPath::HoldsEngineSocket("an engine"));
    }
    if path.ends_with("/.docker/run") {
        return Some(HostPath::HoldsEngineSocket("Docker"));
    }
    let held = SOCKETS.iter().find(|(known, _)| is_in(known, path));
    held.map(|(_, engine)| HostPath::HoldsEngineSocket(engine))
}

/// `/run/user/N`, and the folders in it where engines put their socket.
fn is_users_run(path: &str) -> bool {
    let Some(rest) = path.strip_prefix("/run/user/") else {
        return false;
    };
    let (user, below) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    !user.is_empty() && USER_SOCKETS.contains(&below)
}

/// What of a home folder a path holds.
fn in_home(path: &str) -> Option<&'static str> {
    if path == "/home" || path == "/Users" {
        return Some("home folders");
    }
    let below = ["/home/", "/Users/"].into_iter().find_map(|homes| {
        let rest = path.strip_prefix(homes)?;
        Some(rest.split_once('/').map_or("", |(_, below)| below))
    });
    let below = below
        .or_else(|| {
            path.strip_prefix("/root")
                .filter(|rest| rest.starts_with('/') || rest.is_empty())
        })
        .or_else(|| {
            path.strip_prefix('~')
                .filter(|rest| rest.starts_with('/') || rest.is_empty())
        })?;
    let below = below.trim_start_matches('/');
    if below.is_empty() {
        return Some("a home folder");
    }
    find(IN_HOME, below)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_path_of_the_reference_is_what_it_says() {
        let cases: &[(&str, HostPath)] = &[
            ("/", HostPath::Root),
            ("//", HostPath::Root),
            ("/var/run/docker.sock", HostPath::EngineSocket("Docker")),
            ("//var/run/docker.sock", HostPath::EngineSocket("Docker")),
            ("/run/docker.sock", HostPath::EngineSocket("Docker")),
            (
                "/run/containerd/containerd.sock",
                HostPath::EngineSocket("containerd"),
            ),
            ("/var/run/crio/crio.sock", HostPath::EngineSocket("CRI-O")),
            ("/run/podman/podman.sock", HostPath::EngineSocket("Podman")),
            (
                "/run/user/1000/podman/podman.sock",
                HostPath::EngineSocket("Podman"),
            ),
            (
                "/run/buildkit/buildkitd.sock",
                HostPath::EngineSocket("BuildKit"),
            ),
            (
                "/run/cri-dockerd.sock",
                HostPath::EngineSocket("cri-dockerd"),
            ),
            (
                "~/.colima/default/docker.sock",
                HostPath::EngineSocket("Docker"),
            ),
            (r"\\.\pipe\docker_engine", HostPath::EngineSocket("Docker")),
            (
                "/run/docker/plugins",
                HostPath::EngineSocket("Docker's plugins"),
            ),
            ("/var", HostPath::HoldsEngineSocket("an engine")),
            ("/var/run", HostPath::HoldsEngineSocket("Docker")),
            ("/run", HostPath::HoldsEngineSocket("Docker")),
            ("/run/containerd", HostPath::HoldsEngineSocket("containerd")),
            ("/run/user/1000", HostPath::HoldsEngineSocket("an engine")),
            ("~/.ssh", HostPath::Credentials("SSH keys")),
            ("/home/u/.ssh/id_ed25519", HostPath::Credentials("SSH keys")),
            (
                "/root/.kube/config",
                HostPath::Credentials("Kubernetes credentials"),
            ),
            ("/root", HostPath::Credentials("a home folder")),
            ("/home", HostPath::Credentials("home folders")),
            ("/etc/shadow", HostPath::Credentials("password hashes")),
            (
                "/etc/kubernetes/admin.conf",
                HostPath::Credentials("Kubernetes credentials"),
            ),
            (
                "/var/lib/etcd",
                HostPath::Credentials("the cluster's database"),
            ),
            ("/etc", HostPath::System("the host's configuration")),
            ("/etc/cron.d", HostPath::System("the host's configuration")),
            ("/etc/ssl", HostPath::System("the host's configuration")),
            ("/lib/modules", HostPath::System("the kernel's modules")),
            ("/var/lib/docker", HostPath::System("the engine's data")),
            ("/var/lib", HostPath::System("the engine's data")),
            ("/var/spool/cron", HostPath::System("the host's jobs")),
            ("/proc/1/root", HostPath::Kernel),
            ("/sys/fs/cgroup", HostPath::Kernel),
            ("/dev", HostPath::Device),
            ("/dev/null", HostPath::Other),
            ("/var/log", HostPath::Logs),
            ("/etc/localtime", HostPath::TimeZone),
            ("/usr/share/zoneinfo/Etc/UTC", HostPath::TimeZone),
            ("/etc/ssl/certs", HostPath::Public),
            ("/srv/data", HostPath::Other),
            ("/etcetera", HostPath::Other),
            ("/varnish", HostPath::Other),
            ("./data", HostPath::Other),
            ("/home/u/project", HostPath::Other),
        ];
        for (path, expected) in cases {
            assert_eq!(classify(path), *expected, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_some_kind_of_path(path in "\\PC{0,60}") {
            let _ = classify(&path);
        }

        #[test]
        fn every_folder_above_a_socket_is_told(depth in 1_usize..5) {
            let path = "/run/k3s/containerd/containerd.sock";
            let folder: Vec<&str> = path.split('/').take(depth).collect();
            let folder = folder.join("/");
            let class = classify(if folder.is_empty() { "/" } else { &folder });
            prop_assert!(matches!(class, HostPath::Root | HostPath::HoldsEngineSocket(_) | HostPath::EngineSocket(_)), "{folder}");
        }
    }
}
