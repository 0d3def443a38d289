//! What `/metrics` says of the origin's own metrics.

use std::sync::Arc;

use report::Frame;
use telemetry::origin as says;

use crate::exposition::{Exposition, Format};
use crate::frames;
use crate::http::{config, get, serve};

async fn of_origin(frame: Arc<Frame>) -> Vec<(String, f64)> {
    let face = serve(&config(), frame);
    let text = get(face.addr, "/metrics").await.body;
    let all = Exposition::parse(&text, Format::Plain).series.into_iter();
    all.filter(|(series, _)| series.starts_with("hls_swarm_origin_"))
        .collect()
}

/// A source that is listed twice is exposed once, or the exposition would not be one.
#[tokio::test]
async fn what_the_origin_says() {
    let series = of_origin(frames::busy()).await;
    insta::assert_debug_snapshot!("origin_metrics", series);
}

#[tokio::test]
async fn what_is_stale_is_absent_and_has_its_age() {
    let mut frame = Frame::clone(&frames::busy());
    let mut view = says::View::clone(frame.origin_metrics.as_deref().unwrap());
    let host = view.host.as_mut().unwrap();
    for figure in [&mut host.cpu, &mut host.memory, &mut host.network_in] {
        figure.as_mut().unwrap().stale = true;
    }
    view.segments.as_mut().unwrap().stale = true;
    view.server = None;
    frame.origin_metrics = Some(Arc::new(view));
    let series = of_origin(Arc::new(frame)).await;
    let gauges: Vec<&str> = series
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !name.contains('{'))
        .collect();
    assert_eq!(
        gauges,
        ["hls_swarm_origin_network_transmit_bytes_per_second"]
    );
    assert!(series.iter().any(|(name, age)| {
        name.starts_with("hls_swarm_origin_reading_age_seconds{") && *age == 1.5
    }));
}

#[tokio::test]
async fn an_origin_that_is_not_asked_has_no_series() {
    assert_eq!(of_origin(frames::empty()).await, []);
}
