//! Files that are asked for: found to be writable before the run, written after it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

/// The file name that means standard input or output.
pub(crate) const STANDARD_STREAM: &str = "-";

/// Files of a run that are asked for.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::doc_markdown, reason = "it is help, which is text")]
pub(crate) struct Files {
    /// Write the figures as JSON (schema liveswarm.run/1) to this file; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) json: Option<PathBuf>,

    /// Write a report as one HTML page that needs nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// Write the objectives as JUnit XML, a test case each
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) junit: Option<PathBuf>,

    /// Write a row a second as CSV while the run goes on
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) csv: Option<PathBuf>,
}

impl Files {
    /// Those that were asked for, with their options.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let named = [
            ("--json", &self.json),
            ("--report", &self.report),
            ("--junit", &self.junit),
            ("--csv", &self.csv),
        ];
        let asked = named.into_iter();
        asked.filter_map(|(option, path)| path.as_deref().map(|path| (option, path)))
    }

    /// Whether one of them is standard output.
    pub(crate) fn any_to_stdout(&self) -> bool {
        self.all()
            .any(|(_, path)| path == Path::new(STANDARD_STREAM))
    }
}

/// Finds out whether `path` can be written, and leaves no trace.
pub(crate) fn check_writable(option: &str, path: &Path) -> anyhow::Result<()> {
    if path == Path::new(STANDARD_STREAM) {
        return Ok(());
    }
    let was_there = path.exists();
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| cannot(option, path))?;
    if !was_there {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// Writes a whole file, or to standard output. Who reads the file sees the old one or the new one,
/// never half of it.
pub(crate) fn write(option: &str, path: &Path, text: &str) -> anyhow::Result<()> {
    if path == Path::new(STANDARD_STREAM) {
        return put(io::stdout().lock(), text);
    }
    let is_plain = path.metadata().map_or(true, |there| there.is_file());
    if !is_plain {
        // A pipe or a device is written to as it is.
        return std::fs::write(path, text).with_context(|| cannot(option, path));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text)
        .and_then(|()| std::fs::rename(&partial, path))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&partial);
        })
        .with_context(|| cannot(option, path))
}

/// Writes text; a reader that has gone away is no error.
pub(crate) fn put(mut to: impl Write, text: &str) -> anyhow::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("can't write what was asked for"),
    }
}

pub(crate) fn cannot(option: &str, path: &Path) -> String {
    format!("{option}: {} can't be written", path.display())
}
