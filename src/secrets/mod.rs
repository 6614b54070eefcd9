//! Embedded secrets, found as the bytes pass.
