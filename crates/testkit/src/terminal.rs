//! A program on a terminal: a pseudo-terminal on one side, what a person would see on the other.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// Lines above the screen that are kept.
const SCROLLBACK: usize = 500;
/// What enters the alternate screen, and what leaves it (xterm, `DECSET 1049`).
const ENTER: &[u8] = b"\x1b[?1049h";
const LEAVE: &[u8] = b"\x1b[?1049l";

/// A terminal and the program on it, which is killed when this is dropped.
pub struct Terminal {
    master: Box<dyn MasterPty>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    seen: Arc<Mutex<Seen>>,
    /// It ends with the program's last byte.
    reader: JoinHandle<()>,
}

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

impl Terminal {
    /// Runs `program` with `arguments`, split at blanks, on a terminal of `columns` by `lines`
    /// with colours and UTF-8.
    pub fn run(
        program: impl AsRef<Path>,
        arguments: &str,
        (columns, lines): (u16, u16),
    ) -> anyhow::Result<Self> {
        let mut command = CommandBuilder::new(program.as_ref());
        command.args(arguments.split_whitespace());
        Self::spawn(command, (columns, lines))
    }

    /// A shell with job control, to type to.
    pub fn shell(size: (u16, u16)) -> anyhow::Result<Self> {
        let shell = crate::child::find("bash", "bash")?;
        let mut command = CommandBuilder::new(shell);
        command.args(["--norc", "--noprofile", "-i"]);
        command.env("PS1", "ready> ");
        Self::spawn(command, size)
    }

    fn spawn(mut command: CommandBuilder, (columns, lines): (u16, u16)) -> anyhow::Result<Self> {
        // What the caller's shell sets must not change what a test sees.
        for name in [
            "LIVESWARM_LOG",
            "RUST_LOG",
            "NO_COLOR",
            "LC_ALL",
            "LC_CTYPE",
        ] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.cwd(std::env::current_dir()?);
        let size = PtySize {
            rows: lines,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size)?;
        let child = pair.slave.spawn_command(command)?;
        let seen = Arc::new(Mutex::new(Seen {
            parser: vt100::Parser::new(some(lines), some(columns), SCROLLBACK),
            bytes: Vec::new(),
        }));
        let reader = pair.master.try_clone_reader()?;
        let into = Arc::clone(&seen);
        Ok(Self {
            keys: pair.master.take_writer()?,
            master: pair.master,
            child,
            seen,
            reader: std::thread::spawn(move || collect(reader, &into)),
        })
    }

    /// Its process id.
    pub fn id(&self) -> anyhow::Result<u32> {
        self.child.process_id().context("the program has no id")
    }

    /// Types.
    pub fn press(&mut self, keys: &str) -> anyhow::Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        Ok(self.keys.flush()?)
    }

    /// Sends a signal to the program.
    pub fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let pid = Pid::from_raw(self.id()?.cast_signed()).context("no such process")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Makes the terminal larger or smaller.
    pub fn resize(&self, (columns, lines): (u16, u16)) -> anyhow::Result<()> {
        self.seen()
            .parser
            .screen_mut()
            .set_size(some(lines), some(columns));
        self.master.resize(PtySize {
            rows: lines,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        })
    }

    /// The lines that a person sees.
    pub fn lines(&self) -> Vec<String> {
        let seen = self.seen();
        let screen = seen.parser.screen();
        let (_, columns) = screen.size();
        screen.rows(0, columns.get()).collect()
    }

    /// What a person sees.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// All that the program wrote, since it last left the alternate screen if it ever did.
    pub fn after_screen(&self) -> String {
        let seen = self.seen();
        let left = rfind(&seen.bytes, LEAVE).map_or(0, |at| at + LEAVE.len());
        String::from_utf8_lossy(&seen.bytes[left..]).into_owned()
    }

    /// All that the program wrote while it first had the alternate screen.
    pub fn on_screen(&self) -> Vec<u8> {
        let seen = self.seen();
        let Some(entered) = find(&seen.bytes, ENTER) else {
            return Vec::new();
        };
        let rest = &seen.bytes[entered..];
        rest[..find(rest, LEAVE).unwrap_or(rest.len())].to_vec()
    }

    /// Whether the program has the whole screen: the alternate one, and keys as they are pressed.
    pub fn is_taken(&self) -> bool {
        let alternate = self.seen().parser.screen().alternate_screen();
        alternate && self.is_raw()
    }

    /// Whether the terminal is as it was: the main screen, a cursor, and lines that are edited.
    pub fn is_as_it_was(&self) -> bool {
        let seen = self.seen();
        let screen = seen.parser.screen();
        !screen.alternate_screen() && !screen.hide_cursor() && !self.is_raw()
    }

    fn is_raw(&self) -> bool {
        let modes = self.master.get_termios();
        modes.is_some_and(|modes| !format!("{:?}", modes.local_flags).contains("ICANON"))
    }

    /// Waits until `find` finds something in what a person sees.
    pub fn until<T>(
        &mut self,
        limit: Duration,
        what: &str,
        find: impl Fn(&Self) -> Option<T>,
    ) -> anyhow::Result<T> {
        let found = wait::until(limit, what, || {
            let found = find(self);
            if found.is_none() && self.reader.is_finished() {
                bail!("it ended before {what}");
            }
            Ok(found)
        });
        found.with_context(|| format!("the terminal shows\n{}", self.text()))
    }

    /// Waits until a person sees `text`.
    pub fn sees(&mut self, limit: Duration, text: &str) -> anyhow::Result<()> {
        self.until(limit, text, |terminal| {
            terminal.text().contains(text).then_some(())
        })
    }

    /// Waits for the program's end and for all it wrote, and gives its exit code.
    pub fn wait(&mut self, limit: Duration) -> anyhow::Result<u32> {
        let child = &mut self.child;
        let ended = wait::until(limit, "the program to end", || Ok(child.try_wait()?));
        let status = ended.map_err(|error| anyhow!("{error}; it shows\n{}", self.text()))?;
        // A terminal whose program is gone has all that it wrote, and then an end.
        wait::until(limit, "the terminal to be read", || {
            Ok(self.reader.is_finished().then_some(()))
        })?;
        Ok(status.exit_code())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(mut from: Box<dyn Read + Send>, into: &Mutex<Seen>) {
    let mut chunk = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut chunk) {
        let mut seen = into.lock().unwrap_or_else(PoisonError::into_inner);
        seen.parser.process(&chunk[..count]);
        seen.bytes.extend_from_slice(&chunk[..count]);
    }
}

/// A terminal has a cell.
fn some(cells: u16) -> NonZeroU16 {
    NonZeroU16::new(cells).unwrap_or(NonZeroU16::MIN)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|part| part == what)
}
