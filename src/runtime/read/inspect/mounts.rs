//! What is mounted: `Mounts` says what came out; `HostConfig` adds what it leaves out.

use super::Inspected;
use crate::runtime::read::{host_path, json_object::Part, volume_word};
use crate::runtime::{Mount, MountKind, Setting, Spot, Stated};

impl Inspected<'_> {
    pub(super) fn read_mounts(&mut self) {
        let mounts = self.root.list("Mounts");
        let resulting = mounts.iter().filter_map(|mount| self.resulting(mount));
        let resulting: Vec<_> = resulting.collect();
        self.spec.mounts.extend(resulting);
        if !self.root.has("Mounts") {
            self.read_old_volumes();
        }
        for bind in self.host.list("Binds") {
            if let Some(word) = bind.text() {
                self.add(volume_word::mount(word, &bind.spot()));
            }
        }
        for asked in self.host.list("Mounts") {
            self.add_asked(&asked);
        }
        let tmpfs = self.host.get("Tmpfs");
        for (target, options) in tmpfs.iter().flat_map(Part::entries) {
            let mut mount = volume_word::empty(MountKind::Memory, &options.spot());
            mount.target = Setting::stated(host_path::normalise(target), options.spot());
            volume_word::apply_options(options.text().unwrap_or_default(), &mut mount);
            self.add(mount);
        }
    }

    /// Adds it, unless something is known to be mounted there.
    fn add(&mut self, mount: Mount) {
        if self.known(&mount.target).is_none() {
            self.spec.mounts.push(mount);
        }
    }

    fn known(&mut self, target: &Setting<String>) -> Option<&mut Mount> {
        let target = target.value()?;
        let mut mounts = self.spec.mounts.iter_mut();
        mounts.find(|mount| mount.target.value() == Some(target))
    }

    /// One of `Mounts`. An anonymous volume at a place that the image declares is the image's, and is left out.
    fn resulting(&self, mount: &Part<'_>) -> Option<Mount> {
        let at = mount.spot();
        let target = mount.text_of("Destination");
        let name = mount.text_of("Name");
        let kind = match mount.text_of("Type") {
            Some((word, _)) => kind(word),
            // Before API 1.26 there is no type: a volume has a name.
            None if name.is_some() => MountKind::Volume,
            None => MountKind::Host,
        };
        let mut read = volume_word::empty(kind, &at);
        read.target = mount.text_setting("Destination").map_path();
        read.source = match (&read.kind, name) {
            (MountKind::Volume, Some((name, at))) if !is_anonymous(name) => {
                Setting::stated(name.to_owned(), at)
            }
            (MountKind::Volume | MountKind::Memory, _) => Setting::Absent,
            _ => mount.text_setting("Source").map_path(),
        };
        if read.kind == MountKind::Volume
            && read.source.is_absent()
            && target.is_some_and(|(target, _)| self.is_declared(target))
        {
            return None;
        }
        if let Some((mode, _)) = mount.text_of("Mode") {
            volume_word::apply_options(mode, &mut read);
        }
        // Podman lists options one by one.
        for option in mount.texts("Options") {
            volume_word::apply_options(&option.value, &mut read);
        }
        if let Setting::Stated(writable) = mount.boolean("RW") {
            read.read_only = Setting::stated(!writable.value, writable.at);
        }
        read.propagation = propagation(mount, "Propagation").or(read.propagation);
        Some(read)
    }

    fn is_declared(&self, target: &str) -> bool {
        let volumes = self
            .config
            .as_ref()
            .and_then(|config| config.get("Volumes"));
        volumes.is_some_and(|volumes| volumes.has(target))
    }

    /// One of `HostConfig.Mounts`: what was asked for with `--mount`. It alone tells a volume that is a bind in disguise.
    fn add_asked(&mut self, asked: &Part<'_>) {
        let mut mount = volume_word::empty(
            asked
                .text_of("Type")
                .map_or(MountKind::Host, |(word, _)| kind(word)),
            &asked.spot(),
        );
        mount.target = asked.text_setting("Target").map_path();
        mount.source = match mount.kind {
            MountKind::Volume => asked.text_setting("Source"),
            _ => asked.text_setting("Source").map_path(),
        };
        mount.read_only = asked.boolean("ReadOnly");
        if let Some(bind) = asked.get("BindOptions") {
            mount.propagation = propagation(&bind, "Propagation");
        }
        let size = asked.at(&["TmpfsOptions"]).map(|tmpfs| {
            tmpfs.setting("SizeBytes", "number", |size| {
                size.node().as_integer().map(|bytes| bytes.to_string())
            })
        });
        mount.size = size.unwrap_or_default();
        if let Some((device, at)) = disguised_bind(asked) {
            mount.kind = MountKind::Host;
            mount.source = Setting::stated(device, at);
        }
        match self.known(&mount.target) {
            None => self.spec.mounts.push(mount),
            Some(known) => {
                known.size = std::mem::take(&mut known.size).or(mount.size);
                if mount.kind == MountKind::Host && known.kind == MountKind::Volume {
                    (known.kind, known.source) = (mount.kind, mount.source);
                }
            }
        }
    }

    /// API 1.17 and 1.18: a map of targets to paths of the host, and one of those that can be written.
    fn read_old_volumes(&mut self) {
        let volumes = self.root.get("Volumes");
        let writable = self.root.get("VolumesRW");
        for (target, source) in volumes.iter().flat_map(Part::entries) {
            let path = source.text().unwrap_or_default();
            let is_volume = path.contains("/vfs/dir/") || path.contains("/docker/volumes/");
            let kind = if is_volume {
                MountKind::Volume
            } else {
                MountKind::Host
            };
            let mut mount = volume_word::empty(kind, &source.spot());
            mount.target = Setting::stated(host_path::normalise(target), source.spot());
            if !is_volume {
                mount.source = Setting::stated(host_path::normalise(path), source.spot());
            }
            let can_write = writable.as_ref().map(|writable| writable.boolean(target));
            if let Some(Setting::Stated(can_write)) = can_write {
                mount.read_only = Setting::stated(!can_write.value, can_write.at);
            }
            self.add(mount);
        }
    }
}

fn kind(word: &str) -> MountKind {
    match word {
        "bind" => MountKind::Host,
        "volume" => MountKind::Volume,
        "tmpfs" => MountKind::Memory,
        other => MountKind::Other(other.to_owned()),
    }
}

/// The engine names a volume that nobody named by 64 hexadecimal digits.
fn is_anonymous(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|digit| digit.is_ascii_hexdigit())
}

fn propagation(part: &Part<'_>, key: &str) -> Option<Stated<String>> {
    let (word, at) = part.text_of(key)?;
    Some(Stated::new(word.to_owned(), at))
}

/// The path behind a volume whose driver options make it a bind: `device=/path`, `o=bind`.
fn disguised_bind(asked: &Part<'_>) -> Option<(String, Spot)> {
    let options = asked.at(&["VolumeOptions", "DriverConfig", "Options"])?;
    let (kind, _) = options.text_of("o")?;
    let is_bind = kind.split(',').any(|word| matches!(word, "bind" | "rbind"));
    let (device, at) = options.text_of("device")?;
    is_bind.then(|| (host_path::normalise(device), at))
}

/// A path in one spelling.
trait MapPath {
    fn map_path(self) -> Self;
}

impl MapPath for Setting<String> {
    fn map_path(self) -> Self {
        match self {
            Self::Stated(said) => Self::stated(host_path::normalise(&said.value), said.at),
            other => other,
        }
    }
}
