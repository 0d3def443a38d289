//! Logs: through `tracing`, to standard error or a file, never through the progress.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use anyhow::Context;
use indicatif::MultiProgress;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::terminal::LogSink;
use crate::{args, output};

/// Sets up logging; standard error is shared with `progress`, which steps aside for each line, and
/// with the `dashboard`, which shows the lines itself while it has the terminal.
pub(crate) fn init(
    log: &args::Log,
    progress: &MultiProgress,
    dashboard: &LogSink,
) -> anyhow::Result<()> {
    let level = match log.verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::builder()
        .with_default_directive(level.parse()?)
        .with_env_var("LIVESWARM_LOG")
        .from_env()
        .context("LIVESWARM_LOG")?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .log_internal_errors(false)
        .with_target(log.verbose > 1);
    if let Some(path) = &log.log_file {
        let file = File::create(path)
            .with_context(|| format!("the log file {} can't be written", path.display()))?;
        builder.with_ansi(false).with_writer(Arc::new(file)).init();
    } else {
        let colour = output::colour(io::stderr().is_terminal());
        let aside = Aside {
            progress: progress.clone(),
            dashboard: dashboard.clone(),
        };
        builder.with_ansi(colour).with_writer(aside).init();
    }
    Ok(())
}

/// Writes to standard error with the progress out of the way.
#[derive(Clone)]
struct Aside {
    progress: MultiProgress,
    dashboard: LogSink,
}

impl Write for Aside {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.dashboard.take(line) {
            return Ok(line.len());
        }
        // A standard error that nobody reads any more ends no run.
        let _ = self.progress.suspend(|| io::stderr().write_all(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = io::stderr().flush();
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Aside {
    type Writer = Self;

    fn make_writer(&'a self) -> Self::Writer {
        self.clone()
    }
}
