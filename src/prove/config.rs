//! Settings in the words of the engine: the body of `POST /containers/create`.
//!
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate>

use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, NetworkCreateRequest,
    VolumeCreateRequest,
};

use super::settings::{Network, Settings, WritablePlace};
use super::{LABEL, Request};

/// What one container is made with, beside its settings.
pub(super) struct Making<'a> {
    /// What was asked for.
    pub(super) request: &'a Request,
    /// Its settings.
    pub(super) settings: &'a Settings,
    /// Value of the label.
    pub(super) id: &'a str,
    /// Names of the volumes, one for each place that is no tmpfs, in their order.
    pub(super) volumes: &'a [String],
    /// Name of its own network, if it has one.
    pub(super) network: Option<&'a str>,
}

/// The body that makes the container.
pub(super) fn body(making: &Making<'_>) -> ContainerCreateBody {
    let Making {
        request,
        settings,
        id,
        ..
    } = making;
    let variables = request.environment.iter();
    let env = variables.map(|(name, value)| format!("{name}={value}"));
    ContainerCreateBody {
        image: Some(request.image.clone()),
        cmd: request.command.clone(),
        env: Some(env.collect()).filter(|env: &Vec<String>| !env.is_empty()),
        user: settings.user.clone(),
        labels: Some([(LABEL.to_owned(), (*id).to_owned())].into_iter().collect()),
        // Some images want a second's notice; a proof does not wait for more.
        stop_timeout: Some(5),
        host_config: Some(host(making)),
        ..ContainerCreateBody::default()
    }
}

fn host(making: &Making<'_>) -> HostConfig {
    let settings = making.settings;
    let kept: Vec<String> = settings
        .capabilities
        .iter()
        .map(|kept| kept.name().to_owned())
        .collect();
    let security = settings
        .no_new_privileges
        .then(|| vec!["no-new-privileges".to_owned()]);
    let tmpfs = settings.writable.iter().filter(|place| place.is_tmpfs());
    let sysctls = settings.sysctls.clone();
    HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        cap_add: Some(kept).filter(|kept| !kept.is_empty()),
        security_opt: security,
        readonly_rootfs: Some(settings.read_only),
        tmpfs: Some(
            tmpfs
                .map(|place| (absolute(place), tmpfs_options(place)))
                .collect(),
        ),
        mounts: Some(volumes(making)).filter(|mounts| !mounts.is_empty()),
        sysctls: Some(sysctls.into_iter().collect()),
        group_add: Some(settings.groups.clone()).filter(|groups| !groups.is_empty()),
        pids_limit: settings.pids.and_then(|pids| pids.try_into().ok()),
        memory: settings.memory.and_then(|bytes| bytes.try_into().ok()),
        nano_cpus: settings
            .cpu_millis
            .and_then(|millis| i64::try_from(millis).ok()?.checked_mul(1_000_000)),
        network_mode: Some(match (settings.network, making.network) {
            (Network::Own, Some(name)) => name.to_owned(),
            _ => "none".to_owned(),
        }),
        ipc_mode: Some("private".to_owned()),
        init: settings.init.then_some(true),
        // Kept where the API can read it, and bounded: a container that logs without end does not fill the disk.
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".to_owned()),
            config: Some(
                [("max-size".to_owned(), "8m".to_owned())]
                    .into_iter()
                    .collect(),
            ),
        }),
        ..HostConfig::default()
    }
}

fn absolute(place: &WritablePlace) -> String {
    format!("/{}", place.path.as_str())
}

/// As `docker run --tmpfs` takes them. No mode: over a folder that the image has it would be ignored, and that folder's holds.
fn tmpfs_options(place: &WritablePlace) -> String {
    let mut options = vec!["rw".to_owned(), "nosuid".to_owned(), "nodev".to_owned()];
    if !place.options.iter().any(|option| option == "exec") {
        options.push("noexec".to_owned());
    }
    if let Some(size) = place.tmpfs_size.filter(|size| *size > 0) {
        options.push(format!("size={size}"));
    }
    let says = |name: &str| place.options.iter().any(|option| option.starts_with(name));
    for (name, id) in [("uid=", place.uid), ("gid=", place.gid)] {
        if !says(name) {
            options.push(format!("{name}{id}"));
        }
    }
    options.extend(place.options.iter().cloned());
    options.join(",")
}

fn volumes(making: &Making<'_>) -> Vec<Mount> {
    let places = making
        .settings
        .writable
        .iter()
        .filter(|place| !place.is_tmpfs());
    let mount = |(place, name): (&WritablePlace, &String)| Mount {
        target: Some(absolute(place)),
        source: Some(name.clone()),
        typ: Some(MountType::VOLUME),
        ..Mount::default()
    };
    places.zip(making.volumes).map(mount).collect()
}

/// The body that makes a volume.
pub(super) fn volume(name: &str, id: &str) -> VolumeCreateRequest {
    VolumeCreateRequest {
        name: Some(name.to_owned()),
        labels: Some([(LABEL.to_owned(), id.to_owned())].into_iter().collect()),
        ..VolumeCreateRequest::default()
    }
}

/// The body that makes a network that leads nowhere.
pub(super) fn network(name: &str, id: &str) -> NetworkCreateRequest {
    NetworkCreateRequest {
        name: name.to_owned(),
        internal: Some(true),
        labels: Some([(LABEL.to_owned(), id.to_owned())].into_iter().collect()),
        ..NetworkCreateRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::Capability;
    use crate::prove::sample;

    fn made(settings: &Settings) -> Value {
        let request = Request::new("app:1", settings.clone());
        let making = Making {
            request: &request,
            settings,
            id: "1-0",
            volumes: &["v-0".to_owned()],
            network: None,
        };
        serde_json::to_value(body(&making)).expect("json")
    }

    #[test]
    fn everything_is_dropped_and_only_the_plan_is_added() {
        let mut settings =
            Settings::of_plan(&sample::plan("app:1", 33, &[Capability::SETUID], &["run"]));
        settings.writable.push(WritablePlace::volume("data".into()));
        let body = made(&settings);
        let host = &body["HostConfig"];
        assert_eq!(body["User"], "33:33");
        assert_eq!(host["CapDrop"], json!(["ALL"]));
        assert_eq!(host["CapAdd"], json!(["SETUID"]));
        assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
        assert_eq!(host["ReadonlyRootfs"], true);
        assert_eq!(host["NetworkMode"], "none");
        assert_eq!(host["IpcMode"], "private");
        assert_eq!(host["PidsLimit"], 128);
        assert_eq!(host["NanoCpus"], 1_000_000_000);
        assert_eq!(
            host["Tmpfs"]["/run"],
            "rw,nosuid,nodev,noexec,size=67108864,uid=33,gid=33"
        );
        assert_eq!(
            host["Mounts"],
            json!([{"Target": "/data", "Source": "v-0", "Type": "volume"}])
        );
        assert_eq!(body["Labels"][LABEL], "1-0");
        for absent in [
            "Privileged",
            "Binds",
            "Devices",
            "PidMode",
            "UTSMode",
            "UsernsMode",
        ] {
            assert!(host.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn options_that_are_said_are_not_said_twice() {
        let mut place = WritablePlace::tmpfs("tmp".into(), 0, 0);
        place.tmpfs_size = Some(0);
        place.options = vec!["exec".to_owned(), "uid=7".to_owned(), "size=1m".to_owned()];
        assert_eq!(
            tmpfs_options(&place),
            "rw,nosuid,nodev,gid=0,exec,uid=7,size=1m"
        );
    }
}
