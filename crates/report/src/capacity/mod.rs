//! What a search for capacity found: the most viewers at which every objective still holds, and
//! how the stream fared at each number of viewers that was tried.

mod blame;
mod figures;
mod origin;
mod text;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use telemetry::objective::{State, Status, Unit};

pub use blame::{Blame, Place};
pub use figures::Figures;
pub use origin::{Listener, Origin};
pub(crate) use text::{answer, broke_words, cells, crowd, judged};

use crate::Config;

/// The name and version of the document.
pub const SCHEMA: &str = "liveswarm.capacity/1";

/// A search, finished or ended early: what its every form is a function of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capacity {
    /// [`SCHEMA`].
    pub schema: String,
    /// The program's version.
    pub version: String,
    /// Who watched what.
    pub setup: Setup,
    /// What was searched.
    pub search: Search,
    /// The most viewers at which every objective held; `None`: not even at the fewest.
    pub carried: Option<u64>,
    /// The fewest viewers at which one broke; `None`: not even at the most.
    pub broken: Option<u64>,
    /// Why the search ended.
    pub end: End,
    /// What broke at the fewest viewers that broke, the first to break first.
    pub broke: Vec<Broke>,
    /// Where it broke, as far as the figures tell.
    pub blame: Option<Blame>,
    /// Every hold, in the order in which they were made.
    pub levels: Vec<Level>,
    /// How the program ended.
    pub exit: Exit,
}

/// Who watched what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setup {
    /// The stream, secrets masked.
    pub url: String,
    /// The players that viewers imitate, with weights, as typed.
    pub player: String,
    /// The variant, as typed.
    pub variant: String,
    /// Viewers that start or leave a second, from one level to the next.
    pub ramp_rate: f64,
    /// Worker threads.
    pub workers: u64,
    /// The seed of every random choice.
    pub seed: u64,
    /// What viewers are, in words; empty where all are our own, and alike, `n/a` where the search
    /// was stopped before that was known.
    pub engine: String,
    /// The groups of the scenario that the crowd of each level is made of; none without one.
    pub groups: Vec<Group>,
    /// Further options, as typed, secrets masked.
    pub options: Vec<String>,
}

/// A group of viewers of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name, which no other has.
    pub name: String,
    /// Its share of the crowd, beside the weights of the others.
    pub weight: u32,
    /// The same as a share of one. A level has it to within a viewer or two: viewers are whole.
    pub share: f64,
    /// Its own stream, secrets masked; `None`: that of the setup.
    pub url: Option<String>,
    /// What the file says of its viewers, each as one word as typed.
    pub options: Vec<String>,
}

/// How an objective stood over a level. Figures are in the unit of its limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// The objective in its canonical form.
    pub objective: String,
    /// The group on whose viewers alone it was judged; `None`: on all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether it held.
    pub state: State,
    /// Its figure; `None` without a sample.
    pub figure: Option<f64>,
    /// Its limit.
    pub limit: f64,
    /// The unit of both.
    pub unit: Unit,
    /// The share of its error budget that was left; below 0 overspent, `None` without a sample.
    pub budget_left: Option<f64>,
}

/// What was searched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// The fewest viewers.
    pub from: u64,
    /// The most viewers.
    pub to: u64,
    /// How long a level is judged for, in seconds.
    pub hold_s: f64,
    /// How long it has to settle before, once all its viewers have started, in seconds.
    pub settle_s: f64,
    /// The objectives.
    pub objectives: Vec<String>,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// What held is within the tolerance of what broke.
    Found,
    /// The most viewers that were to be tried held.
    HeldToTheEnd,
    /// The fewest viewers that were to be tried broke an objective.
    BrokeFromTheStart,
    /// Our own generator was the bottleneck: nothing is said of the origin beyond what held.
    GeneratorBound,
    /// The same number of viewers was judged now one way and now the other.
    Unsettled,
    /// Somebody stopped it.
    Stopped,
}

/// How a level was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Every objective held.
    Held,
    /// One broke, or had no sample.
    Broken,
    /// Our own generator was the bottleneck.
    GeneratorBound,
}

/// A number of viewers that was held for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// The number.
    pub viewers: u64,
    /// How it was judged.
    pub judgement: Judgement,
    /// Whether it was so close that it was not to be the last word.
    pub close: bool,
    /// When it began to be judged, in seconds since the search began.
    pub began_s: f64,
    /// The objectives over it.
    pub objectives: Vec<Standing>,
    /// What was seen over it.
    pub figures: Figures,
    /// What the origin said of itself meanwhile; `None` where it was not asked.
    pub origin: Option<Origin>,
}

/// An objective that broke.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Broke {
    /// The objective in its canonical form.
    pub objective: String,
    /// The group on whose viewers alone it was judged; `None`: on all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How long into its level it did not hold any more, in seconds; `None` where it had no sample.
    pub after_s: Option<f64>,
    /// Its figure; `None` without a sample.
    pub figure: Option<f64>,
    /// Its limit.
    pub limit: f64,
    /// The unit of both.
    pub unit: Unit,
}

/// The exit code and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The code.
    pub code: u8,
    /// The reason in words.
    pub reason: String,
}

impl From<&Config> for Setup {
    fn from(config: &Config) -> Self {
        Self {
            url: config.url.clone(),
            player: config.player.clone(),
            variant: config.variant.clone(),
            ramp_rate: config.ramp_rate,
            workers: config.workers,
            seed: config.seed,
            engine: config.engine.clone(),
            groups: groups(config),
            options: config.options.clone(),
        }
    }
}

fn groups(config: &Config) -> Vec<Group> {
    let all: u64 = (config.groups.iter())
        .map(|group| u64::from(group.weight))
        .sum();
    let group = |group: &crate::Group| Group {
        name: group.name.clone(),
        weight: group.weight,
        share: f64::from(group.weight) / all.max(1) as f64,
        url: group.url.clone(),
        options: group.options.clone(),
    };
    config.groups.iter().map(group).collect()
}

impl From<&Status> for Standing {
    fn from(status: &Status) -> Self {
        Self {
            objective: status.objective.clone(),
            group: status.group.clone(),
            state: status.state,
            figure: status.figure,
            limit: status.limit,
            unit: status.unit,
            budget_left: status.budget_left,
        }
    }
}

impl Standing {
    /// The objective as it is shown ([`Status::name`]).
    pub fn name(&self) -> Cow<'_, str> {
        name(self.group.as_deref(), &self.objective)
    }
}

fn name<'a>(group: Option<&str>, objective: &'a str) -> Cow<'a, str> {
    match group {
        Some(group) => Cow::Owned(format!("{group}: {objective}")),
        None => Cow::Borrowed(objective),
    }
}

impl Broke {
    /// The objective as it is shown ([`Status::name`]).
    pub fn name(&self) -> Cow<'_, str> {
        name(self.group.as_deref(), &self.objective)
    }

    /// That `status` did not hold any more `after_s` into its level.
    pub fn new(status: &Status, after_s: Option<f64>) -> Self {
        Self {
            objective: status.objective.clone(),
            group: status.group.clone(),
            after_s,
            figure: status.figure,
            limit: status.limit,
            unit: status.unit,
        }
    }
}

impl Level {
    /// The objectives that were not met.
    pub fn missed(&self) -> impl Iterator<Item = &Standing> {
        self.objectives
            .iter()
            .filter(|standing| standing.state != State::Met)
    }
}

impl Capacity {
    /// The holds by the number of viewers: the curve.
    pub fn curve(&self) -> Vec<&Level> {
        let mut levels: Vec<&Level> = self.levels.iter().collect();
        levels.sort_by_key(|level| level.viewers);
        levels
    }

    /// Different numbers of viewers that were tried.
    pub fn tried(&self) -> usize {
        let mut tried: Vec<u64> = self.levels.iter().map(|level| level.viewers).collect();
        tried.sort_unstable();
        tried.dedup();
        tried.len()
    }

    /// The document, as indented JSON.
    pub fn json(&self) -> String {
        // Maps with string keys and numbers only: writing can't fail.
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// What a person reads.
    pub fn text(&self) -> String {
        text::text(self)
    }

    /// A page that needs nothing else.
    pub fn html(&self) -> String {
        crate::html::capacity::html(self)
    }
}
