//! What recording and reading cost.

fn main() {}
