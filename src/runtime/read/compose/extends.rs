//! `extends`: a service over another one, of this file or of another.

use std::rc::Rc;

use super::load::{Loader, Variables, join};
use super::merge;
use super::part::{Content, Key, Part, Source};
use crate::runtime::Stated;
use crate::runtime::read::ReadError;

/// Services that extend each other one after the other.
const DEPTH: usize = 50;

/// The file with every service of it over the one that it extends.
pub(super) fn resolved(
    loader: &mut Loader<'_>,
    mut root: Part,
    source: &Rc<Source>,
    variables: &Variables<'_>,
) -> Result<Part, ReadError> {
    let Some(services) = root.get("services").cloned() else {
        return Ok(root);
    };
    let mut done: Vec<(Key, Part)> = Vec::new();
    for (key, _) in services.map("services")? {
        let mut walk = Walk {
            loader: &mut *loader,
            variables,
            chain: Vec::new(),
            gaps: Vec::new(),
        };
        let part = walk.service(&services, &key.name, source)?;
        let gaps = walk.gaps;
        loader
            .service_gaps
            .entry(key.name.clone())
            .or_default()
            .extend(gaps);
        done.push((key.clone(), part));
    }
    if let Content::Map(entries) = &mut root.content
        && let Some((_, slot)) = entries.iter_mut().find(|(key, _)| key.name == "services")
    {
        slot.content = Content::Map(done);
    }
    Ok(root)
}

/// The way from a service to those that it rests on.
struct Walk<'l, 'a, 'v> {
    loader: &'l mut Loader<'a>,
    variables: &'v Variables<'v>,
    /// File and service of each step.
    chain: Vec<(String, String)>,
    gaps: Vec<Stated<String>>,
}

impl Walk<'_, '_, '_> {
    /// The service `name` of a file, over what it extends. It must be there.
    fn service(
        &mut self,
        services: &Part,
        name: &str,
        source: &Rc<Source>,
    ) -> Result<Part, ReadError> {
        let Some(own) = services.get(name).cloned() else {
            return Ok(services.with(Content::Map(Vec::new())));
        };
        let Some(extends) = own.get("extends").cloned() else {
            return Ok(own);
        };
        if extends.is_nothing() {
            return Ok(own);
        }
        self.chain.push((source.name.clone(), name.to_owned()));
        let field = format!("services.{name}.extends");
        let base = self.base(services, &extends, &field, source)?;
        self.chain.pop();
        let own = without_extends(own);
        match base {
            Some(base) => merge::extend(without_extends(base), own),
            None => Ok(own),
        }
    }

    /// What is extended; `None`, and a gap, if it cannot be had.
    fn base(
        &mut self,
        services: &Part,
        extends: &Part,
        field: &str,
        source: &Rc<Source>,
    ) -> Result<Option<Part>, ReadError> {
        let (service, file) = match &extends.content {
            Content::Map(_) => (extends.get("service"), extends.get("file")),
            Content::List(_) => return Err(extends.wrong(field, "a service's name or a mapping")),
            _ => (Some(extends), None),
        };
        let Some(service) = service else {
            return Err(extends.mark.fault(format!("`{field}` has no `service`")));
        };
        let unknown = service.why().or_else(|| file.and_then(Part::why));
        if let Some(why) = unknown {
            self.gap(
                extends,
                field,
                format!("what it extends is not known: {why}"),
            );
            return Ok(None);
        }
        let name = service
            .text()
            .ok_or_else(|| service.wrong(field, "a service's name"))?;
        let path = file
            .and_then(Part::text)
            .map(|file| join(&source.folder, file));
        match path.filter(|path| *path != source.name) {
            None => self.step(services, name, source, extends, field),
            Some(path) => match self.loader.extended_file(&path, self.variables)? {
                Ok((source, root)) => {
                    if let Some(services) = root.get("services") {
                        return self.step(services, name, &source, extends, field);
                    }
                    self.gap(
                        extends,
                        field,
                        format!("{path}, which it extends, has no services"),
                    );
                    Ok(None)
                }
                Err(why) => {
                    self.gap(
                        extends,
                        field,
                        format!("{path}, which it extends, could not be read: {why}"),
                    );
                    Ok(None)
                }
            },
        }
    }

    fn step(
        &mut self,
        services: &Part,
        name: &str,
        source: &Rc<Source>,
        extends: &Part,
        field: &str,
    ) -> Result<Option<Part>, ReadError> {
        let step = (source.name.clone(), name.to_owned());
        let begin = self.chain.iter().position(|known| *known == step);
        if begin.is_some() || self.chain.len() >= DEPTH {
            let way = self.chain.get(begin.unwrap_or(0)..).unwrap_or_default();
            let way = way.iter().chain([&step]);
            let same_file = self.chain.iter().all(|(file, _)| *file == step.0);
            let words = way.map(|(file, service)| {
                if same_file {
                    service.clone()
                } else {
                    format!("{service} ({file})")
                }
            });
            let way = words.collect::<Vec<_>>().join(" -> ");
            let what = if begin.is_some() {
                "is a cycle"
            } else {
                "goes on for too long"
            };
            return Err(extends.mark.fault(format!("`{field}` {what}: {way}")));
        }
        if services.get(name).is_none() {
            let file = &source.name;
            self.gap(
                extends,
                field,
                format!("the service {name}, which it extends, is not in {file}"),
            );
            return Ok(None);
        }
        self.service(services, name, source).map(Some)
    }

    fn gap(&mut self, part: &Part, field: &str, why: String) {
        self.gaps.push(Stated::new(why, part.spot(field)));
    }
}

fn without_extends(mut part: Part) -> Part {
    if let Content::Map(entries) = &mut part.content {
        entries.retain(|(key, _)| key.name != "extends");
    }
    part
}
