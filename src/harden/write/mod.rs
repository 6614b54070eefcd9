//! A plan in the words of each form.

/// x
#[derive(Clone, Copy)]
pub enum Form { /// x
A }
/// x
pub fn write(_: &super::Plan, _: Form) -> String { String::new() }
