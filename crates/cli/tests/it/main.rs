//! The binary as people run it, against servers that keep their own account.

#![expect(
    clippy::expect_used,
    reason = "a helper of a test fails as the test does"
)]

mod browser;
mod capacity;
mod check;
mod common;
mod dashboards;
mod exit_codes;
mod face;
mod faults;
mod files;
mod help;
mod ledger;
mod network;
mod nginx;
mod objectives;
mod origin_metrics;
mod output;
mod pages;
mod players;
mod prometheus;
mod requests;
mod restarts;
mod scenarios;
mod shapes;
mod signals;
mod terminal;
