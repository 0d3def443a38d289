use std::borrow::Cow;

use url::Url;

use super::attributes::Attributes;
use super::error::{Error, VariableProblem};
use super::lines::shorten;
use super::{BODY_BYTES_MAX, LINE_BYTES_MAX};

/// The most variables of one playlist.
const VARIABLES_MAX: usize = 256;

/// The variables that a playlist defines (`EXT-X-DEFINE`, RFC 8216bis, 4.3 and 4.4.2.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Variables {
    /// In order of definition; a playlist has a handful.
    list: Vec<(String, String)>,
}

impl Variables {
    /// No variables.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.list.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// Sets `name` to `value`, whether it was defined or not.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let name = name.into();
        self.list.retain(|(known, _)| *known != name);
        self.list.push((name, value.into()));
    }

    /// All, in order of definition.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether nothing is defined.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

/// Variables while a playlist is read: definitions come line by line.
pub(super) struct Scope<'a> {
    pub(super) defined: Variables,
    imports: &'a Variables,
    base: &'a Url,
    /// What substitution added so far, so that a small playlist can't become a huge one.
    grown: usize,
}

impl<'a> Scope<'a> {
    pub(super) fn new(imports: &'a Variables, base: &'a Url) -> Self {
        Self {
            defined: Variables::new(),
            imports,
            base,
            grown: 0,
        }
    }

    /// Reads one `EXT-X-DEFINE`.
    pub(super) fn define(&mut self, attributes: &Attributes<'_>, line: u32) -> Result<(), Error> {
        let problem = |name: &str, problem| Error::Variable {
            line,
            name: shorten(name),
            problem,
        };
        let (name, value) = if let Some(name) = attributes.get("NAME") {
            (name, attributes.string("VALUE").unwrap_or_default())
        } else if let Some(name) = attributes.get("IMPORT") {
            let value = self.imports.get(name);
            let value = value.ok_or_else(|| problem(name, VariableProblem::NotImportable))?;
            (name, value.to_owned())
        } else if let Some(name) = attributes.get("QUERYPARAM") {
            let mut pairs = self.base.query_pairs();
            let value = pairs.find(|(key, _)| key == name);
            let (_, value) = value.ok_or_else(|| problem(name, VariableProblem::NotInQuery))?;
            (name, value.into_owned())
        } else {
            return Err(problem("", VariableProblem::Nameless));
        };
        if self.defined.get(name).is_some() {
            return Err(problem(name, VariableProblem::Repeated));
        }
        if self.defined.list.len() >= VARIABLES_MAX {
            return Err(Error::TooLarge {
                what: "variables",
                limit: VARIABLES_MAX,
            });
        }
        self.defined.list.push((name.to_owned(), value));
        Ok(())
    }

    /// Puts variables in. Text without `{$` is handed back as it is.
    pub(super) fn substitute<'t>(
        &mut self,
        text: &'t str,
        line: u32,
    ) -> Result<Cow<'t, str>, Error> {
        let Some(first) = text.find("{$") else {
            return Ok(Cow::Borrowed(text));
        };
        let mut whole = String::from(&text[..first]);
        let mut rest = &text[first..];
        while !rest.is_empty() {
            let after = if let Some((name, after)) = reference(rest) {
                let value = self.defined.get(name).ok_or_else(|| Error::Variable {
                    line,
                    name: shorten(name),
                    problem: VariableProblem::Undefined,
                })?;
                whole.push_str(value);
                self.grown += value.len();
                check_growth(whole.len(), self.grown)?;
                after
            } else {
                // It looks like a reference, and is none.
                whole.push_str("{$");
                &rest["{$".len()..]
            };
            let next = after.find("{$").unwrap_or(after.len());
            whole.push_str(&after[..next]);
            rest = &after[next..];
        }
        Ok(Cow::Owned(whole))
    }
}

/// Splits `{$name}rest`.
fn reference(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix("{$")?.split_once('}')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    name.chars().all(is_name).then_some((name, after))
}

fn check_growth(line: usize, total: usize) -> Result<(), Error> {
    if line > LINE_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "bytes of a line with its variables",
            limit: LINE_BYTES_MAX,
        });
    }
    if total > BODY_BYTES_MAX {
        return Err(Error::TooLarge {
            what: "bytes of variables put in",
            limit: BODY_BYTES_MAX,
        });
    }
    Ok(())
}
