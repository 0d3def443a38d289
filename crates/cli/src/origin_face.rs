//! What an origin's HTTP face shows: its ledger, its connections, and how late segments go out.

use std::sync::Arc;
use std::time::Duration;

use admin::{OriginFrame, Pushed, Served};
use base::Class;
use origin_server::{Ledger, UNANSWERED, Watch};
use tokio::sync::watch;

/// How often a frame is made.
const EVERY: Duration = Duration::from_millis(500);

/// Makes frames for as long as it is polled.
pub(crate) async fn make(
    origin: &Watch,
    pushed: &Pushed,
    frames: &watch::Sender<Arc<OriginFrame>>,
) {
    let mut turns = tokio::time::interval(EVERY);
    loop {
        turns.tick().await;
        frames.send_replace(Arc::new(frame(origin, pushed)));
    }
}

/// The origin as it is.
pub(crate) fn frame(origin: &Watch, pushed: &Pushed) -> OriginFrame {
    let ledger = origin.ledger();
    let (connections_total, connections) = origin.connections();
    let mut slo = origin.deliveries();
    slo.merge(&pushed.table());
    OriginFrame {
        version: env!("CARGO_PKG_VERSION"),
        started_ms: ledger.since_unix_ms,
        at_ms: origin.now().unix_ms,
        served: served(&ledger),
        in_flight: ledger.total.in_flight,
        malformed: ledger.malformed,
        connections,
        connections_total,
        slo,
    }
}

/// The ledger's rows: whole and interrupted answers together.
fn served(ledger: &Ledger) -> Vec<Served> {
    let classes = Class::ALL.into_iter();
    let rows = classes.flat_map(|class| {
        let status = ledger.class(class).status.iter();
        status.map(move |(&status, tally)| Served {
            class,
            status: (status != UNANSWERED).then_some(status),
            requests: tally.complete.requests + tally.interrupted.requests,
            bytes: tally.complete.bytes + tally.interrupted.bytes,
        })
    });
    rows.collect()
}
