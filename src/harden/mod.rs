//! The least settings that an image needs, each with its reason.
//!
//! What comes in: an [`ImageView`](crate::posture::ImageView) and the user's [`Choices`]. What goes out: a [`Plan`], and the plan in the words of each
//! [`Form`]. Nothing is run: what is proven, inferred or assumed is said line by line. This room opens nothing and asks nobody, and no
//! value of the environment leaves it but paths.

mod candidates;
mod capabilities;
mod choices;
mod derive;
mod folders;
mod harmless;
mod health;
mod limits;
pub mod patch;
mod plan;
mod ports;
mod privileges;
#[cfg(test)]
mod samples;
pub mod servers;
mod start;
#[cfg(test)]
mod tests;
mod user;
mod words;
mod writable;
pub mod write;

pub use choices::Choices;
pub use derive::plan;
pub use plan::{
    Confidence, Grant, HealthCheck, Line, Mode, Plan, PlannedMount, PlannedStart, PlannedUser,
    SCHEMA, Writable,
};
pub use write::{Form, write};
