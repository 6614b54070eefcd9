//! Why nothing can be proven, and what to do about it.

use crate::source::SourceError;

/// Why a proof, or the settings of a running container, cannot be had. A container that fails is no error: the proof says how.
#[derive(Debug, thiserror::Error)]
pub enum ProveError {
    /// No engine, no permission, or it cannot be spoken to.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The engine does not have the image.
    #[error("the container engine has no image {image}")]
    NoSuchImage {
        /// Its name as given.
        image: String,
    },
    /// The engine has no container of this name.
    #[error("the container engine has no container {name}")]
    NoSuchContainer {
        /// Its name as given.
        name: String,
    },
    /// The engine refused what it was asked.
    #[error("the container engine refused to {what}: {message}")]
    Refused {
        /// What it was asked.
        what: &'static str,
        /// Its own words, escaped and shortened.
        message: String,
    },
    /// The engine did not answer, or not in a way that is understood.
    #[error("the container engine could not {what}: {reason}")]
    Unanswered {
        /// What it was asked.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// Ctrl-C, or a signal that asks to end. Everything that was made is removed by then.
    #[error("interrupted; what was made is removed")]
    Interrupted,
    /// Something that was made could not be removed.
    #[error("{} could not be removed from the container engine", .names.join(", "))]
    NotRemoved {
        /// Names of containers, volumes and networks.
        names: Vec<String>,
    },
}

impl ProveError {
    /// What to do next, where there is something to do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.hint(),
            Self::NoSuchImage { image } => Some(format!(
                "run docker pull {image}, or docker load --input ARCHIVE where it is a file"
            )),
            Self::NoSuchContainer { .. } => Some("docker ps tells the running containers".to_owned()),
            Self::Refused { message, .. } if message.contains("network") || message.contains("bridge") => {
                Some("leave --network out: the container then has none".to_owned())
            }
            Self::NotRemoved { .. } => Some(
                "docker ps --all --filter label=dev.plimsoll.prove tells what is left; docker rm --force --volumes removes it"
                    .to_owned(),
            ),
            Self::Refused { .. } | Self::Unanswered { .. } | Self::Interrupted => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_image_says_both_ways_to_get_it() {
        let error = ProveError::NoSuchImage {
            image: "app:1".to_owned(),
        };
        let hint = error.hint().expect("a hint");
        assert!(
            hint.contains("docker pull app:1") && hint.contains("docker load"),
            "{hint}"
        );
    }

    #[test]
    fn what_is_left_can_be_found_by_its_label() {
        let error = ProveError::NotRemoved {
            names: vec!["plimsoll-prove-1-0-1".to_owned()],
        };
        assert!(error.to_string().contains("plimsoll-prove-1-0-1"));
        assert!(
            error
                .hint()
                .is_some_and(|hint| hint.contains("dev.plimsoll.prove"))
        );
    }
}
