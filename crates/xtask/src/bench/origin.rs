//! Our own origin against nginx: the same bytes, asked for by the same client.

use std::time::Duration;

use anyhow::Context;
use testkit::http;

use super::{Bench, Lab, say, warn_of_load};
use crate::figures::{Bound, Of, Row};
use crate::liveswarm::Origin;
use crate::nginx::{Config, Nginx};
use crate::peers::{self, Pull, Pulled};
use crate::process::Process;

pub(super) const ORIGIN: Bench = Bench {
    name: "origin",
    what: "our origin against nginx with sendfile: the same segment, wrk as the client",
    peers: &["nginx", "wrk"],
    default: true,
    run,
};

/// Segments that stay in the origin's window for as long as the bench lasts.
const WINDOW: &str = "500";

const CONNECTIONS: u32 = 100;

/// Bit rates of two-second segments: a usual one, and the smallest that the test picture takes.
const BITRATES: [(&str, &str); 2] = [("2000k", "2M"), ("130k", "130k")];

fn run(lab: &Lab) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (name, bitrate) in BITRATES {
        rows.extend(compare(lab, name, bitrate)?);
    }
    Ok(rows)
}

/// What serving cost.
#[derive(Default)]
struct Side {
    requests: Vec<f64>,
    bytes: Vec<f64>,
}

impl Side {
    fn serve(&mut self, lab: &Lab, server: &Process, url: &str) -> anyhow::Result<()> {
        let before = server.cpu()?;
        let pulled: Pulled = peers::wrk(
            lab,
            Pull {
                url,
                connections: CONNECTIONS,
                length: lab.seconds(8, 2),
            },
        )?;
        let spent: Duration = server.cpu()?.saturating_sub(before);
        self.requests
            .push(pulled.requests as f64 / spent.as_secs_f64());
        self.bytes
            .push(pulled.bytes as f64 / spent.as_secs_f64() / 1e6);
        Ok(())
    }
}

fn compare(lab: &Lab, name: &str, bitrate: &str) -> anyhow::Result<Vec<Row>> {
    let more = ["--variants", bitrate, "--window", WINDOW].map(str::to_owned);
    let origin = Origin::start(lab, "127.0.0.1:0", &more)?;
    let master = origin.urls.first().context("an origin without a URL")?;
    let (url, body) = newest_segment(master)?;
    let files = lab.folder("files")?;
    std::fs::write(files.join("segment.ts"), &body)?;
    let nginx = Nginx::start(lab, &files, Config::default())?;
    let same = nginx.url("seg-0.ts");
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    for round in 1..=lab.rounds() {
        warn_of_load();
        say(&format!("{name}, round {round}: our origin"));
        ours.serve(lab, &origin.process, &url)?;
        say(&format!("{name}, round {round}: nginx"));
        theirs.serve(lab, &nginx.process, &same)?;
    }
    let what = |what: &str| format!("{what} served, {} kB each", body.len() / 1000);
    let row = |what: String, unit, ours, theirs| {
        let row = Row::against(&what, unit, ours, ("nginx", theirs))?;
        anyhow::Ok(row.reach(Of::Ratio, Bound::AtLeast, 1.0))
    };
    Ok(vec![
        row(what("requests"), "1/CPU-s", ours.requests, theirs.requests)?,
        row(what("bytes"), "MB/CPU-s", ours.bytes, theirs.bytes)?,
    ])
}

/// The newest segment that the first media playlist of `master` names: its URL and content.
fn newest_segment(master: &str) -> anyhow::Result<(String, Vec<u8>)> {
    let list = beside(master, &last_line(master)?);
    let segment = beside(&list, &last_line(&list)?);
    let body = get(&segment)?;
    Ok((segment, body))
}

/// The last URI of a playlist.
fn last_line(url: &str) -> anyhow::Result<String> {
    let text = String::from_utf8(get(url)?)?;
    let mut uris = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let last = uris
        .next_back()
        .with_context(|| format!("{url} names nothing"))?;
    Ok(last.to_owned())
}

/// A URI of the same folder as `url`.
fn beside(url: &str, uri: &str) -> String {
    match url.rfind('/') {
        Some(place) => format!("{}/{uri}", &url[..place]),
        None => uri.to_owned(),
    }
}

fn get(url: &str) -> anyhow::Result<Vec<u8>> {
    let rest = url.strip_prefix("http://").context("not an http URL")?;
    let (addr, _) = rest.split_once('/').context("a URL without a path")?;
    let answer = http::get(addr.parse()?, &rest[addr.len()..])?;
    Ok(answer.body)
}
