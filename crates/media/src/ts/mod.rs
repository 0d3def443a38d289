//! MPEG transport streams (ISO/IEC 13818-1): the facts of one, and the pieces to write one.
//!
//! Reading says what a receiver needs to know (programs, streams, first timestamps, continuity)
//! and never panics, whatever the bytes. Writing makes single packets and tables; what goes where
//! and when is the caller's plan.

mod facts;
mod packet;
mod pes;
mod psi;

pub use facts::{Facts, Stream};
pub use packet::{
    Clock, Header, NULL, PACKET_LEN, Packet, SYNC, packets_for, payload_room, write_packet,
};
pub use pes::{PesHeader, TIMESTAMP_WRAP, audio_stream_id, video_stream_id, write_pes_header};
pub use psi::{
    Program, StreamKind, crc32, parse_pat, parse_pmt, write_pat_section, write_pmt_section,
};

/// Why bytes are not a transport stream that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A packet does not begin with the sync byte.
    #[error("no sync byte at offset {offset}: not a transport stream")]
    Sync {
        /// Where it should be.
        offset: usize,
    },
    /// Fewer bytes than the structure needs.
    #[error("the {what} is cut short")]
    Short {
        /// Which structure.
        what: &'static str,
    },
    /// A table whose checksum does not match.
    #[error("the {what} has a wrong checksum")]
    Checksum {
        /// Which table.
        what: &'static str,
    },
    /// No program map within the bytes given.
    #[error("no program map table in the first {bytes} bytes")]
    NoProgram {
        /// Bytes searched.
        bytes: usize,
    },
}
