use proptest::prelude::*;

use super::*;
use crate::runtime::read::Alone;
use crate::runtime::{MountKind, Namespace};

/// Gives three units, and an env file.
struct Beside;

impl Surroundings for Beside {
    fn file(&self, path: &str) -> Result<String, String> {
        match path {
            "bound.volume" => Ok("[Volume]\nType=none\nOptions=bind\nDevice=/etc\n".to_owned()),
            "plain.volume" => Ok("[Volume]\n".to_owned()),
            "x.image" => Ok("[Image]\nImage=docker.io/x:1\n".to_owned()),
            "web.env" => Ok("A=1\n".to_owned()),
            _ => Err("no such file".to_owned()),
        }
    }
    fn variable(&self, _name: &str) -> Option<String> {
        None
    }
    fn has_profile(&self, _name: &str) -> bool {
        true
    }
}

fn one(lines: &str) -> RuntimeSpec {
    let text = format!("[Container]\nImage=x\n{lines}\n");
    quadlet("/etc/containers/systemd/web.container", &text, &Beside)
        .expect("a quadlet")
        .specs
        .remove(0)
}

#[test]
fn a_hardened_quadlet_is_read() {
    let spec = one(
        "User=65532\nGroup=65532\nDropCapability=all\nAddCapability=CAP_CHOWN CAP_SETUID\nNoNewPrivileges=true\nReadOnly=yes\nTmpfs=/run:size=64m\nMemory=1g\nPidsLimit=256\nPublishPort=127.0.0.1:8080:80\nSysctl=a=1 b=2\nUlimit=nofile=1:2\nHealthCmd=curl x\nExec=serve 'a b'\n[Service]\nRestart=on-failure\nCPUQuota=50%",
    );
    assert_eq!(
        (spec.container.name.as_str(), spec.container.form),
        ("web", Form::Quadlet)
    );
    assert_eq!(spec.account.user.value().map(String::as_str), Some("65532"));
    assert!(spec.capabilities.drops_all());
    assert_eq!(spec.capabilities.added.len(), 2);
    assert_eq!(spec.capabilities.added[0].at.line, Some(6));
    assert_eq!(spec.no_new_privileges.value(), Some(&true));
    assert_eq!(spec.read_only_root.value(), Some(&true));
    assert_eq!(spec.mounts[0].kind, MountKind::Memory);
    assert_eq!(spec.limits.memory.value(), Some(&(1 << 30)));
    assert_eq!(spec.limits.pids.value(), Some(&256));
    assert_eq!(spec.ports[0].host_ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(spec.sysctls.len(), 2);
    assert_eq!(spec.command.value().expect("words"), &["serve", "a b"]);
    assert_eq!(
        spec.restart.value().map(|r| r.policy.as_str()),
        Some("on-failure")
    );
    assert!(spec.gaps.is_empty() && spec.unknown_keys.is_empty());
}

#[test]
fn every_kind_of_mount_is_told() {
    for (line, kind, source) in [
        ("Volume=/etc:/y:ro,Z", MountKind::Host, Some("/etc")),
        ("Volume=%h/.ssh:/y", MountKind::Host, Some("~/.ssh")),
        (
            "Volume=%t/podman/podman.sock:/s",
            MountKind::Host,
            Some("/run/podman/podman.sock"),
        ),
        ("Volume=%t/x:/s", MountKind::Host, None),
        ("Volume=bound.volume:/y", MountKind::Host, Some("/etc")),
        (
            "Volume=plain.volume:/y",
            MountKind::Volume,
            Some("plain.volume"),
        ),
        (
            "Mount=type=bind,source=/etc/,target=/y,ro=true",
            MountKind::Host,
            Some("/etc"),
        ),
        (
            "Mount=type=tmpfs,dst=/y,tmpfs-size=1m",
            MountKind::Memory,
            None,
        ),
        (
            "Secret=key,target=/k",
            MountKind::Other("secret".into()),
            Some("key"),
        ),
    ] {
        let spec = one(line);
        let mount = &spec.mounts[0];
        assert_eq!(
            (&mount.kind, mount.source.value().map(String::as_str)),
            (&kind, source),
            "{line}"
        );
    }
    assert_eq!(
        one("Volume=%t/x:/s").mounts[0].source.unknown(),
        Some("what systemd puts in for %t is not known")
    );
    assert!(
        one("Volume=gone.volume:/y").gaps[0]
            .value
            .contains("gone.volume could not be read: no such file")
    );
}

#[test]
fn confinement_and_namespaces_are_told() {
    let spec = one(
        "SecurityLabelDisable=true\nSecurityLabelType=spc_t\nSeccompProfile=unconfined\nUnmask=ALL\nNetwork=a.network\nNetwork=host\nUserNS=keep-id\nAddDevice=-/dev/fuse:/dev/fuse:r\nPodmanArgs=--privileged --pid host --cap-add=A,B --blkio-weight 10",
    );
    let selinux = spec.confinement.selinux.value().expect("labels");
    assert!(selinux.disabled && selinux.kind.as_deref() == Some("spc_t"));
    assert_eq!(spec.confinement.unmasked_paths.value(), Some(&true));
    assert_eq!(spec.namespaces.network.value(), Some(&Namespace::Host));
    assert_eq!(spec.namespaces.user.value(), Some(&Namespace::Private));
    assert_eq!(spec.namespaces.pid.value(), Some(&Namespace::Host));
    assert_eq!(spec.privileged.value(), Some(&true));
    assert_eq!(spec.capabilities.added.len(), 2);
    assert_eq!(spec.devices[0].host, "/dev/fuse");
    assert_eq!(spec.gaps[0].value, "PodmanArgs: --blkio-weight is not read");
}

#[test]
fn an_empty_assignment_takes_back_what_was_said() {
    let spec = one(
        "AddCapability=A\nAddCapability=\nAddCapability=B\nNoNewPrivileges=true\nNoNewPrivileges=",
    );
    assert_eq!(spec.capabilities.added[0].value, "B");
    assert!(spec.no_new_privileges.is_absent());
}

#[test]
fn environment_is_over_its_files_and_a_missing_one_is_a_gap() {
    let spec = one(
        "EnvironmentFile=web.env\nEnvironmentFile=-gone\nEnvironmentFile=lost.env\nEnvironment=A=2 \"B=x y\" C=%i\nSecret=s,type=env,target=D",
    );
    let said: Vec<_> = spec
        .environment
        .iter()
        .map(|v| (v.name.as_str(), v.value.as_deref()))
        .collect();
    assert_eq!(
        said,
        [
            ("A", Some("2")),
            ("B", Some("x y")),
            ("C", None),
            ("D", None)
        ]
    );
    assert_eq!(spec.gaps.len(), 1);
    assert_eq!(
        spec.gaps[0].value,
        "the env file lost.env could not be read: no such file"
    );
}

#[test]
fn images_of_other_units_are_followed() {
    for (image, expected) in [
        ("x.image", Some("docker.io/x:1")),
        ("y.image", None),
        ("z.build", None),
        ("%i", None),
    ] {
        let text = format!("[Container]\nImage={image}\n");
        let spec = quadlet("a.container", &text, &Beside)
            .expect("a quadlet")
            .specs
            .remove(0);
        assert_eq!(spec.image.value().map(String::as_str), expected, "{image}");
        assert_eq!(
            spec.image.unknown().is_some(),
            expected.is_none(),
            "{image}"
        );
    }
}

#[test]
fn unknown_keys_and_sections_are_named_with_their_line() {
    let spec = one("NoNewPriviliges=true\n[Contaner]\nA=1\n[X-Mine]\nB=1");
    let said: Vec<_> = spec
        .unknown_keys
        .iter()
        .map(|key| (key.key.as_str(), key.at.line))
        .collect();
    assert_eq!(
        said,
        [
            ("Container.NoNewPriviliges", Some(3)),
            ("[Contaner]", Some(4))
        ]
    );
}

#[test]
fn a_unit_without_a_container_is_refused() {
    let error = quadlet("a.container", "[Unit]\nA=b\n", &Alone).expect_err("refused");
    assert!(
        error.to_string().contains("`[Container]` is missing"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(key in "(Volume|Mount|PodmanArgs|PublishPort|Ulimit|Secret|Tmpfs|Environment|Network|User|AddDevice|Exec)", value in "[-a=:,%/'\" .0-9]{0,30}") {
        let _ = quadlet("a.container", &format!("[Container]\n{key}={value}\n"), &Beside);
    }
}
