//! What each form has to look like.
