//! Drives many keep-alive connections against one URL for a few seconds, on one thread, and prints
//! what a byte and a connection cost:
//!
//! ```text
//! cargo run --release --example drain -- http://127.0.0.1:8080/256k 500 5 [--insecure] [--keep]
//! ```

#![expect(clippy::print_stdout, reason = "its output is its purpose")]

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{LocalSet, yield_now};
use transport::{Body, Client, Clock, Config, Headers, Hop, Observer, Request, Tls, Verify};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Clock ticks a second in `/proc` (Linux: always 100).
const TICKS: f64 = 100.0;

/// Bytes of a page of memory.
const PAGE: u64 = 4096;

#[derive(Default)]
struct Totals {
    requests: Cell<u64>,
    failed: Cell<u64>,
    bytes: Cell<u64>,
}

/// Counts into the totals of all connections.
struct Count(Rc<Totals>);

impl Observer for Count {
    fn body(&mut self, bytes: usize, _at: Duration) {
        self.0.bytes.set(self.0.bytes.get() + bytes as u64);
    }
    fn hop_end(&mut self, hop: &Hop<'_>) {
        let counter = match hop.outcome {
            base::Outcome::Ok => &self.0.requests,
            _ => &self.0.failed,
        };
        counter.set(counter.get() + 1);
    }
}

/// CPU seconds of this process: user, system.
fn cpu() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let mut next = || {
        fields
            .next()?
            .parse::<f64>()
            .ok()
            .map(|ticks| ticks / TICKS)
    };
    Some((next()?, next()?))
}

/// Resident bytes of this process.
fn resident() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * PAGE)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let [url, connections, seconds, ..] = arguments.as_slice() else {
        return Err("usage: drain URL CONNECTIONS SECONDS [--insecure] [--keep]".into());
    };
    let url = Arc::new(url.parse()?);
    let connections: u64 = connections.parse()?;
    let seconds = Duration::from_secs_f64(seconds.parse()?);
    let verify = if has("--insecure") {
        Verify::Nothing
    } else {
        Verify::Roots
    };
    let body = if has("--keep") {
        Body::Keep { limit: 1 << 24 }
    } else {
        Body::Discard
    };

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let config = Config {
            tls: Tls::new(verify, &[])?,
            ..Config::default()
        };
        let client = Client::new(config, Clock::start())?;
        let mut headers = Headers::new().host();
        headers.push("User-Agent", "drain")?;
        let totals = Rc::new(Totals::default());
        let before = resident().unwrap_or(0);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let mut request = Request::get(Arc::clone(&url), headers.clone());
            request.body = body;
            let (session, totals) = (client.session(), Rc::clone(&totals));
            tasks.spawn_local(async move {
                loop {
                    let count = Count(Rc::clone(&totals));
                    if session.start(request.clone(), count).await.is_err() {
                        yield_now().await;
                    }
                }
            });
        }
        // Everyone connects first.
        while totals.requests.get() + totals.failed.get() < connections {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (start, from) = (totals.bytes.get(), client.clock().elapsed());
        let (requests, cpu_before) = (totals.requests.get(), cpu().unwrap_or_default());
        tokio::time::sleep(seconds).await;
        let took = client.clock().elapsed().saturating_sub(from).as_secs_f64();
        let cpu_after = cpu().unwrap_or_default();
        let (user, system) = (cpu_after.0 - cpu_before.0, cpu_after.1 - cpu_before.1);
        let bytes = (totals.bytes.get() - start) as f64;
        let held = resident().unwrap_or(0).saturating_sub(before) as f64;
        println!(
            "{connections} connections, {took:.2} s: {:.0} requests/s, {:.3} GB/s, {} failed; \
             CPU {user:.2} s user + {system:.2} s system = {:.3} GB per CPU-second; \
             {:.2} kB a connection",
            (totals.requests.get() - requests) as f64 / took,
            bytes / took / 1e9,
            totals.failed.get(),
            bytes / (user + system) / 1e9,
            held / connections as f64 / 1e3,
        );
        Ok(())
    })
}
