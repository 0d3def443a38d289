//! What each line of the log means for the estimate.

use base::{Failure, Now};

use super::{Estimate, Event, Figure};
use crate::log::{Context, Event as Said, Line};

/// Longest text of FFmpeg that is handed on.
const REASON_CHARS_MAX: usize = 300;

pub(super) fn line(estimate: &mut Estimate, line: &Line<'_>, now: Now) {
    let context = line.context.filter(Context::is_http);
    let address = context.map(|context| context.address);
    match line.event {
        Said::HlsRequest { url, playlist, .. } => {
            estimate.classifier.wants(&plain(url));
            estimate.requests.wanted(playlist);
        }
        Said::Opening { url } => opening(estimate, &plain(url), now),
        Said::Request { target, .. } => head(estimate, context, &text(target), now),
        Said::Header { name, value } if name.eq_ignore_ascii_case(b"host") => {
            estimate.requests.host(&text(value));
        }
        Said::Header { name, .. } if name.eq_ignore_ascii_case(b"authorization") => {
            estimate.requests.authorized();
        }
        Said::Status { code } => {
            let failure = Failure::Status(code);
            estimate.requests.failed(address, failure, now);
        }
        Said::Premature => estimate.requests.failed(address, Failure::Truncated, now),
        Said::KeptConnectionFailed { url, reason } => {
            let failure = failure(reason).unwrap_or(Failure::Reset);
            estimate
                .requests
                .kept_connection_failed(&plain(url), failure, now);
        }
        Said::SegmentFailed { .. } => estimate.requests.given_up(false, now),
        Said::PlaylistFailed { .. } => estimate.requests.given_up(true, now),
        Said::InputFailed { reason } => input_failed(estimate, reason, now),
        _ => connection(estimate, line, now),
    }
}

/// Lines about connections and segments as such.
fn connection(estimate: &mut Estimate, line: &Line<'_>, now: Now) {
    match line.event {
        Said::ConnectFailed { reason } => {
            let failure = failure(reason).unwrap_or(Failure::ConnectFailed);
            unconnected(estimate, failure, now);
        }
        Said::ResolveFailed { .. } => unconnected(estimate, Failure::Dns, now),
        Said::TlsFailed { .. } => unconnected(estimate, Failure::Tls, now),
        Said::Reconnect { .. } => {
            estimate.totals.reconnects += 1;
            estimate.playback_with(|playback, each| playback.connected(false, each));
        }
        Said::Connected { .. } => {
            estimate.playback_with(|playback, each| playback.connected(true, each));
        }
        Said::BytesRead { bytes } => {
            let known = estimate.totals.bytes_read.map_or(0, |figure| figure.value);
            estimate.totals.bytes_read = Some(Figure::measured(known.saturating_add(bytes)));
            estimate.requests.bytes_read(bytes);
        }
        Said::ConnectionUse { requests } => {
            let address = line.context.map(|context| context.address);
            let address = address.unwrap_or_default();
            estimate.requests.connection_use(address, requests, now);
        }
        Said::Expired { segments } => {
            let expired = estimate.totals.expired.saturating_add(segments);
            estimate.totals.expired = expired;
        }
        Said::SegmentSkipped { .. } => estimate.totals.skipped += 1,
        Said::SequenceChange { .. } if estimate.newest.is_empty() => estimate.moved(now),
        _ => {}
    }
}

fn unconnected(estimate: &mut Estimate, failure: Failure, now: Now) {
    estimate.requests.unconnected(failure, now);
    estimate.playback_with(|playback, each| playback.connected(false, each));
}

fn opening(estimate: &mut Estimate, url: &str, now: Now) {
    if !url.starts_with("http") {
        return;
    }
    let class = estimate.classifier.class(url, estimate.segments.timeline());
    estimate.requests.opening(class, url.to_owned(), now);
    if class.is_playlist() {
        estimate.reloads_since += 1;
    } else if class.is_media() && estimate.newest != url {
        url.clone_into(&mut estimate.newest);
        estimate.segments.request(url, now);
        estimate.moved(now);
    }
}

fn head(estimate: &mut Estimate, context: Option<Context<'_>>, target: &str, now: Now) {
    let (classifier, timeline) = (&estimate.classifier, estimate.segments.timeline());
    let class = |url: &str| classifier.class(url, timeline);
    let address = context.map_or(0, |context| context.address);
    let secure = context.is_some_and(|context| context.name == b"https");
    let scheme = if secure { "https" } else { "http" };
    estimate.requests.head(address, scheme, target, now, class);
}

fn input_failed(estimate: &mut Estimate, reason: &[u8], now: Now) {
    if let Some(failure) = failure(reason) {
        estimate.requests.failed(None, failure, now);
    }
    let reason = text(reason).chars().take(REASON_CHARS_MAX).collect();
    estimate.events.push_back(Event::InputFailed(reason));
}

/// What FFmpeg's words for a failure mean.
fn failure(reason: &[u8]) -> Option<Failure> {
    let reason = text(reason);
    let known = [
        ("refused", Failure::ConnectRefused),
        ("timed out", Failure::ConnectTimedOut),
        ("reset", Failure::Reset),
        ("Broken pipe", Failure::Reset),
        ("End of file", Failure::Reset),
        ("Invalid data", Failure::InvalidPlaylist),
        ("Too many open files", Failure::NoDescriptor),
        ("Cannot assign requested address", Failure::NoPort),
    ];
    let found = known.iter().find(|(words, _)| reason.contains(words));
    found.map(|&(_, failure)| failure).or_else(|| {
        let code = reason.strip_prefix("Server returned ")?.get(..3)?;
        code.parse().ok().map(Failure::Status)
    })
}

/// The URL below an encrypted one.
fn plain(url: &[u8]) -> String {
    let url = text(url);
    let below = url
        .strip_prefix("crypto+")
        .or_else(|| url.strip_prefix("crypto:"));
    below.unwrap_or(&url).to_owned()
}

fn text(bytes: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
