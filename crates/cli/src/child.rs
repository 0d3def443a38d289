//! An origin of our own as a child process, for `run` without a URL.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use crate::args::OriginMedia;

/// How long the origin may take to say where it listens.
const START_MAX: Duration = Duration::from_secs(20);
/// How long it may take to end once it is told to.
const END_MAX: Duration = Duration::from_secs(3);

/// A running origin. It ends when this process does, however that ends: its standard input closes.
pub(crate) struct Origin {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Held open: it prints more URLs than the one that is read.
    _stdout: Lines<BufReader<ChildStdout>>,
    /// The multivariant playlist it serves.
    pub(crate) url: String,
}

impl Origin {
    /// Starts this very program as an origin on a free loopback port.
    pub(crate) async fn start(media: &OriginMedia) -> anyhow::Result<Self> {
        let program = std::env::current_exe().context("can't find our own program")?;
        let mut child = Command::new(program)
            .args(["origin", "--listen", "127.0.0.1:0", "--until-stdin-closes"])
            .args(media.to_arguments())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // Ctrl-C is for the run, which then lets requests in flight finish.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("can't start the origin")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("the origin has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let said = child
            .stderr
            .take()
            .context("the origin has no error output")?;
        let said = tokio::spawn(relay(BufReader::new(said).lines()));
        let url = match tokio::time::timeout(START_MAX, lines.next_line()).await {
            Ok(Ok(Some(line))) if line.starts_with("http") => line,
            Ok(Ok(None)) => {
                // It has ended, and so do its words.
                let _ = said.await;
                bail!("the origin did not start; what it said stands above");
            }
            Ok(Ok(Some(line))) => bail!("the origin said something unexpected: {line}"),
            Ok(Err(error)) => return Err(error).context("can't read from the origin"),
            Err(_) => bail!("the origin did not say where it listens within {START_MAX:?}"),
        };
        Ok(Self {
            child,
            stdin,
            _stdout: lines,
            url,
        })
    }

    /// Ends it and waits until it has.
    pub(crate) async fn end(mut self) {
        drop(self.stdin.take());
        if tokio::time::timeout(END_MAX, self.child.wait())
            .await
            .is_err()
        {
            let _ = self.child.kill().await;
        }
    }
}

/// What the origin says joins our own log.
async fn relay(mut lines: Lines<BufReader<ChildStderr>>) {
    while let Ok(Some(line)) = lines.next_line().await {
        tracing::warn!("origin: {line}");
    }
}
