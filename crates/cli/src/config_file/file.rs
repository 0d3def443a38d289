//! What stands in a file: its entries as they would be typed, and its groups.

use std::borrow::Cow;
use std::fmt::Write;
use std::ops::Range;

use clap::{Arg, ArgAction};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::values;
use super::words::{option_of, words_of};
use super::{Error, spelling};

/// Options that make no sense in a file.
const NOT_IN_A_FILE: [&str; 6] = [
    "config",
    "scenario",
    "print-scenario",
    "print-cmd",
    "help",
    "version",
];
/// The name under which the stream's URL stands in the file.
pub(super) const URL: &str = "url";
/// The name of objectives, which a group may have of its own.
pub(super) const SLO: &str = "slo";
/// The name of the tables of groups.
const GROUP: &str = "group";
/// The most groups of a scenario.
const GROUPS_MAX: usize = 32;
/// The largest weight of one.
const WEIGHT_MAX: i64 = 10_000;
/// The longest name of one, in characters.
const NAME_CHARS_MAX: usize = 64;
/// What a group may say of its viewers; all else is the whole run's.
pub(super) const OF_VIEWERS: [&str; 19] = [
    "player",
    "variant",
    "target-buffer",
    "seg-retry",
    "timeout",
    "header",
    "user-agent",
    "user-agent-mix",
    "no-cache",
    "network",
    "broadcast",
    "restart",
    "engine",
    "exec",
    "ffmpeg",
    "ffmpeg-arg",
    "measure",
    "assume-playback",
    "restart-on-stall",
];
/// Entries whose lines are not repeated in messages: they may hold secrets.
const SECRET: [&str; 8] = [
    URL,
    "header",
    "exec",
    "ffmpeg-arg",
    "admin-token",
    "push-token",
    "user-agent",
    "user-agent-mix",
];

/// A file of options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    /// The option that names it.
    pub(super) option: &'static str,
    /// Where it is, as it was typed.
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    /// Whether it may have groups.
    pub(super) scenario: bool,
}

/// What stands in it.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// The run's, in the order of the lines.
    pub(super) run: Vec<Entry>,
    pub(super) groups: Vec<Group>,
}

/// An entry as one or more options; none where it is a flag that is not set.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) typed: Vec<String>,
    pub(super) span: Range<usize>,
}

/// A table of a group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) weight: u32,
    /// Its first line.
    pub(super) span: Range<usize>,
    pub(super) entries: Vec<Entry>,
}

impl Group {
    /// The objectives that are its own.
    pub(super) fn slo(&self) -> Vec<String> {
        let entries = self.entries.iter().filter(|entry| entry.name == SLO);
        let typed = entries.flat_map(|entry| &entry.typed);
        let texts = typed.filter_map(|typed| typed.split_once('='));
        texts.map(|(_, text)| text.to_owned()).collect()
    }
}

type Key<'a> = Spanned<Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// Whose entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Run,
    Group,
}

impl File<'_> {
    /// All that stands in it, each value checked by itself.
    pub(super) fn read(&self, run: &clap::Command) -> Result<Content, Error> {
        let table = DeTable::parse(self.text)
            .map_err(|why| self.wrong(why.span().unwrap_or(0..0), why.message()))?;
        let mut content = Content::default();
        for (key, value) in in_order(table.get_ref()) {
            if key.get_ref() == GROUP && self.scenario {
                content.groups = self.groups(run, value)?;
            } else {
                content.run.push(self.entry(run, key, value, Of::Run)?);
            }
        }
        Ok(content)
    }

    fn groups(&self, run: &clap::Command, value: &Value<'_>) -> Result<Vec<Group>, Error> {
        let wrong = |why: &str| Err(self.wrong(value.span(), why));
        let DeValue::Array(tables) = value.get_ref() else {
            return wrong("groups are tables, each under a line of its own: [[group]]");
        };
        if tables.is_empty() {
            return wrong("no group at all; leave it out, or write tables: [[group]]");
        }
        if tables.len() > GROUPS_MAX {
            return wrong(&format!(
                "{} groups are too many; a scenario has at most {GROUPS_MAX}",
                tables.len()
            ));
        }
        let mut groups: Vec<Group> = Vec::new();
        for table in tables {
            let group = self.group(run, table)?;
            if groups.iter().any(|other| other.name == group.name) {
                let why = format!("there is a group `{}` already", group.name);
                return Err(self.wrong(group.span, &why));
            }
            groups.push(group);
        }
        Ok(groups)
    }

    fn group(&self, run: &clap::Command, table: &Value<'_>) -> Result<Group, Error> {
        let span = table.span();
        let DeValue::Table(table) = table.get_ref() else {
            return Err(self.wrong(span, "a group is a table, under a line [[group]]"));
        };
        let (mut name, mut weight, mut entries) = (None, 1, Vec::new());
        for (key, value) in in_order(table) {
            match key.get_ref().as_ref() {
                "name" => name = Some((self.name(value)?, value.span())),
                "weight" => weight = self.weight(value)?,
                _ => entries.push(self.entry(run, key, value, Of::Group)?),
            }
        }
        let Some((name, span)) = name else {
            let why = "a group has a name, such as name = \"phones\"";
            return Err(self.wrong(span, why));
        };
        Ok(Group {
            name,
            weight,
            span,
            entries,
        })
    }

    fn name(&self, value: &Value<'_>) -> Result<String, Error> {
        let wrong = |why: &str| Err(self.wrong(value.span(), why));
        let DeValue::String(name) = value.get_ref() else {
            return wrong("a name is text, such as \"phones\"");
        };
        let name = name.trim();
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return wrong(&format!("a name has 1 to {NAME_CHARS_MAX} characters"));
        }
        if name.chars().any(char::is_control) {
            return wrong("a name has no control characters");
        }
        Ok(name.to_owned())
    }

    fn weight(&self, value: &Value<'_>) -> Result<u32, Error> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let weight = number.filter(|number| (1..=WEIGHT_MAX).contains(number));
        weight.map(|number| number as u32).ok_or_else(|| {
            let why = format!("a weight is a whole number from 1 to {WEIGHT_MAX}, such as 7");
            self.wrong(value.span(), &why)
        })
    }

    fn entry(
        &self,
        run: &clap::Command,
        key: &Key<'_>,
        value: &Value<'_>,
        of: Of,
    ) -> Result<Entry, Error> {
        let name = key.get_ref().as_ref();
        let (texts, typed) = if name == URL {
            let text = self.text_of(value)?;
            (vec![text.clone()], vec![text])
        } else {
            self.option(run, key, value, of)?
        };
        self.check(name, value, &texts, &typed)?;
        if of == Of::Group && name == SLO {
            let checked = texts
                .iter()
                .try_for_each(|text| values::check_of_group(text));
            checked.map_err(|why| self.wrong(value.span(), why))?;
        }
        Ok(Entry {
            name: name.to_owned(),
            typed,
            span: key.span().start..value.span().end,
        })
    }

    /// One entry's values, and the options that they are.
    fn option(
        &self,
        run: &clap::Command,
        key: &Key<'_>,
        value: &Value<'_>,
        of: Of,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        let name = key.get_ref().as_ref();
        let option = self.known(run, key, of)?;
        let texts = match (option.get_action(), value.get_ref()) {
            (ArgAction::SetTrue, DeValue::Boolean(set)) => {
                let flag = set.then(|| format!("--{name}"));
                return Ok((Vec::new(), flag.into_iter().collect()));
            }
            (ArgAction::SetTrue, _) => {
                return Err(self.wrong(value.span(), "this is true or false"));
            }
            (ArgAction::Append, DeValue::Array(values)) => {
                let texts = values.iter().map(|value| self.text_of(value));
                texts.collect::<Result<Vec<_>, _>>()?
            }
            _ => vec![self.text_of(value)?],
        };
        let typed = texts.iter().map(|text| format!("--{name}={text}"));
        let typed = typed.collect();
        Ok((texts, typed))
    }

    /// The option that a key names, where it may stand.
    fn known<'c>(&self, run: &'c clap::Command, key: &Key<'_>, of: Of) -> Result<&'c Arg, Error> {
        let name = key.get_ref().as_ref();
        let wrong = |why: &str| Err(self.wrong(key.span(), why));
        if name == GROUP && !self.scenario {
            return wrong("groups are for a scenario: name this file with --scenario");
        }
        let option = option_of(run, name).filter(|option| is_for_files(option));
        match (option, of) {
            (Some(option), Of::Run) => Ok(option),
            (Some(option), Of::Group) if name == SLO || OF_VIEWERS.contains(&name) => Ok(option),
            (Some(_), Of::Group) => wrong(&not_of_a_group(name)),
            (None, of) => {
                let names = run.get_arguments().filter(|option| is_for_files(option));
                let names = names.filter_map(Arg::get_long);
                let names: Vec<&str> = match of {
                    Of::Run => names.chain([URL]).collect(),
                    Of::Group => OF_VIEWERS
                        .into_iter()
                        .chain([SLO, URL, "name", "weight"])
                        .collect(),
                };
                wrong(&spelling::unknown(name, &names))
            }
        }
    }

    /// A value as it would be typed.
    fn text_of(&self, value: &Value<'_>) -> Result<String, Error> {
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
    fn check(
        &self,
        name: &str,
        value: &Value<'_>,
        texts: &[String],
        typed: &[String],
    ) -> Result<(), Error> {
        let alone = ["liveswarm", "run"].into_iter();
        let alone = alone.chain(typed.iter().map(String::as_str));
        if let Some(words) = words_of(alone) {
            return Err(self.wrong_value(name, value.span(), &words));
        }
        match texts.iter().try_for_each(|text| values::check(name, text)) {
            Ok(()) => Ok(()),
            Err(why) => Err(self.wrong_value(name, value.span(), &why)),
        }
    }

    fn wrong_value(&self, name: &str, span: Range<usize>, why: &str) -> Error {
        if SECRET.contains(&name) {
            let (line, column, _) = self.place(span.start);
            return self.error(&format!("{}:{line}:{column}: {why}", self.path));
        }
        self.wrong(span, why)
    }

    /// Where it is, for a message.
    pub(super) fn line_of(&self, span: &Range<usize>) -> String {
        let (line, ..) = self.place(span.start);
        format!("{}:{line}", self.path)
    }

    /// The line with its place marked.
    pub(super) fn wrong(&self, span: Range<usize>, why: &str) -> Error {
        let (number, column, line) = self.place(span.start);
        let start = self.text.floor_char_boundary(span.start);
        let end = self.text.floor_char_boundary(span.end).max(start);
        let marked = self.text[start..end].lines().next().unwrap_or_default();
        let mut place = format!("{}:{number}:{column}: {why}", self.path);
        if !is_secret(line) {
            // Writing to a String cannot fail.
            let _ = write!(
                place,
                "\n\n  {number} | {line}\n  {:width$} | {:before$}{:^>marks$}",
                "",
                "",
                "",
                width = number.to_string().len(),
                before = column - 1,
                marks = marked.chars().count().max(1),
            );
        }
        self.error(&place)
    }

    fn error(&self, place: &str) -> Error {
        Error::Wrong {
            option: self.option,
            place: place.to_owned(),
        }
    }

    /// Line and column, from 1, and the line itself.
    fn place(&self, at: usize) -> (usize, usize, &str) {
        let start = self.text.floor_char_boundary(at);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |place| place + 1);
        let number = before.matches('\n').count() + 1;
        let column = self.text[line_start..start].chars().count() + 1;
        let line = self.text[line_start..].lines().next().unwrap_or_default();
        (number, column, line)
    }
}

/// Whether a line may hold a secret: by any key in it, by what stands in it, or since it goes on
/// with a value of which the key stands above. (A header in a list has a colon.)
fn is_secret(line: &str) -> bool {
    let line = line.trim_start();
    let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let mut words = line.split(|c: char| !is_key(c));
    let goes_on = line.starts_with(['"', '\'']);
    let keyed = line
        .trim_start_matches(is_key)
        .trim_start()
        .starts_with('=');
    goes_on
        || words.any(|word| SECRET.contains(&word))
        || transport::mask::text(line) != line
        || (!keyed && line.contains(':'))
}

/// Why an option of the run can't be a group's.
fn not_of_a_group(name: &str) -> String {
    match name {
        "viewers" => "how many viewers a group has follows from its weight: \
                      weight = 7 of one and 3 of another are 70 % and 30 %"
            .to_owned(),
        _ => format!("`{name}` is for the whole run: put it above the first [[group]]"),
    }
}

fn is_for_files(option: &Arg) -> bool {
    let long = option.get_long();
    long.is_some_and(|long| !NOT_IN_A_FILE.contains(&long)) && !option.is_hide_set()
}

/// The entries of a table by their lines.
fn in_order<'t, 'a>(table: &'t DeTable<'a>) -> Vec<(&'t Key<'a>, &'t Value<'a>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}
