//! `--config FILE` and `--scenario FILE|NAME`: options of `run` in a file, as if they were typed
//! before all others. A search for capacity takes the same files, without the shape in them.
//!
//! A key is the long name of an option (`viewers = 500`, `slo = ["startup.p95 < 2s"]`), or `url`.
//! What is typed on the command line wins over the file; options that may be repeated add up.
//! Every error names the file, the line, and the words that are wrong.
//!
//! A scenario has groups of viewers beside that, each a table with the options in which it differs:
//!
//! ```text
//! what is typed  over  the group's own  over  what stands above the groups  over  defaults
//! ```
//!
//! A URL is the one exception: what is typed is for the groups that have none of their own.

mod engines;
mod file;
mod merge;
mod ready;
mod search;
mod shape;
mod source;
mod spelling;
mod typed;
mod values;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::args::{Cli, Command, Run};
use merge::Merge;
use source::Source;
use typed::Typed;

/// Why a configuration file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file can't be read.
    #[error("{option}: can't read {}: {source}", path.display())]
    Unreadable {
        option: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// There is neither a file nor a scenario of this name.
    #[error(
        "--scenario: there is no file {name:?}, and no scenario of that name; ready are{}",
        ready::list()
    )]
    NoScenario { name: String },
    /// Something in it is wrong.
    #[error("{option}: {place}")]
    Wrong { option: &'static str, place: String },
}

/// What was typed, with the options of its configuration file, where it names one.
pub(crate) fn parse(typed: &[OsString]) -> Result<Cli, Error> {
    let matches = Cli::command().get_matches_from(typed);
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let matches = matches.subcommand().map(|(_, matches)| matches);
    match &mut cli.command {
        Command::Run(run) => merge(run, typed, matches)?,
        Command::Capacity(asked) => search::merge(asked, typed, matches)?,
        _ => {}
    }
    Ok(cli)
}

/// Adds the options of the file that a run names, where it names one.
fn merge(run: &mut Run, typed: &[OsString], matches: Option<&ArgMatches>) -> Result<(), Error> {
    let Some(source) = Source::of(run)? else {
        return Ok(());
    };
    if run.print_scenario {
        run.scenario_text = Some(source.text);
        return Ok(());
    }
    let command = Cli::command();
    let command = command.find_subcommand("run").unwrap_or(&command);
    let file = source.file();
    let content = file.read(command)?;
    let typed = Typed::new(command, typed, matches, run);
    let merge = Merge {
        command,
        file,
        typed: &typed,
    };
    *run = merge.run(&content)?;
    Ok(())
}

#[cfg(test)]
mod tests;
