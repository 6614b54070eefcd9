use serde_json::json;

use super::*;

const RESTRICTED: &str = "\
1 0 0:65 / / ro,relatime - overlay overlay rw\n\
2 1 0:68 / /proc rw,nosuid - proc proc rw\n\
3 1 0:72 / /run rw,nosuid,nodev,noexec - tmpfs tmpfs rw\n\
4 1 8:1 /x /data rw,relatime - ext4 /dev/vda rw\n\
5 2 0:68 /sys /proc/sys ro - proc proc rw\n\
6 2 0:69 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw\n\
7 1 0:80 / /sys/firmware ro - tmpfs tmpfs ro\n\
8 1 0:81 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n";

#[test]
fn a_mount_table_is_sorted_into_what_matters() {
    let view = MountView::of(&mountinfo::parse(RESTRICTED));
    assert!(view.root.as_ref().is_some_and(MountLine::is_read_only));
    let writable: Vec<_> = view
        .writable
        .iter()
        .map(|mount| mount.path.as_str())
        .collect();
    assert_eq!(writable, ["/data", "/proc", "/run", "/sys/fs/cgroup"]);
    assert_eq!(view.masked, ["/proc/kcore", "/sys/firmware"]);
    assert_eq!(view.read_only, ["/proc/sys"]);
}

#[test]
fn only_the_innermost_changes_are_told() {
    let told = json!([{"Path": "/var", "Kind": 0}, {"Path": "/var/lib", "Kind": 0}, {"Path": "/var/lib/nginx", "Kind": 0},
        {"Path": "/var/lib/nginx/body", "Kind": 1}, {"Path": "/run", "Kind": 0}, {"Path": "/run/nginx.pid", "Kind": 1},
        {"Path": "/run/nginx", "Kind": 1}, {"Path": "/old", "Kind": 2}]);
    let leaves: Vec<_> = leaves(&told).iter().map(ToString::to_string).collect();
    assert_eq!(
        leaves,
        ["/run/nginx", "/run/nginx.pid", "/var/lib/nginx/body"]
    );
    assert!(super::leaves(&Value::Null).is_empty());
}

#[test]
fn processes_that_are_alike_are_told_once_and_in_order() {
    let raw = |name: &str, bounding: &str| Raw {
        status: format!("Name:\t{name}\nCapBnd:\t{bounding}\n"),
        mountinfo: Some(RESTRICTED.to_owned()),
        ..Raw::default()
    };
    let raws = [raw("worker", "0"), raw("master", "c0"), raw("worker", "0")];
    let observation = in_order(Way::Host, &raws, LimitsInForce::default(), Vec::new(), None);
    let names: Vec<_> = observation
        .processes
        .iter()
        .map(|process| process.status.command.as_str())
        .collect();
    assert_eq!(names, ["master", "worker"]);
    assert_eq!(observation.mount_views.len(), 1);
    assert_eq!(observation.unseen.len(), 1);
    let text = serde_json::to_string(&observation).expect("json");
    assert_eq!(
        serde_json::from_str::<Observation>(&text).expect("it reads back"),
        observation
    );
}

#[test]
fn categories_of_selinux_are_not_kept() {
    assert_eq!(
        label(b"system_u:system_r:container_t:s0:c12,c900\0"),
        Label::Is("system_u:system_r:container_t".to_owned())
    );
    assert_eq!(
        label(b"docker-default (enforce)\n"),
        Label::Is("docker-default (enforce)".to_owned())
    );
    assert_eq!(label(b""), Label::NoModule);
}
