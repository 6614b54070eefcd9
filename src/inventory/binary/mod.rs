//! From programs and libraries to what they are and were built from.
//!
//! What comes in: whole executables, known by how they begin and what they are called. What goes out: packages that no
//! package tool need have recorded, each with its basis: what a compiler wrote into the file is a record, a version string
//! that merely lies in it is a heuristic. Nothing here runs, loads or unpacks a program.

pub(super) mod known;
