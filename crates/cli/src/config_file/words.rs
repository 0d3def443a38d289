//! Options by their names, and what clap says of them.

use clap::error::ErrorKind;
use clap::{Arg, Parser};

use crate::args::Cli;

/// The option of this long name.
pub(super) fn option_of<'a>(command: &'a clap::Command, name: &str) -> Option<&'a Arg> {
    let mut options = command.get_arguments();
    options.find(|option| option.get_long() == Some(name))
}

/// Why a part of a command line is not taken, in clap's words; `None`: it is, with what is missing.
pub(super) fn words_of<'a>(words: impl Iterator<Item = &'a str>) -> Option<String> {
    let refused = Cli::try_parse_from(words).err()?;
    let missing = refused.kind() == ErrorKind::MissingRequiredArgument;
    (!missing).then(|| first_line(&refused))
}

/// What clap says in its first line; and what it lists in those below it.
pub(super) fn first_line(error: &clap::Error) -> String {
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
pub(super) fn names_option(words: &str, name: &str) -> bool {
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
