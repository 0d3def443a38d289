//! What must hold of every answer whatever. The tests and the fuzz targets share it.

use std::time::Duration;

use scrape::exporter::Exporter;
use scrape::sizes::{Listing, Sizes};
use scrape::{Received, exposition};

/// The line that parts two readings in an input of [`readings`].
const NEXT_READING: &[u8] = b"\n%\n";

/// Two readings of one exporter: each is one that tells something or one that failed, and what is
/// made of both is within bounds.
pub(crate) fn readings(bytes: &[u8]) {
    for sample in exposition::samples(bytes) {
        assert!(!sample.name.is_empty());
        sample.label("le");
    }
    let every = Duration::from_secs(2);
    let mut exporter = Exporter::new("http://h/metrics".to_owned(), every, Duration::ZERO);
    let middle = bytes
        .windows(NEXT_READING.len())
        .position(|part| part == NEXT_READING);
    let (first, second) = bytes.split_at(middle.unwrap_or(0));
    for (at, text) in [(2, first), (4, second)] {
        exporter.read(Duration::from_secs(at), text, Received::default());
    }
    let now = Duration::from_secs(5);
    let source = exporter.source(now);
    assert_eq!(source.readings + source.failures, 2);
    let host = exporter.host(now).unwrap_or_default();
    for share in [host.cpu, host.memory].into_iter().flatten() {
        assert!((0.0..=1.0).contains(&share.run_max), "{share:?}");
    }
    let server = exporter.server(now).unwrap_or_default();
    let figures = [
        server.requests_per_s,
        server.sent_per_s,
        server.latency_p95_ms,
    ];
    for figure in figures.into_iter().flatten() {
        assert!(figure.newest >= 0.0, "{figure:?}");
    }
    assert!(exporter.sent().all(|sent| sent.received_bytes == 0));
}

/// Listings one after the other, parted by `%`: a segment that is listed is found by its URL.
pub(crate) fn listings(bytes: &[u8]) {
    let mut sizes = Sizes::default();
    for (turn, part) in bytes.split(|byte| *byte == b'%').enumerate() {
        let Ok(listing) = Listing::read(part, "v/") else {
            continue;
        };
        let at = Duration::from_secs(2 * turn as u64);
        sizes.update(at, &listing.files);
        for file in &listing.files {
            let found = sizes.of(&format!("http://h/{}", file.path));
            // Signs that a URL would have encoded mean something else there.
            if let Some(bytes) = found.filter(|_| !file.path.contains(['%', '?', '#'])) {
                let mut same = listing.files.iter().filter(|other| other.path == file.path);
                assert!(same.any(|other| other.bytes == bytes), "{}", file.path);
            }
        }
        assert!(sizes.segments(at, at).is_some());
    }
}
