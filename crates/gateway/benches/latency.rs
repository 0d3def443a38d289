//! What the gateway adds to the latency of what passes through it: 200 viewers of a live stream
//! (2.25 Mbit/s, segments of 2 s) each fetch the playlist and a segment every 2 s, by turns
//! straight from the origin and through the gateway, in one run.
//!
//! ```text
//! cargo bench -p liveswarm-gateway [-- VIEWERS SECONDS]
//! ```
//!
//! Origin, gateway and viewers have a thread each. On a machine that does other work as well, the
//! third thread waits for a core oftener than two do, and that is what is seen; there it runs under
//! `chrt -r 5` (the built binary, as root), before all that is not of real time.

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::error::Error;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use gateway::{Config, Gateway, Guest};
use player::spectator;
use rustix::time::{ClockId, clock_gettime};
use telemetry::Recorder;
use telemetry::hist::{Distribution, Histogram, Micros, Quantile};
use telemetry::viewers::Playback;
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet};
use transport::{Client, Clock, Headers, Request, Response, Session};
use url::Url;
use viewer::{Diary, Shared};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The stream.
const BITRATE: u64 = 2_250_000;
const SEGMENT: Duration = Duration::from_secs(2);

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Result<()> {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let viewers = numbers.first().copied().unwrap_or(200);
    let seconds = numbers.get(1).copied().unwrap_or(20);
    let origin = origin()?;
    let (gateway, ended) = start(viewers, origin.clone())?;
    let seen = watch(viewers, Duration::from_secs(seconds), &origin, gateway)?;
    let own = ended()?;
    report(viewers, &seen, &own);
    Ok(())
}

/// The URL of the playlist of an origin on a thread of its own.
fn origin() -> Result<Url> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || -> Result<()> {
        runtime()?.block_on(async {
            let server = origin_server::bind(origin_server::Config {
                origin: origin::Config {
                    segment: SEGMENT,
                    variants: vec![origin::Bitrate(BITRATE)],
                    ..origin::Config::default()
                },
                ..origin_server::Config::default()
            })
            .await?;
            tell.send(server.urls()[0].clone())?;
            server.run_until(std::future::pending()).await?;
            Ok(())
        })
    });
    let main: Url = told.recv()?.parse()?;
    let body = fetch_once(&main)?;
    let variant = body.lines().find(|line| !line.starts_with('#'));
    Ok(main.join(variant.ok_or("no variant")?)?)
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn fetch_once(url: &Url) -> Result<String> {
    let port = url.port_or_known_default().ok_or("no port")?;
    let addr: SocketAddr = format!("{}:{port}", url.host_str().ok_or("no host")?).parse()?;
    let answer = testkit::http::get(addr, url.path()).map_err(|error| error.to_string())?;
    Ok(String::from_utf8(answer.body)?)
}

/// What the gateway says at its end.
struct Own {
    share: Distribution<Micros>,
    cpu: Duration,
    bytes: u64,
}

type End = Box<dyn FnOnce() -> Result<Own>>;

/// A gateway on a thread of its own: where it listens, and how it is ended.
fn start(viewers: u64, origin: Url) -> Result<(SocketAddr, End)> {
    let (tell, told) = mpsc::channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread: JoinHandle<Result<Own>> = std::thread::spawn(move || {
        let local = LocalSet::new();
        local.block_on(&runtime()?, async {
            let client = Client::new(transport::Config::default(), Clock::start())?;
            let recorder = Recorder::new(client.clock().now());
            let shared = Shared::new(client, recorder, false);
            let config = Config {
                origins: vec![origin],
                ..Config::default()
            };
            let gateway = Gateway::bind(config, Rc::clone(&shared))?;
            let guests: Vec<Guest> = (0..viewers)
                .map(|number| admit(&gateway, &shared, number))
                .collect::<Result<_>>()?;
            tell.send(gateway.addr())?;
            let cpu = thread_cpu();
            tokio::select! {
                () = gateway.serve() => {}
                _ = stopped => {}
            }
            let now = shared.clock.now();
            let all = shared.recorder.borrow_mut().snapshot(now).requests.all();
            drop(guests);
            Ok(Own {
                share: gateway.own_share(),
                cpu: thread_cpu().saturating_sub(cpu),
                bytes: all.bytes,
            })
        })
    });
    let addr = told.recv()?;
    let end = move || {
        stop.send(()).map_err(|()| "the gateway is gone")?;
        thread.join().map_err(|_| "the gateway came down")?
    };
    Ok((addr, Box::new(end)))
}

fn admit(gateway: &Gateway, shared: &Rc<Shared>, number: u64) -> Result<Guest> {
    let at = shared.clock.elapsed();
    let token = {
        let mut recorder = shared.recorder.borrow_mut();
        recorder.add_viewer(number, Playback::Tracked, at)
    };
    let diary = Diary::new(Rc::clone(shared), number, "bench", "hls", token);
    let admission = gateway::Admission {
        player: spectator::Config::plays(),
        stream: None,
        headers: Arc::default(),
    };
    let guest = gateway.admit(diary, admission)?;
    guest.begin();
    Ok(guest)
}

fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Latencies of one way.
struct Way {
    playlist: Histogram<Micros>,
    first_byte: Histogram<Micros>,
    segment: Histogram<Micros>,
}

impl Way {
    fn new() -> Self {
        Self {
            playlist: Histogram::new(),
            first_byte: Histogram::new(),
            segment: Histogram::new(),
        }
    }
}

/// Straight, and through the gateway.
type Seen = [Way; 2];

/// Samples of one cycle: the playlist's last byte, the segment's first and last.
type Sample = [Duration; 3];

/// All viewers, spread evenly over a segment's length.
fn watch(viewers: u64, length: Duration, list: &Url, gateway: SocketAddr) -> Result<Seen> {
    let local = LocalSet::new();
    local.block_on(&runtime()?, async {
        let client = Client::new(transport::Config::default(), Clock::start())?;
        let mut crowd = JoinSet::new();
        for number in 0..viewers {
            let authority = &list[url::Position::BeforeHost..url::Position::AfterPort];
            let path = list.path();
            let through: Url =
                format!("http://{gateway}/v/{number}/http/{authority}{path}").parse()?;
            let wait = SEGMENT.mul_f64(number as f64 / viewers as f64);
            let ways = [list.clone(), through].map(|url| (url, client.session()));
            let clock = client.clock();
            crowd.spawn_local(async move { live(clock, wait, length, ways).await });
        }
        let mut seen = [Way::new(), Way::new()];
        while let Some(samples) = crowd.join_next().await {
            for (turn, sample) in samples??.into_iter().enumerate() {
                let way = &mut seen[turn % 2];
                let [playlist, first_byte, segment] = sample.map(|it| it.as_micros() as u64);
                way.playlist.record(playlist);
                way.first_byte.record(first_byte);
                way.segment.record(segment);
            }
        }
        Ok(seen)
    })
}

/// One viewer: two cycles every two segments, one each way; the first of each way, which connects,
/// is not counted.
async fn live(
    clock: Clock,
    wait: Duration,
    length: Duration,
    ways: [(Url, Session); 2],
) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    let cycles = length.div_duration_f64(SEGMENT) as u32 + 2;
    for cycle in 0..cycles & !1 {
        let due = clock.instant(wait + SEGMENT * cycle);
        tokio::time::sleep_until(due).await;
        let (list, session) = &ways[cycle as usize % 2];
        let sample = fetch(list, session).await?;
        if cycle >= 2 {
            samples.push(sample);
        }
    }
    Ok(samples)
}

async fn fetch(list: &Url, session: &Session) -> Result<Sample> {
    let mut request = Request::get(Arc::new(list.clone()), Headers::new().host());
    request.body = transport::Body::Keep { limit: 1 << 20 };
    let playlist = good(session.start(request, ()).await?)?;
    let text = std::str::from_utf8(&playlist.body)?;
    let newest = text.lines().rfind(|line| !line.starts_with('#'));
    let at = list.join(newest.ok_or("an empty playlist")?)?;
    let request = Request::get(Arc::new(at), Headers::new().host());
    let segment = good(session.start(request, ()).await?)?;
    let sent = |response: &Response| response.timings.sent.unwrap_or_default();
    let first = segment.timings.first_byte.unwrap_or_default();
    Ok([
        playlist.timings.ended.saturating_sub(sent(&playlist)),
        first.saturating_sub(sent(&segment)),
        segment.timings.ended.saturating_sub(sent(&segment)),
    ])
}

fn good(response: Response) -> Result<Response> {
    match response.failure() {
        None => Ok(response),
        Some(failure) => Err(format!("{}: {failure}", response.final_url).into()),
    }
}

/// One of a way's histograms.
type Of = fn(&Way) -> &Histogram<Micros>;

fn report(viewers: u64, seen: &Seen, own: &Own) {
    println!("{viewers} viewers, 2.25 Mbit/s, a playlist and a segment every 2 s; ms");
    println!(
        "{:<22}{:>8}{:>9}{:>9}{:>9}{:>9}{:>9}{:>9}",
        "", "samples", "p50", "gateway", "added", "p99", "gateway", "added"
    );
    let rows: [(&str, Of); 3] = [
        ("playlist", |way| &way.playlist),
        ("segment, first byte", |way| &way.first_byte),
        ("segment, last byte", |way| &way.segment),
    ];
    for (name, of) in rows {
        let [straight, through] = [&seen[0], &seen[1]].map(|way| of(way).distribution());
        let ms = |way: &Distribution<Micros>, q| way.quantile(q).unwrap_or(0) as f64 / 1e3;
        print!("{name:<22}{:>8}", through.count());
        for q in [Quantile::P50, Quantile::P99] {
            let (a, b) = (ms(&straight, q), ms(&through, q));
            print!("{a:>9.3}{b:>9.3}{:>9.3}", b - a);
        }
        println!();
    }
    let ms = |q| own.share.quantile(q).unwrap_or(0) as f64 / 1e3;
    println!(
        "the gateway's own share: p50 {:.3}, p99 {:.3}, of {} exchanges; CPU {:.2} s for {:.0} MB",
        ms(Quantile::P50),
        ms(Quantile::P99),
        own.share.count(),
        own.cpu.as_secs_f64(),
        own.bytes as f64 / 1e6,
    );
}
