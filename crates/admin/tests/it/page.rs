//! The dashboard in a real browser: what it shows of moments that are told to it, what its
//! controls ask for, and its scripts by themselves.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use admin::{Command, Config};
use report::{Exit, Frame, Phase, format};
use serde_json::{Value, json};
use telemetry::hist::Quantile;
use telemetry::slo::{Key, Source, Tracker};
use telemetry::{Snapshot, What};
use testkit::browser::Browser;
use testkit::dashboard::{self, Shown};
use testkit::http::get_json;
use tokio::task::spawn_blocking;

use crate::frames;
use crate::http::{config, serve, serve_origin};

/// Far more than a browser takes for anything.
const LIMIT: Duration = Duration::from_secs(30);

/// Does something with a browser, away from the threads that serve it.
async fn browse<T: Send + 'static>(
    work: impl FnOnce(&mut Browser) -> anyhow::Result<T> + Send + 'static,
) -> T {
    let done = spawn_blocking(|| work(&mut Browser::start()?)).await;
    done.unwrap().unwrap_or_else(|error| panic!("{error:?}"))
}

fn home(addr: SocketAddr) -> String {
    format!("http://{addr}/")
}

/// Opens the dashboard, and holds it against the snapshot.
fn agrees(browser: &mut Browser, addr: SocketAddr) -> anyhow::Result<Shown> {
    dashboard::open(browser, &home(addr))?;
    let shown = Shown::on(browser)?;
    let differences = shown.differences(&get_json(addr, "/api/v1/snapshot")?);
    assert!(differences.is_empty(), "{differences:#?}");
    let complaints = browser.complaints()?;
    assert!(complaints.is_empty(), "{complaints:#?}");
    let mut elsewhere = browser.requests()?;
    elsewhere.retain(|url| !url.starts_with(&home(addr)));
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    Ok(shown)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_snapshot_in_every_state() {
    let over = Frame {
        phase: Phase::Over,
        exit: Some(Exit {
            code: 3,
            reason: "viewers failed",
        }),
        ..frames::busy_until(30_000)
    };
    let faces = [
        frames::empty(),
        frames::starting(),
        frames::busy(),
        Arc::new(over),
    ]
    .map(|frame| serve(&config(), frame));
    let addresses = faces.each_ref().map(|face| face.addr);
    let [empty, starting, busy, over] = browse(move |browser| {
        let [a, b, c, d] = addresses.map(|addr| agrees(browser, addr));
        Ok([a?, b?, c?, d?])
    })
    .await;
    let text = |shown: &Shown, path: &str| {
        let figure = shown.visible().find(|figure| figure.path == path);
        figure
            .unwrap_or_else(|| panic!("no {path} in sight"))
            .text
            .clone()
    };
    for path in [
        "throughput.avg_1s",
        "throughput.overall",
        "playback.rebuffer_ratio",
    ] {
        assert_eq!(text(&empty, path), "warming up", "{path}");
    }
    assert_eq!(text(&starting, "latency_ms.segment_download.p99"), "n/a");
    assert_eq!(text(&starting, "health.word"), "warming up");
    assert!(busy.visible().count() > 150, "{}", busy.visible().count());
    assert_eq!(text(&over, "exit.code"), "3");
    assert_eq!(text(&over, "exit.reason"), "viewers failed");
}

/// What the origin says stands beside what viewers received; what is stale is not of this moment,
/// and the page says whose figures are.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_origin_says_is_shown_with_its_age() {
    let fresh = frames::busy();
    let mut stale = Frame::clone(&fresh);
    let mut view = stale.origin_metrics.as_deref().unwrap().clone();
    let host = view.host.as_mut().unwrap();
    host.cpu.as_mut().unwrap().stale = true;
    view.server = None;
    view.sources[0].stale = true;
    view.sources[0].error = Some("refused".to_owned());
    stale.origin_metrics = Some(Arc::new(view));
    let faces = [fresh, Arc::new(stale)].map(|frame| serve(&config(), frame));
    let addresses = faces.each_ref().map(|face| face.addr);
    let [fresh, stale] = browse(move |browser| {
        let note = "document.querySelector('#says-note').textContent";
        let shown = addresses.map(|addr| {
            let shown = agrees(browser, addr)?;
            Ok::<_, anyhow::Error>((shown, browser.evaluate(note)?))
        });
        let [a, b] = shown;
        Ok([a?, b?])
    })
    .await;
    let text = |(shown, _): &(Shown, Value), path: &str| {
        let path = format!("origin_metrics.{path}");
        let found = shown.visible().find(|figure| figure.path == path);
        found.map(|figure| figure.text.clone())
    };
    for (path, shown, later) in [
        ("host.cpu.newest", Some("25.0 %"), None),
        ("host.cpu.age_ms", Some("1.50 s"), Some("1.50 s")),
        (
            "host.network_out.newest",
            Some("2.00 kB/s"),
            Some("2.00 kB/s"),
        ),
        ("server.requests_per_s.newest", Some("12.5"), None),
        ("sent.0.difference_percent", Some("0.00 %"), Some("0.00 %")),
        (
            "sent.1.difference_percent",
            Some("+25.00 %"),
            Some("+25.00 %"),
        ),
    ] {
        assert_eq!(text(&fresh, path).as_deref(), shown, "{path}");
        assert_eq!(text(&stale, path).as_deref(), later, "{path}");
    }
    assert!(
        !fresh.1.to_string().contains("tells nothing"),
        "{}",
        fresh.1
    );
    let said = "http://***@127.0.0.1:9100/metrics tells nothing since 1.50 s: refused.";
    assert!(stale.1.to_string().contains(said), "{}", stale.1);
}

/// What a name from outside holds is text, and stays it.
#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_cannot_write_on_the_page() {
    const NAME: &str = "<img src=x onerror=\"document.title='owned'\"><h6>";
    let face = serve(&config(), with_broadcast(NAME));
    let addr = face.addr;
    let (shown, foreign) = browse(move |browser| {
        let shown = agrees(browser, addr)?;
        Ok((
            shown,
            browser.evaluate("document.querySelectorAll('main :is(img, h6)').length")?,
        ))
    })
    .await;
    assert!(shown.visible().any(|figure| figure.text == NAME));
    assert_eq!(foreign, 0);
}

/// Each group stands in a row of its own, and a run without groups has no such table.
#[tokio::test(flavor = "multi_thread")]
async fn groups_of_a_scenario_are_told_one_by_one() {
    const NAME: &str = "<img src=x onerror=\"document.title='owned'\"><h6>";
    let mut frame = Frame::clone(&frames::grouped());
    let mut config = report::Config::clone(&frame.config);
    NAME.clone_into(&mut config.groups[1].name);
    frame.config = Arc::new(config);
    let groups = frame.groups.clone();
    let mut single = frame.clone();
    single.groups = frame.groups[..1].into();
    let faces = [Arc::new(frame), Arc::new(single), frames::busy()]
        .map(|frame| serve(&crate::http::config(), frame));
    let addresses = faces.each_ref().map(|face| face.addr);
    let [several, one, none] = browse(move |browser| {
        let table = "(body => body.checkVisibility() && [...body.rows].map(
            (row) => [...row.cells].map((cell) => cell.textContent)
        ))(document.querySelector('#groups'))";
        let shown = addresses.map(|addr| {
            agrees(browser, addr)?;
            browser.evaluate(table)
        });
        let [a, b, c] = shown;
        Ok([a?, b?, c?])
    })
    .await;
    let expected: Vec<_> = ["phones", NAME]
        .into_iter()
        .zip(groups.iter())
        .map(|(name, seen)| row_of(name, seen))
        .collect();
    assert_eq!(several, json!(expected));
    assert_eq!([one, none], [json!(false), json!(false)]);
}

/// What is to stand in a group's row.
fn row_of(name: &str, seen: &Snapshot) -> [String; 8] {
    let p95 = |what| {
        let figure = seen.latency.of(what).quantile(Quantile::P95);
        format::or_unknown(figure, format::micros)
    };
    let viewers = &seen.viewers;
    let stalls = viewers.play_time().map(|_| viewers.stalls);
    [
        name.to_owned(),
        format::count(viewers.active()),
        format::count(viewers.target),
        format::count(seen.requests.all().failed),
        format::or_unknown(stalls, format::count),
        format::or_unknown(viewers.rebuffer_ratio(), format::percent),
        p95(What::Startup),
        p95(What::SegmentDownload),
    ]
}

/// The busy run, in which somebody pushed a sample of a broadcast.
fn with_broadcast(name: &str) -> Arc<Frame> {
    let frame = frames::busy_until(30_000);
    let mut tracker = Tracker::new(frames::at(0));
    let series = tracker.series(&Key::new(name, "ws", Source::Pushed), frames::at(29_000));
    tracker.record(series, 80, frames::at(29_000));
    let mut snapshot = Snapshot::clone(&frame.snapshot);
    snapshot.slo.merge(&tracker.snapshot());
    Arc::new(Frame {
        snapshot: Arc::new(snapshot),
        ..frame
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn it_follows_the_run_to_its_end() {
    let face = serve(&config(), frames::starting());
    let (addr, frames) = (face.addr, face.frames.clone());
    let state = "document.querySelector('#connection').textContent";
    let said = browse(move |browser| {
        dashboard::open(browser, &home(addr))?;
        browser.until(LIMIT, &format!("{state} === 'live'"))?;
        frames.send_replace(frames::busy());
        browser.until(LIMIT, "document.querySelector('#requests').rows.length > 3")?;
        let newest = Shown::on(browser)?;
        let differences = newest.differences(&get_json(addr, "/api/v1/snapshot")?);
        assert!(differences.is_empty(), "{differences:#?}");
        frames.send_replace(Arc::new(Frame {
            phase: Phase::Over,
            exit: Some(Exit {
                code: 5,
                reason: "an objective was missed",
            }),
            ..frames::busy_until(31_000)
        }));
        let _ = face.end.send(());
        browser.until(LIMIT, &format!("{state} === 'over'"))?;
        browser.evaluate("document.querySelector('#over').innerText")
    })
    .await;
    let said = said.as_str().unwrap();
    assert!(said.contains("code 5: an objective was missed"), "{said}");
}

/// A face that goes without a word: the figures stay, and how old they are is said.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_said() {
    let face = serve(&config(), frames::busy());
    let addr = face.addr;
    let served = face.served;
    let (said, playing) = browse(move |browser| {
        dashboard::open(browser, &home(addr))?;
        browser.until(LIMIT, "liveswarm.connected")?;
        served.abort();
        let lost = "(lost => !lost.hidden && lost.textContent)(document.querySelector('#lost'))";
        let said = browser.until(LIMIT, lost)?;
        let playing =
            "document.querySelector('[data-path=\"viewers.states.playing\"]').textContent";
        Ok((said, browser.evaluate(playing)?))
    })
    .await;
    let said = said.as_str().unwrap();
    assert!(
        said.contains("Connection lost") && said.contains(" old, from 0:30"),
        "{said}"
    );
    assert_ne!(playing, "n/a");
}

#[tokio::test(flavor = "multi_thread")]
async fn controls_ask_for_the_token_and_then_command_the_run() {
    let guarded = Config {
        admin_token: Some("a-token".parse().unwrap()),
        ..config()
    };
    let mut face = serve(&guarded, frames::busy());
    let addr = face.addr;
    let visitor = browse(move |browser| {
        browser.open(&home(addr))?;
        for token in ["wrong", "a-token"] {
            browser.until(LIMIT, "document.querySelector('#token-dialog').open")?;
            browser.evaluate(&format!(
                "document.querySelector('#token').value = '{token}';
                 document.querySelector('#token-dialog button').click()"
            ))?;
        }
        browser.until(
            LIMIT,
            "!document.querySelector('#stop').disabled && liveswarm.connected",
        )?;
        browser.evaluate("document.querySelector('[data-change=\"0.1\"]').click()")?;
        browser.evaluate("document.querySelector('#stop').click()")?;
        // Leaving is not confirming.
        browser.evaluate("document.querySelector('#stop-dialog button[value=\"\"]').click()")?;
        browser.until(LIMIT, "!document.querySelector('#stop-dialog').open")?;
        browser.evaluate("document.querySelector('#stop').click()")?;
        browser.evaluate("document.querySelector('#stop-dialog button[value=stop]').click()")?;
        browser.until(
            LIMIT,
            "document.querySelector('#outcome').textContent.includes('Stopping')",
        )
    });
    let run = async {
        let mut asked = Vec::new();
        while let Some(command) = face.commands.recv().await {
            let (what, reply) = match command {
                Command::Target { viewers, reply } => (Some(viewers), reply),
                Command::Stop { reply } => (None, reply),
            };
            asked.push(what);
            reply.send(Ok(())).unwrap();
            if what.is_none() {
                break;
            }
        }
        asked
    };
    let (asked, _) = tokio::join!(run, visitor);
    // Of 8 viewers 10 % are one.
    assert_eq!(asked, [Some(9), None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_has_the_panels_that_it_has_figures_for() {
    let addr = serve_origin(&config(), frames::origin());
    let (shown, panels) = browse(move |browser| {
        let shown = agrees(browser, addr)?;
        let titles = "[...document.querySelectorAll('h2')].filter((title) => title.checkVisibility()).map((title) => title.textContent)";
        Ok((shown, browser.evaluate(titles)?))
    })
    .await;
    assert_eq!(
        panels,
        json!(["Glass-to-glass SLO", "What this origin serves"])
    );
    assert!(
        shown
            .visible()
            .any(|figure| figure.path == "connections" && figure.text == "4")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn it_fits_a_phone() {
    let face = serve(&config(), with_broadcast(&"a-long-name".repeat(20)));
    let addr = face.addr;
    let width = browse(move |browser| {
        browser.resize(390, 844)?;
        agrees(browser, addr)?;
        browser.evaluate("document.documentElement.scrollWidth")
    })
    .await;
    assert_eq!(width, 390);
}

/// The page and the terminal say a figure alike.
#[tokio::test(flavor = "multi_thread")]
async fn figures_are_formatted_as_the_report_formats_them() {
    let numbers = [
        0.0,
        0.001,
        0.004,
        0.4,
        1.0,
        1.005,
        9.994,
        9.995,
        12.25,
        12.35,
        99.94,
        99.95,
        160.5,
        999.4,
        999.5,
        1_000.0,
        1_234.4,
        12_345.0,
        59_940.0,
        59_999.0,
        125_000.0,
        999_499.0,
        999_500.0,
        3_725_000.0,
        1_234_567_890.0,
        81_999_999_999.0,
    ];
    let shares = [
        0.0, 0.000_01, 0.000_1, 0.001_3, 0.016_25, 0.5, 0.999_4, 0.999_999, 1.0,
    ];
    let differences = [
        -100.0, -12.345, -0.125, -0.004_9, 0.0, 0.005, 0.015, 0.375, 1.0, 25.0, 1_234.567,
    ];
    let whole: Vec<u64> = numbers.iter().map(|number| *number as u64).collect();
    let expected = json!({
        "count": whole.iter().copied().map(format::count).collect::<Vec<_>>(),
        "bytes": whole.iter().copied().map(format::bytes).collect::<Vec<_>>(),
        "seconds": whole.iter().map(|s| format::seconds(Duration::from_secs(*s))).collect::<Vec<_>>(),
        "rate": numbers.map(format::rate),
        "millis": numbers.map(format::ms),
        "perSecond": numbers.map(format::per_second),
        "percent": shares.map(format::percent),
        "signedPercent": differences.map(format::signed_percent),
    });
    let given =
        json!({ "whole": whole, "numbers": numbers, "shares": shares, "differences": differences });
    let script = format!(
        "import('/format.js').then((format) => {{
            const {{ whole, numbers, shares, differences }} = {given};
            const all = (name, values) => [name, values.map((value) => format[name](value))];
            return Object.fromEntries([
                ...['count', 'bytes', 'seconds'].map((name) => all(name, whole)),
                ...['rate', 'millis', 'perSecond'].map((name) => all(name, numbers)),
                all('percent', shares),
                all('signedPercent', differences),
            ]);
        }})"
    );
    assert_eq!(in_page(script).await, expected);
}

/// Rows of a timeline as they come: seconds, one that grows, and one after a break.
#[tokio::test(flavor = "multi_thread")]
async fn a_history_takes_rows_and_knows_where_some_are_missing() {
    let script = "import('/history.js').then(({ History, ROWS_MAX }) => {
        const history = new History();
        const row = (end, span) => ({ elapsed_ms: end, span_ms: span });
        const ends = () => history.rows.map((row) => row.elapsed_ms);
        const out = [];
        history.begin([row(1000, 1000), row(2010, 1010)]);
        out.push(history.add(row(2260, 250)), ends());
        out.push(history.add(row(3005, 995)), ends());
        out.push(history.add(row(3005, 995)), ends());
        out.push(history.add(row(5000, 1000)), history.add(row(6000, 1000)), ends());
        history.begin(Array.from({ length: ROWS_MAX + 5 }, (_, n) => row(1000 * (n + 1), 1000)));
        out.push(history.rows.length, history.add(row(10_000_000, 1000)), history.rows.length);
        return out;
    })";
    let expected = json!([
        true,
        [1000, 2010, 2260],
        true,
        [1000, 2010, 3005],
        true,
        [1000, 2010, 3005],
        false,
        false,
        [1000, 2010, 3005, 5000, 6000],
        3600,
        false,
        3600,
    ]);
    assert_eq!(in_page(script.to_owned()).await, expected);
}

/// Events are the same however the network cuts them.
#[tokio::test(flavor = "multi_thread")]
async fn events_are_read_however_they_are_cut() {
    let stream = "retry: 2000\n\n:\n\nevent: a\ndata: {\"b\":\ndata: 1}\nid: 7\n\ndata:2\r\n\r\ndata: unfinished";
    let script = format!(
        "import('/client.js').then(async ({{ parsed }}) => {{
            const text = {};
            const found = new Set();
            for (let size = 1; size <= text.length; size += 1) {{
                const events = [];
                const pieces = async function* () {{
                    for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
                }};
                for await (const event of parsed(pieces())) events.push(event);
                found.add(JSON.stringify(events));
            }}
            return [...found];
        }})",
        json!(stream)
    );
    assert_eq!(in_page(script).await, json!(["[{\"b\":1},2]"]));
}

/// The value of an expression on the page.
async fn in_page(script: String) -> Value {
    let face = serve(&config(), frames::empty());
    let addr = face.addr;
    browse(move |browser| {
        browser.open(&home(addr))?;
        browser.evaluate(&script)
    })
    .await
}
