//! What stands in a file and what is typed, made one.

use std::ffi::OsString;

use clap::ArgAction;
use clap::Parser;
use clap::error::ErrorKind;

use super::file::{self, Content, Entry, File, Group, SLO, URL};
use super::typed::Typed;
use super::words::{first_line, names_option, option_of};
use super::{Error, engines};
use crate::args::{self, Cli, Command, Run};

/// Makes runs of what stands in a file and on the command line.
pub(super) struct Merge<'a> {
    pub(super) command: &'a clap::Command,
    pub(super) file: File<'a>,
    pub(super) typed: &'a Typed,
}

impl Merge<'_> {
    pub(super) fn run(&self, content: &Content) -> Result<Run, Error> {
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
    pub(super) fn displaces(&self, name: &str, other: &str) -> bool {
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
