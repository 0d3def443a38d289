//! The HTTP face of a run.
