//! The viewer as a pure state machine: what to fetch and when, what is buffered, when playback stalls.
