//! What settings may ask for beside their own text: files of their folder, and variables that the user gives.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;

use super::ReadingArguments;
use crate::cli::Failure;
use crate::model::limits::read_at_most;
use crate::runtime::read::Surroundings;

/// Bytes of a file of settings: the largest rendered charts have a few megabytes, `docker inspect` of a whole host some ten.
pub(super) const LIMIT: u64 = 64 << 20;

/// A folder, and the user's variables.
pub(super) struct Folder<'a> {
    root: Option<PathBuf>,
    arguments: &'a ReadingArguments,
    variables: BTreeMap<&'a str, &'a str>,
}

impl<'a> Folder<'a> {
    /// `folder`: where the settings lie; `None` for standard input and the like, whose files are not looked for.
    pub(super) fn new(folder: Option<PathBuf>, arguments: &'a ReadingArguments) -> Self {
        let variables = arguments
            .variables
            .iter()
            .filter_map(|text| text.split_once('='));
        Self {
            root: folder,
            arguments,
            variables: variables.collect(),
        }
    }
}

impl Surroundings for Folder<'_> {
    fn file(&self, path: &str) -> Result<String, String> {
        let folder = self
            .root
            .as_ref()
            .ok_or("the settings came without a folder")?;
        // A pipe would wait for somebody who writes.
        if std::fs::metadata(folder.join(path)).is_ok_and(|found| !found.is_file()) {
            return Err("it is no file".to_owned());
        }
        let file = File::open(folder.join(path)).map_err(|error| in_words(&error))?;
        if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
            return Err("it is no file".to_owned());
        }
        let bytes = read_at_most(file, LIMIT).map_err(|error| in_words(&error))?;
        String::from_utf8(bytes).map_err(|_| "it is no text (UTF-8)".to_owned())
    }

    fn variable(&self, name: &str) -> Option<String> {
        let given = self.variables.get(name).map(|value| (*value).to_owned());
        given.or_else(|| {
            self.arguments
                .from_environment
                .then(|| std::env::var(name).ok())?
        })
    }

    fn has_profile(&self, name: &str) -> bool {
        let asked = &self.arguments.profile;
        asked.is_empty()
            || asked
                .iter()
                .any(|profile| profile == name || profile == "*")
    }
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "it may not be read".to_owned(),
        _ => error.to_string(),
    }
}

/// Refuses what is not `NAME=VALUE`, without repeating it: the value can be a secret.
pub(super) fn check_variables(variables: &[String]) -> Result<(), Failure> {
    for text in variables {
        let name = text.split_once('=').map_or("", |(name, _)| name);
        let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(Failure::usage(
                "--set takes NAME=VALUE, with a name of letters, digits and `_`",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_those_of_the_folder_and_are_told_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let arguments = ReadingArguments::default();
        let around = Folder::new(Some(folder.path().to_owned()), &arguments);
        assert_eq!(around.file(".env"), Err("there is no such file".to_owned()));
        assert_eq!(around.file("."), Err("it is no file".to_owned()));
        assert!(Folder::new(None, &arguments).file(".env").is_err());
    }

    #[test]
    fn a_variable_is_what_the_user_sets_and_the_environment_only_if_he_says_so() {
        let mut arguments = ReadingArguments {
            variables: vec!["TAG=1".to_owned()],
            ..ReadingArguments::default()
        };
        assert_eq!(
            Folder::new(None, &arguments).variable("TAG").as_deref(),
            Some("1")
        );
        assert_eq!(Folder::new(None, &arguments).variable("PATH"), None);
        arguments.from_environment = true;
        assert!(Folder::new(None, &arguments).variable("PATH").is_some());
    }

    #[test]
    fn what_is_no_variable_is_refused_and_not_repeated() {
        assert!(check_variables(&["A_1=b=c".to_owned()]).is_ok());
        for wrong in ["=hunter2", "hunter2", "A-B=hunter2"] {
            let failure = check_variables(&[wrong.to_owned()]).expect_err("no variable");
            assert!(!failure.to_string().contains("hunter2"), "{failure}");
        }
    }
}
