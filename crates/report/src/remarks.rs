//! What a person should know before believing the rest, the gravest first.

use base::ViewerState;
use telemetry::What;

use crate::agreement::Agreement;
use crate::document::{Document, Happened};
use crate::format::{self, things};
use crate::origin_metrics as words_of;
use crate::words;

/// A sentence for each thing to look at; none where nothing is odd.
pub(crate) fn remarks(document: &Document) -> Vec<String> {
    let mut remarks = Vec::new();
    generator(document, &mut remarks);
    origin(document, &mut remarks);
    origin_metrics(document, &mut remarks);
    failures(document, &mut remarks);
    players(document, &mut remarks);
    playback(document, &mut remarks);
    estimated(document, &mut remarks);
    remarks
}

fn generator(document: &Document, remarks: &mut Vec<String>) {
    for (cause, seen) in &document.generator.causes {
        let when = times(seen);
        remarks.push(format!("this machine ({when}): {}", words::cause(*cause)));
    }
}

fn origin(document: &Document, remarks: &mut Vec<String>) {
    let stale = &document.playback.stale_playlists;
    if stale.count > 0 {
        let playlists = things(stale.count, "stale playlist", "stale playlists");
        remarks.push(format!(
            "{playlists} ({}): unchanged for more than 1.5 target durations; the origin's fault",
            times(stale)
        ));
    }
    let agreement = document.origin.as_ref().map(|origin| origin.agreement);
    if agreement == Some(Agreement::Differs) {
        remarks.push("the origin counted otherwise than the viewers".to_owned());
    }
    if document.config.own_origin_serves_some() {
        remarks.push(
            "our own origin serves only some of the groups: its count is not held against the \
             viewers'"
                .to_owned(),
        );
    }
    let ahead = &document.playback.clock_ahead;
    if ahead.count > 0 {
        remarks.push(format!(
            "{} below zero: the source's clock is ahead of this machine's, so glass to glass is \
             too small",
            things(
                ahead.count,
                "glass-to-glass sample",
                "glass-to-glass samples"
            )
        ));
    }
}

fn origin_metrics(document: &Document, remarks: &mut Vec<String>) {
    let view = document.origin_metrics.iter();
    let troubles = view.flat_map(|view| view.sources.iter().filter_map(words_of::trouble));
    remarks.extend(troubles.map(|trouble| format!("of the origin's own metrics: {trouble}")));
}

fn failures(document: &Document, remarks: &mut Vec<String>) {
    let all = document.all_requests();
    if all.failed > 0 {
        let share = all.error_rate().map_or(String::new(), format::percent);
        let failed = things(all.failed, "request", "requests");
        remarks.push(format!("{failed} failed: {share} of those that ended"));
    }
    let viewers = &document.viewers;
    let gave_up = viewers.count(ViewerState::Failed) + viewers.count(ViewerState::BackingOff);
    if gave_up > 0 {
        let failed = things(gave_up, "viewer", "viewers");
        let all: u64 = viewers.states.values().sum();
        remarks.push(format!("{failed} of {} failed", format::count(all)));
    }
}

fn players(document: &Document, remarks: &mut Vec<String>) {
    let Some(players) = &document.players else {
        return;
    };
    let failed = players.error + players.signal + players.not_started;
    if failed == 0 {
        return;
    }
    let most = players.last_words.iter().max_by_key(|said| said.seen.count);
    let words = most.map_or(String::new(), |said| {
        format!(
            "; {} said last: {}",
            format::count(said.seen.count),
            said.words
        )
    });
    remarks.push(format!(
        "{} failed ({} with an error, {} by a signal, {} did not start){words}",
        things(failed, "player process", "player processes"),
        format::count(players.error),
        format::count(players.signal),
        format::count(players.not_started),
    ));
}

fn estimated(document: &Document, remarks: &mut Vec<String>) {
    let Some(estimated) = &document.estimated else {
        return;
    };
    let (all, parts) = (document.all_requests(), estimated.all());
    remarks.push(format!(
        "requests are those that players logged, not measured ones: of {}, {} are inferred; the sizes \
         of {} are as the origin states them and those of {} are unknown, and so are their times; {} \
         of ours that looked at playlists are measured",
        things(all.ended(), "request", "requests"),
        format::count(parts.inferred),
        format::count(parts.sizes_stated),
        format::count(parts.sizes_unknown),
        format::count(parts.own),
    ));
}

fn playback(document: &Document, remarks: &mut Vec<String>) {
    let playback = &document.playback;
    if let Some(stalls @ 1..) = playback.stalls {
        let longest = document.latency(What::Stall).max;
        let longest = longest.map_or(String::new(), |max| {
            format!(", the longest that ended {}", format::ms(max))
        });
        remarks.push(format!("{}{longest}", things(stalls, "stall", "stalls")));
    }
    if playback.skipped > 0 {
        let segments = things(playback.skipped, "segment", "segments");
        remarks.push(format!(
            "{segments} skipped{}: they left the window, or every attempt failed",
            playback
                .skipped_at
                .map_or(String::new(), |seen| format!(" ({})", times(&seen)))
        ));
    }
}

/// When it happened, in time since the run began.
fn times(seen: &Happened) -> String {
    let at = |ms: Option<i64>| format::millis(ms.unwrap_or(0).max(0) as u64);
    if seen.first_ms == seen.last_ms {
        format!("at {}", at(seen.first_ms))
    } else {
        format!("from {} to {}", at(seen.first_ms), at(seen.last_ms))
    }
}
