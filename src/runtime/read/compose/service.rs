//! One service to one [`RuntimeSpec`].

use super::load::Variables;
use super::part::{Key, Part};
use super::{confine, keys, mounts, ports, process, resources};
use crate::runtime::read::{ReadError, Surroundings};
use crate::runtime::{Container, Form, Role, RuntimeSpec, Setting, Stated};

/// A service that is being read.
pub(super) struct Reader<'a> {
    pub(super) spec: RuntimeSpec,
    /// All files as one.
    pub(super) root: &'a Part,
    pub(super) around: &'a dyn Surroundings,
    pub(super) variables: &'a Variables<'a>,
}

impl Reader<'_> {
    pub(super) fn gap(&mut self, part: &Part, field: &str, why: impl Into<String>) {
        self.spec
            .gaps
            .push(Stated::new(why.into(), part.spot(field)));
    }

    /// The texts of a list; what is not known of it becomes a gap.
    pub(super) fn texts(
        &mut self,
        part: &Part,
        field: &str,
    ) -> Result<Vec<Stated<String>>, ReadError> {
        let texts = part.texts(field)?;
        self.spec.gaps.extend(texts.unknown);
        Ok(texts.known)
    }
}

/// Reads a service of the tree that all files make together.
pub(super) fn read(
    root: &Part,
    key: &Key,
    part: &Part,
    around: &dyn Surroundings,
    variables: &Variables<'_>,
) -> Result<RuntimeSpec, ReadError> {
    let field = format!("services.{}", key.name);
    let container = Container {
        form: Form::Compose,
        name: key.name.clone(),
        role: Role::Main,
        at: key.mark.spot(field.clone()),
    };
    let mut reader = Reader {
        spec: RuntimeSpec::new(container),
        root,
        around,
        variables,
    };
    for (key, value) in part.map(&field)? {
        let inside = format!("{field}.{}", key.name);
        let name = key.name.as_str();
        // Each room of settings says whether the key is one of its own.
        let _ = identity(&mut reader, name, value, &inside)?
            || confine::take(&mut reader, name, value, &inside)?
            || mounts::take(&mut reader, name, value, &inside)?
            || resources::take(&mut reader, name, value, &inside)?
            || ports::take(&mut reader, name, value, &inside)?
            || process::take(&mut reader, name, value, &inside)?;
    }
    resources::deploy(&mut reader, part, &field)?;
    process::env_files(&mut reader, part, &field)?;
    confine::default_network(&mut reader);
    if reader.spec.image.is_absent() {
        let why = match part.get("build") {
            Some(_) => "its image is built here, and what the image sets itself is not known",
            None => "it names no image",
        };
        let spot = key.mark.spot(field.clone());
        reader.spec.gaps.push(Stated::new(why.to_owned(), spot));
    }
    let unknown = keys::unknown_in_service(part, &field);
    reader.spec.unknown_keys.extend(unknown);
    Ok(reader.spec)
}

/// Image, account, and what else says who the container is.
fn identity(
    reader: &mut Reader<'_>,
    key: &str,
    part: &Part,
    field: &str,
) -> Result<bool, ReadError> {
    match key {
        "image" => reader.spec.image = part.setting(field)?,
        "user" => user(reader, part, field)?,
        "group_add" => reader.spec.account.extra_groups = reader.texts(part, field)?,
        "runtime" => reader.spec.runtime = part.setting(field)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// `USER[:GROUP]`.
fn user(reader: &mut Reader<'_>, part: &Part, field: &str) -> Result<(), ReadError> {
    let account = &mut reader.spec.account;
    let whole = part.setting(field)?;
    let Some(sketch) = part.sketch() else {
        account.user = whole;
        return Ok(());
    };
    let (user, group) = sketch
        .split_once(':')
        .map_or((sketch, None), |(user, group)| (user, Some(group)));
    account.user = piece(part, user, field);
    // Where all of it is one variable, a group may be in it, too.
    account.group = match group {
        Some(group) => piece(part, group, field),
        None if part.why().is_some() => piece(part, user, field),
        None => Setting::Absent,
    };
    Ok(())
}

/// A piece of a text: unknown if a variable without a value is in it.
pub(super) fn piece(part: &Part, text: &str, field: &str) -> Setting<String> {
    match part.why() {
        Some(why) if text.contains(super::MISSING) => Setting::Unknown {
            why: why.to_owned(),
            at: part.spot(field),
        },
        _ if text.is_empty() => Setting::Absent,
        _ => Setting::stated(text.to_owned(), part.spot(field)),
    }
}
