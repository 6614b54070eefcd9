//! From bytes of package databases to packages.
