//! A run in every form in which it is looked at.
//!
//! All are pure functions of a [`Run`], or of the [`Document`] that is made of it and that a file
//! keeps: [`text()`] is the summary that a person reads, [`html()`] the page that is sent to a
//! colleague, [`json()`] the document for a program (schema `liveswarm.run/1`, published as
//! `docs/schema/liveswarm.run.1.schema.json`), [`junit()`] its objectives for a CI server, [`csv`]
//! its timeline for a spreadsheet, [`compare()`] what two runs differ by, [`repeat`] how to run it
//! again, [`capacity`] what a search for the most viewers found, [`health()`] how it goes in one word, and [`progress`] what is shown meanwhile.
//!
//! Contract: what is unknown is `n/a` (or `warming up` while the run goes on) in text and `null`
//! in JSON, never zero; what is not zero is never shown as zero; no text is wider than 80 columns
//! but what a terminal's width allows. Secrets are masked before they come here; everything else
//! that came from outside is escaped here.

mod agreement;
pub mod capacity;
pub mod compare;
pub mod csv;
pub mod document;
pub mod format;
mod frame;
mod groups;
mod health;
mod html;
mod junit;
pub mod objectives;
pub mod origin_metrics;
pub mod progress;
mod remarks;
pub mod repeat;
mod run;
mod svg;
mod text;
pub mod words;

pub use agreement::{Agreement, Ledger, Served};
pub use compare::{Comparison, compare};
pub use document::{Document, ReadError, SCHEMA, document, json};
pub use frame::{Frame, Phase};
pub use health::{Health, Word, health};
pub use html::html;
pub use junit::junit;
pub use run::{Config, Exit, Group, Run};
pub use text::{Style, text};
