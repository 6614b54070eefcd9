//! What a service runs: command, environment, health check, restart, output, hooks.

use super::dotenv::assignments;
use super::load::join;
use super::part::{Content, Part, boolean};
use super::service::Reader;
use super::words;
use crate::runtime::read::{ReadError, engine_words};
use crate::runtime::{EnvironmentVariable, Health, LogDriver, Setting};

/// Takes a key that is one of these.
pub(super) fn take(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<bool, ReadError> {
    match key {
        "command" => reader.spec.command = command(part, field)?,
        "entrypoint" => reader.spec.entrypoint = command(part, field)?,
        "environment" => environment(reader, part, field)?,
        "healthcheck" => reader.spec.health = health(part, field)?,
        "restart" => {
            let said = part.read(field, "a policy", |text| Some(engine_words::restart(text)))?;
            reader.spec.restart = said;
        }
        "logging" => logging(reader, part, field)?,
        "post_start" | "pre_stop" => hooks(reader, part, field)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// A text as a shell splits it, or a list of words. Nothing leaves the image's own; an empty one clears it.
fn command(part: &Part, field: &str) -> Result<Setting<Vec<String>>, ReadError> {
    let Content::List(items) = &part.content else {
        return part.read(
            field,
            "a command whose quotes are closed, or a list",
            words::split,
        );
    };
    let mut words = Vec::new();
    for (number, item) in items.iter().enumerate() {
        match item.setting(&format!("{field}[{number}]"))? {
            Setting::Stated(stated) => words.push(stated.value),
            Setting::Unknown { why, at } => return Ok(Setting::Unknown { why, at }),
            Setting::Absent => {}
        }
    }
    Ok(Setting::stated(words, part.spot(field)))
}

/// A variable that is named without a value comes from the caller's environment.
fn environment(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (key, value) in part.pairs(field)? {
        if matches!(value.content, Content::List(_) | Content::Map(_)) {
            return Err(value.wrong(&format!("{field}.{}", key.name), "a text"));
        }
        set(
            reader,
            EnvironmentVariable {
                at: key.mark.spot(format!("{field}.{}", key.name)),
                name: key.name,
                value: value.text().map(str::to_owned),
            },
        );
    }
    Ok(())
}

/// The later value of a name holds.
fn set(reader: &mut Reader<'_>, variable: EnvironmentVariable) {
    let all = &mut reader.spec.environment;
    match all.iter_mut().find(|known| known.name == variable.name) {
        Some(known) => *known = variable,
        None => all.push(variable),
    }
}

/// `env_file`: below what `environment` says.
pub(super) fn env_files(
    reader: &mut Reader<'_>,
    service: &Part,
    field: &str,
) -> Result<(), ReadError> {
    let Some(files) = service.get("env_file") else {
        return Ok(());
    };
    let own = std::mem::take(&mut reader.spec.environment);
    let field = format!("{field}.env_file");
    for (number, item) in files.one_or_more(&field)?.iter().enumerate() {
        env_file(reader, item, &format!("{field}[{number}]"))?;
    }
    for variable in own {
        set(reader, variable);
    }
    Ok(())
}

fn env_file(reader: &mut Reader<'_>, item: &Part, field: &str) -> Result<(), ReadError> {
    let (path, required, raw) = match &item.content {
        Content::Map(_) => {
            let required = item.get("required").and_then(Part::text).and_then(boolean);
            let raw = item.get("format").and_then(Part::text) == Some("raw");
            let path = item.get("path");
            let missing = || item.mark.fault(format!("`{field}` has no `path`"));
            (path.ok_or_else(missing)?, required.unwrap_or(true), raw)
        }
        _ => (item, true, false),
    };
    let path = match path.setting(field)? {
        Setting::Stated(stated) => join(&item.mark.source.folder, &stated.value),
        Setting::Unknown { why, .. } => {
            reader.gap(
                item,
                field,
                format!("which env file it is is not known: {why}"),
            );
            return Ok(());
        }
        Setting::Absent => return Ok(()),
    };
    match reader.around.file(&path) {
        Ok(text) => {
            let variables = reader.variables;
            for line in assignments(&text, raw, &|name| variables.value(name)) {
                set(
                    reader,
                    EnvironmentVariable {
                        name: line.name,
                        value: line.value,
                        at: item.spot(field),
                    },
                );
            }
        }
        Err(why) if required => {
            reader.gap(
                item,
                field,
                format!("the env file {path} could not be read: {why}"),
            );
        }
        Err(_) => {}
    }
    Ok(())
}

fn health(part: &Part, field: &str) -> Result<Setting<Health>, ReadError> {
    part.map(field)?;
    let at = part.spot(field);
    let off = |at| {
        Setting::stated(
            Health {
                disabled: true,
                command: Vec::new(),
            },
            at,
        )
    };
    if let Some(flag) = part.get("disable") {
        match flag.flag(&format!("{field}.disable"))? {
            Setting::Stated(stated) if stated.value => return Ok(off(at)),
            Setting::Unknown { why, at } => return Ok(Setting::Unknown { why, at }),
            _ => {}
        }
    }
    // Times alone leave the image's own check.
    let Some(test) = part.get("test") else {
        return Ok(Setting::Absent);
    };
    let field = format!("{field}.test");
    let words = match &test.content {
        Content::List(_) => command(test, &field)?,
        _ => test.read(&field, "a command", |text| {
            Some(vec!["CMD-SHELL".to_owned(), text.to_owned()])
        })?,
    };
    Ok(match words {
        Setting::Stated(stated) => match stated.value.split_first() {
            Some((first, _)) if first == "NONE" => off(at),
            Some((first, rest)) if first == "CMD-SHELL" => {
                let shell = ["/bin/sh".to_owned(), "-c".to_owned()];
                let command = shell.into_iter().chain(rest.iter().cloned()).collect();
                asked(command, at)
            }
            Some((first, rest)) if first == "CMD" => asked(rest.to_vec(), at),
            _ => {
                return Err(test.mark.fault(format!(
                    "column {}: `{field}` begins with NONE, CMD or CMD-SHELL",
                    test.mark.column
                )));
            }
        },
        Setting::Unknown { why, at } => Setting::Unknown { why, at },
        Setting::Absent => Setting::Absent,
    })
}

fn asked(command: Vec<String>, at: crate::runtime::Spot) -> Setting<Health> {
    Setting::stated(
        Health {
            disabled: false,
            command,
        },
        at,
    )
}

fn logging(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    part.map(field)?;
    let driver = part
        .get("driver")
        .map(|driver| driver.setting(&format!("{field}.driver")));
    let driver = driver.transpose()?.unwrap_or_default();
    if let Setting::Unknown { why, at } = driver {
        reader.spec.log = Setting::Unknown { why, at };
        return Ok(());
    }
    let mut options = Vec::new();
    if let Some(part) = part.get("options") {
        for (key, value) in part.map(&format!("{field}.options"))? {
            let text = value.text().unwrap_or_default();
            options.push((key.name.clone(), text.to_owned()));
        }
    }
    let driver = driver.value().cloned().unwrap_or_default();
    reader.spec.log = Setting::stated(LogDriver { driver, options }, part.spot(field));
    Ok(())
}

/// A hook is run as `docker exec` is: it can have more than the container itself, which no setting of the container tells.
fn hooks(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    for (number, item) in part.list(field)?.iter().enumerate() {
        let field = format!("{field}[{number}]");
        if let Some(flag) = item.get("privileged")
            && flag.flag(&format!("{field}.privileged"))?.value() != Some(&false)
        {
            let field = format!("{field}.privileged");
            reader.gap(
                flag,
                &field,
                "a hook is run with all privileges: it is not held in by the container's settings",
            );
        }
    }
    Ok(())
}
