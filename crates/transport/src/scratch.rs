//! The buffers that all connections of a worker use in turn.

use crate::TURN_BYTES_MAX;

/// Bytes that one read takes off a socket at most.
///
/// Large enough that the system call is a small part of the copy, small enough to stay in a
/// core's second-level cache.
pub const READ_BYTES_MAX: usize = 128 * 1024;

/// Bytes dropped unseen at a time: a whole turn. Nothing is written there, so it is no memory
/// either: a page that nobody touches is not there.
const DISCARD_BYTES_MAX: usize = TURN_BYTES_MAX;

/// A TLS record with its header, expansion included (RFC 8446, 5.2).
pub(crate) const RECORD_BYTES_MAX: usize = 5 + 16 * 1024 + 2048;

/// Unused record buffers that are kept for the next connection.
const SPARE_MAX: usize = 64;

/// One per worker: borrowed for one poll, empty between polls.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// What was read last. A connection puts its unfinished TLS record first.
    pub(crate) buffer: Box<[u8]>,
    /// Stands for the bytes that are dropped inside the kernel.
    discarded: Box<[u8]>,
    /// Empty buffers for unfinished TLS records.
    spare: Vec<Vec<u8>>,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self {
            buffer: vec![0; READ_BYTES_MAX + RECORD_BYTES_MAX].into_boxed_slice(),
            discarded: vec![0; DISCARD_BYTES_MAX].into_boxed_slice(),
            spare: Vec::new(),
        }
    }

    /// Where up to `limit` bytes go that are dropped inside the kernel.
    pub(crate) fn room(&mut self, limit: u64) -> &mut [u8] {
        let len = usize::try_from(limit).map_or(DISCARD_BYTES_MAX, |it| it.min(DISCARD_BYTES_MAX));
        &mut self.discarded[..len]
    }

    /// An empty buffer with room for a record.
    pub(crate) fn take_spare(spare: &mut Vec<Vec<u8>>) -> Vec<u8> {
        spare
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(RECORD_BYTES_MAX))
    }

    /// The read buffer and the spare buffers.
    pub(crate) fn parts(&mut self) -> (&mut [u8], &mut Vec<Vec<u8>>) {
        (&mut self.buffer, &mut self.spare)
    }

    /// Takes a buffer back that is not needed.
    pub(crate) fn give_spare(spare: &mut Vec<Vec<u8>>, mut buffer: Vec<u8>) {
        if buffer.capacity() >= RECORD_BYTES_MAX && spare.len() < SPARE_MAX {
            buffer.clear();
            spare.push(buffer);
        }
    }
}
