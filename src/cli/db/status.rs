//! `plimsoll db status`: what the store holds.

use std::collections::BTreeMap;
use std::path::Path;

use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};

use super::open_store;
use crate::advisories::{AsOf, StoreStatus};
use crate::cli::output::answer;
use crate::cli::{Exit, Failure, Manners};

pub(super) fn status(named: Option<&Path>, json: bool, manners: Manners) -> Result<Exit, Failure> {
    let store = open_store(named)?;
    let starter = store.starter_size().map_err(Failure::new)?.is_some();
    let status = store.status().map_err(Failure::new)?;
    if json {
        let text = serde_json::to_string_pretty(&status).map_err(Failure::new)?;
        return answer(&text);
    }
    let text = table(&status, manners);
    if starter {
        return answer(&format!(
            "{text}\n\nThere is no store yet: these are the advisories inside Plimsoll, and no coverage.\n`plimsoll db update` fetches the real ones"
        ));
    }
    answer(&text)
}

fn table(status: &StoreStatus, manners: Manners) -> String {
    let mut table = Table::new();
    let heads = [
        "Source",
        "Format",
        "Advisories",
        "Newest",
        "Fetched",
        "Licence",
    ];
    let head = |text: &str| Cell::new(text).add_attribute(Attribute::Dim);
    table
        .load_style(presets::NOTHING)
        .set_header(heads.map(head));
    if manners.colour {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    for source in &status.sources {
        // The day tells how old a feed is; --json has the moment.
        let newest = source.newest.as_deref().and_then(|time| time.get(..10));
        let fetched = AsOf::at(source.checked).to_string();
        let fetched = fetched.get(..10).filter(|_| source.checked > 0);
        let count = match (source.advisories, source.signals) {
            (0, 1..) => format!("{} rows", source.signals),
            (advisories, _) => advisories.to_string(),
        };
        table.add_row([
            &source.name,
            &source.format,
            &count,
            newest.unwrap_or("–"),
            fetched.unwrap_or("–"),
            source.licence.as_deref().unwrap_or("–"),
        ]);
    }
    if let Some(column) = table.column_mut(2) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let rows: Vec<String> = table
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect();
    format!(
        "{}\n\n{} ranges: {}\nsnapshot {}",
        rows.join("\n"),
        status.ranges,
        ecosystems(status.ecosystems.iter().map(|(name, _)| name.as_str())),
        status.snapshot
    )
}

/// `Debian (10 releases), PyPI`: the releases of a distribution are one ecosystem each in the store.
fn ecosystems<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut releases: BTreeMap<&str, usize> = BTreeMap::new();
    for name in names {
        let (ecosystem, release) = name
            .split_once(':')
            .map_or((name, 0), |(ecosystem, _)| (ecosystem, 1));
        *releases.entry(ecosystem).or_default() += release;
    }
    let told = releases.iter().map(|(name, count)| match count {
        0 => (*name).to_owned(),
        1 => format!("{name} (1 release)"),
        count => format!("{name} ({count} releases)"),
    });
    told.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_releases_of_a_distribution_are_counted() {
        let names = ["Alpine:v3.9", "Debian:11", "Debian:12", "PyPI"];
        assert_eq!(
            ecosystems(names.into_iter()),
            "Alpine (1 release), Debian (2 releases), PyPI"
        );
    }
}
