//! The `liveswarm` binary, run as a person runs it.

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
pub use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::child::{self, Guard};
use crate::wait;

/// How long a pipe may stay open after its process ended.
const PIPE_LIMIT: Duration = Duration::from_secs(10);

/// A command line that is still being put together.
#[derive(Debug)]
pub struct Liveswarm {
    command: Command,
    home: TempDir,
}

impl Liveswarm {
    /// `binary` is `env!("CARGO_BIN_EXE_liveswarm")` in a test of the crate that builds it.
    pub fn new(binary: impl AsRef<Path>) -> anyhow::Result<Self> {
        let mut command = child::command(binary.as_ref());
        // What the caller's shell sets must not change what a test sees.
        command
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
            .env_remove("LIVESWARM_LOG")
            .env_remove("LIVESWARM_ADMIN_TOKEN")
            .env_remove("LIVESWARM_GATEWAY_TOKEN")
            .env_remove("LIVESWARM_PUSH_TOKEN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(Self {
            command,
            home: TempDir::with_prefix("liveswarm-run-")?,
        })
    }

    /// `liveswarm run URL --json FILE`; with no URL, it brings its own origin.
    pub fn run(binary: impl AsRef<Path>, url: Option<&str>) -> anyhow::Result<Self> {
        let mut run = Self::new(binary)?;
        let json = run.json_file();
        run.command.arg("run").args(url).arg("--json").arg(json);
        Ok(run)
    }

    /// Adds arguments, split at blanks.
    #[must_use]
    pub fn args(mut self, words: &str) -> Self {
        self.command.args(words.split_whitespace());
        self
    }

    /// Adds one argument as it is.
    #[must_use]
    pub fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.command.arg(word.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// A folder for this run's files; it is removed with the run.
    pub fn folder(&self) -> &Path {
        self.home.path()
    }

    fn json_file(&self) -> PathBuf {
        self.home.path().join("run.json")
    }

    /// Starts it.
    pub fn spawn(mut self) -> anyhow::Result<Running> {
        let mut guard = Guard::spawn(&mut self.command)?;
        let stdout = guard.inner().stdout.take().map(Pipe::collect);
        let stderr = guard.inner().stderr.take().map(Pipe::collect);
        Ok(Running {
            line: format!("{:?}", self.command),
            guard,
            stdout: stdout.ok_or_else(|| anyhow!("no stdout"))?,
            stderr: stderr.ok_or_else(|| anyhow!("no stderr"))?,
            home: self.home,
        })
    }

    /// Starts it and waits for its end, for at most `limit`.
    pub fn finish(self, limit: Duration) -> anyhow::Result<Ended> {
        self.spawn()?.wait(limit)
    }
}

/// A run that is under way; it is killed when dropped.
#[derive(Debug)]
pub struct Running {
    line: String,
    guard: Guard,
    stdout: Pipe,
    stderr: Pipe,
    home: TempDir,
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.guard.id()
    }

    /// Sends a signal to the process, not to its children (a terminal would send Ctrl-C to all).
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.guard.signal(signal)
    }

    /// What it has written to stdout so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to stderr so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until `find` finds something in the whole lines that were written to stdout and stderr
    /// so far: of a line that is still being written, the rest may be missing.
    pub fn until<T>(
        &mut self,
        limit: Duration,
        what: &str,
        find: impl Fn(&str, &str) -> Option<T>,
    ) -> anyhow::Result<T> {
        let (stdout, stderr) = (&self.stdout, &self.stderr);
        let guard = &mut self.guard;
        wait::until(limit, what, || {
            let ended = guard.status()?.is_some();
            let found = find(&stdout.lines(), &stderr.lines());
            if found.is_none() && ended && stdout.closed() && stderr.closed() {
                bail!("it ended before {what}");
            }
            Ok(found)
        })
        .with_context(|| format!("stdout:\n{}\nstderr:\n{}", stdout.text(), stderr.text()))
    }

    /// Waits for its end, for at most `limit`; then it is killed, and that is an error.
    pub fn wait(mut self, limit: Duration) -> anyhow::Result<Ended> {
        let status = self
            .guard
            .wait(limit, "liveswarm to end")
            .with_context(|| {
                format!(
                    "{}\nstdout:\n{}\nstderr:\n{}",
                    self.line,
                    self.stdout.text(),
                    self.stderr.text()
                )
            })?;
        wait::until(
            PIPE_LIMIT,
            "the pipes of an ended liveswarm to close",
            || Ok((self.stdout.closed() && self.stderr.closed()).then_some(())),
        )?;
        Ok(Ended {
            line: self.line,
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.text(),
            stderr: self.stderr.text(),
            home: self.home,
        })
    }
}

/// A run that has ended.
#[derive(Debug)]
pub struct Ended {
    /// The command, for messages.
    pub line: String,
    /// Exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// All it wrote to stdout.
    pub stdout: String,
    /// All it wrote to stderr.
    pub stderr: String,
    home: TempDir,
}

impl Ended {
    /// The run as JSON. A run that should have ended well is held to code 0 first with
    /// [`Ended::expect_code`].
    pub fn json(&self) -> anyhow::Result<Value> {
        let text = fs::read(self.home.path().join("run.json"))
            .with_context(|| format!("no JSON was written\n{self}"))?;
        serde_json::from_slice(&text).context("the run's JSON does not parse")
    }

    /// An error with everything it said, unless it ended with `code`.
    pub fn expect_code(&self, code: i32) -> anyhow::Result<&Self> {
        if self.code == Some(code) {
            return Ok(self);
        }
        Err(anyhow!("expected exit code {code}\n{self}"))
    }

    /// A file of the run's folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{}\nended with code {:?}, signal {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.line, self.code, self.signal, self.stdout, self.stderr
        )
    }
}

/// A pipe that a thread reads to its end, so that the writer never blocks.
#[derive(Debug)]
struct Pipe {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Pipe {
    fn collect(mut from: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&bytes);
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = from.read(&mut chunk) {
                into.lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend_from_slice(&chunk[..count]);
            }
        });
        Self { bytes, reader }
    }

    fn closed(&self) -> bool {
        self.reader.is_finished()
    }

    /// The lines that are whole; all there is once nothing more comes.
    fn lines(&self) -> String {
        let closed = self.closed();
        let mut text = self.text();
        if !closed {
            text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        }
        text
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
