//! The shape of a scenario's load, beside what is typed.

use plan::{Rate, Stages, WatchTime};

use super::Error;
use super::file::Entry;
use super::merge::Merge;
use crate::args::Run;

/// Options that say what the shape is.
const SHAPES: [&str; 3] = ["stages", "arrivals", "thundering-herd"];

impl Merge<'_> {
    /// Refuses what is typed where it would leave no room for the shape, and put no other in its
    /// place: the rest of the scenario means little without it.
    pub(super) fn check_shape(&self, entries: &[Entry]) -> Result<(), Error> {
        if self.has_another_shape() {
            return Ok(());
        }
        let shapes = entries.iter().filter(|entry| {
            let is_set = !entry.typed.is_empty();
            is_set && SHAPES.contains(&&*entry.name)
        });
        for entry in shapes {
            let mut typed = self.typed.names.iter().filter(|name| *name != "viewers");
            if let Some(name) = typed.find(|name| self.displaces(name, &entry.name)) {
                let why = format!(
                    "--{name} leaves no room for the scenario's `{}`: leave it out (-n N scales \
                     the scenario), or type another shape, such as --stages",
                    entry.name
                );
                return Err(self.file.wrong(entry.span.clone(), &why));
            }
        }
        Ok(())
    }

    /// Whether a shape is typed, in place of the scenario's.
    fn has_another_shape(&self) -> bool {
        let mut typed = self.typed.names.iter();
        typed.any(|name| SHAPES.contains(&&**name))
    }

    /// A scenario's own shape, with as many viewers as are typed: at its peak, or on average where
    /// people come and go by themselves.
    pub(super) fn scale(&self, run: &mut Run, entries: &[Entry]) -> Result<(), Error> {
        let Some(viewers) = self.typed.viewers.filter(|_| !self.has_another_shape()) else {
            return Ok(());
        };
        if let Some(stages) = value::<Stages>(entries, "stages") {
            run.load.stages = Some(stages.scaled_to(viewers));
        }
        let arrivals = entries.iter().find(|entry| entry.name == "arrivals");
        let rate = value::<Rate>(entries, "arrivals");
        let times = value::<WatchTime>(entries, "watch-time");
        if let (Some(entry), Some(rate), Some(time)) = (arrivals, rate, times) {
            let rate = rate.for_mean(viewers, time);
            let rate = rate.map_err(|why| {
                let why = format!("with --viewers {viewers}: {why}");
                self.file.wrong(entry.span.clone(), &why)
            })?;
            run.load.arrivals = Some(rate);
            run.load.watch_time = Some(time);
        }
        Ok(())
    }
}

/// The value of an entry that was checked.
fn value<T: std::str::FromStr>(entries: &[Entry], name: &str) -> Option<T> {
    let entry = entries.iter().find(|entry| entry.name == name)?;
    let (_, text) = entry.typed.first()?.split_once('=')?;
    text.parse().ok()
}
