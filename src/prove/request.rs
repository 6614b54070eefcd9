//! What is to be proven.

use std::fmt;
use std::time::Duration;

use super::{Settings, Wait};

/// What is to be proven.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The image as the engine knows it: a name or an id.
    pub image: String,
    /// The settings to run it with.
    pub settings: Settings,
    /// Arguments in the place of the image's `CMD`.
    pub command: Option<Vec<String>>,
    /// Variables that the image needs. They go to the engine, and into nothing else.
    pub environment: Vec<(String, String)>,
    /// When it is taken to work.
    pub wait: Wait,
    /// How long one start may take.
    pub time_limit: Duration,
    /// Whether relaxations are tried until it works.
    pub fit: bool,
}

impl Request {
    /// How long a start may take unless somebody says otherwise.
    pub const TIME_LIMIT: Duration = Duration::from_mins(1);

    /// The image with these settings, as it is.
    pub fn new(image: impl Into<String>, settings: Settings) -> Self {
        Self {
            image: image.into(),
            settings,
            command: None,
            environment: Vec::new(),
            wait: Wait::Automatic,
            time_limit: Self::TIME_LIMIT,
            fit: false,
        }
    }
}

impl fmt::Debug for Request {
    /// Without arguments and values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("image", &self.image)
            .field("settings", &self.settings)
            .field("environment", &names)
            .field("time_limit", &self.time_limit)
            .field("fit", &self.fit)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_arguments_never_show() {
        let mut request = Request::new("app:1", Settings::default());
        request.environment = vec![("PASSWORD".to_owned(), "hunter2".to_owned())];
        request.command = Some(vec!["--token=s3cret".to_owned()]);
        let text = format!("{request:?}");
        assert!(text.contains("PASSWORD"), "{text}");
        assert!(
            !text.contains("hunter2") && !text.contains("s3cret"),
            "{text}"
        );
    }
}
