//! The server over real sockets on loopback: its answers, its ledger, its patience.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod client;
mod deliveries;
mod faults;
mod hostile;
mod ledger;
mod serving;
