//! The least settings that an image needs, each with its reason.
//!
//! What comes in: an [`ImageView`](crate::posture::ImageView). What goes out: a [`Plan`], and the plan in the words of each form. Nothing is run: what is
//! proven, inferred or assumed is said line by line. This room opens nothing and asks nobody.

pub mod patch;
mod plan;

pub use plan::{Confidence, Grant, Line, Plan, PlannedMount, PlannedUser, Writable};
