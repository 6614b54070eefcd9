//! Podman quadlets.
