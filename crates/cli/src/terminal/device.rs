//! The terminal itself: raw mode and the alternate screen, taken and given back.

use std::io::{self, BufWriter, IsTerminal, Stderr, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crossterm::cursor::Show;
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, EndSynchronizedUpdate, EnterAlternateScreen,
    LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;
use tui::{Charset, Colours, Look};

use crate::output;

/// A frame of a large terminal, written in one go.
const BUFFER_BYTES: usize = 64 * 1024;
/// Who draws.
pub(super) const THREAD: &str = "terminal";
/// What names the character set, the first that is set first (POSIX, 8.2).
const LOCALES: [&str; 3] = ["LC_ALL", "LC_CTYPE", "LANG"];

/// Whether the terminal is ours at present.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether a panic took it from us for good.
static LOST: AtomicBool = AtomicBool::new(false);
/// Held while something is drawn, so that no half of it comes after a panic gave the terminal back.
static WRITING: Mutex<()> = Mutex::new(());

/// Whether a dashboard can be shown: a person sees standard error on a terminal that can be drawn
/// on, types on one, and we are in its foreground.
pub(crate) fn is_usable() -> bool {
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && io::stdin().is_terminal() && !dumb && is_foreground()
}

/// A process of the background that draws or reads is stopped by the kernel.
fn is_foreground() -> bool {
    tcgetpgrp(io::stderr()).is_ok_and(|group| group == getpgrp())
}

/// What the terminal can show, by what the environment says of it.
pub(super) fn look() -> Look {
    let locale = LOCALES
        .iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty());
    let is_utf8 = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    // Where no locale is set, as in many containers, terminals are UTF-8 all the same.
    let utf8 = locale.is_none_or(|locale| is_utf8(&locale.to_string_lossy()));
    Look {
        colours: if output::colour(true) {
            Colours::Ansi
        } else {
            Colours::None
        },
        charset: if utf8 {
            Charset::Unicode
        } else {
            Charset::Ascii
        },
    }
}

/// The terminal, ours until it is dropped.
pub(super) struct Device {
    terminal: Terminal<Backend>,
}

type Backend = CrosstermBackend<BufWriter<Stderr>>;

impl Device {
    pub(super) fn take() -> io::Result<Self> {
        if !io::stderr().is_terminal() {
            return Err(io::Error::other("standard error is no terminal"));
        }
        restore_on_panic();
        // From here on whatever fails gives back what was taken.
        let mut device = Self { terminal: blank()? };
        device.enter()?;
        Ok(device)
    }

    /// Draws, where the terminal is ours. One that a shell has put into the background is taken
    /// again when it is back.
    pub(super) fn draw(&mut self, paint: impl FnOnce(&mut ratatui::Frame<'_>)) -> io::Result<()> {
        let _writing = writing();
        if LOST.load(Ordering::SeqCst) {
            return Ok(());
        }
        if !TAKEN.load(Ordering::SeqCst) {
            if !is_foreground() {
                return Ok(());
            }
            self.enter()?;
        }
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(paint)?;
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)
    }

    /// Forgets what stands on the terminal, so that all of it is drawn anew.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let _writing = writing();
        if LOST.load(Ordering::SeqCst) {
            return Ok(());
        }
        self.wipe()
    }

    /// Takes the terminal again after others had it, whatever they left it in.
    pub(super) fn retake(&mut self) -> io::Result<()> {
        let _writing = writing();
        if LOST.load(Ordering::SeqCst) || !is_foreground() {
            TAKEN.store(false, Ordering::SeqCst);
            return Ok(());
        }
        // Raw mode that was left behind our back would be taken for on.
        disable_raw_mode()?;
        self.enter()
    }

    fn enter(&mut self) -> io::Result<()> {
        TAKEN.store(true, Ordering::SeqCst);
        enable_raw_mode()?;
        execute!(self.terminal.backend_mut(), EnterAlternateScreen)?;
        self.wipe()
    }

    fn wipe(&mut self) -> io::Result<()> {
        self.terminal = blank()?;
        execute!(self.terminal.backend_mut(), Clear(ClearType::All))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        give_back();
    }
}

/// The right to write to the terminal; a panic of whoever had it does not take it away.
fn writing() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What knows nothing of what stands on the terminal. (`Terminal::clear` asks the terminal for its
/// cursor, and waits for an answer among the keys.)
fn blank() -> io::Result<Terminal<Backend>> {
    let out = BufWriter::with_capacity(BUFFER_BYTES, io::stderr());
    Terminal::new(CrosstermBackend::new(out))
}

/// Gives the terminal back, once; [`Device::retake`] takes it again. Where it is gone nothing is to
/// be done about it.
pub(super) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let mut out = io::stderr();
        let _ = execute!(out, EndSynchronizedUpdate, LeaveAlternateScreen, Show);
        let _ = out.flush();
        let _ = disable_raw_mode();
    }
}

/// Whoever panics gives the terminal back first, so that the message is read where it belongs.
fn restore_on_panic() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if TAKEN.load(Ordering::SeqCst) {
                LOST.store(true, Ordering::SeqCst);
                // The thread that draws may be the one that panics, and holds the lock itself.
                let draws = std::thread::current().name() == Some(THREAD);
                let _writing = (!draws).then(writing);
                give_back();
            }
            hook(panic);
        }));
    });
}
