//! A child at work: read, stopped, ended.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::unix::AsyncFd;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior};

use crate::group::Group;
use crate::stream::{Record, Stream};
use crate::{Category, Error, Exit, Keep, Line, Source, Spec, Stopped, Usage};

/// How long a child has after `SIGTERM` before `SIGKILL` follows.
pub const STOP_GRACE: Duration = Duration::from_secs(3);

/// What asks a child to end.
const ASKS: &[Signal] = &[Signal::TERM];

/// What asks it to end at once: two signals of a kind may come as one, two of two kinds never do.
const ASKS_AT_ONCE: &[Signal] = &[Signal::TERM, Signal::INT];

/// How often the memory of a child is looked at, since its high-water mark is gone at its end.
const MEMORY_EVERY: Duration = Duration::from_secs(30);

/// A started process and the pipes to it. Dropping it kills its group.
#[derive(Debug)]
pub struct Child {
    group: Group,
    ended: AsyncFd<OwnedFd>,
    stdout: Stream,
    stderr: Stream,
    started: Instant,
    stop: Arc<Notify>,
    /// What asks it to end.
    asks: &'static [Signal],
}

/// Ends a child from elsewhere.
#[derive(Clone, Debug)]
pub struct Stopper {
    stop: Arc<Notify>,
}

impl Stopper {
    /// `SIGTERM` (and `SIGINT`, see [`Spec::stopped_at_once`]) to the group; after [`STOP_GRACE`], `SIGKILL`. Returns at once: [`Child::run`]
    /// does it and answers when it is done.
    pub fn stop(&self) {
        self.stop.notify_one();
    }
}

impl Child {
    pub(crate) fn start(spec: &Spec) -> Result<Self, Error> {
        let started = spec.command().spawn();
        let mut process = started.map_err(|error| Error::of_start(spec.name(), error))?;
        let group = Group::new(&process, spec.guard());
        let watch = |source: io::Error| Error::Watch {
            program: spec.name(),
            source,
        };
        let stdout = process.stdout.take().map(OwnedFd::from);
        let stderr = process.stderr.take().map(OwnedFd::from);
        Ok(Self {
            ended: crate::system::end_of(group.leader).map_err(watch)?,
            stdout: Stream::new(Source::Stdout, stdout).map_err(watch)?,
            stderr: Stream::new(Source::Stderr, stderr).map_err(watch)?,
            started: Instant::now(),
            stop: Arc::new(Notify::new()),
            asks: if spec.is_stopped_at_once() {
                ASKS_AT_ONCE
            } else {
                ASKS
            },
            group,
        })
    }

    /// Process number, and number of its group.
    pub fn id(&self) -> u32 {
        self.group.leader.as_raw_nonzero().get().unsigned_abs()
    }

    /// A handle that ends it.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            stop: self.stop.clone(),
        }
    }

    /// What it used so far.
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::default();
        usage.look_at_times(self.group.leader);
        usage.look_at_memory(self.group.leader);
        usage
    }

    /// Hands each line to `each`, at once, until the child has ended; then ends what is left of its
    /// group. Dropping this future ends the child.
    pub async fn run(mut self, mut each: impl FnMut(Line<'_>) -> Keep) -> Exit {
        let mut record = Record::default();
        let mut stopped = Stopped::ByItself;
        let mut kill_at: Option<Instant> = None;
        let mut look = tokio::time::interval(MEMORY_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stdout.readable() => drop(self.stdout.take(&mut record, &mut each)),
                () = self.stderr.readable() => drop(self.stderr.take(&mut record, &mut each)),
                _ = self.ended.readable() => break,
                () = self.stop.notified(), if stopped == Stopped::ByItself => {
                    record.usage.look_at_memory(self.group.leader);
                    self.asks.iter().for_each(|&ask| self.group.signal(ask));
                    stopped = Stopped::Terminated;
                    kill_at = Some(Instant::now() + STOP_GRACE);
                }
                () = until(kill_at) => {
                    self.group.signal(Signal::KILL);
                    stopped = Stopped::Killed;
                    kill_at = None;
                }
                _ = look.tick() => record.usage.look_at_memory(self.group.leader),
            }
        }
        self.end(record, stopped, &mut each)
    }

    /// The leader has ended and waits to be waited for: its number, and that of its group, can't be
    /// another's yet.
    fn end(
        mut self,
        mut record: Record,
        stopped: Stopped,
        each: &mut impl FnMut(Line<'_>) -> Keep,
    ) -> Exit {
        let uptime = self.started.elapsed();
        self.group.signal(Signal::KILL);
        self.stdout.drain(&mut record, each);
        self.stderr.drain(&mut record, each);
        let category = self.group.reap(&mut record.usage);
        Exit {
            // It has ended; only another `wait` in this program could have taken that from us.
            category: category.unwrap_or(Category::Signal(Signal::KILL.as_raw())),
            stopped,
            uptime,
            last_lines: record.last_lines.into(),
            counts: record.counts,
            usage: record.usage,
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
