//! The scraper against exporters that keep to nothing, and against real ones.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails as the test does"
)]
#![expect(clippy::float_cmp, reason = "whole numbers are exact")]

mod asked;
#[path = "../checks/mod.rs"]
mod checks;
mod hostile;
mod real;
mod seeds;
