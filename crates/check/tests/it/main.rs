//! The verdict, held against streams that are known to be right or wrong.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a helper of a test fails as the test does, and says what it skips"
)]

mod cases;
mod corpora;
mod document;
mod live;
mod properties;
mod world;
