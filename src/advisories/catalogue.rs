//! `feeds.toml`: the list of all feeds, with what their licences allow.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::error::AdvisoryError;
use super::feeds::Format;
use super::import::Source;
use crate::model::limits::read_at_most;

/// The list that is built in.
const BUILT_IN: &str = include_str!("../../advisories/feeds.toml");

/// 1 MB: a hundred times the built-in list.
const MAX_CATALOGUE: u64 = 1_000_000;

/// All feeds of a `feeds.toml`, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue {
    /// The feeds, each by its full name.
    pub feeds: Vec<Feed>,
}

/// One feed: one URL, one source in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The source's name in the store.
    pub name: String,
    /// Where it is fetched.
    pub url: String,
    /// The name of a text file in the folder `url` that says which file of that folder is the feed.
    pub resolve: Option<String>,
    /// With `resolve`, where that file names a folder of the same server: the feed's path in it.
    pub beneath: Option<String>,
    /// What form it has.
    pub format: Format,
    /// Which ecosystems it covers, without releases.
    pub ecosystems: Vec<String>,
    /// Under which licence its data are.
    pub licence: String,
    /// Whether that licence lets a store that holds it be published.
    pub republish: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    feed: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: String,
    resolve: Option<String>,
    beneath: Option<String>,
    #[serde(default)]
    items: Vec<String>,
    format: String,
    ecosystems: Vec<String>,
    licence: String,
    republish: bool,
}

impl Catalogue {
    /// The list that comes with Plimsoll.
    pub fn built_in() -> Result<Self, AdvisoryError> {
        Self::parse(BUILT_IN, "the built-in feeds.toml")
    }

    /// A list of the user's.
    pub fn open(path: &Path) -> Result<Self, AdvisoryError> {
        let place = path.display().to_string();
        let text = std::fs::File::open(path)
            .and_then(|file| read_at_most(file, MAX_CATALOGUE))
            .and_then(|bytes| String::from_utf8(bytes).map_err(std::io::Error::other))
            .map_err(|error| AdvisoryError::Catalogue {
                place: place.clone(),
                reason: error.to_string(),
            })?;
        Self::parse(&text, &place)
    }

    fn parse(text: &str, place: &str) -> Result<Self, AdvisoryError> {
        let wrong = |reason: String| AdvisoryError::Catalogue {
            place: place.to_owned(),
            reason,
        };
        let file: File = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
        let mut feeds = Vec::new();
        for entry in &file.feed {
            let format = entry
                .format
                .parse()
                .map_err(|error| wrong(format!("feed `{}`: {error}", entry.name)))?;
            if entry.items.is_empty() {
                feeds.push(entry.feed(format, ""));
            }
            feeds.extend(entry.items.iter().map(|item| entry.feed(format, item)));
        }
        let mut names = BTreeSet::new();
        for feed in &feeds {
            if !names.insert(&feed.name) {
                return Err(wrong(format!("two feeds are named `{}`", feed.name)));
            }
            if !feed.url.starts_with("https://") && !feed.url.starts_with("http://") {
                return Err(wrong(format!(
                    "feed `{}`: the url is neither https nor http",
                    feed.name
                )));
            }
            if feed.beneath.is_some() && feed.resolve.is_none() {
                return Err(wrong(format!(
                    "feed `{}`: `beneath` is beneath what a file names: say with `resolve` which one",
                    feed.name
                )));
            }
            if feed.resolve.is_some() && !feed.url.ends_with('/') {
                return Err(wrong(format!(
                    "feed `{}`: with `resolve` the url is a folder and ends with a slash",
                    feed.name
                )));
            }
        }
        Ok(Self { feeds })
    }
}

impl Entry {
    fn feed(&self, format: Format, item: &str) -> Feed {
        let filled = |template: &String| template.replace("{item}", item);
        Feed {
            name: filled(&self.name),
            url: self.url.replace("{item}", &item.replace(' ', "%20")),
            resolve: self.resolve.clone(),
            beneath: self.beneath.clone(),
            format,
            ecosystems: self.ecosystems.iter().map(filled).collect(),
            licence: self.licence.clone(),
            republish: self.republish,
        }
    }
}

impl Feed {
    /// What the store notes of it.
    pub(super) fn source(&self) -> Source {
        Source {
            url: Some(self.url.clone()),
            licence: Some(self.licence.clone()),
            republish: self.republish,
            ..Source::named(self.name.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_names_each_feed_once_with_its_licence() {
        let catalogue = Catalogue::built_in().expect("well-formed");
        let find = |name: &str| {
            catalogue
                .feeds
                .iter()
                .find(|feed| feed.name == name)
                .expect("feed")
        };
        assert_eq!(
            find("osv/GitHub Actions").url,
            "https://storage.googleapis.com/osv-vulnerabilities/GitHub%20Actions/all.zip"
        );
        assert_eq!(find("alpine-secdb/v3.20/main").format, Format::Secdb);
        assert!(!find("wolfi-secdb").republish);
        assert!(
            catalogue
                .feeds
                .iter()
                .all(|feed| !feed.licence.is_empty() && !feed.ecosystems.is_empty())
        );
    }

    #[test]
    fn a_wrong_list_says_where_and_why() {
        let wrong = |text: &str| {
            Catalogue::parse(text, "feeds.toml")
                .expect_err(text)
                .to_string()
        };
        let feed = |name: &str, format: &str, url: &str| {
            format!(
                "[[feed]]\nname='{name}'\nurl='{url}'\nformat='{format}'\necosystems=['npm']\nlicence='MIT'\nrepublish=true\n"
            )
        };
        assert!(wrong("[[feed]]\nname = 1").contains("line 2"));
        assert!(wrong(&feed("a", "xml", "https://x")).contains("unknown feed format `xml`"));
        assert!(wrong(&feed("a", "osv", "file:///etc/passwd")).contains("neither https nor http"));
        let resolved = feed("a", "osv", "https://x/y") + "resolve='latest.txt'\n";
        assert!(wrong(&resolved).contains("ends with a slash"));
        let beneath = feed("a", "osv", "https://x/") + "beneath='x.xml'\n";
        assert!(wrong(&beneath).contains("with `resolve`"));
        let twice = feed("a", "osv", "https://x").repeat(2);
        assert!(wrong(&twice).contains("two feeds are named `a`"));
    }
}
