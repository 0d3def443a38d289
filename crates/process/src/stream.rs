//! One pipe from a child, read without waiting.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;

use tokio::net::unix::pipe;

use crate::lines::Splitter;
use crate::{Counts, Keep, LAST_LINES, Line, Source, Usage};

/// Most bytes read from a pipe after the end: more than any pipe holds.
const DRAIN_BYTES_MAX: usize = 4 << 20;

/// Longest part of a line that is kept among the last lines.
const KEPT_LINE_BYTES_MAX: usize = 512;

/// What is written down while a child runs.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) counts: Counts,
    pub(crate) last_lines: VecDeque<String>,
    pub(crate) usage: Usage,
}

/// One pipe from the child.
#[derive(Debug)]
pub(crate) struct Stream {
    source: Source,
    /// `None` after its end.
    pipe: Option<pipe::Receiver>,
    splitter: Splitter,
}

impl Stream {
    pub(crate) fn new(source: Source, pipe: Option<OwnedFd>) -> io::Result<Self> {
        Ok(Self {
            source,
            pipe: pipe.map(pipe::Receiver::from_owned_fd).transpose()?,
            splitter: Splitter::new(),
        })
    }

    /// There is something to [`Stream::take`]. Never, after the end.
    pub(crate) async fn readable(&self) {
        match &self.pipe {
            // An error shows again, and is dealt with, when it is read.
            Some(pipe) => drop(pipe.readable().await),
            None => std::future::pending().await,
        }
    }

    /// Takes what is there without waiting, once, as much as there is room for; at the end, closes.
    /// `None` where nothing is there yet.
    pub(crate) fn take(
        &mut self,
        record: &mut Record,
        each: &mut impl FnMut(Line<'_>) -> Keep,
    ) -> Option<usize> {
        let pipe = self.pipe.as_ref()?;
        match pipe.try_read(self.splitter.room()) {
            Ok(read) if read > 0 => {
                let Record {
                    counts, last_lines, ..
                } = record;
                self.splitter.filled(read, counts, |bytes, cut| {
                    hand_on(self.source, bytes, cut, last_lines, each);
                });
                Some(read)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Some(0),
            _ => {
                self.close(record, each);
                None
            }
        }
    }

    /// The group is dead, so what it wrote is in the pipe: takes that. Something that left the group
    /// may hold the pipe open, or go on writing; it is not waited for.
    pub(crate) fn drain(&mut self, record: &mut Record, each: &mut impl FnMut(Line<'_>) -> Keep) {
        let mut drained = 0;
        while let Some(read) = self.take(record, each) {
            drained += read;
            if drained > DRAIN_BYTES_MAX {
                record.counts.unread = true;
                break;
            }
        }
        self.close(record, each);
    }

    fn close(&mut self, record: &mut Record, each: &mut impl FnMut(Line<'_>) -> Keep) {
        self.pipe = None;
        let Record {
            counts, last_lines, ..
        } = record;
        self.splitter.end(counts, |bytes, cut| {
            hand_on(self.source, bytes, cut, last_lines, each);
        });
    }
}

fn hand_on(
    source: Source,
    bytes: &[u8],
    cut: bool,
    last_lines: &mut VecDeque<String>,
    each: &mut impl FnMut(Line<'_>) -> Keep,
) {
    if each(Line { source, bytes, cut }) == Keep::No {
        return;
    }
    if last_lines.len() == LAST_LINES {
        last_lines.pop_front();
    }
    let kept = &bytes[..bytes.len().min(KEPT_LINE_BYTES_MAX)];
    last_lines.push_back(String::from_utf8_lossy(kept).trim_end().to_owned());
}
