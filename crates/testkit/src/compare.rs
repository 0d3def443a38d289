//! A run's JSON held against the server's account.
//!
//! What both sides saw whole must be equal, request for request and byte for byte. What was
//! interrupted is counted apart: the two sides may differ on whether the last bytes of a broken
//! exchange arrived, so there our counts are held between bounds that follow from the server's.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, anyhow};
use base::Class;
use serde_json::Value;

use crate::served::{Ledger, Tally};

/// Whether the server's account is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// It lived until all was over, and logged every exchange.
    Whole,
    /// It was killed on the way: exchanges that were open then are in no log.
    Torn,
}

/// What a run says of one class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Requests that succeeded.
    pub ok: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Requests that were given up.
    pub cancelled: u64,
    /// Requests without an end at the time of the snapshot.
    pub in_flight: u64,
    /// Bytes of bodies, of any request.
    pub bytes: u64,
    /// Failed requests that were answered whole, by status.
    pub statuses: BTreeMap<u16, u64>,
    /// Failed requests whose answer came whole and was no use.
    pub useless: u64,
}

impl Seen {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.ok + self.failed + self.cancelled + self.in_flight
    }

    /// Requests whose answer came whole.
    pub fn complete(&self) -> u64 {
        self.ok + self.useless + self.statuses.values().sum::<u64>()
    }

    /// Requests whose answer did not come, or not whole.
    pub fn interrupted(&self) -> u64 {
        self.requests().saturating_sub(self.complete())
    }
}

/// What a run says, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// By class; all are there.
    pub classes: BTreeMap<Class, Seen>,
}

impl Run {
    /// Reads `requests` and `errors` of a run's JSON (`liveswarm.run/1`).
    pub fn of(json: &Value) -> anyhow::Result<Self> {
        let mut run = Self::default();
        for class in Class::ALL {
            let figures = &json["requests"][class.name()];
            let count = |name: &str| {
                figures[name]
                    .as_u64()
                    .with_context(|| format!("no requests.{}.{name} in {json:#}", class.name()))
            };
            let seen = Seen {
                ok: count("ok")?,
                failed: count("failed")?,
                cancelled: count("cancelled")?,
                in_flight: count("in_flight")?,
                bytes: count("bytes")?,
                ..Seen::default()
            };
            run.classes.insert(class, seen);
        }
        let errors = json["errors"].as_array().context("no errors[]")?;
        for error in errors {
            run.add_error(error)
                .with_context(|| format!("in errors[]: {error}"))?;
        }
        Ok(run)
    }

    fn add_error(&mut self, error: &Value) -> anyhow::Result<()> {
        let class = error["class"].as_str().context("no class")?;
        let kind = error["kind"].as_str().context("no kind")?;
        let count = error["count"].as_u64().context("no count")?;
        let seen = self
            .classes
            .iter_mut()
            .find(|(known, _)| known.name() == class)
            .map(|(_, seen)| seen)
            .context("an unknown class")?;
        match kind {
            "status" => {
                let status = error["status"].as_u64().context("no status")? as u16;
                *seen.statuses.entry(status).or_default() += count;
            }
            "invalid_playlist" => seen.useless += count,
            _ => {}
        }
        Ok(())
    }

    /// What was seen of `class`.
    pub fn class(&self, class: Class) -> Seen {
        self.classes.get(&class).cloned().unwrap_or_default()
    }

    /// Requests of any class whose answer did not come, or not whole.
    pub fn interrupted(&self) -> u64 {
        self.classes.values().map(Seen::interrupted).sum()
    }

    /// Requests of any class that failed.
    pub fn failed(&self) -> u64 {
        self.classes.values().map(|seen| seen.failed).sum()
    }
}

/// Holds a run's JSON against the server's account, interrupted exchanges apart; the error is a
/// table of both sides with the rules that are broken.
pub fn held_against(json: &Value, ledger: &Ledger, account: Account) -> anyhow::Result<Run> {
    let run = Run::of(json)?;
    let mut broken = Vec::new();
    for class in Class::ALL {
        let (ours, theirs) = (run.class(class), ledger.class(class));
        for rule in broken_rules(&ours, &theirs, account) {
            broken.push(format!("{}: {rule}", class.name()));
        }
    }
    if broken.is_empty() {
        return Ok(run);
    }
    Err(anyhow!(
        "the run and the server differ\n{}\n{}",
        broken.join("\n"),
        table(&run, ledger)
    ))
}

/// As [`held_against`], for a run in which nothing may have been interrupted on either side.
pub fn equal(json: &Value, ledger: &Ledger) -> anyhow::Result<Run> {
    let run = held_against(json, ledger, Account::Whole)?;
    if run.interrupted() + ledger.interrupted() == 0 {
        return Ok(run);
    }
    Err(anyhow!(
        "exchanges were interrupted in a run that should have none\n{}\n{:#}",
        table(&run, ledger),
        json["errors"]
    ))
}

fn broken_rules(ours: &Seen, theirs: &Tally, account: Account) -> Vec<String> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, says: String| {
        if !holds {
            broken.push(says);
        }
    };
    let known = theirs.complete + theirs.interrupted;
    let (whole, cut) = (ours.complete(), ours.interrupted());
    rule(
        whole <= theirs.complete && theirs.complete <= whole + cut,
        format!(
            "the server completed {}, we {whole} and {cut} interrupted",
            theirs.complete
        ),
    );
    rule(
        known <= ours.requests(),
        format!("the server had {known} requests, we {}", ours.requests()),
    );
    for status in keys(&ours.statuses, &theirs.statuses) {
        let (a, b) = (at(&ours.statuses, status), at(&theirs.statuses, status));
        rule(
            a <= b && b <= a + cut,
            format!("status {status}: the server {b}, we {a}"),
        );
    }
    if cut == 0 {
        rule(
            ours.bytes == theirs.complete_bytes,
            format!(
                "the server sent {} bytes, we received {}",
                theirs.complete_bytes, ours.bytes
            ),
        );
        rule(
            theirs.interrupted == 0,
            format!("the server interrupted {}, we saw none", theirs.interrupted),
        );
    } else if account == Account::Whole {
        let most = theirs.complete_bytes + theirs.interrupted_bytes;
        rule(
            ours.bytes <= most,
            format!("the server sent {most} bytes, we received {}", ours.bytes),
        );
    }
    if theirs.complete == whole {
        rule(
            theirs.complete_bytes <= ours.bytes,
            format!(
                "complete exchanges have {} bytes, all of ours only {}",
                theirs.complete_bytes, ours.bytes
            ),
        );
    }
    broken
}

/// Statuses that count as failures on either side.
fn keys(a: &BTreeMap<u16, u64>, b: &BTreeMap<u16, u64>) -> Vec<u16> {
    let mut keys: Vec<u16> = a
        .keys()
        .chain(b.range(400..).map(|(key, _)| key))
        .copied()
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn at(counts: &BTreeMap<u16, u64>, status: u16) -> u64 {
    counts.get(&status).copied().unwrap_or_default()
}

/// Both sides, one line a class.
pub fn table(run: &Run, ledger: &Ledger) -> String {
    let mut text = format!(
        "{:<13}{:>9}{:>9}{:>9}{:>9}{:>15} |{:>9}{:>15}{:>9}{:>15}  statuses\n",
        "class", "ok", "failed", "cancel", "flight", "bytes", "whole", "bytes", "cut", "bytes"
    );
    for class in Class::ALL {
        let (ours, theirs) = (run.class(class), ledger.class(class));
        let _ = writeln!(
            text,
            "{:<13}{:>9}{:>9}{:>9}{:>9}{:>15} |{:>9}{:>15}{:>9}{:>15}  ours {:?} server {:?}",
            class.name(),
            ours.ok,
            ours.failed,
            ours.cancelled,
            ours.in_flight,
            ours.bytes,
            theirs.complete,
            theirs.complete_bytes,
            theirs.interrupted,
            theirs.interrupted_bytes,
            ours.statuses,
            theirs.statuses,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn run(segment: &Value, errors: &Value) -> Value {
        let none = json!({"ok": 0, "failed": 0, "cancelled": 0, "in_flight": 0, "bytes": 0});
        let mut requests = serde_json::Map::new();
        for class in Class::ALL {
            requests.insert(class.name().to_owned(), none.clone());
        }
        requests.insert("segment".to_owned(), segment.clone());
        json!({"requests": requests, "errors": errors})
    }

    fn server(complete: u64, bytes: u64, cut: u64, cut_bytes: u64, failed: u64) -> Ledger {
        let mut statuses = BTreeMap::from([(200, complete - failed)]);
        if failed > 0 {
            statuses.insert(503, failed);
        }
        let tally = Tally {
            complete,
            complete_bytes: bytes,
            interrupted: cut,
            interrupted_bytes: cut_bytes,
            statuses,
        };
        Ledger {
            classes: BTreeMap::from([(Class::Segment, tally)]),
        }
    }

    #[test]
    fn equal_is_equal_to_the_byte() {
        let ours = run(
            &json!({"ok": 9, "failed": 1, "cancelled": 0, "in_flight": 0, "bytes": 1000}),
            &json!([{"class": "segment", "kind": "status", "status": 503, "count": 1}]),
        );
        assert!(equal(&ours, &server(10, 1000, 0, 0, 1)).is_ok());
        assert!(equal(&ours, &server(10, 1001, 0, 0, 1)).is_err());
        assert!(equal(&ours, &server(11, 1000, 0, 0, 1)).is_err());
        assert!(equal(&ours, &server(10, 1000, 0, 0, 0)).is_err());
        assert!(equal(&ours, &server(10, 1000, 1, 0, 1)).is_err());
    }

    #[test]
    fn interrupted_exchanges_are_held_between_bounds() {
        let ours = run(
            &json!({"ok": 9, "failed": 2, "cancelled": 1, "in_flight": 0, "bytes": 1200}),
            &json!([{"class": "segment", "kind": "truncated", "status": null, "count": 2}]),
        );
        let whole = |ledger| held_against(&ours, &ledger, Account::Whole).is_ok();
        assert!(whole(server(9, 1000, 3, 200, 0)));
        assert!(
            whole(server(10, 1100, 2, 200, 0)),
            "the last bytes got lost"
        );
        assert!(
            !whole(server(9, 1000, 3, 199, 0)),
            "more bytes than were sent"
        );
        assert!(!whole(server(13, 1500, 0, 0, 0)), "more than we asked for");
        assert!(!whole(server(8, 900, 4, 400, 0)), "we saw one that was not");
        let torn = server(9, 1000, 0, 0, 0);
        assert!(held_against(&ours, &torn, Account::Torn).is_ok());
        assert!(held_against(&ours, &torn, Account::Whole).is_err());
        assert!(equal(&ours, &server(9, 1000, 3, 200, 0)).is_err());
    }
}
