//! What a server says it served: one row an exchange, added up by class.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use base::Class;
use serde_json::Value;

/// One exchange, as the server saw it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Path of the request, without the query.
    pub path: String,
    /// HTTP status.
    pub status: u16,
    /// Bytes of body handed to the network, without the head.
    pub body_bytes: u64,
    /// Whether the whole answer was handed over before the connection ended.
    pub complete: bool,
    /// Seconds from the first byte of the request to the last of the answer, where known.
    pub seconds: Option<f64>,
    /// The server's number of the connection.
    pub connection: u64,
    /// The `Range` header, where there was one.
    pub range: Option<String>,
    /// The `User-Agent` header, where there was one.
    pub agent: Option<String>,
}

/// What a request of this path asks for, by its file name.
pub fn class(path: &str) -> Class {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "m3u8" if name.starts_with("master") => Class::Multivariant,
        "m3u8" => Class::Playlist,
        "mp4" if name.starts_with("init") => Class::Init,
        "ts" | "m4s" | "aac" | "mp4" => Class::Segment,
        "key" => Class::Key,
        _ => Class::Other,
    }
}

/// Some exchanges and the bytes of their bodies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub requests: u64,
    /// Bytes of body.
    pub bytes: u64,
}

impl Count {
    /// One more exchange.
    pub fn add(&mut self, bytes: u64) {
        *self += Self { requests: 1, bytes };
    }
}

impl std::ops::AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.bytes += other.bytes;
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |mut sum, count| {
            sum += count;
            sum
        })
    }
}

/// Exchanges of one class, the whole ones and the interrupted ones apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Exchanges that ended as they should, by status.
    pub whole: BTreeMap<u16, Count>,
    /// Exchanges that were cut short, by whichever side.
    pub broken: Count,
}

impl Tally {
    /// All whole exchanges.
    pub fn whole(&self) -> Count {
        self.whole.values().copied().sum()
    }
}

/// A server's side of the account: one [`Tally`] for each class that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By class; a class that was never asked for is absent.
    pub classes: BTreeMap<Class, Tally>,
}

impl Ledger {
    /// Adds up rows.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Self {
        let mut ledger = Self::default();
        for row in rows {
            let tally = ledger.classes.entry(class(&row.path)).or_default();
            if row.complete {
                tally.whole.entry(row.status).or_default()
            } else {
                &mut tally.broken
            }
            .add(row.body_bytes);
        }
        ledger
    }

    /// Reads the `/ledger` of our own origin (`liveswarm.ledger/1`), and holds it against itself.
    pub fn of_origin(json: &Value) -> anyhow::Result<Self> {
        let classes = json["classes"].as_object().context("no classes")?;
        let mut ledger = Self::default();
        for (name, account) in classes {
            let class = Class::ALL.into_iter().find(|class| class.name() == name);
            let class = class.with_context(|| format!("an unknown class {name}"))?;
            let tally = ledger.classes.entry(class).or_default();
            let statuses = account["status"].as_object().context("no statuses")?;
            for (status, ended) in statuses {
                let whole = count(&ended["complete"]).context(name.clone())?;
                if whole.requests > 0 {
                    tally.whole.insert(status.parse()?, whole);
                }
                tally.broken += count(&ended["interrupted"]).context(name.clone())?;
            }
            ensure!(
                tally.whole() == count(&account["complete"])?
                    && tally.broken == count(&account["interrupted"])?
                    && account["in_flight"] == 0
                    && account["bytes"] == tally.whole().bytes + tally.broken.bytes,
                "the ledger does not agree with itself on {name}: {account:#}"
            );
        }
        Ok(ledger)
    }

    /// The tally of `class`; zeros where it was never asked for.
    pub fn class(&self, class: Class) -> Tally {
        self.classes.get(&class).cloned().unwrap_or_default()
    }

    /// Whole exchanges of any class that ended with `status`.
    pub fn status(&self, status: u16) -> u64 {
        self.classes
            .values()
            .filter_map(|tally| tally.whole.get(&status))
            .map(|count| count.requests)
            .sum()
    }

    /// Interrupted exchanges of any class.
    pub fn broken(&self) -> u64 {
        self.classes
            .values()
            .map(|tally| tally.broken.requests)
            .sum()
    }
}

fn count(json: &Value) -> anyhow::Result<Count> {
    let figure = |name: &str| {
        json[name]
            .as_u64()
            .with_context(|| format!("no {name} in {json}"))
    };
    Ok(Count {
        requests: figure("requests")?,
        bytes: figure("bytes")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_follow_the_file_name() {
        for (path, expected) in [
            ("/live/master.m3u8", Class::Multivariant),
            ("/live/index.m3u8", Class::Playlist),
            ("/live/init_0.mp4", Class::Init),
            ("/live/seg_00001.ts", Class::Segment),
            ("/live/seg_00001.m4s", Class::Segment),
            ("/live/a.key", Class::Key),
            ("/", Class::Other),
        ] {
            assert_eq!(class(path), expected, "{path}");
        }
    }
}
