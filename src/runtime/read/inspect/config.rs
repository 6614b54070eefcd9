//! What `Config` says: image, user, environment, command, health; and what is left of `HostConfig`.

use super::Inspected;
use crate::runtime::read::{engine_words, json_object::Part};
use crate::runtime::{
    EnvironmentVariable, Health, LogDriver, PublishedPort, Setting, Spot, Stated, tree::Value,
};

/// Where Podman puts a container that names no parent.
const PODMAN_PARENTS: [&str; 3] = ["machine.slice", "user.slice", "containers.slice"];

impl Inspected<'_> {
    pub(super) fn read_config(&mut self) {
        self.read_account();
        let Some(config) = self.config.clone() else {
            let said = "Config is missing: image, environment and command are not known";
            self.spec
                .gaps
                .push(Stated::new(said.to_owned(), self.root.spot()));
            return;
        };
        let image = config.text_setting("Image");
        self.spec.image = image.or(self.root.text_setting("ImageName"));
        for variable in config.list("Env") {
            if let Some(text) = variable.text() {
                let (name, value) = text
                    .split_once('=')
                    .map_or((text, None), |(name, value)| (name, Some(value)));
                self.spec.environment.push(EnvironmentVariable {
                    name: name.to_owned(),
                    value: value.map(str::to_owned),
                    at: variable.spot(),
                });
            }
        }
        self.spec.entrypoint = words(&config, "Entrypoint");
        self.spec.command = words(&config, "Cmd");
        self.read_path();
        self.spec.health = health(&config);
    }

    /// The engine has put the image's user in its place, so an empty one is nobody's: it is uid 0.
    fn read_account(&mut self) {
        let user = self.config.as_ref().and_then(|config| config.get("User"));
        match user {
            Some(user) => {
                let written = user.text().unwrap_or_default();
                let written = if written.is_empty() { "0:0" } else { written };
                engine_words::account(written, &user.spot(), &mut self.spec.account);
            }
            None => {
                self.spec.account.user = Setting::Unknown {
                    why: "Config.User is missing".to_owned(),
                    at: self.root.spot(),
                }
            }
        }
        self.spec.account.extra_groups = self.host.texts("GroupAdd");
    }

    /// `Path` and `Args` are what is really started; they are asked where neither an entry point nor a command is said.
    fn read_path(&mut self) {
        if !(self.spec.entrypoint.is_absent() && self.spec.command.is_absent()) {
            return;
        }
        if let Some((path, at)) = self.root.text_of("Path") {
            let mut command = vec![path.to_owned()];
            let rest = self.root.texts("Args");
            command.extend(rest.into_iter().map(|word| word.value));
            self.spec.command = Setting::stated(command, at);
        }
    }

    pub(super) fn read_rest(&mut self) {
        let host = self.host.clone();
        let spec = &mut self.spec;
        spec.publish_all = host.boolean("PublishAllPorts");
        spec.cgroup_parent = host.text_setting("CgroupParent");
        let parent = spec.cgroup_parent.value().map(String::as_str);
        if self.is_podman && parent.is_some_and(|parent| PODMAN_PARENTS.contains(&parent)) {
            spec.cgroup_parent = Setting::Absent;
        }
        spec.runtime = if self.is_podman {
            self.root.text_setting("OCIRuntime")
        } else {
            host.text_setting("Runtime")
        };
        for (name, value) in host.get("Sysctls").iter().flat_map(Part::entries) {
            let text = value.text().unwrap_or_default();
            let pair = (name.to_owned(), text.to_owned());
            spec.sysctls.push(Stated::new(pair, value.spot()));
        }
        spec.volumes_from = host.texts("VolumesFrom");
        if let Some(policy) = host.get("RestartPolicy") {
            let (name, at) = policy.text_of("Name").unwrap_or(("no", policy.spot()));
            let count = policy.integer("MaximumRetryCount");
            let mut restart = engine_words::restart(name);
            restart.max_retries = count.value().and_then(|count| u64::try_from(*count).ok());
            restart.max_retries = restart.max_retries.filter(|count| *count > 0);
            spec.restart = Setting::stated(restart, at);
        }
        if let Some(log) = host.get("LogConfig") {
            let driver = log.text_of("Type").map_or("", |(driver, _)| driver);
            let said = log.get("Config");
            let pairs = said.iter().flat_map(Part::entries);
            let options = pairs.map(|(key, value)| {
                let value = value.text().unwrap_or_default();
                (key.to_owned(), value.to_owned())
            });
            let options = options.collect();
            let driver = driver.to_owned();
            spec.log = Setting::stated(LogDriver { driver, options }, log.spot());
        }
        self.read_ports();
        self.read_sessions();
    }

    fn read_ports(&mut self) {
        let bindings = self.host.get("PortBindings");
        for (inside, bound) in bindings.iter().flat_map(Part::entries) {
            let (port, protocol) = inside.split_once('/').unwrap_or((inside, "tcp"));
            for binding in bound.items() {
                let text = |key| binding.text_of(key).map(|(text, _)| text);
                let (first, last) = match text("HostPort").map(port_range) {
                    Some(Ok(range)) => range,
                    None => (None, None),
                    Some(Err(())) => {
                        self.port_gap("its HostPort is no port", binding.spot());
                        continue;
                    }
                };
                let Ok(container_port) = port.parse() else {
                    self.port_gap("its container port is no port", binding.spot());
                    continue;
                };
                self.spec.ports.push(PublishedPort {
                    host_ip: text("HostIp").map(str::to_owned),
                    host_port: first,
                    host_port_end: last,
                    container_port,
                    protocol: protocol.to_owned(),
                    at: binding.spot(),
                });
            }
        }
    }

    fn port_gap(&mut self, why: &str, at: Spot) {
        let said = format!("a published port cannot be told: {why}");
        self.spec.gaps.push(Stated::new(said, at));
    }

    /// A session that somebody opened has a user and rights of its own, which this answer does not say (`GET /exec/{id}/json` does).
    fn read_sessions(&mut self) {
        let sessions = self.root.list("ExecIDs");
        if let Some(first) = sessions.first() {
            let said = format!(
                "{} exec session(s) are open: their user and privileges are not said here",
                sessions.len()
            );
            self.spec.gaps.push(Stated::new(said, first.spot()));
        }
    }
}

/// `8080`, `8080-8090` or 0, which is any free one.
fn port_range(text: &str) -> Result<(Option<u16>, Option<u16>), ()> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let first: u16 = first.trim().parse().map_err(drop)?;
    let last: u16 = last.trim().parse().map_err(drop)?;
    if first == 0 {
        return Ok((None, None));
    }
    Ok((Some(first), (last != first).then_some(last)))
}

/// A list of words; Podman also writes one text.
fn words(config: &Part<'_>, key: &str) -> Setting<Vec<String>> {
    let Some(part) = config.get(key) else {
        return Setting::Absent;
    };
    let words: Vec<String> = match &part.node().value {
        Value::Sequence(_) => {
            let items = config.texts(key);
            items.into_iter().map(|item| item.value).collect()
        }
        _ => part
            .text()
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
    };
    if words.is_empty() {
        return Setting::Absent;
    }
    Setting::stated(words, part.spot())
}

fn health(config: &Part<'_>) -> Setting<Health> {
    let Some(check) = config.get("Healthcheck") else {
        return Setting::Absent;
    };
    let test: Vec<_> = check
        .texts("Test")
        .into_iter()
        .map(|word| word.value)
        .collect();
    let health = match test.split_first() {
        // An empty list inherits, and what is inherited would be here already.
        None => return Setting::Absent,
        Some((kind, _)) if kind == "NONE" => Health {
            disabled: true,
            command: Vec::new(),
        },
        Some((kind, rest)) if kind == "CMD" || kind == "CMD-SHELL" => Health {
            disabled: false,
            command: rest.to_vec(),
        },
        Some(_) => Health {
            disabled: false,
            command: test,
        },
    };
    Setting::stated(health, check.spot())
}
