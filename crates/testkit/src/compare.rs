//! A run's JSON held against the server's account.
//!
//! What both sides saw whole must be equal, request for request and byte for byte, status by
//! status. What was interrupted is counted apart: the two sides may differ on whether the last
//! bytes of a broken exchange arrived, so there our counts are held between bounds that follow
//! from the server's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, anyhow, ensure};
use base::Class;
use serde_json::Value;

use crate::served::{Count, Ledger, Tally};

/// Whether the server's account is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// It lived until all was over, and logged every exchange.
    Whole,
    /// It was killed on the way: exchanges that were open then are in no log, and so are those whose
    /// last byte had gone out, but not yet to the log.
    Torn {
        /// How many of a class that were at most: one a viewer.
        unlogged_max: u64,
    },
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
    /// Requests whose answer came whole, by status.
    pub whole: BTreeMap<u16, Count>,
    /// Requests that ended without a whole answer.
    pub broken: Count,
}

impl Seen {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.ok + self.failed + self.cancelled + self.in_flight
    }

    /// All requests whose answer came whole.
    pub fn whole(&self) -> Count {
        self.whole.values().copied().sum()
    }

    /// Requests whose answer did not come whole, or not yet.
    pub fn open(&self) -> u64 {
        self.broken.requests + self.in_flight
    }

    fn of(figures: &Value) -> anyhow::Result<Self> {
        let count = |name: &str| {
            figures[name]
                .as_u64()
                .with_context(|| format!("no {name} in {figures}"))
        };
        Ok(Self {
            ok: count("ok")?,
            failed: count("failed")?,
            cancelled: count("cancelled")?,
            in_flight: count("in_flight")?,
            bytes: count("bytes")?,
            ..Self::default()
        })
    }

    /// A run's figures must agree with each other before they can agree with anybody else's.
    fn is_consistent(&self) -> anyhow::Result<()> {
        let whole = self.whole();
        ensure!(
            whole.requests + self.open() == self.requests(),
            "{} whole and {} broken or open are not all {} requests",
            whole.requests,
            self.open(),
            self.requests()
        );
        let ended = whole.bytes + self.broken.bytes;
        ensure!(
            ended == self.bytes || (ended < self.bytes && self.in_flight > 0),
            "{ended} bytes of ended requests are not all {}",
            self.bytes
        );
        Ok(())
    }
}

/// What a run says, by class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// By class; all are there.
    pub classes: BTreeMap<Class, Seen>,
}

impl Run {
    /// Reads `requests` and `statuses` of a run's JSON (`liveswarm.run/1`).
    pub fn of(json: &Value) -> anyhow::Result<Self> {
        let mut run = Self::default();
        for class in Class::ALL {
            let name = class.name();
            let seen = Seen::of(&json["requests"][name]).context(name)?;
            run.classes.insert(class, seen);
        }
        for status in json["statuses"].as_array().context("no statuses[]")? {
            run.add_status(status)
                .with_context(|| format!("in statuses[]: {status}"))?;
        }
        for (class, seen) in &run.classes {
            seen.is_consistent().context(class.name())?;
        }
        Ok(run)
    }

    fn add_status(&mut self, json: &Value) -> anyhow::Result<()> {
        let name = json["class"].as_str().context("no class")?;
        let class = Class::ALL.into_iter().find(|class| class.name() == name);
        let seen = class
            .and_then(|class| self.classes.get_mut(&class))
            .context("an unknown class")?;
        let count = |part: &str| -> anyhow::Result<Count> {
            let figure = |name: &str| json[part][name].as_u64().context("no figure");
            Ok(Count {
                requests: figure("requests")?,
                bytes: figure("bytes")?,
            })
        };
        let (whole, broken) = (count("whole")?, count("broken")?);
        if whole.requests > 0 {
            let status = json["status"].as_u64().context("whole, without a status")?;
            *seen.whole.entry(status as u16).or_default() += whole;
        }
        seen.broken += broken;
        Ok(())
    }

    /// What was seen of `class`.
    pub fn class(&self, class: Class) -> Seen {
        self.classes.get(&class).cloned().unwrap_or_default()
    }

    /// Requests of any class whose answer did not come whole, or not yet.
    pub fn open(&self) -> u64 {
        self.classes.values().map(Seen::open).sum()
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
    let broken: Vec<String> = Class::ALL
        .into_iter()
        .flat_map(|class| {
            broken_rules(&run.class(class), &ledger.class(class), account)
                .into_iter()
                .map(move |rule| format!("{}: {rule}", class.name()))
        })
        .collect();
    if broken.is_empty() {
        return Ok(run);
    }
    Err(anyhow!(
        "the run and the server differ\n{}\n{}{:#}",
        broken.join("\n"),
        table(&run, ledger),
        json["errors"]
    ))
}

/// As [`held_against`], for a run in which nothing may have been interrupted on either side: all
/// requests and all bytes are equal.
pub fn equal(json: &Value, ledger: &Ledger) -> anyhow::Result<Run> {
    let run = held_against(json, ledger, Account::Whole)?;
    ensure!(
        run.open() + ledger.broken() == 0,
        "exchanges were interrupted in a run that should have none\n{}{:#}",
        table(&run, ledger),
        json["errors"]
    );
    Ok(run)
}

fn broken_rules(ours: &Seen, theirs: &Tally, account: Account) -> Vec<String> {
    let mut broken = Vec::new();
    let mut rule = |holds: bool, says: String| {
        if !holds {
            broken.push(says);
        }
    };
    let open = ours.open();
    // What the server finished although we did not see its end: the client had left, or the
    // connection broke with the last bytes under way.
    let (mut unseen, mut unlogged) = (0, 0);
    let unlogged_max = match account {
        Account::Whole => 0,
        Account::Torn { unlogged_max } => unlogged_max,
    };
    let statuses: BTreeSet<u16> = ours
        .whole
        .keys()
        .chain(theirs.whole.keys())
        .copied()
        .collect();
    for status in statuses {
        let mine = ours.whole.get(&status).copied().unwrap_or_default();
        let its = theirs.whole.get(&status).copied().unwrap_or_default();
        unseen += its.requests.saturating_sub(mine.requests);
        unlogged += mine.requests.saturating_sub(its.requests);
        rule(
            unlogged <= unlogged_max,
            format!(
                "{status}: the server {}, we {}",
                its.requests, mine.requests
            ),
        );
        rule(
            mine.bytes == its.bytes || mine.requests != its.requests,
            format!(
                "{status}: the server {} bytes, we {}",
                its.bytes, mine.bytes
            ),
        );
    }
    rule(
        unseen + theirs.broken.requests <= open,
        format!(
            "the server finished {unseen} more and broke off {}, of our {open} without an end",
            theirs.broken.requests
        ),
    );
    let most = theirs.whole().bytes + theirs.broken.bytes;
    rule(
        ours.bytes <= most || account != Account::Whole,
        format!("the server sent {most} bytes, we received {}", ours.bytes),
    );
    rule(
        open == unseen + theirs.broken.requests || ours.failed + ours.cancelled > 0,
        "requests that the server never had, and that we call neither failed nor cancelled"
            .to_owned(),
    );
    broken
}

/// Both sides, one line a class and status.
pub fn table(run: &Run, ledger: &Ledger) -> String {
    let mut text = format!(
        "{:<13}{:>7} |{:>9}{:>14} |{:>9}{:>14}\n",
        "class", "", "ours", "bytes", "server's", "bytes"
    );
    let mut line = |class: &str, what: &str, ours: Count, theirs: Count| {
        if ours != Count::default() || theirs != Count::default() {
            let _ = writeln!(
                text,
                "{class:<13}{what:>7} |{:>9}{:>14} |{:>9}{:>14}",
                ours.requests, ours.bytes, theirs.requests, theirs.bytes
            );
        }
    };
    for class in Class::ALL {
        let (ours, theirs) = (run.class(class), ledger.class(class));
        let statuses: BTreeSet<u16> = ours
            .whole
            .keys()
            .chain(theirs.whole.keys())
            .copied()
            .collect();
        for status in statuses {
            line(
                class.name(),
                &status.to_string(),
                ours.whole.get(&status).copied().unwrap_or_default(),
                theirs.whole.get(&status).copied().unwrap_or_default(),
            );
        }
        line(class.name(), "broken", ours.broken, theirs.broken);
        let open = Count {
            requests: ours.in_flight,
            bytes: 0,
        };
        line(class.name(), "open", open, Count::default());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A run that saw nine segments and one 503, and whose last `broken` requests were cut.
    fn run(broken: u64, broken_bytes: u64) -> Value {
        let none = json!({"ok": 0, "failed": 0, "cancelled": 0, "in_flight": 0, "bytes": 0});
        let mut requests = serde_json::Map::new();
        for class in Class::ALL {
            requests.insert(class.name().to_owned(), none.clone());
        }
        requests["segment"] = json!({
            "ok": 9, "failed": 1 + broken, "cancelled": 0, "in_flight": 0,
            "bytes": 1000 + broken_bytes
        });
        let zero = json!({"requests": 0, "bytes": 0});
        json!({"requests": requests, "errors": [], "statuses": [
            {"class": "segment", "status": 200, "whole": {"requests": 9, "bytes": 900},
             "broken": {"requests": broken, "bytes": broken_bytes}},
            {"class": "segment", "status": 503, "whole": {"requests": 1, "bytes": 100},
             "broken": zero},
        ]})
    }

    fn server(whole: (u64, u64), failed: (u64, u64), broken: (u64, u64)) -> Ledger {
        let count = |(requests, bytes)| Count { requests, bytes };
        let tally = Tally {
            whole: BTreeMap::from([(200, count(whole)), (503, count(failed))]),
            broken: count(broken),
        };
        Ledger {
            classes: BTreeMap::from([(Class::Segment, tally)]),
        }
    }

    #[test]
    fn equal_is_equal_to_the_byte() {
        let ours = run(0, 0);
        assert!(equal(&ours, &server((9, 900), (1, 100), (0, 0))).is_ok());
        for wrong in [
            server((9, 901), (1, 100), (0, 0)),
            server((10, 900), (1, 100), (0, 0)),
            server((9, 900), (1, 101), (0, 0)),
            server((9, 900), (2, 100), (0, 0)),
            server((10, 1000), (0, 0), (0, 0)),
            server((9, 900), (1, 100), (1, 0)),
        ] {
            let error = equal(&ours, &wrong).unwrap_err().to_string();
            assert!(error.contains("segment"), "{error}");
        }
    }

    #[test]
    fn interrupted_exchanges_are_held_between_bounds() {
        let ours = run(2, 200);
        let whole = |ledger| held_against(&ours, &ledger, Account::Whole).is_ok();
        assert!(whole(server((9, 900), (1, 100), (2, 200))));
        assert!(
            whole(server((10, 1050), (1, 100), (1, 150))),
            "the last bytes got lost"
        );
        assert!(
            !whole(server((9, 900), (1, 100), (2, 199))),
            "more bytes than were sent"
        );
        assert!(
            !whole(server((12, 1500), (1, 100), (0, 0))),
            "more than we asked for"
        );
        assert!(
            !whole(server((8, 800), (1, 100), (3, 400))),
            "we saw one whole that was not"
        );
        let torn = server((9, 900), (1, 100), (0, 0));
        let killed = |unlogged_max| Account::Torn { unlogged_max };
        assert!(held_against(&ours, &torn, killed(0)).is_ok());
        assert!(held_against(&ours, &torn, Account::Whole).is_err());
        let sent_but_not_logged = server((8, 800), (1, 100), (0, 0));
        assert!(held_against(&ours, &sent_but_not_logged, killed(1)).is_ok());
        assert!(held_against(&ours, &sent_but_not_logged, killed(0)).is_err());
        assert!(equal(&ours, &server((9, 900), (1, 100), (2, 200))).is_err());
    }

    #[test]
    fn a_run_must_agree_with_itself() {
        let mut ours = run(0, 0);
        ours["requests"]["segment"]["bytes"] = json!(1001);
        assert!(Run::of(&ours).is_err());
        let mut ours = run(0, 0);
        ours["requests"]["segment"]["ok"] = json!(10);
        assert!(Run::of(&ours).is_err());
    }
}
