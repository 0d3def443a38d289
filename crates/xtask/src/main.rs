//! Chores of the house: `cargo xtask bench` measures liveswarm against its peers.

fn main() {}
