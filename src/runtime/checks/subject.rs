//! What a check is about: one container, and what else is known of it.

use super::ImageFacts;
use super::told::{Blind, is_on};
use crate::model::CheckPlace;
use crate::runtime::{Form, Namespace, RuntimeSpec, Setting};

/// The secret engine's answer for a name and a value: what kind of secret it is. The name is empty where there is none.
pub type SecretKind<'a> = dyn Fn(&str, &str) -> Option<String> + 'a;

/// One container with what is known of it.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    /// Its settings.
    pub spec: &'a RuntimeSpec,
    /// Its image, if the user gave it.
    pub image: Option<&'a ImageFacts>,
    /// What kind of secret a value is.
    pub environment: &'a SecretKind<'a>,
    /// The containers of the same text, itself among them: what an init container is compared with. May be empty.
    pub beside: &'a [RuntimeSpec],
}

impl<'a> Subject<'a> {
    /// A container of which only the settings are known.
    pub const fn new(spec: &'a RuntimeSpec, environment: &'a SecretKind<'a>) -> Self {
        Self {
            spec,
            image: None,
            environment,
            beside: &[],
        }
    }

    /// The same, with its image.
    #[must_use]
    pub const fn with_image(self, image: &'a ImageFacts) -> Self {
        Self {
            image: Some(image),
            ..self
        }
    }

    /// The same, among the containers of its text.
    #[must_use]
    pub const fn among(self, beside: &'a [RuntimeSpec]) -> Self {
        Self { beside, ..self }
    }

    /// The form that it was read from.
    pub(super) const fn form(&self) -> Form {
        self.spec.container.form
    }

    pub(super) fn is_kubernetes(&self) -> bool {
        self.form() == Form::Kubernetes
    }

    /// Where the container begins: the place of what is not said.
    pub(super) fn place(&self) -> CheckPlace {
        self.spec.container.at.place()
    }

    /// The place of a setting; where the container begins if it is not said.
    pub(super) fn place_of<T>(&self, setting: &Setting<T>) -> CheckPlace {
        setting
            .spot()
            .map_or_else(|| self.place(), crate::runtime::Spot::place)
    }

    /// Ends a check whose settings a privileged container does not heed: `PLM-R-001` tells what holds instead.
    pub(super) fn unless_privileged(&self) -> Result<(), Blind> {
        if is_on(&self.spec.privileged)? {
            Err(Blind("privileged: see PLM-R-001".to_owned()))
        } else {
            Ok(())
        }
    }

    /// A namespace as the form's engine makes it: what an OCI runtime is not told to make is the host's
    /// (runtime-spec `config-linux.md`, Namespaces).
    pub(in crate::runtime) fn is_host(&self, setting: &Setting<Namespace>) -> bool {
        match setting.value() {
            Some(namespace) => *namespace == Namespace::Host,
            None => setting.is_absent() && self.form() == Form::Oci,
        }
    }

    /// Whether uid 0 inside is another user outside: a user namespace of its own.
    pub(in crate::runtime) fn has_own_users(&self) -> bool {
        matches!(
            self.spec.namespaces.user.value(),
            Some(Namespace::Private | Namespace::Named(_) | Namespace::Joined(_))
        )
    }

    /// Whether the pod is for Windows, where nothing of Linux holds.
    pub(super) fn is_windows(&self) -> bool {
        let pod = self.spec.kubernetes.as_ref();
        pod.and_then(|pod| pod.os.value())
            .is_some_and(|os| os.eq_ignore_ascii_case("windows"))
    }
}
