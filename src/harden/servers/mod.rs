//! Servers that are known by the name of their program: as whom they run, where they write, what they need as root.
//!
//! Data, one value for each server: `table`. What is measured and what is read is told in `docs/harden.md`, which a test compares
//! with the table. What the image itself says always comes first.

mod table;

use crate::model::{Capability, path_file_name};

pub use table::SERVERS;

/// A known server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name, as a server's settings have it, too.
    pub name: &'static str,
    /// Names of its programs, without a version.
    pub programs: &'static [&'static str],
    /// Accounts that it runs as, the most usual first.
    pub accounts: &'static [&'static str],
    /// Where it writes.
    pub folders: &'static [Folder],
    /// What it, or the usual entry script, needs when it is started as root.
    pub capabilities: &'static [Capability],
    /// Who gives up root.
    pub drops: Drops,
    /// What the usual entry script asks for and does without: its failure is not heeded.
    pub does_without: &'static [Capability],
    /// Processes and threads at most.
    pub pids: u64,
    /// Memory in MiB that does for a small one.
    pub memory_mib: u64,
    /// A command that tells whether it works, for an image that has none.
    pub health: &'static [&'static str],
    /// What the user should know.
    pub notes: &'static [&'static str],
}

/// A folder that a server writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Absolute, without the leading slash.
    pub path: &'static str,
    /// What for.
    pub purpose: Purpose,
}

/// What a folder is written for. All but the first and the second are looked for in the image, and passed over if it has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Sockets and process numbers; planned even where the image has no such folder.
    Run,
    /// Temporary files; planned even where the image has no such folder.
    Temporary,
    /// What can be made again.
    Cache,
    /// Logs.
    Log,
    /// Data that have to stay.
    Data,
    /// Configuration that the start writes.
    Configuration,
}

/// Who gives up root, when it is started as root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Drops {
    /// The server, after it has opened what only root may: its folders then belong to root first.
    Itself,
    /// The entry script, before the server starts.
    InScript,
    /// Nobody: it stays what it is started as.
    Never,
    /// Nobody can: it does not work without root.
    NeedsRoot,
}

impl Server {
    /// Whether it only runs other people's programs: its own imports tell nothing.
    pub fn is_interpreter(&self) -> bool {
        self.name.ends_with(" program")
    }

    /// The server that has a program of this name, with or without a version behind it: `python3.11`, `php-fpm8.2`.
    pub fn of_program(path: &str) -> Option<&'static Self> {
        let name = path_file_name(path);
        let bare = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.' || c == '-');
        let has = |wanted: &str| {
            SERVERS
                .iter()
                .find(move |server| server.programs.contains(&wanted))
        };
        has(name).or_else(|| has(bare))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_server_is_known_by_its_program_with_and_without_a_version() {
        for (program, server) in [
            ("usr/sbin/nginx", "nginx"),
            ("usr/bin/python3.11", "python program"),
            ("usr/lib/postgresql/15/bin/postgres", "postgres"),
            ("usr/sbin/php-fpm8.2", "php-fpm"),
            ("usr/sbin/apache2", "apache"),
            ("opt/java/bin/java", "java program"),
        ] {
            assert_eq!(
                Server::of_program(program).map(|server| server.name),
                Some(server),
                "{program}"
            );
        }
        assert_eq!(Server::of_program("app"), None);
        assert_eq!(Server::of_program(""), None);
    }

    #[test]
    fn no_program_belongs_to_two_servers_and_every_folder_is_absolute() {
        let mut programs = BTreeSet::new();
        for server in SERVERS {
            assert!(
                server.pids >= 64 && server.memory_mib >= 64,
                "{}",
                server.name
            );
            for program in server.programs {
                assert!(programs.insert(*program), "{program} twice");
            }
            for folder in server.folders {
                assert!(!folder.path.starts_with('/'), "{}", folder.path);
            }
        }
    }

    /// The rows of the page: name, programs, accounts, folders, capabilities.
    fn page() -> Vec<Vec<String>> {
        let page = include_str!("../../../docs/harden.md");
        let table = page.split("## Known servers").nth(1).expect("the chapter");
        let rows = table.lines().filter(|line| line.starts_with("| "));
        rows.skip(2)
            .map(|row| {
                let cells = row.trim_matches('|').split('|');
                cells
                    .map(|cell| cell.replace('`', "").trim().to_owned())
                    .collect()
            })
            .collect()
    }

    #[test]
    fn the_page_has_exactly_the_servers_of_the_table() {
        let list = |words: &[&str]| {
            if words.is_empty() {
                "–".to_owned()
            } else {
                words.join(", ")
            }
        };
        let expected: Vec<Vec<String>> = SERVERS
            .iter()
            .map(|server| {
                let folders: Vec<String> = server
                    .folders
                    .iter()
                    .map(|folder| format!("/{}", folder.path))
                    .collect();
                let folders: Vec<&str> = folders.iter().map(String::as_str).collect();
                let capabilities: Vec<&str> = server
                    .capabilities
                    .iter()
                    .map(|capability| capability.name())
                    .collect();
                vec![
                    server.name.to_owned(),
                    list(server.programs),
                    list(server.accounts),
                    list(&folders),
                    list(&capabilities),
                    server.pids.to_string(),
                    server.memory_mib.to_string(),
                ]
            })
            .collect();
        let rows: Vec<String> = expected.iter().map(|row| row.join(" | ")).collect();
        let rows = rows.join(" |\n| ");
        assert_eq!(page(), expected, "docs/harden.md should have:\n| {rows} |");
    }
}
