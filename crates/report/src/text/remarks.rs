//! What a person should know before believing the rest, the gravest first; and how it ended.

use base::ViewerState;
use telemetry::{Occurrences, What};

use super::page::Page;
use crate::agreement::{self, Agreement};
use crate::format::{self, things};
use crate::run::Run;
use crate::words;

pub(super) fn section(page: &mut Page, run: &Run<'_>) {
    let remarks = remarks(run);
    page.heading("result");
    for remark in &remarks {
        page.odd_row("look at", remark);
    }
    let Some(exit) = run.exit else {
        page.row(
            "so far",
            if remarks.is_empty() {
                "nothing wrong"
            } else {
                "see above"
            },
        );
        return;
    };
    let reason = match (exit.code, remarks.is_empty()) {
        (0, false) => format!("{} (exit code 0), but for the above", exit.reason),
        (code, _) => format!("{} (exit code {code})", exit.reason),
    };
    match (exit.code, remarks.is_empty()) {
        (0, true) => page.good_row("ended", &reason),
        (0, false) => page.row("ended", &reason),
        _ => page.bad_row("ended", &reason),
    }
}

fn remarks(run: &Run<'_>) -> Vec<String> {
    let mut remarks = Vec::new();
    generator(run, &mut remarks);
    origin(run, &mut remarks);
    failures(run, &mut remarks);
    playback(run, &mut remarks);
    remarks
}

fn generator(run: &Run<'_>, remarks: &mut Vec<String>) {
    for (cause, seen) in &run.snapshot.generator.causes {
        let since = times(run, seen);
        remarks.push(format!("this machine ({since}): {}", words::cause(*cause)));
    }
}

fn origin(run: &Run<'_>, remarks: &mut Vec<String>) {
    let stale = &run.snapshot.playback.stale_playlists;
    if stale.count > 0 {
        let playlists = things(stale.count, "stale playlist", "stale playlists");
        remarks.push(format!(
            "{playlists} ({}): unchanged for more than 1.5 target durations; the origin's fault",
            times(run, stale)
        ));
    }
    let pairs = run
        .ledger
        .map(|ledger| agreement::pairs(&run.snapshot.requests, ledger));
    if pairs.is_some_and(|pairs| agreement::overall(&pairs) == Agreement::Differs) {
        remarks.push("the origin counted otherwise than the viewers".to_owned());
    }
    let ahead = &run.snapshot.playback.clock_ahead;
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

fn failures(run: &Run<'_>, remarks: &mut Vec<String>) {
    let all = run.snapshot.requests.all();
    if all.failed > 0 {
        let share = all.error_rate().map_or(String::new(), format::percent);
        let failed = things(all.failed, "request", "requests");
        remarks.push(format!("{failed} failed: {share} of those that ended"));
    }
    let viewers = &run.snapshot.viewers;
    let gave_up = viewers.count(ViewerState::Failed) + viewers.count(ViewerState::BackingOff);
    if gave_up > 0 {
        let failed = things(gave_up, "viewer", "viewers");
        remarks.push(format!(
            "{failed} of {} failed",
            format::count(viewers.all())
        ));
    }
}

fn playback(run: &Run<'_>, remarks: &mut Vec<String>) {
    let viewers = &run.snapshot.viewers;
    if viewers.stalls > 0 {
        let longest = run.snapshot.latency.of(What::Stall).max();
        let longest = longest.map_or(String::new(), |max| {
            format!(", the longest that ended {}", format::micros(max))
        });
        remarks.push(format!(
            "{}{longest}",
            things(viewers.stalls, "stall", "stalls")
        ));
    }
    let skipped = &run.snapshot.playback.skipped;
    if skipped.count > 0 {
        remarks.push(format!(
            "{} skipped ({}): they left the window, or every attempt failed",
            things(skipped.count, "segment", "segments"),
            times(run, skipped)
        ));
    }
}

fn times(run: &Run<'_>, seen: &Occurrences) -> String {
    let since = run.snapshot.started_ms.unwrap_or(0);
    let at = |unix_ms: i64| format::millis((unix_ms - since).max(0) as u64);
    if seen.first_ms == seen.last_ms {
        format!("at {}", at(seen.first_ms))
    } else {
        format!("from {} to {}", at(seen.first_ms), at(seen.last_ms))
    }
}
