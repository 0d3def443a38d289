//! What the origin says of itself.
//!
//! A [`Scraper`] asks the origin's exporters (node exporter, nginx's, our own origin's) and its
//! listing of segments every two seconds, and gives a [`telemetry::origin::View`] of what they
//! told, for outputs. What it makes of an answer is pure and is told the time: [`exposition`],
//! [`node`], [`server`], [`exporter`], [`sizes`].
//!
//! What it refuses to do: it asks no faster than it was told to, keeps no body beyond its limit,
//! and takes nothing that came late for what is: a figure has its age, and says when it is stale.
//!
//! Contract: whatever an exporter answers, or does not, costs at most an age and a sentence of
//! why. Rates, shares and latencies are of the time between two readings, never averages since
//! the server was started; a counter that begins anew is noticed. Nothing runs but the tasks in
//! the caller's `JoinSet`, and they end when the scraper is dropped.

#![cfg_attr(
    test,
    expect(clippy::float_cmp, reason = "figures of whole numbers are exact")
)]

mod ask;
mod attempts;
mod counter;
mod driver;
mod endpoints;
pub mod exporter;
pub mod exposition;
pub mod node;
mod percent;
mod received;
pub mod server;
pub mod sizes;
pub mod window;

pub use attempts::{Attempts, STALE_INTERVALS};
pub use counter::{Counter, Increase, SERIES_MAX, Values};
pub use driver::{ANSWER_TIME_MAX, INTERVAL, Scraper, SegmentSizes};
pub use endpoints::{Endpoints, Error, Options};
pub use received::Received;
