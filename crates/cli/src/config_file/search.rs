//! A file of a run, as a search for capacity takes it: who watches, and what is to hold. How many
//! there are when is the search's own to say.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory};

use super::Error;
use super::file::{Content, Entry, SLO};
use super::merge::Merge;
use super::source::Source;
use super::typed::Typed;
use super::words::option_of;
use crate::args::{Capacity, Cli, is_of_no_use};
use crate::objectives::unfit_for_a_level;

/// Adds the options of the file that a search names, where it names one, but those that mean
/// nothing to it: these are noted. An option that is typed and means nothing is noted too, to be
/// refused.
pub(super) fn merge(
    asked: &mut Capacity,
    typed: &[OsString],
    matches: Option<&ArgMatches>,
) -> Result<(), Error> {
    let command = Cli::command();
    let command = command.find_subcommand("run").unwrap_or(&command);
    asked.useless = useless(command, matches);
    if asked.useless.is_some() {
        return Ok(());
    }
    let Some(source) = Source::of(&asked.run)? else {
        return Ok(());
    };
    let file = source.file();
    let mut content = file.read(command)?;
    asked.set_aside = set_aside(command, &mut content);
    asked.not_judged = not_judged(&mut content);
    let typed = Typed::new(command, typed, matches, &asked.run);
    let merge = Merge {
        command,
        file,
        typed: &typed,
    };
    *asked.run = merge.run(&content)?;
    Ok(())
}

/// The first option that was typed and means nothing to a search.
fn useless(command: &clap::Command, matches: Option<&ArgMatches>) -> Option<String> {
    let mut options = command.get_arguments();
    let first = options.find(|option| {
        let id = option.get_id().as_str();
        let source = matches.filter(|_| is_of_no_use(id));
        let source = source.and_then(|matches| matches.value_source(id));
        source == Some(ValueSource::CommandLine)
    })?;
    Some(format!("--{}", first.get_long().unwrap_or_default()))
}

/// Takes out what means nothing to a search, and gives the names of it, in the file's order.
fn set_aside(command: &clap::Command, content: &mut Content) -> Vec<String> {
    let means_nothing = |entry: &mut Entry| {
        let option = option_of(command, &entry.name);
        option.is_some_and(|option| is_of_no_use(option.get_id().as_str()))
    };
    let out = content.run.extract_if(.., means_nothing);
    // A flag that is not set says nothing.
    let out = out.filter(|entry| !entry.typed.is_empty());
    out.map(|entry| entry.name).collect()
}

/// Takes out the objectives by which no level can be judged, of all viewers and of groups.
fn not_judged(content: &mut Content) -> Vec<String> {
    let of_groups = content.groups.iter_mut().map(|group| &mut group.entries);
    let all = [&mut content.run].into_iter().chain(of_groups).flatten();
    let mut out = Vec::new();
    for entry in all.filter(|entry| entry.name == SLO) {
        entry.typed.retain(|typed| {
            let text = typed.split_once('=').map_or("", |(_, text)| text);
            let is_out = unfit_for_a_level(text).is_some();
            if is_out {
                out.push(text.to_owned());
            }
            !is_out
        });
    }
    out
}
