//! `--csv`: a row for each second, written as it ends, so that a run of any length needs no memory
//! for it and a run that is killed has left its rows behind.

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use telemetry::timeline::Row;

use crate::files;

const OPTION: &str = "--csv";

/// A file, or standard output.
type Sink = BufWriter<Box<dyn Write + Send>>;

/// Where rows go.
pub(crate) struct SecondRows {
    to: Option<(PathBuf, Sink)>,
    /// The end of the last row that was written, in Unix milliseconds.
    through_ms: i64,
    /// What went wrong first; nothing is written after it.
    failed: Option<std::io::Error>,
}

impl SecondRows {
    /// Opens the file and writes its first line; without a path, rows go nowhere.
    pub(crate) fn open(path: Option<&Path>) -> anyhow::Result<Self> {
        let to = path.map(|path| {
            let made = sink(path).and_then(|mut file| {
                file.write_all(report::csv::header().as_bytes())?;
                file.flush()?;
                Ok(file)
            });
            made.map(|file| (path.to_owned(), file))
                .with_context(|| files::cannot(OPTION, path))
        });
        Ok(Self {
            to: to.transpose()?,
            through_ms: i64::MIN,
            failed: None,
        })
    }

    /// Writes those of `rows` that are new and whole; they are in order, and the last may still
    /// grow.
    pub(crate) fn write<'a>(&mut self, rows: impl DoubleEndedIterator<Item = &'a Arc<Row>>) {
        self.write_new(rows.rev().skip(1));
    }

    /// Writes those of `rows` that are new: nothing grows any more.
    pub(crate) fn write_last<'a>(&mut self, rows: impl DoubleEndedIterator<Item = &'a Arc<Row>>) {
        self.write_new(rows.rev());
    }

    /// Writes the new ones of rows that come newest first.
    fn write_new<'a>(&mut self, newest_first: impl Iterator<Item = &'a Arc<Row>>) {
        let Some((_, file)) = &mut self.to else {
            return;
        };
        if self.failed.is_some() {
            return;
        }
        let through_ms = self.through_ms;
        let mut new: Vec<_> = newest_first
            .take_while(|row| row.unix_ms > through_ms)
            .collect();
        new.reverse();
        for row in new {
            self.through_ms = row.unix_ms;
            let line = report::csv::row(row);
            let written = file.write_all(line.as_bytes()).and_then(|()| file.flush());
            if let Err(why) = written {
                if why.kind() == ErrorKind::BrokenPipe {
                    // A reader that has gone away is no error.
                    self.to = None;
                    return;
                }
                tracing::error!("--csv: {why}; no more rows are written");
                self.failed = Some(why);
                return;
            }
        }
    }

    /// Whether all rows were written.
    pub(crate) fn end(&mut self) -> anyhow::Result<()> {
        match (self.failed.take(), &self.to) {
            (Some(why), Some((path, _))) => Err(why).with_context(|| files::cannot(OPTION, path)),
            _ => Ok(()),
        }
    }
}

fn sink(path: &Path) -> std::io::Result<Sink> {
    let to: Box<dyn Write + Send> = if path == Path::new(files::STANDARD_STREAM) {
        Box::new(stdout())
    } else {
        Box::new(File::create(path)?)
    };
    Ok(BufWriter::new(to))
}
