//! A run as a terminal frame.
