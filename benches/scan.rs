//! The floor against the scan.
fn main() {}
