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
mod ready;
mod search;
mod shape;
mod spelling;
mod values;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser};

use crate::args::{self, Cli, Command, Run};
use file::{Content, Entry, File, Group, SLO, URL};

/// A configuration file larger than this is none.
const BYTES_MAX: u64 = 1 << 20;

/// What our own origin is told.
const OF_OUR_ORIGIN: [&str; 5] = ["format", "segment", "window", "variants", "demuxed-audio"];

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

/// A file, read.
struct Source {
    option: &'static str,
    path: String,
    text: String,
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

impl Source {
    fn of(run: &Run) -> Result<Option<Self>, Error> {
        if let Some(name) = &run.scenario {
            return Self::scenario(name).map(Some);
        }
        let Some(path) = &run.config else {
            return Ok(None);
        };
        Ok(Some(Self {
            option: "--config",
            path: path.display().to_string(),
            text: read("--config", path)?,
        }))
    }

    fn scenario(name: &str) -> Result<Self, Error> {
        let text = match ready::by_name(name) {
            Some(ready) => ready.text.to_owned(),
            None if Path::new(name).exists() => read("--scenario", Path::new(name))?,
            None => {
                let name = name.to_owned();
                return Err(Error::NoScenario { name });
            }
        };
        Ok(Self {
            option: "--scenario",
            path: name.to_owned(),
            text,
        })
    }

    fn file(&self) -> File<'_> {
        File {
            option: self.option,
            path: &self.path,
            text: &self.text,
            scenario: self.option == "--scenario",
        }
    }
}

fn read(option: &'static str, path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable {
        option,
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > BYTES_MAX {
        let place = format!("{}: larger than 1 MiB; is this the file?", path.display());
        return Err(Error::Wrong { option, place });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

/// What stands on the command line.
struct Typed {
    /// The program's name and the command.
    head: Vec<OsString>,
    /// All that follows.
    tail: Vec<OsString>,
    /// The long names of the options among it.
    names: Vec<String>,
    url: Option<String>,
    /// How many viewers were asked for.
    viewers: Option<u64>,
    /// Those that have to be typed again to repeat the run, since no figure of it holds them.
    again: Vec<String>,
}

impl Typed {
    fn new(
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

/// Makes runs of what stands in a file and on the command line.
struct Merge<'a> {
    command: &'a clap::Command,
    file: File<'a>,
    typed: &'a Typed,
}

impl Merge<'_> {
    fn run(&self, content: &Content) -> Result<Run, Error> {
        self.check_together(&content.run)?;
        // What is above the groups is theirs where it says what viewers are.
        let alone = content.groups.is_empty();
        let above = content.run.iter();
        let above = above.filter(|entry| alone || !file::OF_VIEWERS.contains(&&*entry.name));
        let above: Vec<&Entry> = above.filter(|entry| self.stays(entry)).collect();
        if self.file.scenario {
            self.check_shape(&content.run)?;
        }
        let parsed = self.parsed(&above);
        let mut run = parsed.map_err(|error| self.of_run(&above, &error))?;
        let url = content.run.iter().find(|entry| entry.name == URL);
        let url = url.and_then(|entry| entry.typed.first().cloned());
        run.url = self.typed.url.clone().or(url);
        if self.file.scenario {
            self.scale(&mut run, &content.run)?;
            run.typed.clone_from(&self.typed.again);
        }
        let groups = content.groups.iter();
        let groups = groups.map(|group| self.group(group, content, &run));
        run.groups = groups.collect::<Result<_, _>>()?;
        engines::leave_to_others(&mut run.groups, &content.groups);
        Ok(run)
    }

    /// One group: what stands above it and is not its own to say, its own, and what is typed.
    fn group(&self, group: &Group, content: &Content, run: &Run) -> Result<args::Group, Error> {
        let own: Vec<&str> = group
            .entries
            .iter()
            .map(|entry| entry.name.as_str())
            .collect();
        let above = content.run.iter().filter(|entry| {
            let replaced = own.contains(&entry.name.as_str()) && !self.adds_up(&entry.name);
            let displaced = own.iter().any(|name| self.displaces(name, &entry.name));
            !replaced && !displaced && self.stays(entry)
        });
        let own = group.entries.iter().filter(|entry| entry.name != SLO);
        let own = own.filter(|entry| self.stays(entry));
        let entries: Vec<&Entry> = above.chain(own).collect();
        let parsed = self.parsed(&entries);
        let mut parsed = parsed.map_err(|error| self.of_group(group, &first_line(&error)))?;
        let url = group.entries.iter().find(|entry| entry.name == URL);
        let url = url.and_then(|entry| entry.typed.first().cloned());
        parsed.url = url.clone().or(run.url.clone());
        let options = entries.iter().filter(|entry| self.counts(entry));
        Ok(args::Group {
            name: group.name.clone(),
            weight: group.weight,
            place: self.file.line_of(&group.span),
            own_url: url.is_some(),
            slo: group.slo(),
            options: options.flat_map(|entry| entry.typed.clone()).collect(),
            run: parsed,
        })
    }

    /// Whether an entry says what viewers of a group are, and is not replaced by what is typed.
    fn counts(&self, entry: &Entry) -> bool {
        let replaced = self.typed.names.contains(&entry.name) && !self.adds_up(&entry.name);
        file::OF_VIEWERS.contains(&&*entry.name) && !replaced
    }

    /// What is wrong with entries beside each other or what is typed, at the first of them that is
    /// concerned: one that is named, or that is refused by itself too.
    fn of_run(&self, entries: &[&Entry], error: &clap::Error) -> Error {
        let words = first_line(error);
        let named = |entry: &&&Entry| names_option(&words, &entry.name);
        let alone = |entry: &&&Entry| {
            let refused = self.parsed(&[**entry]).err();
            refused.is_some_and(|error| first_line(&error) == words)
        };
        let mut all = entries.iter();
        let concerned = all.clone().find(named).or_else(|| all.find(alone));
        let Some(entry) = concerned else { error.exit() };
        self.file.wrong(entry.span.clone(), &words)
    }

    fn of_group(&self, group: &Group, words: &str) -> Error {
        let named = |entry: &&Entry| names_option(words, &entry.name);
        let span = group.entries.iter().find(named).map(|entry| &entry.span);
        let span = span.unwrap_or(&group.span);
        let why = format!("group `{}`: {words}", group.name);
        self.file.wrong(span.clone(), &why)
    }

    /// Whether the file's own options go together, whatever is typed.
    fn check_together(&self, entries: &[Entry]) -> Result<(), Error> {
        let options = entries.iter().filter(|entry| entry.name != URL);
        let words = options.flat_map(|entry| &entry.typed).map(String::as_str);
        let refused = Cli::try_parse_from(["liveswarm", "run"].into_iter().chain(words)).err();
        // What is still missing may be typed.
        let conflict = |error: &clap::Error| error.kind() == ErrorKind::ArgumentConflict;
        let Some(error) = refused.filter(conflict) else {
            return Ok(());
        };
        let words = first_line(&error);
        let named = entries
            .iter()
            .filter(|entry| names_option(&words, &entry.name));
        let span = named.map(|entry| entry.span.clone()).next_back();
        Err(self.file.wrong(span.unwrap_or(0..0), &words))
    }

    /// Whether an entry of the file stays beside what is typed, which wins.
    fn stays(&self, entry: &Entry) -> bool {
        let mut typed = self.typed.names.iter();
        !typed.any(|name| self.displaces(name, &entry.name))
    }

    /// Whether one option leaves no room for the other.
    fn displaces(&self, name: &str, other: &str) -> bool {
        // Of no use without each other.
        let other = if other == "watch-time" {
            "arrivals"
        } else {
            other
        };
        let excludes = |one: &str, another: &str| {
            let Some(option) = option_of(self.command, one) else {
                return false;
            };
            let out = self.command.get_arg_conflicts_with(option);
            out.iter().any(|option| option.get_long() == Some(another))
        };
        name != other && (excludes(name, other) || excludes(other, name))
    }

    fn adds_up(&self, name: &str) -> bool {
        let option = option_of(self.command, name);
        option.is_some_and(|option| matches!(option.get_action(), ArgAction::Append))
    }

    /// These entries and what is typed, as a run.
    fn parsed(&self, entries: &[&Entry]) -> Result<Run, clap::Error> {
        let options = entries.iter().filter(|entry| entry.name != URL);
        let options = options.flat_map(|entry| &entry.typed).map(OsString::from);
        let head = self.typed.head.iter().cloned();
        let tail = self.typed.tail.iter().cloned();
        match Cli::try_parse_from(head.chain(options).chain(tail))?.command {
            Command::Run(run) => Ok(*run),
            Command::Capacity(asked) => Ok(*asked.run),
            _ => unreachable!("`run` or `capacity` was the command when it was typed"),
        }
    }
}

/// The option of this long name.
fn option_of<'a>(command: &'a clap::Command, name: &str) -> Option<&'a Arg> {
    let mut options = command.get_arguments();
    options.find(|option| option.get_long() == Some(name))
}

/// Why a part of a command line is not taken, in clap's words; `None`: it is, with what is missing.
fn words_of<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let refused = Cli::try_parse_from(words).err()?;
    let missing = refused.kind() == ErrorKind::MissingRequiredArgument;
    (!missing).then(|| first_line(&refused))
}

/// What clap says in its first line; and what it lists in those below it.
fn first_line(error: &clap::Error) -> String {
    let words = error.to_string();
    let said = words.split("\n\n").next().unwrap_or_default();
    let mut lines = said.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let listed: Vec<&str> = lines.filter(|line| line.starts_with('-')).collect();
    let first = first.trim_start_matches("error: ");
    if listed.is_empty() {
        return first.to_owned();
    }
    format!("{first} {}", listed.join(", "))
}

/// Whether a message is about this option.
fn names_option(words: &str, name: &str) -> bool {
    let mut rest = words;
    let option = format!("--{name}");
    while let Some(at) = rest.find(&option) {
        rest = &rest[at + option.len()..];
        if !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '-') {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
