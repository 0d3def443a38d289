use telemetry::requests::Counters;

use super::page::Page;
use crate::format;
use crate::run::Run;
use crate::words;

/// Kinds of errors that are listed; the JSON has them all.
const ERRORS_MAX: usize = 20;

/// Requests and bytes by class.
pub(super) fn section(page: &mut Page, run: &Run<'_>) {
    page.heading("requests");
    page.faint(&cells(
        "",
        ["ok", "failed", "cancelled", "in flight", "bytes"].map(str::to_owned),
    ));
    let requests = &run.snapshot.requests;
    for (class, counters) in requests.iter() {
        if counters.requests() > 0 || counters.bytes > 0 {
            row(page, words::class(class), counters);
        }
    }
    row(page, "all", &requests.all());
}

fn row(page: &mut Page, name: &str, counters: &Counters) {
    let of = [
        counters.ok,
        counters.failed,
        counters.cancelled,
        counters.in_flight,
    ];
    let [ok, failed, cancelled, in_flight] = of.map(format::count);
    let line = cells(
        name,
        [
            ok,
            failed,
            cancelled,
            in_flight,
            format::bytes(counters.bytes),
        ],
    );
    match counters.failed {
        0 => page.line(&line),
        _ => page.bad(&line),
    }
}

fn cells(name: &str, [ok, failed, cancelled, in_flight, bytes]: [String; 5]) -> String {
    format!("{name:<22}{ok:>13}{failed:>11}{cancelled:>11}{in_flight:>11}{bytes:>12}")
}

/// Errors by kind, the most frequent first.
pub(super) fn errors(page: &mut Page, run: &Run<'_>) {
    let mut errors = run.snapshot.requests.errors.clone();
    if errors.is_empty() {
        return;
    }
    page.heading("errors");
    errors.sort_by_key(|error| std::cmp::Reverse(error.seen.count));
    let since = run.snapshot.started_ms.unwrap_or(0);
    for error in errors.iter().take(ERRORS_MAX) {
        let (name, hint) = words::failure(error.class, error.failure);
        let at = |unix_ms: i64| format::millis((unix_ms - since).max(0) as u64);
        let times = match error.seen.count {
            1 => format!("at {}", at(error.seen.first_ms)),
            _ => format!(
                "from {} to {}",
                at(error.seen.first_ms),
                at(error.seen.last_ms)
            ),
        };
        let count = format!("{} ×", format::count(error.seen.count));
        let class = words::class(error.class);
        page.bad_row(
            &format!("{count:>12}"),
            &format!("{class}: {name}, {times}"),
        );
        page.row("", hint);
    }
    if errors.len() > ERRORS_MAX {
        let more = format::count((errors.len() - ERRORS_MAX) as u64);
        page.row("", &format!("and {more} more kinds (--json has them all)"));
    }
}
