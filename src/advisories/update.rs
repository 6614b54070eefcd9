//! Brings a store up to date: each feed is asked for with what is known of it, and only what changed is imported.

use std::io::Read;

use super::catalogue::Feed;
use super::error::AdvisoryError;
use super::feeds::FeedInput;
use super::import::Source;
use super::report::ImportReport;
use super::store::{SourceStatus, Store};
use crate::model::Untrusted;
use crate::model::limits::read_at_most;

/// What to ask for. A server that still has that state answers "not modified".
#[derive(Clone, Copy, Debug)]
pub struct FetchRequest<'a> {
    /// The feed's URL.
    pub url: &'a str,
    /// For `If-None-Match`.
    pub etag: Option<&'a str>,
    /// For `If-Modified-Since`.
    pub last_modified: Option<&'a str>,
}

/// What a server answered.
pub enum Fetched {
    /// 304: the store has it already.
    NotModified,
    /// 200: the feed.
    Body {
        /// Its bytes, as sent.
        reader: Box<dyn Read + Send>,
        /// The `ETag` header.
        etag: Option<String>,
        /// The `Last-Modified` header.
        last_modified: Option<String>,
    },
}

/// Whatever went wrong on the way, in the words of who fetches.
pub type FetchError = Box<dyn std::error::Error + Send + Sync>;

/// Fetches over the network: this room does not.
pub trait Fetch {
    /// Asks for a feed. Every answer but 200 and 304 is an error.
    fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError>;
}

/// What became of one feed.
#[derive(Debug)]
pub struct FeedUpdate {
    /// The feed's name.
    pub name: String,
    /// The outcome. After a failure the store keeps what it had of this feed.
    pub outcome: UpdateOutcome,
}

/// The outcome for one feed.
#[derive(Debug)]
pub enum UpdateOutcome {
    /// The server says that nothing changed.
    Unchanged,
    /// It was imported.
    Imported(ImportReport),
    /// It could not be fetched.
    NotFetched(FetchError),
    /// It was fetched and could not be imported.
    NotImported(AdvisoryError),
}

/// Updates each feed by itself: one that fails costs only itself. `moment` is when this is, in seconds since 1970; `progress` is
/// told what became of each.
pub fn update(
    store: &mut Store,
    feeds: &[Feed],
    fetch: &dyn Fetch,
    moment: i64,
    mut progress: impl FnMut(&FeedUpdate),
) -> Result<Vec<FeedUpdate>, AdvisoryError> {
    let known = store.sources()?;
    let mut updates = Vec::with_capacity(feeds.len());
    for feed in feeds {
        let update = FeedUpdate {
            name: feed.name.clone(),
            outcome: update_one(store, feed, &known, fetch, moment),
        };
        progress(&update);
        updates.push(update);
    }
    Ok(updates)
}

/// A file name and a newline.
const MAX_INDEX: u64 = 4096;

/// The address of the feed itself: `archive_latest.txt` holds the name of the archive beside it, `mirror.list` the address of the
/// folder that is current.
fn address(feed: &Feed, fetch: &dyn Fetch) -> Result<String, FetchError> {
    let Some(index) = &feed.resolve else {
        return Ok(feed.url.clone());
    };
    let url = format!("{}{index}", feed.url);
    let request = FetchRequest {
        url: &url,
        etag: None,
        last_modified: None,
    };
    let Fetched::Body { reader, .. } = fetch.fetch(request)? else {
        return Err(format!("{url}: not modified, though nothing was known of it").into());
    };
    let text = String::from_utf8(read_at_most(reader, MAX_INDEX)?)?;
    let name = text.lines().next().unwrap_or_default().trim();
    let resolved = match &feed.beneath {
        Some(beneath) => folder_of(&feed.url, name).map(|folder| format!("{folder}/{beneath}")),
        None => is_file_name(name).then(|| format!("{}{name}", feed.url)),
    };
    resolved.ok_or_else(|| format!("{url} names no place for a feed: `{}`", Untrusted(name)).into())
}

/// A name and nothing else: no other folder, no other server.
fn is_file_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.bytes().all(is_of_file_name)
}

const fn is_of_file_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+')
}

/// A folder of the same server, without its last slash.
fn folder_of<'a>(known: &str, folder: &'a str) -> Option<&'a str> {
    let (scheme, rest) = known.split_once("://")?;
    let server = rest.split('/').next()?;
    let path = folder
        .strip_prefix(scheme)?
        .strip_prefix("://")?
        .strip_prefix(server)?
        .strip_prefix('/')?;
    let path = path.trim_end_matches('/');
    let is_plain = path.split('/').all(is_file_name);
    is_plain.then(|| folder.trim_end_matches('/'))
}

fn update_one(
    store: &mut Store,
    feed: &Feed,
    known: &[SourceStatus],
    fetch: &dyn Fetch,
    moment: i64,
) -> UpdateOutcome {
    let url = match address(feed, fetch) {
        Ok(url) => url,
        Err(error) => return UpdateOutcome::NotFetched(error),
    };
    // What is known only counts for the same thing: another URL or format has to be read anew.
    let known = known.iter().find(|source| {
        source.name == feed.name
            && source.url.as_ref() == Some(&url)
            && source.format == feed.format.name()
    });
    let request = FetchRequest {
        url: &url,
        etag: known.and_then(|source| source.etag.as_deref()),
        last_modified: known.and_then(|source| source.last_modified.as_deref()),
    };
    match fetch.fetch(request) {
        Err(error) => UpdateOutcome::NotFetched(error),
        Ok(Fetched::NotModified) => match store.found_unchanged(&feed.name, moment) {
            Ok(()) => UpdateOutcome::Unchanged,
            Err(error) => UpdateOutcome::NotImported(error),
        },
        Ok(Fetched::Body {
            reader,
            etag,
            last_modified,
        }) => {
            let source = Source {
                url: Some(url.clone()),
                etag,
                last_modified,
                moment,
                ..feed.source()
            };
            let input = FeedInput::Stream(url.clone(), reader);
            match store.import(&source, feed.format, input) {
                Ok(report) => UpdateOutcome::Imported(report),
                Err(error) => UpdateOutcome::NotImported(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::advisories::Format;

    /// Answers from memory and notes what it was asked.
    struct Server {
        body: RefCell<Option<&'static str>>,
        asked: RefCell<Vec<Option<String>>>,
    }

    impl Fetch for Server {
        fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
            self.asked
                .borrow_mut()
                .push(request.etag.map(str::to_owned));
            match *self.body.borrow() {
                None => Err("503 Service Unavailable".into()),
                Some(_) if request.etag == Some("\"1\"") => Ok(Fetched::NotModified),
                Some(body) => Ok(Fetched::Body {
                    reader: Box::new(body.as_bytes()),
                    etag: Some("\"1\"".to_owned()),
                    last_modified: None,
                }),
            }
        }
    }

    fn feed(url: &str) -> Feed {
        Feed {
            name: "osv/npm".to_owned(),
            url: url.to_owned(),
            resolve: None,
            beneath: None,
            format: Format::Osv,
            ecosystems: vec!["npm".to_owned()],
            licence: "CC-BY-4.0".to_owned(),
            republish: true,
        }
    }

    fn run(store: &mut Store, url: &str, server: &Server) -> UpdateOutcome {
        let mut updates = update(store, &[feed(url)], server, 0, |_| {}).expect("store");
        updates.remove(0).outcome
    }

    #[test]
    fn only_what_changed_is_imported_and_a_failure_keeps_the_old_rows() {
        const BODY: &str = r#"{"id":"A-1","affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1.0.0"]}]}"#;
        let mut store = Store::in_memory().expect("store");
        let server = Server {
            body: RefCell::new(Some(BODY)),
            asked: RefCell::default(),
        };
        let url = "https://example.test/all.zip";
        assert!(matches!(
            run(&mut store, url, &server),
            UpdateOutcome::Imported(_)
        ));
        let digest = store.snapshot_digest().expect("digest");
        assert!(matches!(
            run(&mut store, url, &server),
            UpdateOutcome::Unchanged
        ));
        server.body.replace(None);
        assert!(matches!(
            run(&mut store, url, &server),
            UpdateOutcome::NotFetched(_)
        ));
        server.body.replace(Some("<html>"));
        let moved = "https://example.test/moved.zip";
        assert!(matches!(
            run(&mut store, moved, &server),
            UpdateOutcome::NotImported(_)
        ));
        assert_eq!(store.snapshot_digest().expect("digest"), digest);
        let etag = || Some("\"1\"".to_owned());
        assert_eq!(*server.asked.borrow(), [None, etag(), etag(), None]);
    }

    /// A folder with an index and what it names.
    struct Folder {
        index: &'static str,
        asked: RefCell<Vec<String>>,
    }

    impl Fetch for Folder {
        fn fetch(&self, request: FetchRequest<'_>) -> Result<Fetched, FetchError> {
            self.asked.borrow_mut().push(request.url.to_owned());
            let body = match request.url {
                "https://example.test/vex/latest.txt" => self.index,
                _ if request.etag.is_some() => return Ok(Fetched::NotModified),
                _ => {
                    r#"{"id":"A-1","affected":[{"package":{"ecosystem":"npm","name":"x"},"versions":["1.0.0"]}]}"#
                }
            };
            Ok(Fetched::Body {
                reader: Box::new(body.as_bytes()),
                etag: Some("\"1\"".to_owned()),
                last_modified: None,
            })
        }
    }

    fn resolve(index: &'static str) -> (Vec<UpdateOutcome>, Vec<String>) {
        let mut store = Store::in_memory().expect("store");
        let folder = Folder {
            index,
            asked: RefCell::default(),
        };
        let feed = Feed {
            resolve: Some("latest.txt".to_owned()),
            ..feed("https://example.test/vex/")
        };
        let outcomes = (0..2).map(|_| {
            let feeds = std::slice::from_ref(&feed);
            let mut updates = update(&mut store, feeds, &folder, 0, |_| {}).expect("store");
            updates.remove(0).outcome
        });
        (outcomes.collect(), folder.asked.into_inner())
    }

    #[test]
    fn an_index_names_the_file_beside_it() {
        let (outcomes, asked) = resolve("all_2026-11-24.tar.zst\n");
        assert!(matches!(
            outcomes.as_slice(),
            [UpdateOutcome::Imported(_), UpdateOutcome::Unchanged]
        ));
        let index = "https://example.test/vex/latest.txt";
        let archive = "https://example.test/vex/all_2026-11-24.tar.zst";
        assert_eq!(asked, [index, archive, index, archive]);
    }

    #[test]
    fn a_mirror_list_names_a_folder_of_the_same_server_and_no_other() {
        let url = "https://example.test/2/latest/";
        let folder = |text| folder_of(url, text);
        assert_eq!(
            folder("https://example.test/2/core/2.0/x86_64/0a1b2c/"),
            Some("https://example.test/2/core/2.0/x86_64/0a1b2c")
        );
        for other in [
            "",
            "https://example.test",
            "https://example.test.evil/2/core",
            "http://example.test/2/core",
            "https://example.test/2/../etc",
            "https://example.test/2//core",
            "https://example.test/2/core?x",
            "file:///etc",
        ] {
            assert_eq!(folder(other), None, "{other}");
        }
    }

    #[test]
    fn an_index_that_leads_elsewhere_is_refused() {
        let too_long: &'static str = Box::leak("a".repeat(5000).into_boxed_str());
        for index in [
            "",
            "../other.tar",
            "https://example.test/other.tar",
            "//example.test/other.tar",
            "two names",
            ".hidden",
            "a\\b",
            "a%2fb",
            too_long,
        ] {
            let (outcomes, asked) = resolve(index);
            assert!(
                matches!(outcomes.as_slice(), [UpdateOutcome::NotFetched(_), _]),
                "{index}"
            );
            assert_eq!(asked.len(), 2, "nothing but the index: {index}");
        }
    }
}
