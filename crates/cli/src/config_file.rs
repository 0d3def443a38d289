//! `--config FILE`: options of `run` in a file, as if they were typed before all others.
//!
//! A key is the long name of an option (`viewers = 500`, `slo = ["startup.p95 < 2s"]`), or `url`.
//! What is typed on the command line wins over the file; options that may be repeated add up.
//! Every error names the file, the line, and the words that are wrong.

use std::ffi::OsString;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, CommandFactory, Parser};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::args::{Cli, Command};

/// A configuration file larger than this is none.
const BYTES_MAX: u64 = 1 << 20;
/// Options that make no sense in a file.
const NOT_IN_A_FILE: [&str; 3] = ["config", "help", "version"];
/// The name under which the stream's URL stands in the file.
const URL: &str = "url";

/// Why a configuration file can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file can't be read.
    #[error("--config: can't read {}: {source}", path.display())]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("--config: {place}")]
    Wrong { place: String },
}

/// What was typed, with the options of its configuration file, where it names one.
pub(crate) fn parse(typed: &[OsString]) -> Result<Cli, Error> {
    let cli = Cli::parse_from(typed);
    let Command::Run(run) = &cli.command else {
        return Ok(cli);
    };
    let Some(path) = &run.config else {
        return Ok(cli);
    };
    let text = read(path)?;
    let file = File { path, text: &text };
    let added = file.arguments(run.url.is_some())?;
    // The program's name and the command come first.
    let (head, tail) = typed.split_at(2.min(typed.len()));
    let added = added.into_iter().map(OsString::from);
    let all = head
        .iter()
        .cloned()
        .chain(added)
        .chain(tail.iter().cloned());
    Ok(Cli::parse_from(all))
}

fn read(path: &Path) -> Result<String, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > BYTES_MAX {
        let place = format!("{}: larger than 1 MiB; is this the file?", path.display());
        return Err(Error::Wrong { place });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

struct File<'a> {
    path: &'a Path,
    text: &'a str,
}

impl File<'_> {
    /// The file's entries as arguments.
    fn arguments(&self, url_typed: bool) -> Result<Vec<String>, Error> {
        let table = DeTable::parse(self.text)
            .map_err(|why| self.wrong(why.span().unwrap_or(0..0), why.message()))?;
        let mut entries: Vec<_> = table.get_ref().iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let command = Cli::command();
        let run = command.find_subcommand("run").unwrap_or(&command);
        let mut arguments = Vec::new();
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let made = if name == URL {
                vec![self.text_of(value)?]
            } else {
                self.option(run, key, value)?
            };
            self.check(value, &made)?;
            if name != URL || !url_typed {
                arguments.extend(made);
            }
        }
        Ok(arguments)
    }

    /// One entry as one or more options.
    fn option(
        &self,
        run: &clap::Command,
        key: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<String>, Error> {
        let name = key.get_ref().as_ref();
        let known = || run.get_arguments().filter(|option| is_for_files(option));
        let Some(option) = known().find(|option| option.get_long() == Some(name)) else {
            let names: Vec<&str> = known().filter_map(Arg::get_long).collect();
            return Err(self.wrong(key.span(), &unknown(name, &names)));
        };
        match (option.get_action(), value.get_ref()) {
            (ArgAction::SetTrue, DeValue::Boolean(true)) => Ok(vec![format!("--{name}")]),
            (ArgAction::SetTrue, DeValue::Boolean(false)) => Ok(Vec::new()),
            (ArgAction::SetTrue, _) => Err(self.wrong(value.span(), "this is true or false")),
            (ArgAction::Append, DeValue::Array(values)) => values
                .iter()
                .map(|value| Ok(format!("--{name}={}", self.text_of(value)?)))
                .collect(),
            _ => Ok(vec![format!("--{name}={}", self.text_of(value)?)]),
        }
    }

    /// A value as it would be typed.
    fn text_of(&self, value: &Spanned<DeValue<'_>>) -> Result<String, Error> {
        match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(number.to_string()),
            DeValue::Float(number) => Ok(number.to_string()),
            _ => Err(self.wrong(
                value.span(),
                "this is text or a number, such as \"90s\" or 500",
            )),
        }
    }

    /// Whether these options would be taken by themselves.
    fn check(&self, value: &Spanned<DeValue<'_>>, made: &[String]) -> Result<(), Error> {
        let typed = ["liveswarm", "run"].into_iter();
        let typed = typed.chain(made.iter().map(String::as_str));
        let Err(why) = Cli::try_parse_from(typed) else {
            return Ok(());
        };
        let words = why.to_string();
        let words = words.lines().next().unwrap_or_default();
        let words = words.trim_start_matches("error: ");
        Err(self.wrong(value.span(), words))
    }

    /// The line with its place marked.
    fn wrong(&self, span: std::ops::Range<usize>, why: &str) -> Error {
        let start = self.text.floor_char_boundary(span.start);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |place| place + 1);
        let number = before.matches('\n').count() + 1;
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        let column = self.text[line_start..start].chars().count();
        let end = self.text.floor_char_boundary(span.end).max(start);
        let marked = self.text[start..end].lines().next().unwrap_or_default();
        let marks = marked.chars().count().max(1);
        let mut place = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            place,
            "{}:{number}:{}: {why}\n\n  {number} | {line}\n  {:width$} | {:column$}{:^>marks$}",
            self.path.display(),
            column + 1,
            "",
            "",
            "",
            width = number.to_string().len(),
        );
        Error::Wrong { place }
    }
}

fn is_for_files(option: &Arg) -> bool {
    let long = option.get_long();
    long.is_some_and(|long| !NOT_IN_A_FILE.contains(&long)) && !option.is_hide_set()
}

/// What to say of a name that no option has.
fn unknown(name: &str, names: &[&str]) -> String {
    let near = names.iter().filter_map(|known| {
        let distance = distance(name, known);
        (distance <= 1 + name.len() / 4).then_some((distance, known))
    });
    match near.min() {
        Some((_, known)) => format!("there is no option `{name}`; did you mean `{known}`?"),
        None => format!("there is no option `{name}`; `liveswarm run --help` lists them"),
    }
}

/// Letters to insert, delete or replace to make `b` of `a` (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Result<Vec<String>, String> {
        let path = Path::new("load.toml");
        File { path, text }
            .arguments(false)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn entries_are_what_would_be_typed() {
        let text = "url = 'http://h/a.m3u8'\nviewers = 500\nramp-rate = 0.5\nduration = '90s'\n\
                    no-cache = true\ninsecure = false\nheader = ['A: b', 'C: d']\n";
        assert_eq!(
            arguments(text).unwrap(),
            [
                "http://h/a.m3u8",
                "--viewers=500",
                "--ramp-rate=0.5",
                "--duration=90s",
                "--no-cache",
                "--header=A: b",
                "--header=C: d",
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let cases = [
            (
                "viewers = 5\nviewer = 6",
                "load.toml:2:1: there is no option `viewer`; did you mean `viewers`?",
            ),
            ("zzz = 6", "liveswarm run --help"),
            ("config = 'x'", "there is no option `config`"),
            ("\nno-cache = 1", "load.toml:2:12: this is true or false"),
            ("viewers = [1]", "load.toml:1:11: this is text or a number"),
            ("viewers = 0", "load.toml:1:11: invalid value '0'"),
            ("duration = 'soon'", "load.toml:1:12: invalid value 'soon'"),
            (
                "header = ['a', 5, {}]",
                "load.toml:1:19: this is text or a number",
            ),
            ("viewers = ", "load.toml:1:"),
            ("a = 1\na = 2", "load.toml:2:1"),
            ("é = 'ü", "load.toml:1:"),
        ];
        for (text, words) in cases {
            let error = arguments(text).unwrap_err();
            assert!(error.contains(words), "{text}: {error}");
        }
        let error = arguments("a = 1\nviewers = 'many'").unwrap_err();
        assert!(error.contains("there is no option `a`"), "{error}");
    }

    #[test]
    fn the_place_is_marked() {
        let error = arguments("viewers = 'many'").unwrap_err();
        let lines: Vec<&str> = error.lines().skip(2).collect();
        assert_eq!(lines, ["  1 | viewers = 'many'", "    |           ^^^^^^"]);
    }

    #[test]
    fn distances() {
        assert_eq!(distance("viewer", "viewers"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
