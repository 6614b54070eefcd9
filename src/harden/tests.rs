//! What is planned for images like real ones.
