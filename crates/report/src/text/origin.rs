use telemetry::requests::Totals;

use super::page::Page;
use crate::agreement::{self, Agreement, Counted, Ledger, Pair};
use crate::format::{count, signed, things};
use crate::words;

/// Complete exchanges as the viewers and as the origin counted them.
pub(super) fn section(page: &mut Page, totals: &Totals, ledger: &Ledger) {
    page.heading("the origin's own count");
    page.faint(&cells(
        ["", "requests", "", "bytes", "", ""].map(str::to_owned),
    ));
    page.faint(&cells(
        ["", "viewers", "origin", "viewers", "origin", ""].map(str::to_owned),
    ));
    let pairs = agreement::pairs(&Counted::of(totals), &ledger.classes);
    for pair in &pairs {
        let same = pair.agreement();
        let line = cells([
            words::class(pair.class).to_owned(),
            count(pair.viewers.requests),
            count(pair.origin.requests),
            count(pair.viewers.bytes),
            count(pair.origin.bytes),
            if same == Agreement::Equal {
                "equal"
            } else {
                ""
            }
            .to_owned(),
        ]);
        match same {
            Agreement::Differs => page.bad(&line),
            Agreement::Equal | Agreement::ButInterrupted => page.line(&line),
        }
        if same != Agreement::Equal {
            difference(page, pair);
        }
    }
    let broken = pairs.iter().map(|pair| pair.broken.requests).sum();
    let cut = pairs.iter().map(|pair| pair.origin.interrupted).sum();
    if broken > 0 || cut > 0 {
        let ours = things(broken, "request was", "requests were");
        page.row(
            "interrupted",
            &format!("{ours} cut short here, {} at the origin", count(cut)),
        );
    }
}

fn difference(page: &mut Page, pair: &Pair) {
    let (requests, bytes) = pair.difference();
    let why = match pair.agreement() {
        Agreement::ButInterrupted => ": interrupted here, whole there",
        Agreement::Differs | Agreement::Equal => "",
    };
    let [requests, bytes] = [requests, bytes].map(signed);
    page.row(
        "",
        &format!("origin {requests} requests, {bytes} bytes{why}"),
    );
}

fn cells([class, viewers, origin, bytes, origin_bytes, same]: [String; 6]) -> String {
    format!("{class:<22}{viewers:>10}{origin:>10}{bytes:>16}{origin_bytes:>16}{same:>6}")
}
