//! liveswarm
fn main() {}
