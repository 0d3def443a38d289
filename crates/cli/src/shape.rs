//! How the crowd comes and goes, as it is typed: `--stages`, `--arrivals`, `--thundering-herd`, or
//! a ramp.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use base::Rng;
use clap::Args;
use plan::sketch::{Charset, Sketch};
use plan::{Arrivals, Closed, Ramp, Rate, Shape, Stages, WatchTime};

use crate::args;
use crate::settings::Usage;
use crate::terminal;

/// Keeps the seed of the ramp apart from those of players and restarts.
const RAMP_SEED: u64 = 0x7261_6d70;
/// Width and height of the graph of `--plan-only`.
const GRAPH: (usize, usize) = (64, 8);
/// A plan without an end is drawn for this many times its ramp's length, or mean watch time.
const DRAWN_TIMES: f64 = 1.5;
/// And for at least this long.
const DRAWN_MIN: Duration = Duration::from_secs(10);

/// Options of the shape of the load.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Load shape")]
pub(crate) struct Load {
    /// Viewers over time instead of -n: LENGTH:VIEWERS items, straight lines from one to the next,
    /// such as '1m:1000, 5m:1000, 30s:5000, 1m:0'; a length of 0s is a jump. The run takes as long,
    /// unless --duration says otherwise
    #[arg(long, value_name = "STAGES",
        conflicts_with_all = ["viewers", "ramp_jitter", "arrivals", "thundering_herd"])]
    pub(crate) stages: Option<Stages>,

    /// Viewers come by themselves, such as 50/s or 3000/m, and leave after --watch-time, whether or
    /// not the origin keeps up; at random as people do (50/s:even: at equal gaps)
    #[arg(long, value_name = "RATE", requires = "watch_time",
        conflicts_with_all = ["viewers", "ramp_rate", "ramp_jitter", "thundering_herd"])]
    pub(crate) arrivals: Option<Rate>,

    /// How long each of them watches: fixed:10m, exp:10m (the mean) or lognormal:5m,0.8 (the
    /// median, and the deviation of the logarithm)
    #[arg(long, value_name = "TIME", requires = "arrivals")]
    pub(crate) watch_time: Option<WatchTime>,

    /// All viewers start at one instant, as a new segment appears
    #[arg(long, conflicts_with_all = ["ramp_rate", "ramp_jitter"])]
    pub(crate) thundering_herd: bool,

    /// Draw viewers and starts over time, and end
    #[arg(long)]
    pub(crate) plan_only: bool,
}

impl Load {
    /// How viewers come and go, in words; empty where a ramp says so.
    pub(crate) fn words(&self) -> String {
        let stages = self.stages.as_ref();
        let said = [
            stages.map(|stages| format!("stages {stages}")),
            self.arrivals.map(|rate| format!("arrivals {rate}")),
            self.watch_time.map(|time| format!("watch time {time}")),
            self.thundering_herd.then(|| "all at once".to_owned()),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        said.join(", ")
    }

    /// These options as they are typed.
    pub(crate) fn to_arguments(&self) -> Vec<String> {
        let stages = self.stages.as_ref();
        let herd = self.thundering_herd.then(|| "--thundering-herd".to_owned());
        let typed = [
            stages.map(|stages| format!("--stages={stages}")),
            self.arrivals.map(|rate| format!("--arrivals={rate}")),
            self.watch_time.map(|time| format!("--watch-time={time}")),
            herd,
        ];
        typed.into_iter().flatten().collect()
    }
}

/// The load of a run.
#[derive(Clone, Debug)]
pub(crate) enum Planned {
    /// Known before the stream is.
    Shape(Shape),
    /// So many at one instant, which the stream has to say; and the pace of what a person asks for
    /// then.
    Herd(u64, Ramp),
}

impl Planned {
    pub(crate) fn new(run: &args::Run) -> Result<Self, Usage> {
        let seed = Rng::nth(run.seed, RAMP_SEED).next_u64();
        let ramp = Ramp::new(run.viewers, run.ramp_rate, run.ramp_jitter.0, seed)
            .map_err(|why| Usage::new(format!("--ramp-rate: {why}")))?;
        let load = &run.load;
        let planned = match (&load.stages, load.arrivals, load.watch_time) {
            _ if load.thundering_herd => Self::Herd(run.viewers, ramp),
            (Some(stages), ..) => Self::Shape(Closed::staged(stages.clone(), &ramp).into()),
            (None, Some(rate), Some(watch_time)) => {
                Self::Shape(Arrivals::new(rate, watch_time, seed).into())
            }
            _ => Self::Shape(ramp.into()),
        };
        let duration = run.duration.map(|time| time.0);
        let peak = planned.peak(duration);
        if peak > plan::VIEWERS_MAX {
            return Err(Usage::new(format!(
                "--arrivals: up to {peak} viewers would be there at a time; the most is {}: give \
                 fewer arrivals, a shorter --watch-time or a --duration",
                plan::VIEWERS_MAX
            )));
        }
        Ok(planned)
    }

    /// The most viewers there are at a time, in a run that takes so long.
    pub(crate) fn peak(&self, duration: Option<Duration>) -> u64 {
        match self {
            Self::Herd(viewers, _) => *viewers,
            Self::Shape(Shape::Closed(closed)) => closed.peak(),
            Self::Shape(Shape::Open(arrivals)) => arrivals.peak_within(duration),
        }
    }

    /// How long it takes by itself, where it says.
    pub(crate) fn length(&self) -> Option<Duration> {
        match self {
            Self::Herd(..) => None,
            Self::Shape(shape) => shape.stages().map(Stages::length),
        }
    }

    /// The shape, where a herd starts at `herd_at`.
    pub(crate) fn shape(&self, herd_at: Duration) -> Shape {
        match self {
            Self::Herd(viewers, pace) => {
                Closed::staged(Stages::herd(*viewers, herd_at), pace).into()
            }
            Self::Shape(shape) => shape.clone(),
        }
    }

    /// Whether the stream has to say when all start.
    pub(crate) fn is_herd(&self) -> bool {
        matches!(self, Self::Herd(..))
    }

    /// Draws the plan of a run that takes `duration` on standard output.
    pub(crate) fn draw(&self, duration: Option<Duration>) -> anyhow::Result<()> {
        let shape = self.shape(Duration::ZERO);
        let length = duration.or(self.length());
        let length = length.unwrap_or_else(|| self.without_an_end(&shape));
        let (width, height) = GRAPH;
        let sketch = Sketch::new(&shape, length, width);
        let charset = if terminal::is_unicode() {
            Charset::Blocks
        } else {
            Charset::Ascii
        };
        let mut text = sketch.draw(height, charset);
        if self.is_herd() {
            text.push_str("the herd starts when a new segment appears, here drawn at 0s\n");
        }
        std::io::stdout()
            .write_all(text.as_bytes())
            .context("can't write to standard output")
    }

    fn without_an_end(&self, shape: &Shape) -> Duration {
        let whole = match (self, shape.arrivals()) {
            (_, Some(arrivals)) => arrivals.mean_stay(),
            (Self::Shape(Shape::Closed(closed)), None) => closed.ramp_length(),
            (Self::Herd(..) | Self::Shape(Shape::Open(_)), None) => Duration::ZERO,
        };
        whole.mul_f64(DRAWN_TIMES).max(DRAWN_MIN)
    }
}
