//! What viewers ask for is what the person who sent them asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use crate::common::{LIMIT, run, said};
use anyhow::ensure;
use base::Class;
use testkit::cut::{self, Answer, Request};
use testkit::served::class;

/// Two short segments for everybody, and a cookie for each who asks for the playlist.
fn film(request: &Request) -> Answer {
    match class(request.path()) {
        Class::Playlist => Answer::Whole {
            status: 200,
            kind: "application/vnd.apple.mpegurl",
            headers: vec![format!("Set-Cookie: seat={}; Path=/", request.number)],
            body: cut::vod(2, 1).into_bytes(),
        },
        _ => Answer::ok("video/mp2t", vec![0x47; 188 * 10]),
    }
}

/// The requests of a run of three viewers.
fn requests(url: &str, arguments: &[&str]) -> anyhow::Result<Vec<Request>> {
    let server = cut::Server::start(film)?;
    let url = url
        .replace("HOST", &server.addr().to_string())
        .replace("PORT", &server.addr().port().to_string());
    let mut command = run(&url).args("-n 3 --ramp-rate 100 --duration 60s");
    for argument in arguments {
        command = command.arg(argument.replace("PORT", &server.addr().port().to_string()));
    }
    command.finish(LIMIT)?;
    let requests = server.requests();
    ensure!(requests.len() >= 9, "{requests:#?}");
    Ok(requests)
}

#[test]
fn headers_are_sent_with_every_request() -> anyhow::Result<()> {
    let arguments = [
        "--header",
        "X-Seat: row-{n}",
        "--user-agent",
        "people/1.0",
        "--no-cache",
    ];
    for request in requests("http://HOST/live/index.m3u8", &arguments)? {
        let seat = request.header("x-seat").unwrap_or_default().to_owned();
        ensure!(
            ["row-0", "row-1", "row-2"].contains(&seat.as_str()),
            "{request:?}"
        );
        ensure!(
            request.header("user-agent") == Some("people/1.0"),
            "{request:?}"
        );
        ensure!(
            request.header("cache-control") == Some("no-cache"),
            "{request:?}"
        );
        ensure!(request.header("expect").is_none(), "{request:?}");
    }
    Ok(())
}

#[test]
fn the_url_carries_the_viewers_number() -> anyhow::Result<()> {
    let asked = requests("http://HOST/live/index.m3u8?viewer={n}", &[])?;
    for number in 0..3 {
        let target = format!("/live/index.m3u8?viewer={number}");
        ensure!(
            asked.iter().any(|request| request.target == target),
            "{asked:#?}"
        );
    }
    Ok(())
}

#[test]
fn cookies_are_kept_per_viewer() -> anyhow::Result<()> {
    let asked = requests("http://HOST/live/index.m3u8", &[])?;
    let mut seats = std::collections::BTreeSet::new();
    for request in asked
        .iter()
        .filter(|request| class(request.path()) == Class::Segment)
    {
        let cookie = request.header("cookie").unwrap_or_default().to_owned();
        ensure!(cookie.starts_with("seat="), "{request:?}");
        seats.insert(cookie);
    }
    ensure!(seats.len() == 3, "one cookie a viewer: {seats:?}");
    Ok(())
}

#[test]
fn a_name_goes_where_it_is_told_to() -> anyhow::Result<()> {
    let asked = requests(
        "http://stream.invalid:PORT/live/index.m3u8",
        &["--resolve", "stream.invalid:PORT:127.0.0.1"],
    )?;
    for request in asked {
        let host = request.header("host").unwrap_or_default().to_owned();
        ensure!(host.starts_with("stream.invalid:"), "{request:?}");
    }
    Ok(())
}

#[test]
fn redirects_are_followed_and_relative_names_with_them() -> anyhow::Result<()> {
    let server = cut::Server::start(|request| match request.path() {
        "/start.m3u8" => Answer::redirect(302, "/far/away/index.m3u8"),
        path if path.starts_with("/far/away/") => film(request),
        _ => Answer::status(404),
    })?;
    let ended = run(&server.url("start.m3u8"))
        .args("-n 2 --ramp-rate 100 --duration 60s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    testkit::compare::Run::of(&ended.json()?)?;
    let ledger = server.ledger();
    ensure!(
        (ledger.status(302), ledger.status(404)) == (2, 0),
        "{:?}",
        server.rows()
    );
    Ok(())
}

#[test]
fn secrets_are_sent_and_never_shown() -> anyhow::Result<()> {
    let server = cut::Server::start(|request| match request.path() {
        "/live/index.m3u8" => film(request),
        _ => Answer::status(403),
    })?;
    let url = server
        .url("live/index.m3u8?token=hush-token&quality=high")
        .replace("http://", "http://someone:hush-password@");
    let ended = run(&url)
        .args("-n 2 --ramp-rate 100 --duration 3s -vvv --header")
        .arg("Authorization: Bearer hush-header")
        .finish(LIMIT)?;
    let shown = format!("{}\n{}", said(&ended), ended.json()?);
    for secret in ["hush-token", "hush-password", "hush-header"] {
        ensure!(!shown.contains(secret), "{secret} is shown in {shown}");
    }
    ensure!(shown.contains("quality=high"), "{shown}");
    let first = &server.requests()[0];
    ensure!(first.target.contains("token=hush-token"), "{first:?}");
    ensure!(
        first.header("authorization") == Some("Bearer hush-header"),
        "{first:?}"
    );
    Ok(())
}

#[test]
fn a_herd_looks_at_the_playlist_with_the_password_of_its_viewers() -> anyhow::Result<()> {
    let server = cut::Server::start(|request| match request.header("authorization") {
        Some(_) => film(request),
        None => Answer::status(401),
    })?;
    let url = server.url("live/index.m3u8");
    let ended = run(&url.replace("http://", "http://someone:hush@"))
        .args("-n 2 --thundering-herd --duration 60s")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    ensure!(server.ledger().status(401) == 0, "{:?}", server.rows());
    Ok(())
}

#[test]
fn viewers_are_spread_evenly_over_source_addresses() -> anyhow::Result<()> {
    let server = cut::Server::start(film)?;
    let url = format!("{}?viewer={{n}}", server.url("live/index.m3u8"));
    let ended = run(&url)
        .args("-n 20 --ramp-rate 100 --duration 60s")
        .args("--source 127.0.0.2-127.0.0.5")
        .finish(LIMIT)?;
    ended.expect_code(0)?;
    let mut viewers: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
    for request in server.requests() {
        if request.target.contains("viewer=") {
            let of_address = viewers.entry(request.peer).or_default();
            of_address.insert(request.target);
        }
    }
    let each: Vec<(IpAddr, usize)> = (viewers.iter())
        .map(|(address, viewers)| (*address, viewers.len()))
        .collect();
    let expected: Vec<(IpAddr, usize)> = (2..=5)
        .map(|last| (IpAddr::from([127, 0, 0, last]), 5))
        .collect();
    ensure!(each == expected, "{viewers:#?}");
    Ok(())
}

#[test]
fn an_address_that_is_not_ours_is_refused_before_the_run() -> anyhow::Result<()> {
    let ended = run("http://127.0.0.1:1/live/index.m3u8")
        .args("-n 1 --duration 3s --source 192.0.2.1")
        .finish(LIMIT)?;
    ended.expect_code(2)?;
    ensure!(
        ended.stderr.contains("192.0.2.1 is not an address"),
        "{}",
        ended.stderr
    );
    Ok(())
}
