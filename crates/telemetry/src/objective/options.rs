//! What may follow the limit.

use super::cursor::Cursor;
use super::error::ParseError;
use super::goal::{self, Goal, Samples};
use crate::slo::{Source, TRANSPORT_BYTES_MAX};

const OPTIONS: &str =
    "after the limit come `for transport=NAME`, `for source=SOURCE` and `abort`, or nothing";

/// What may be said of an objective once.
#[derive(Default)]
struct Seen {
    transport: bool,
    source: bool,
    abort: bool,
}

impl<'a> Cursor<'a> {
    /// What follows the limit; answers whether to abort.
    pub(super) fn options(&mut self, goal: &mut Goal) -> Result<bool, ParseError> {
        let mut seen = Seen::default();
        loop {
            self.space();
            let start = self.at();
            match self.run(|c| !c.is_whitespace()) {
                "" => return Ok(seen.abort),
                "abort" => self.once(&mut seen.abort, start, "abort")?,
                "for" => self.scope(goal, &mut seen)?,
                other => {
                    let why = format!("`{other}` is not expected here");
                    return Err(self.error(start, why, OPTIONS));
                }
            }
        }
    }

    fn scope(&mut self, goal: &mut Goal, seen: &mut Seen) -> Result<(), ParseError> {
        self.space();
        let start = self.at();
        let key = self.run(|c| !c.is_whitespace() && c != '=');
        let metric = goal.metric();
        let Goal::Latency {
            samples: Samples::GlassToGlass(scope),
            ..
        } = goal
        else {
            let why = format!("{metric} is not kept by transport or source");
            return Err(self.error(start, why, "glass_to_glass is; of others leave it out"));
        };
        match key {
            "transport" => {
                self.once(&mut seen.transport, start, key)?;
                scope.transport = Some(self.transport()?);
            }
            "source" => {
                self.once(&mut seen.source, start, key)?;
                scope.source = self.source()?;
            }
            _ => {
                let why = "`for` goes with transport=NAME or source=SOURCE".to_owned();
                return Err(self.error(start, why, "try `for transport=hls`"));
            }
        }
        Ok(())
    }

    fn transport(&mut self) -> Result<String, ParseError> {
        let hint = "try hls, ll-hls, dash, websocket or moq";
        let (start, name) = self.value(hint)?;
        if name.len() > TRANSPORT_BYTES_MAX {
            let why = format!("a transport's name has at most {TRANSPORT_BYTES_MAX} bytes");
            return Err(self.error(start, why, hint));
        }
        if let Some(at) = name.find(char::is_control) {
            let why = "a transport's name has no control characters".to_owned();
            return Err(self.error(start + at, why, hint));
        }
        Ok(goal::transport(name))
    }

    fn source(&mut self) -> Result<Source, ParseError> {
        let hint = "take viewer, origin or pushed";
        let (start, name) = self.value(hint)?;
        let all = [Source::Viewer, Source::Origin, Source::Pushed];
        let source = all.into_iter().find(|source| source.name() == name);
        source.ok_or_else(|| self.error(start, format!("there is no source `{name}`"), hint))
    }

    /// `=` and the word after it, with its place.
    fn value(&mut self, hint: &str) -> Result<(usize, &'a str), ParseError> {
        if !self.take('=') {
            return Err(self.error(self.at(), "a `=` is missing".to_owned(), hint));
        }
        let start = self.at();
        match self.run(|c| !c.is_whitespace()) {
            "" => Err(self.error(start, "a name is missing after `=`".to_owned(), hint)),
            name => Ok((start, name)),
        }
    }

    fn once(&self, seen: &mut bool, start: usize, name: &str) -> Result<(), ParseError> {
        if std::mem::replace(seen, true) {
            let why = format!("`{name}` is there twice");
            return Err(self.error(start, why, "leave out the second"));
        }
        Ok(())
    }
}
