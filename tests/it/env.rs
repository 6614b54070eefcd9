//! A place of its own for each test: cache, store and files, and the binary to run in it.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::{Value, json};

/// Gone when it is dropped.
pub struct Env {
    folder: tempfile::TempDir,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("an exit code, not a signal"),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }
}

impl Run {
    /// The evidence on standard output.
    pub fn evidence(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl Env {
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    pub fn cache_folder(&self) -> PathBuf {
        self.path("cache")
    }

    /// The binary, with nothing of this machine's user.
    pub fn command(&self) -> Command {
        let mut command = Command::cargo_bin("plimsoll").expect("the binary");
        for variable in [
            "PLIMSOLL_DB",
            "PLIMSOLL_DB_KEY",
            "PLIMSOLL_LOG",
            "DOCKER_HOST",
            "DOCKER_CONFIG",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(variable);
        }
        command
            .env("HOME", self.path("home"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("PLIMSOLL_CACHE_DIR", self.cache_folder())
            // Distributions of the tests end their lives, too.
            .env("PLIMSOLL_DATE", "2021-01-01");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        self.command()
            .args(arguments)
            .output()
            .expect("the binary runs")
            .into()
    }

    /// `plimsoll scan -o json IMAGE …`, without the checks of the container boundary, which have tests of their own.
    pub fn scan(&self, image: &str, more: &[&str]) -> Run {
        self.run(&[&["scan", "-o", "json", "--no-posture", image], more].concat())
    }

    /// Makes a store of OSV records, one JSON object a line.
    pub fn import(&self, records: &[Value]) -> Run {
        let lines: Vec<String> = records.iter().map(Value::to_string).collect();
        let file = self.write("feed/records.jsonl", lines.join("\n"));
        self.run(&["db", "import", &file.display().to_string()])
    }
}

/// An OSV record of one vulnerability of one package, severe, fixed in this version.
pub fn advisory(id: &str, ecosystem: &str, name: &str, fixed: &str) -> Value {
    json!({"id": id, "modified": "2024-01-01T00:00:00Z", "summary": format!("a flaw in {name}"),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
        "affected": [{"package": {"ecosystem": ecosystem, "name": name},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}]})
}

/// A file that only some machines have, or the reason why a test is skipped.
pub fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared")
        .join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: shared/{name} is not on this machine");
    None
}

/// Names of a JSON array's objects under `key`.
pub fn strings<'a>(array: &'a Value, key: &str) -> Vec<&'a str> {
    array
        .as_array()
        .expect("an array")
        .iter()
        .filter_map(|item| item[key].as_str())
        .collect()
}
