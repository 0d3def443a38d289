//! The dashboard on the terminal: takes it, draws frames on it, and gives it back.
//!
//! ```text
//!  run's loop ── watch<Arc<Frame>> ──▶ thread "terminal" ──▶ standard error
//!      ▲                                  ▲        │
//!      └──────────── Action ──────────────┼────────┘
//!                                       keys
//! ```
//!
//! A thread of its own draws and reads keys, so that a slow terminal holds up no run. To show it:
//!
//! ```text
//! let log = LogSink::default();                  // and logging gives every line to log.take(..)
//! if terminal::is_usable() {
//!     let mut dashboard = Dashboard::open(frames, log)?;
//!     loop { select! { action = dashboard.next() => .., /* the run */ } }
//! }                                              // dropped: the terminal is as it was
//! ```
//!
//! The terminal is given back when the [`Dashboard`] is dropped, however that comes (an end, an
//! error, a signal that ends the loop, a panic that unwinds it), and by a panic hook before the
//! message of any panic. Ctrl-Z gives it back for as long as the shell has it. What was logged
//! while it was taken stands on standard error then.

mod device;
mod log;
#[cfg(test)]
mod tests;

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyModifiers};
use futures_util::StreamExt;
use rustix::process::{Signal, kill_current_process_group};
use tokio::signal::unix::{self, SignalKind};
use tokio::sync::{mpsc, oneshot, watch};
use tui::{Action, Charset, Screen};

use device::Device;
pub(crate) use device::is_usable;
pub(crate) use log::LogSink;
use log::Weight;

/// Whether graphs can be drawn with more than ASCII.
pub(crate) fn is_unicode() -> bool {
    device::look().charset == Charset::Unicode
}

/// Keys that wait for the run to act on them.
const ACTIONS_MAX: usize = 16;
/// How long a stop may take to come. The kernel stops no process whose shell is gone.
const STOP_WITHIN: Duration = Duration::from_millis(200);

/// The moments of a run, the newest first to come.
pub(crate) type Frames = watch::Receiver<Arc<report::Frame>>;

/// The dashboard, as long as it is on the terminal.
#[derive(Debug)]
pub(crate) struct Dashboard {
    actions: mpsc::Receiver<Action>,
    /// Dropped: the thread gives the terminal back and ends.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    log: LogSink,
}

impl Dashboard {
    /// Takes the terminal and shows `frames` as they come. Log lines that `log` is given from here
    /// on are shown too, and written to standard error at the end.
    pub(crate) fn open(frames: Frames, log: LogSink) -> anyhow::Result<Self> {
        let device = Device::take().context("the terminal can't be taken for the dashboard")?;
        log.open();
        let (send, actions) = mpsc::channel(ACTIONS_MAX);
        let (end, ended) = oneshot::channel();
        let driver = Driver {
            screen: Screen::new(device::look()),
            device,
            frames,
            actions: send,
            log: log.clone(),
        };
        let thread = std::thread::Builder::new()
            .name(device::THREAD.to_owned())
            .spawn(move || driver.run(ended));
        let thread = match thread {
            Ok(thread) => thread,
            Err(error) => {
                // The device went with the closure.
                log.close();
                return Err(error).context("can't start the terminal's thread");
            }
        };
        Ok(Self {
            actions,
            end: Some(end),
            thread: Some(thread),
            log,
        })
    }

    /// Tells the person something.
    pub(crate) fn say(&self, line: &str) {
        // The dashboard has the terminal as long as it is there.
        let _ = self.log.say(line);
    }

    /// What the next key asks of the run. Never ready where the terminal has gone.
    pub(crate) async fn next(&mut self) -> Action {
        match self.actions.recv().await {
            Some(action) => action,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        drop(self.end.take());
        let ended = self.thread.take().map(JoinHandle::join);
        self.log.close();
        if let Some(Ok(Err(error))) = ended {
            tracing::warn!("the dashboard ended early: {error}");
        }
    }
}

/// What the terminal's thread works with.
struct Driver {
    device: Device,
    screen: Screen,
    frames: Frames,
    actions: mpsc::Sender<Action>,
    log: LogSink,
}

impl Driver {
    fn run(self, ended: oneshot::Receiver<()>) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(self.show(ended))
    }

    /// Draws whenever there is something new, until `ended`.
    async fn show(mut self, ended: oneshot::Receiver<()>) -> io::Result<()> {
        let mut continued = unix::signal(SignalKind::from_raw(Signal::CONT.as_raw()))?;
        let mut keys = Some(EventStream::new());
        let mut ended = pin!(ended);
        loop {
            self.draw()?;
            tokio::select! {
                biased;
                _ = &mut ended => return Ok(()),
                changed = self.frames.changed() => if changed.is_err() {
                    // The last frame stays until the dashboard is dropped.
                    let _ = ended.await;
                    return Ok(());
                },
                _ = continued.recv() => self.device.retake()?,
                event = next(&mut keys) => match event {
                    Some(Ok(Event::Key(key))) if is_control(key, 'z') => {
                        // It would read what is meant for the shell.
                        drop(keys.take());
                        self.suspend(&mut continued).await?;
                        keys = Some(EventStream::new());
                    }
                    Some(Ok(event)) => self.handle(&event)?,
                    // Nobody types any more; the frames go on.
                    Some(Err(_)) | None => keys = None,
                },
            }
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        for (weight, line) in self.log.news() {
            match weight {
                Weight::Heavy => self.screen.say(&line),
                Weight::Light => self.screen.note(&line),
            }
        }
        let frame = Arc::clone(&self.frames.borrow_and_update());
        let screen = &mut self.screen;
        self.device.draw(|to| screen.draw(to, &frame))
    }

    fn handle(&mut self, event: &Event) -> io::Result<()> {
        let Event::Key(key) = event else {
            return Ok(());
        };
        if is_control(*key, 'l') {
            return self.device.clear();
        }
        if let Some(action) = self.screen.key(*key) {
            // A run that does not come to act on so many keys needs no more of them.
            let _ = self.actions.try_send(action);
        }
        Ok(())
    }

    /// Gives the terminal to the shell and stops, until the shell continues us.
    async fn suspend(&mut self, continued: &mut unix::Signal) -> io::Result<()> {
        device::give_back();
        kill_current_process_group(Signal::TSTP)?;
        tokio::select! {
            _ = continued.recv() => {}
            () = tokio::time::sleep(STOP_WITHIN) => {}
        }
        self.device.retake()
    }
}

/// The next event; none ever where nobody types.
async fn next(keys: &mut Option<EventStream>) -> Option<io::Result<Event>> {
    match keys {
        Some(keys) => keys.next().await,
        None => std::future::pending().await,
    }
}

fn is_control(key: KeyEvent, letter: char) -> bool {
    key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char(letter)
}
