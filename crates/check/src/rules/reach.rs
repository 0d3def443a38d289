//! Getting to the stream.

use std::collections::BTreeSet;

use crate::certificate::Validity;
use crate::exchange::{Exchange, Hop};
use crate::finding::Area;
use crate::findings::{Findings, Problem, Rule, error, warning};
use crate::observed::Observed;
use crate::words;

const ANSWER: Rule = Rule {
    area: Area::Reach,
    name: "answer",
    clause: "",
    advice: "check the URL, and that the server listens there: curl -v shows what it says",
};
const REDIRECTS: Rule = Rule {
    area: Area::Reach,
    name: "redirects",
    clause: "each redirect costs every viewer a round trip",
    advice: "give out the URL that they lead to, and name it in the playlists",
};
const TLS: Rule = Rule {
    area: Area::Reach,
    name: "tls",
    clause: "",
    advice: "",
};
const KEEP_ALIVE: Rule = Rule {
    area: Area::Reach,
    name: "keep-alive",
    clause: "a connection for each request costs the server a handshake each (RFC 9112, 9.3)",
    advice: "let the server keep connections for longer than a target duration",
};

/// A certificate that holds for longer is of no concern: 14 days.
const EXPIRY_FINE_MS: i64 = 14 * 86_400_000;
/// Redirects of one request that nobody needs to think about.
const REDIRECTS_FINE: usize = 1;
/// Requests to one server from which the use of connections can be told.
const KEEP_ALIVE_FROM: usize = 3;
/// The least share of requests on a kept connection.
const KEPT_SHARE_MIN: f64 = 0.5;

pub(super) fn judge(observed: &Observed, findings: &mut Findings) {
    answer(observed, findings);
    redirects(observed, findings);
    tls(observed, findings);
    keep_alive(observed, findings);
}

fn answer(observed: &Observed, findings: &mut Findings) {
    let Some(entry) = &observed.entry else {
        return findings.judge(
            &ANSWER,
            [error(
                "the first playlist did not come in the time of the check",
            )],
            "",
        );
    };
    let exchange = &entry.exchange;
    let problem = match (&exchange.outcome, exchange.failure()) {
        (_, None) => None,
        (Err(failed), _) => Some(failed.words.clone()),
        (Ok(_), Some(failure)) => Some(format!("{} answers {failure}", words::file(&exchange.url))),
    };
    let version = exchange
        .answer()
        .map(|answer| format!("{:?}", answer.head.version));
    let version = version.map_or("HTTP", |it| {
        if it == "Http10" {
            "HTTP/1.0"
        } else {
            "HTTP/1.1"
        }
    });
    let host = words::origin(&exchange.url);
    let fine = format!(
        "{host} answers over {version}, in {}",
        words::time(exchange.took())
    );
    findings.judge(&ANSWER, problem.map(error), fine);
}

fn redirects(observed: &Observed, findings: &mut Findings) {
    let mut hops = observed.exchanges().flat_map(|exchange| &exchange.hops);
    if !hops.any(|hop| hop.status.is_some()) {
        return findings.not_checked(&REDIRECTS, "nothing answered");
    }
    let mut problems = Vec::new();
    let mut most = 0;
    for exchange in observed.exchanges() {
        let followed = exchange.hops.iter().filter(|hop| is_redirect(hop)).count();
        most = most.max(followed);
        if exchange.hops.windows(2).any(is_downgrade) {
            let what = words::file(&exchange.url);
            problems.push(error(format!("{what} is redirected from https to http")));
        } else if followed > REDIRECTS_FINE {
            let what = words::file(&exchange.url);
            problems.push(warning(format!("{what} is behind {followed} redirects")));
        }
    }
    problems.extend(every_time(observed));
    let fine = match most {
        0 => "none".to_owned(),
        most => words::things(most, "redirect", "redirects"),
    };
    findings.judge(&REDIRECTS, problems, fine);
}

/// A list that is redirected at each reload, though the viewer goes on where it was led.
fn every_time(observed: &Observed) -> Option<Problem> {
    let is_led = |exchange: &Exchange| exchange.hops.iter().any(is_redirect);
    let mut tracks = observed.followed();
    let track = tracks.find(|track| {
        track.loads.len() > 2 && track.loads.iter().all(|load| is_led(&load.exchange))
    })?;
    let words = format!("{} is redirected anew at each reload", track.name);
    Some(warning(words))
}

fn is_redirect(hop: &Hop) -> bool {
    matches!(hop.status, Some(301 | 302 | 303 | 307 | 308))
}

fn is_downgrade(hops: &[Hop]) -> bool {
    matches!(hops, [from, to] if from.url.scheme() == "https" && to.url.scheme() == "http")
}

fn tls(observed: &Observed, findings: &mut Findings) {
    let hops = observed.exchanges().flat_map(|exchange| &exchange.hops);
    let schemes: BTreeSet<&str> = hops.map(|hop| hop.url.scheme()).collect();
    let is_mixed = schemes.len() > 1;
    match (schemes.contains("https"), is_mixed) {
        (false, _) => findings.not_checked(&TLS, "plain HTTP"),
        (true, true) => {
            let rule = Rule {
                clause: "browsers refuse http media on an https page (W3C Mixed Content, 5)",
                advice: "name https URLs in the playlists",
                ..TLS
            };
            let words = "part of the stream is served over http, part over https";
            findings.judge(&rule, [warning(words)], "");
        }
        (true, false) => certificate(observed, findings),
    }
}

fn certificate(observed: &Observed, findings: &mut Findings) {
    let Some(secured) = observed.secured else {
        let words = if observed.insecure {
            "the certificate was not verified (--insecure)"
        } else {
            "not looked at: the stream was not reached, or the check was stopped"
        };
        return findings.not_checked(&TLS, words);
    };
    let rule = Rule {
        clause: "what expires or is not trusted is refused by every player at once",
        advice: "renew the certificate, and see that renewal is automatic",
        ..TLS
    };
    let version = secured.version.unwrap_or("TLS");
    let trust = if observed.insecure {
        "not verified (--insecure)"
    } else {
        "trusted here"
    };
    let Some(validity) = secured.validity else {
        let words = format!("{version}, {trust}; how long the certificate holds could not be read");
        return findings.ok(&rule, words);
    };
    let now = observed.unix_ms(observed.watched);
    let left = words::millis(validity.not_after_ms.saturating_sub(now));
    let fine = format!("{version}, {trust}, the certificate holds for {left}");
    findings.judge(&rule, validity_problem(validity, now), fine);
}

fn validity_problem(validity: Validity, now: i64) -> Option<Problem> {
    let left = validity.not_after_ms.saturating_sub(now);
    if now < validity.not_before_ms {
        Some(error("the certificate does not hold yet"))
    } else if left < 0 {
        let ago = words::millis(left.saturating_abs());
        Some(error(format!("the certificate expired {ago} ago")))
    } else if left < EXPIRY_FINE_MS {
        Some(warning(format!(
            "the certificate expires in {}",
            words::millis(left)
        )))
    } else {
        None
    }
}

fn keep_alive(observed: &Observed, findings: &mut Findings) {
    let hops: Vec<&Hop> = observed
        .exchanges()
        .flat_map(|exchange| &exchange.hops)
        .filter(|hop| hop.status.is_some())
        .collect();
    let hosts: BTreeSet<String> = hops.iter().map(|hop| words::origin(&hop.url)).collect();
    // The first request to each server opens its connection.
    let later = hops.len().saturating_sub(hosts.len());
    if later < KEEP_ALIVE_FROM {
        return findings.not_checked(&KEEP_ALIVE, "too few requests to tell");
    }
    let kept = hops.iter().filter(|hop| hop.reused).count();
    let fine = format!("{kept} of {} requests on a kept connection", hops.len());
    let is_bad = (kept as f64) < later as f64 * KEPT_SHARE_MIN;
    let problem = is_bad.then(|| warning(format!("only {fine}")));
    findings.judge(&KEEP_ALIVE, problem, fine);
}
