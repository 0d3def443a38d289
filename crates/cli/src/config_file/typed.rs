//! What stands on the command line beside a file.

use std::ffi::{OsStr, OsString};

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches};

use super::file;
use crate::args::Run;

/// What our own origin is told.
const OF_OUR_ORIGIN: [&str; 5] = ["format", "segment", "window", "variants", "demuxed-audio"];

/// What stands on the command line.
pub(super) struct Typed {
    /// The program's name and the command.
    pub(super) head: Vec<OsString>,
    /// All that follows.
    pub(super) tail: Vec<OsString>,
    /// The long names of the options among it.
    pub(super) names: Vec<String>,
    pub(super) url: Option<String>,
    /// How many viewers were asked for.
    pub(super) viewers: Option<u64>,
    /// Those that have to be typed again to repeat the run, since no figure of it holds them.
    pub(super) again: Vec<String>,
}

impl Typed {
    pub(super) fn new(
        command: &clap::Command,
        typed: &[OsString],
        matches: Option<&ArgMatches>,
        run: &Run,
    ) -> Self {
        let (head, tail) = typed.split_at(2.min(typed.len()));
        let is_typed = |option: &&Arg| {
            let source = matches.and_then(|matches| matches.value_source(option.get_id().as_str()));
            source == Some(ValueSource::CommandLine)
        };
        let options: Vec<&Arg> = command.get_arguments().filter(is_typed).collect();
        let names = options.iter().filter_map(|option| option.get_long());
        let names: Vec<String> = names.map(str::to_owned).collect();
        let again = options.iter().filter(|option| {
            let adds_up = matches!(option.get_action(), ArgAction::Append);
            let name = option.get_long().unwrap_or_default();
            adds_up || file::OF_VIEWERS.contains(&name) || OF_OUR_ORIGIN.contains(&name)
        });
        let again = again.flat_map(|option| repeated(option, matches));
        Self {
            head: head.to_vec(),
            tail: tail.to_vec(),
            again: again.collect(),
            url: run.url.clone(),
            viewers: names
                .iter()
                .any(|name| name == "viewers")
                .then_some(run.viewers),
            names,
        }
    }
}

/// An option as one or more words.
fn repeated(option: &Arg, matches: Option<&ArgMatches>) -> Vec<String> {
    let name = option.get_long().unwrap_or_default();
    if let ArgAction::SetTrue = option.get_action() {
        return vec![format!("--{name}")];
    }
    let values = matches.and_then(|matches| matches.get_raw(option.get_id().as_str()));
    let values = values.into_iter().flatten().map(OsStr::to_string_lossy);
    values.map(|value| format!("--{name}={value}")).collect()
}
