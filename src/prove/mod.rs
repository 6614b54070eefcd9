//! A restricted container on a real engine, and what holds inside.
