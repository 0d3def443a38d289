//! The verdict, held against streams that are known to be right or wrong.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]

mod cases;
mod corpora;
mod document;
mod live;
mod properties;
mod world;
