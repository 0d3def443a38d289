//! What a bench measured: rows of figures, each of several runs, as JSON (`liveswarm.bench/1`).

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::machine::Machine;

/// Name and version of the format.
pub(crate) const SCHEMA: &str = "liveswarm.bench/1";

/// One bench, measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// [`SCHEMA`].
    pub(crate) schema: String,
    /// The bench's name.
    pub(crate) bench: String,
    /// What it does, in a line.
    pub(crate) what: String,
    /// What repeats it.
    pub(crate) command: String,
    /// Whether it was a short run, good for a look and for nothing else.
    pub(crate) quick: bool,
    /// When it began, in seconds since the Unix epoch.
    pub(crate) began_s: u64,
    /// How long it took.
    pub(crate) took_s: u64,
    pub(crate) machine: Machine,
    /// What ran, by name.
    pub(crate) versions: BTreeMap<String, String>,
    pub(crate) rows: Vec<Row>,
    /// Peers that could not be asked, with what to type to have them.
    pub(crate) skipped: Vec<String>,
}

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) unit: String,
    pub(crate) ours: Spread,
    /// The same of the peer, taken in turn.
    pub(crate) peer: Option<Peer>,
    /// Ours divided by the peer's, round by round.
    pub(crate) ratio: Option<Spread>,
    /// What is to be reached; absent where the row only informs.
    pub(crate) target: Option<Target>,
    /// Where on an axis this row stands, if rows are points of a curve.
    pub(crate) at: Option<f64>,
}

/// Who else did it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
    pub(crate) spread: Spread,
}

/// Runs of the same thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
    /// All of them, in the order they were taken.
    pub(crate) values: Vec<f64>,
}

/// What is to be reached, by the median.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) of: Of,
    pub(crate) bound: Bound,
    pub(crate) value: f64,
}

/// Which figure a target is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Of {
    Ours,
    Ratio,
}

/// On which side of the target it is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    AtLeast,
    AtMost,
}

impl Spread {
    /// Of values that were taken; an error where there is none, or one that is no number.
    pub(crate) fn of(values: Vec<f64>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !values.is_empty() && values.iter().all(|value| value.is_finite()),
            "not figures: {values:?}"
        );
        let mut sorted = values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = if sorted.len() % 2 == 1 {
            sorted[middle]
        } else {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        };
        Ok(Self {
            min: sorted[0],
            median,
            max: sorted[sorted.len() - 1],
            values,
        })
    }
}

impl Row {
    /// A figure of ours alone.
    pub(crate) fn alone(what: &str, unit: &str, values: Vec<f64>) -> anyhow::Result<Self> {
        Ok(Self {
            what: what.to_owned(),
            unit: unit.to_owned(),
            ours: Spread::of(values)?,
            peer: None,
            ratio: None,
            target: None,
            at: None,
        })
    }

    /// Figures of ours and of a peer, round by round.
    pub(crate) fn against(
        what: &str,
        unit: &str,
        ours: Vec<f64>,
        (peer, theirs): (&str, Vec<f64>),
    ) -> anyhow::Result<Self> {
        let pairs = ours.iter().zip(&theirs);
        let ratio = Spread::of(pairs.map(|(ours, theirs)| ours / theirs).collect())?;
        Ok(Self {
            peer: Some(Peer {
                name: peer.to_owned(),
                spread: Spread::of(theirs)?,
            }),
            ratio: Some(ratio),
            ..Self::alone(what, unit, ours)?
        })
    }

    pub(crate) fn reach(mut self, of: Of, bound: Bound, value: f64) -> Self {
        self.target = Some(Target { of, bound, value });
        self
    }

    /// Whether the target was reached; none where there is none.
    pub(crate) fn reached(&self) -> Option<bool> {
        let target = self.target?;
        let figure = match target.of {
            Of::Ours => self.ours.median,
            Of::Ratio => self.ratio.as_ref()?.median,
        };
        Some(match target.bound {
            Bound::AtLeast => figure >= target.value,
            Bound::AtMost => figure <= target.value,
        })
    }
}

impl Measured {
    pub(crate) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        let file = folder.join(format!("{}.json", self.bench));
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        std::fs::write(&file, text).with_context(|| format!("can't write {}", file.display()))
    }

    /// What an earlier run wrote, if there was one.
    pub(crate) fn read(folder: &Path, bench: &str) -> anyhow::Result<Option<Self>> {
        let file = folder.join(format!("{bench}.json"));
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(format!("can't read {}", file.display())),
        };
        let read = serde_json::from_slice(&text);
        read.with_context(|| format!("{} is no bench of ours", file.display()))
            .map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root::root;

    #[test]
    fn a_spread_has_the_middle_one() {
        let spread = |values: &[f64]| Spread::of(values.to_vec()).map(|it| it.median);
        assert!(spread(&[]).is_err() && spread(&[f64::NAN]).is_err());
        assert!((spread(&[3.0, 1.0, 2.0]).unwrap() - 2.0).abs() < 1e-9);
        assert!((spread(&[4.0, 1.0, 2.0, 3.0]).unwrap() - 2.5).abs() < 1e-9);
    }

    #[test]
    fn targets_are_held_against_the_median_of_what_they_are_for() {
        let row = Row::against("x", "B", vec![4.0, 9.0, 2.0], ("y", vec![2.0, 3.0, 2.0]));
        let row = row.unwrap();
        assert_eq!(row.reached(), None);
        let reached = |of, bound, value| row.clone().reach(of, bound, value).reached();
        assert_eq!(reached(Of::Ratio, Bound::AtLeast, 2.0), Some(true));
        assert_eq!(reached(Of::Ratio, Bound::AtLeast, 2.1), Some(false));
        assert_eq!(reached(Of::Ours, Bound::AtMost, 4.0), Some(true));
        assert_eq!(reached(Of::Ours, Bound::AtMost, 3.9), Some(false));
        let alone = Row::alone("x", "B", vec![1.0]).unwrap();
        assert_eq!(alone.reach(Of::Ratio, Bound::AtMost, 1.0).reached(), None);
    }

    fn schema() -> jsonschema::Validator {
        let file = root().join("docs/schema/liveswarm.bench.1.schema.json");
        let text = std::fs::read(file).unwrap();
        jsonschema::validator_for(&serde_json::from_slice(&text).unwrap()).unwrap()
    }

    #[test]
    fn what_is_written_and_what_is_committed_follow_the_schema() {
        let row = Row::against("x", "B", vec![4.0], ("y", vec![2.0])).unwrap();
        let row = row.reach(Of::Ratio, Bound::AtLeast, 1.5);
        let measured = Measured {
            schema: SCHEMA.to_owned(),
            bench: "x".to_owned(),
            what: "x".to_owned(),
            command: "x".to_owned(),
            quick: true,
            began_s: 1,
            took_s: 1,
            machine: Machine::now(),
            versions: BTreeMap::new(),
            rows: vec![row, Row::alone("z", "", vec![0.0]).unwrap()],
            skipped: Vec::new(),
        };
        let mut all = vec![serde_json::to_value(measured).unwrap()];
        for entry in std::fs::read_dir(root().join("bench"))
            .into_iter()
            .flatten()
        {
            let file = entry.unwrap().path();
            let text = std::fs::read(&file).unwrap();
            let value: serde_json::Value = match file.extension() {
                Some(it) if it == "json" => serde_json::from_slice(&text).unwrap(),
                _ => continue,
            };
            if value["schema"] == SCHEMA {
                assert_eq!(
                    value["quick"], false,
                    "{file:?}: a quick run is nothing to quote"
                );
                all.push(value);
            }
        }
        let schema = schema();
        for value in all {
            let wrong: Vec<String> = schema
                .iter_errors(&value)
                .map(|it| it.to_string())
                .collect();
            assert!(wrong.is_empty(), "{}: {wrong:#?}", value["bench"]);
        }
    }
}
