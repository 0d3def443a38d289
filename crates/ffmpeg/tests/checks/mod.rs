//! What holds for any bytes as a log, here and in the fuzz target.

use std::time::Duration;

use base::{Class, Now};
use ffmpeg::estimate::{Config, Event};
use ffmpeg::{Connections, Estimate, Level, log, progress};

/// A log of any bytes: every line is some line of it, and what comes of it adds up.
pub(crate) fn log(bytes: &[u8]) {
    let (connections, level) = match bytes.first() {
        Some(b'2') => (Connections::Kept, Level::Info),
        Some(b'[') => (Connections::PerRequest, Level::Debug),
        _ => (Connections::Kept, Level::Warning),
    };
    let config = Config {
        url: "http://127.0.0.1:18080/hls/stream.m3u8".to_owned(),
        multivariant: false,
        level,
        connections,
    };
    let mut estimate = Estimate::new(config, Now::default());
    let mut reader = progress::Reader::default();
    let mut requests = 0;
    for (n, line) in bytes.split(|&b| b == b'\n').enumerate() {
        let now = Now::new(Duration::from_millis(100 * n as u64), 0);
        let parsed = log::parse(line);
        assert!(
            line.is_empty()
                || line.as_ptr_range().contains(&parsed.text.as_ptr())
                || parsed.text.is_empty()
        );
        estimate.log(&parsed, now);
        if let Some(block) = reader.line(line) {
            estimate.progress(&block, now);
        }
        requests += drained(&mut estimate);
        estimate.tick(now);
        assert!(estimate.wake_at(now).is_none_or(|at| at > now.elapsed));
    }
    estimate.stopping();
    estimate.ended(Now::new(Duration::from_secs(1 << 20), 0));
    requests += drained(&mut estimate);
    let totals = estimate.totals();
    let counts = Class::ALL.map(|class| totals.class(class));
    let counted: u64 = counts
        .iter()
        .map(|count| count.logged + count.inferred)
        .sum();
    assert_eq!(counted, requests);
    for count in counts {
        assert!(count.unanswered <= count.failed && count.failed <= count.logged);
    }
}

fn drained(estimate: &mut Estimate) -> u64 {
    let events = std::iter::from_fn(|| estimate.poll(|_| None));
    events
        .filter(|event| matches!(event, Event::Request(_)))
        .count() as u64
}
