//! A verdict on a stream before the load.
