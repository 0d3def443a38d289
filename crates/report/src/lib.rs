//! A snapshot as text and as JSON.
//!
//! [`text()`] is the summary that a person reads, [`json()`] the same figures for a program
//! (schema `liveswarm.run/1`, published as `docs/schema/liveswarm.run.1.schema.json`), and
//! [`progress`] what is shown while a run goes on. All are pure functions of a [`Run`].
//!
//! Contract: what is unknown is `n/a` (or `warming up` while the run goes on) in text and `null`
//! in JSON, never zero; what is not zero is never shown as zero; nothing is wider than 80 columns
//! but what a terminal's width allows. Secrets are masked before they come here.

mod agreement;
mod format;
mod frame;
mod json;
pub mod progress;
mod run;
mod text;
mod words;

pub use agreement::{Ledger, Served};
pub use frame::{Frame, Phase};
pub use json::{Document, SCHEMA, document, json};
pub use run::{Config, Exit, Run};
pub use text::{Style, text};
