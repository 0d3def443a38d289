//! `/metrics`: what is exposed, what each name means, and how it is written.
//!
//! Every metric is one entry of one table: its name, type, unit, labels, definition, and the
//! function that reads its figure. The exposition and `docs/metrics.md` are made from the same
//! table, so neither has a name that the other lacks.

mod bounds;
mod crowd;
mod format;
mod generator;
mod groups;
mod latency;
mod metric;
mod negotiate;
mod objectives;
mod origin;
mod origin_metrics;
mod playback;
mod reference;
mod requests;
mod run;
mod samples;
mod single;

use report::Frame;
use telemetry::slo::Table;

use crate::config::PerViewer;
use crate::origin::OriginFrame;
pub(crate) use format::Format;
use metric::{Group, Read};
pub(crate) use negotiate::negotiate;
pub use reference::reference;
use samples::Writer;

/// All of them, in the order in which they are exposed and documented.
const GROUPS: &[Group] = &[
    run::GROUP,
    crowd::GROUP,
    requests::THROUGHPUT,
    requests::GROUP,
    requests::ERRORS,
    latency::GROUP,
    playback::GROUP,
    groups::GROUP,
    objectives::GROUP,
    generator::GROUP,
    origin_metrics::GROUP,
    latency::SLO,
    single::GROUP,
    origin::GROUP,
];

/// The metrics of a run.
pub(crate) fn of_run(frame: &Frame, per_viewer: PerViewer, format: Format) -> String {
    let single = per_viewer == PerViewer::Yes && single::fits(frame);
    let mut out = Writer::new(format);
    for metric in GROUPS.iter().flat_map(|group| group.metrics) {
        let mut samples = out.metric(metric);
        match metric.read {
            Read::Run(read) => read(frame, &mut samples),
            Read::Viewer(read) if single => read(frame, &mut samples),
            Read::Slo(read) => {
                let at_ms = frame.snapshot.at_ms.unwrap_or(0);
                read((&frame.snapshot.slo, at_ms), &mut samples);
            }
            Read::Viewer(_) | Read::Origin(_) => {}
        }
    }
    out.finish()
}

/// The metrics of an origin.
pub(crate) fn of_origin(frame: &OriginFrame, format: Format) -> String {
    let mut out = Writer::new(format);
    for metric in GROUPS.iter().flat_map(|group| group.metrics) {
        let mut samples = out.metric(metric);
        match metric.read {
            Read::Origin(read) => read(frame, &mut samples),
            Read::Slo(read) => read((&frame.slo, frame.at_ms), &mut samples),
            Read::Run(_) | Read::Viewer(_) => {}
        }
    }
    out.finish()
}

/// The SLO series and the moment at which they are looked at.
type SloAt<'a> = (&'a Table, i64);
