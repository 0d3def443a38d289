//! The listing of what is live, in the form of nginx's JSON autoindex.

use std::fmt::Write;

use crate::{Format, date, grid::Grid, route, track::Track};

/// One file as autoindex tells it. Names and dates hold nothing that JSON escapes.
fn entry(text: &mut String, name: &str, modified_s: u64, size: u64) {
    let separator = if text.ends_with('[') { "\n" } else { ",\n" };
    let _ = write!(
        text,
        "{separator}{{ \"name\":\"{name}\", \"type\":\"file\", \"mtime\":\"{}\", \"size\":{size} }}",
        date::http(modified_s)
    );
}

/// Every segment that can be fetched, and every initialisation segment.
pub(crate) fn listing<'a>(
    format: Format,
    grid: Grid,
    tracks: impl Iterator<Item = &'a Track>,
    newest: Option<u64>,
) -> String {
    let mut text = String::from("[");
    for track in tracks {
        if let Some(init) = track.renderer.init() {
            entry(
                &mut text,
                &route::init_name(&track.name),
                0,
                init.len() as u64,
            );
        }
        for n in newest
            .map(|newest| grid.fetchable(newest))
            .into_iter()
            .flatten()
        {
            let name = route::segment_name(&track.name, n, format);
            entry(
                &mut text,
                &name,
                grid.start_ms(n + 1) / 1000,
                track.renderer.segment_len(n),
            );
        }
    }
    text.push_str("\n]\n");
    text
}
