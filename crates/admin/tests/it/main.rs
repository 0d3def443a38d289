//! The face as who asks sees it: over real connections.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a helper of a test fails as the test does"
)]
#![expect(clippy::float_cmp, reason = "figures are compared as they are written")]

mod api;
mod exposition;
mod frames;
mod groups;
mod hostile;
mod http;
mod listening;
mod metrics;
mod origin;
mod origin_metrics;
mod page;
mod reference;
mod samples;
