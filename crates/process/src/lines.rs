//! Bytes into lines, through one buffer of fixed size.

use crate::Counts;

/// Longest line that is handed on in one piece.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// Where a line was written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line, without its separator. A line ends with `\n` or `\r` (status lines that overwrite
/// themselves); empty lines are not handed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Where it was written to.
    pub source: Source,
    /// Any bytes, not necessarily UTF-8.
    pub bytes: &'a [u8],
    /// The same line goes on in the next [`Line`] of this source: it is longer than
    /// [`LINE_BYTES_MAX`].
    pub cut: bool,
}

/// Whether a line is worth being among the last lines that an [`crate::Exit`] shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Keep it.
    Yes,
    /// It says nothing of why the child ended.
    No,
}

/// Splits what one source writes.
#[derive(Debug)]
pub(crate) struct Splitter {
    buffer: Box<[u8]>,
    filled: usize,
    /// The piece that was handed on last was cut.
    amid: bool,
}

impl Splitter {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; LINE_BYTES_MAX].into_boxed_slice(),
            filled: 0,
            amid: false,
        }
    }

    /// Where the next bytes go; never empty.
    pub(crate) fn room(&mut self) -> &mut [u8] {
        &mut self.buffer[self.filled..]
    }

    /// `read` bytes were put into [`Splitter::room`]: hands on each line that they end.
    pub(crate) fn filled(
        &mut self,
        read: usize,
        counts: &mut Counts,
        mut each: impl FnMut(&[u8], bool),
    ) {
        counts.bytes += read as u64;
        let mut searched = self.filled;
        self.filled += read;
        let mut begin = 0;
        while let Some(at) = separator(&self.buffer[searched..self.filled]) {
            let end = searched + at;
            if end > begin {
                counts.lines += 1;
                each(&self.buffer[begin..end], false);
            }
            self.amid = false;
            begin = end + 1;
            searched = begin;
        }
        self.buffer.copy_within(begin..self.filled, 0);
        self.filled -= begin;
        if self.filled == self.buffer.len() {
            counts.lines += 1;
            counts.cut += 1;
            self.amid = true;
            self.filled = 0;
            each(&self.buffer, true);
        }
    }

    /// No more will come: hands on what is left of a line without a separator.
    pub(crate) fn end(&mut self, counts: &mut Counts, mut each: impl FnMut(&[u8], bool)) {
        let left = std::mem::take(&mut self.filled);
        if left > 0 {
            counts.lines += 1;
            each(&self.buffer[..left], false);
        }
    }
}

fn separator(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|&b| b == b'\n' || b == b'\r')
}
