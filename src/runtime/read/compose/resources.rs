//! What a service may use up, and which devices it asks for by kind.

use super::part::{Content, Part};
use super::service::Reader;
use crate::runtime::read::{ReadError, size};
use crate::runtime::{Restart, Setting, Stated, Ulimit};

/// Takes a key that is one of these.
pub(super) fn take(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<bool, ReadError> {
    let limits = &mut reader.spec.limits;
    match key {
        "mem_limit" => limits.memory = memory(part, field)?,
        "memswap_limit" => {
            limits.memory_swap = part.read(field, "a size", |text| match text {
                "-1" => Some(-1),
                _ => size::bytes(text).and_then(|bytes| i64::try_from(bytes).ok()),
            })?;
        }
        "cpus" => stronger(&mut limits.cpu, part.setting(field)?),
        "cpu_shares" | "cpu_quota" | "cpuset" | "cpu_count" | "cpu_percent" => {
            let name = key.replace('_', "-");
            let said = part.read(field, "a number", |text| Some(format!("{name} {text}")))?;
            weaker(&mut limits.cpu, said);
        }
        "pids_limit" => limits.pids = part.integer(field)?,
        "oom_kill_disable" => limits.oom_kill_disable = part.flag(field)?,
        "oom_score_adj" => limits.oom_score_adj = part.integer(field)?,
        "shm_size" => limits.shm_size = part.setting(field)?,
        "ulimits" => ulimits(reader, part, field)?,
        "sysctls" => sysctls(reader, part, field)?,
        "gpus" => gpus(reader, part, field)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn stronger(slot: &mut Setting<String>, said: Setting<String>) {
    *slot = said.or(std::mem::take(slot));
}

fn weaker(slot: &mut Setting<String>, said: Setting<String>) {
    *slot = std::mem::take(slot).or(said);
}

fn memory(part: &Part, field: &str) -> Result<Setting<u64>, ReadError> {
    part.read(field, "a size", size::bytes)
}

fn ulimits(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (key, value) in part.map(field)? {
        let field = format!("{field}.{}", key.name);
        let (soft, hard) = match &value.content {
            Content::Map(_) => {
                let side = |name: &str| {
                    let missing = || value.mark.fault(format!("`{field}` has no `{name}`"));
                    value
                        .get(name)
                        .ok_or_else(missing)?
                        .integer(&format!("{field}.{name}"))
                };
                (side("soft")?, side("hard")?)
            }
            _ => (value.integer(&field)?, value.integer(&field)?),
        };
        if let (Some(soft), Some(hard)) = (soft.value(), hard.value()) {
            reader.spec.limits.ulimits.push(Ulimit {
                name: key.name.clone(),
                soft: *soft,
                hard: *hard,
                at: value.spot(field),
            });
        } else {
            let why = soft
                .unknown()
                .or(hard.unknown())
                .unwrap_or("it says nothing");
            reader.gap(value, &field, format!("the limit is not known: {why}"));
        }
    }
    Ok(())
}

fn sysctls(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (key, value) in part.pairs(field)? {
        let field = format!("{field}.{}", key.name);
        if let Some(why) = value.why() {
            let why = format!("the value is not known: {why}");
            reader.gap(&value, &field, why);
        }
        // A list is no value; the name alone counts where the value is not known.
        let text = match &value.content {
            Content::Nothing => "",
            _ => value
                .sketch()
                .ok_or_else(|| value.wrong(&field, "a text"))?,
        };
        let pair = (key.name.clone(), text.replace(super::MISSING, ""));
        reader
            .spec
            .sysctls
            .push(Stated::new(pair, value.spot(field)));
    }
    Ok(())
}

fn gpus(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    if matches!(part.content, Content::List(_)) {
        return requests(reader, part, field);
    }
    match part.setting(field)? {
        Setting::Stated(stated) => reader.spec.device_requests.push(stated),
        Setting::Unknown { why, at } => reader.spec.gaps.push(Stated::new(why, at)),
        Setting::Absent => {}
    }
    Ok(())
}

/// Devices by kind: driver, number, ids and capabilities in one text.
fn requests(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        let mut words = Vec::new();
        for (key, value) in item.map(&field)? {
            let text = match &value.content {
                Content::List(items) => items
                    .iter()
                    .filter_map(Part::text)
                    .collect::<Vec<_>>()
                    .join("+"),
                _ => value.text().unwrap_or_default().to_owned(),
            };
            if matches!(
                key.name.as_str(),
                "driver" | "count" | "device_ids" | "capabilities"
            ) {
                words.push(format!("{}={text}", key.name));
            }
        }
        let spot = item.spot(field);
        reader
            .spec
            .device_requests
            .push(Stated::new(words.join(","), spot));
    }
    Ok(())
}

/// `deploy`: what it says of limits holds where the service itself says nothing, its restart policy before the service's.
pub(super) fn deploy(
    reader: &mut Reader<'_>,
    service: &Part,
    field: &str,
) -> Result<(), ReadError> {
    let Some(deploy) = service.get("deploy") else {
        return Ok(());
    };
    let field = format!("{field}.deploy");
    deploy.map(&field)?;
    let limit = |name: &str| {
        let field = format!("{field}.resources.limits.{name}");
        deploy
            .at(&["resources", "limits", name])
            .map(|part| (part, field))
    };
    let limits = &mut reader.spec.limits;
    if let Some((part, field)) = limit("memory") {
        let said = memory(part, &field)?;
        limits.memory = std::mem::take(&mut limits.memory).or(said);
    }
    if let Some((part, field)) = limit("cpus") {
        // A weight or a set of processors is no limit that stands against it.
        match limits.cpu.value() {
            Some(known) if known.contains(' ') => limits.cpu = part.setting(&field)?,
            _ => weaker(&mut limits.cpu, part.setting(&field)?),
        }
    }
    if let Some((part, field)) = limit("pids") {
        let said = part.integer(&field)?;
        limits.pids = std::mem::take(&mut limits.pids).or(said);
    }
    if let Some(devices) = deploy.at(&["resources", "reservations", "devices"]) {
        let field = format!("{field}.resources.reservations.devices");
        requests(reader, devices, &field)?;
    }
    if let Some(policy) = deploy.get("restart_policy") {
        restart(reader, policy, &format!("{field}.restart_policy"))?;
    }
    Ok(())
}

/// `deploy.restart_policy`: `any` is the default, and means `always`.
fn restart(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    part.map(field)?;
    let text = |name: &str| {
        let part = part.get(name);
        part.map_or(Ok(Setting::Absent), |part| {
            part.setting(&format!("{field}.{name}"))
        })
    };
    let (condition, attempts) = (text("condition")?, text("max_attempts")?);
    let at = part.spot(field);
    let unknown = condition
        .unknown()
        .or(attempts.unknown())
        .map(str::to_owned);
    if let Some(why) = unknown {
        reader.spec.restart = Setting::Unknown { why, at };
        return Ok(());
    }
    let policy = match condition.value().map_or("any", String::as_str) {
        "none" => "no",
        "any" => "always",
        other => other,
    };
    let restart = Restart {
        policy: policy.to_owned(),
        max_retries: attempts.value().and_then(|text| text.parse().ok()),
    };
    reader.spec.restart = Setting::stated(restart, at);
    Ok(())
}
