//! What readers cost: CPU time of the thread that the face runs on, for a run of 1,000 viewers that
//! is five minutes old. Goal: under 2 % of the run's CPU.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench says what it found, and is of use only where it runs"
)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use admin::{Config, Listen};
use base::{Class, Now, Outcome, ViewerState};
use futures_util::future::join_all;
use report::{Frame, Phase};
use rustix::time::{ClockId, clock_gettime};
use telemetry::objective::{self, Watch};
use telemetry::slo::{Key, Source};
use telemetry::timeline::Timeline;
use telemetry::viewers::Playback;
use telemetry::{Recorder, Sample, Viewer};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::sleep;

const VIEWERS: u64 = 1_000;
const SECONDS: u64 = 300;
const READERS: usize = 100;
const START_MS: i64 = 1_772_366_400_250;
/// Frames that a run makes in a second.
const FRAMES: usize = 4;

fn main() {
    // As a test it only shows that it runs.
    let in_earnest = std::env::args().any(|word| word == "--bench");
    let (rounds, seconds) = if in_earnest { (50, 10) } else { (1, 1) };
    let frame = Arc::new(frame());
    println!(
        "{VIEWERS} viewers for {SECONDS} s, {FRAMES} frames a second. CPU a second of the run:"
    );
    for path in ["/metrics", "/api/v1/slo", "/api/v1/snapshot"] {
        for readers in [1, READERS] {
            let (bytes, cpu_ms) = scraped(&frame, path, readers, rounds);
            println!(
                "{path:<16} {bytes:>7} bytes, {readers:>3} readers once a second: {cpu_ms:>6.2} ms"
            );
        }
    }
    for readers in [0, 1, READERS] {
        let cpu_ms = streamed(&frame, readers, seconds);
        println!("/api/v1/events                  {readers:>3} readers: {cpu_ms:>6.2} ms");
    }
}

/// The length of an answer, and what readers cost that ask for it once a second.
fn scraped(frame: &Arc<Frame>, path: &str, readers: usize, rounds: usize) -> (usize, f64) {
    let face = Face::start(frame);
    let bytes = runtime().block_on(async {
        // A share of them asks after each frame.
        let mut clients = Vec::new();
        for _ in 0..readers {
            clients.push(face.connect().await);
        }
        let share = readers.div_ceil(FRAMES);
        let mut bytes = 0;
        for _ in 0..rounds {
            for part in 0..FRAMES {
                face.turn_over(frame);
                let clients = clients.iter_mut().skip(part * share).take(share);
                let answers = join_all(clients.map(|client| ask(client, path))).await;
                bytes = answers.first().copied().unwrap_or(bytes);
            }
        }
        bytes
    });
    (bytes, face.end() / rounds as f64)
}

/// What readers of events cost, a second.
fn streamed(frame: &Arc<Frame>, readers: usize, seconds: usize) -> f64 {
    let face = Face::start(frame);
    runtime().block_on(async {
        for _ in 0..readers {
            let mut client = face.connect().await;
            let request = "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
            client
                .write_all(request.as_bytes())
                .await
                .expect("a connection");
            tokio::spawn(async move { tokio::io::copy(&mut client, &mut tokio::io::sink()).await });
        }
        for _ in 0..seconds * FRAMES {
            face.turn_over(frame);
            sleep(Duration::from_secs(1) / FRAMES as u32).await;
        }
    });
    face.end() / seconds as f64
}

type Client = BufReader<TcpStream>;

/// Asks, reads the answer, and returns its length.
async fn ask(client: &mut Client, path: &str) -> usize {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client
        .write_all(request.as_bytes())
        .await
        .expect("a connection");
    let mut length = 0;
    loop {
        let mut line = String::new();
        client.read_line(&mut line).await.expect("a head");
        if let Some(given) = line.strip_prefix("content-length: ") {
            length = given.trim().parse().expect("a length");
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    client.read_exact(&mut body).await.expect("a body");
    length
}

fn runtime() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A face on a thread of its own, which tells the CPU time that it took.
struct Face {
    addr: SocketAddr,
    frames: watch::Sender<Arc<Frame>>,
    end: oneshot::Sender<()>,
    thread: thread::JoinHandle<f64>,
}

impl Face {
    fn start(frame: &Arc<Frame>) -> Self {
        let config = Config {
            listen: Listen::Asked(([127, 0, 0, 1], 0).into()),
            ..Config::default()
        };
        let server = admin::bind(&config).expect("a free port");
        let addr = server.addr();
        let (frames, newest) = watch::channel(Arc::clone(frame));
        let (end, ended) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let (commands, _nobody) = mpsc::channel(1);
            let until = async {
                let _ = ended.await;
            };
            let before = cpu();
            runtime()
                .block_on(server.serve(newest, commands, until))
                .expect("a socket");
            cpu().saturating_sub(before).as_secs_f64() * 1e3
        });
        Self {
            addr,
            frames,
            end,
            thread,
        }
    }

    async fn connect(&self) -> Client {
        BufReader::new(TcpStream::connect(self.addr).await.expect("a face"))
    }

    /// A new frame, with the same in it.
    fn turn_over(&self, frame: &Arc<Frame>) {
        self.frames.send_replace(Arc::new(Frame::clone(frame)));
    }

    /// CPU time that the face took, in milliseconds.
    fn end(self) -> f64 {
        let _ = self.end.send(());
        self.thread.join().expect("a face that ends")
    }
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn at(ms: u64) -> Now {
    Now::new(Duration::from_millis(ms), START_MS)
}

/// The moment that is shown.
fn frame() -> Frame {
    let mut recorder = Recorder::new(at(0));
    recorder.set_target(VIEWERS);
    let viewers: Vec<Viewer> = (0..VIEWERS)
        .map(|number| viewer(&mut recorder, number))
        .collect();
    let key = Key::new("/live/stream", "hls", Source::Viewer);
    let series = recorder.slo().series(&key, at(0));
    let mut timeline = Timeline::new();
    let mut watch = Watch::new(objective::defaults(Duration::from_secs(2)));
    for second in 1..=SECONDS {
        for (n, viewer) in (0..).zip(&viewers) {
            watched(&mut recorder, viewer, second, n);
            let latency_ms = 8_000 + spread(second * VIEWERS + n) % 900;
            recorder.glass_to_glass(series, latency_ms as i64, at(second * 1_000));
        }
        let snapshot = recorder.snapshot(at(second * 1_000));
        timeline.observe(&snapshot);
        watch.observe(&snapshot);
    }
    Frame {
        version: "0.1.0",
        config: Arc::default(),
        snapshot: Arc::new(recorder.snapshot(at(SECONDS * 1_000))),
        groups: Arc::default(),
        timeline: timeline.rows(),
        objectives: watch.status(),
        ledger: None,
        origin_metrics: None,
        phase: Phase::Steady,
        exit: None,
    }
}

fn viewer(recorder: &mut Recorder, number: u64) -> Viewer {
    let start = Duration::from_millis(number);
    let mut viewer = recorder.add_viewer(number, Playback::Tracked, Duration::ZERO);
    recorder.enter(&mut viewer, ViewerState::Starting, start);
    recorder.enter(
        &mut viewer,
        ViewerState::Playing,
        start + Duration::from_millis(700),
    );
    recorder.startup(Duration::from_millis(600 + spread(number) % 900));
    viewer
}

/// What a viewer does in a second: a playlist, half a segment, a second of playback.
fn watched(recorder: &mut Recorder, viewer: &Viewer, second: u64, n: u64) {
    let wander = spread(second * VIEWERS + n);
    let (due, now) = (Duration::from_secs(second), at(second * 1_000 + 100));
    for (class, bytes) in [(Class::Playlist, 900), (Class::Segment, 500_000)] {
        if class == Class::Segment && n % 2 == second % 2 {
            continue;
        }
        recorder.begin(class);
        recorder.bytes(class, bytes, now);
        let sample = Sample {
            class,
            outcome: Outcome::Ok,
            status: Some(200),
            bytes,
            due,
            sent: due + Duration::from_micros(wander % 80),
            first_byte: Some(due + Duration::from_micros(300 + wander % 5_000)),
            last_byte: due + Duration::from_micros(900 + wander % 70_000),
            connect: None,
        };
        recorder.end(Some(viewer.place()), &sample, now);
    }
    recorder.live_latency(viewer.place(), Duration::from_millis(6_000 + wander % 900));
}

/// Numbers that wander.
fn spread(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}
