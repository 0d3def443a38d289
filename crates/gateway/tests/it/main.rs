//! The gateway over real sockets: what passes, what does not, and what is written down.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failed test is told by a panic"
)]

mod exchanges;
mod ledger;
mod lists;
mod networks;
mod players;
mod records;
mod refusals;
mod support;
mod visits;
