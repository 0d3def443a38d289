//! What a transport stream says of itself.

use super::{
    Clock, Error, PACKET_LEN, Packet, PesHeader, StreamKind, TIMESTAMP_WRAP, parse_pat, parse_pmt,
};

/// One elementary stream of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Packet identifier.
    pub pid: u16,
    /// Codec.
    pub kind: StreamKind,
    /// Presentation time of the first PES packet, 90 kHz, modulo 2³³.
    pub first_pts: Option<u64>,
    /// Presentation time of the latest PES packet, 90 kHz, modulo 2³³.
    pub last_pts: Option<u64>,
    /// Whether the first PES packet is marked as a place to begin decoding.
    pub starts_at_random_access: bool,
    /// PES packets seen.
    pub pes_packets: u64,
    /// Packets whose continuity counter does not follow the one before (2.4.3.3).
    pub continuity_errors: u64,
    last_continuity: Option<u8>,
}

/// The facts of a transport stream, or of its beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The streams of the first program.
    pub streams: Vec<Stream>,
    /// PID that carries the clock.
    pub clock_pid: u16,
    /// The first clock reference.
    pub first_clock: Option<Clock>,
    /// The latest clock reference.
    pub last_clock: Option<Clock>,
    /// Whole packets read.
    pub packets: u64,
    /// Of them null packets.
    pub null_packets: u64,
}

impl Facts {
    /// Reads whole packets from `bytes`, which begin at a packet's edge; what remains behind the
    /// last whole packet is ignored.
    pub fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut facts = Self::default();
        let mut map_pids = Vec::new();
        for (place, chunk) in bytes.chunks_exact(PACKET_LEN).enumerate() {
            let packet = Packet::parse(chunk, place * PACKET_LEN)?;
            facts.packets += 1;
            if packet.is_null() {
                facts.null_packets += 1;
            } else if packet.pid == 0 && packet.start {
                map_pids = parse_pat(packet.payload.unwrap_or_default())?;
            } else if map_pids.contains(&packet.pid) && packet.start {
                facts.learn_program(packet.payload.unwrap_or_default())?;
            } else {
                facts.learn_packet(&packet);
            }
        }
        if facts.streams.is_empty() {
            return Err(Error::NoProgram { bytes: bytes.len() });
        }
        Ok(facts)
    }

    /// The stream of the given kind, if the program has one.
    pub fn stream(&self, kind: StreamKind) -> Option<&Stream> {
        self.streams.iter().find(|stream| stream.kind == kind)
    }

    fn learn_program(&mut self, payload: &[u8]) -> Result<(), Error> {
        if !self.streams.is_empty() {
            return Ok(());
        }
        let program = parse_pmt(payload)?;
        self.clock_pid = program.clock_pid;
        self.streams = program
            .streams
            .into_iter()
            .map(|(pid, kind)| Stream {
                pid,
                kind,
                first_pts: None,
                last_pts: None,
                starts_at_random_access: false,
                pes_packets: 0,
                continuity_errors: 0,
                last_continuity: None,
            })
            .collect();
        Ok(())
    }

    fn learn_packet(&mut self, packet: &Packet<'_>) {
        if packet.pid == self.clock_pid && packet.clock.is_some() {
            self.first_clock = self.first_clock.or(packet.clock);
            self.last_clock = packet.clock;
        }
        if let Some(stream) = self
            .streams
            .iter_mut()
            .find(|stream| stream.pid == packet.pid)
        {
            stream.learn(packet);
        }
    }
}

impl Stream {
    fn learn(&mut self, packet: &Packet<'_>) {
        if let Some(last) = self.last_continuity {
            let due = (last + u8::from(packet.payload.is_some())) % 16;
            if packet.continuity != due && !packet.discontinuity {
                self.continuity_errors += 1;
            }
        }
        self.last_continuity = Some(packet.continuity);
        if !packet.start {
            return;
        }
        self.pes_packets += 1;
        if self.pes_packets == 1 {
            self.starts_at_random_access = packet.random_access;
        }
        if let Ok(header) = PesHeader::parse(packet.payload.unwrap_or_default()) {
            self.first_pts = self.first_pts.or(header.pts);
            self.last_pts = header.pts.or(self.last_pts);
        }
    }

    /// Ticks of 90 kHz from the first to the latest presentation time, over a wrap too.
    pub fn span(&self) -> Option<u64> {
        let (first, last) = (self.first_pts?, self.last_pts?);
        Some(last.wrapping_sub(first) % TIMESTAMP_WRAP)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ts::{
        Header, NULL, Program, video_stream_id, write_packet, write_pat_section, write_pes_header,
        write_pmt_section,
    };

    fn stream(pts: &[u64], continuity: &[u8]) -> Vec<u8> {
        let program = Program {
            clock_pid: 0x100,
            streams: vec![(0x100, StreamKind::H264)],
        };
        let header = |pid, continuity| Header {
            pid,
            start: true,
            continuity,
            random_access: true,
            clock: (pid == 0x100).then_some(Clock(7)),
        };
        let mut out = Vec::new();
        write_packet(
            &mut out,
            Header {
                clock: None,
                random_access: false,
                ..header(0, 0)
            },
            &write_pat_section(0x1000),
        );
        write_packet(
            &mut out,
            Header {
                random_access: false,
                ..header(0x1000, 0)
            },
            &write_pmt_section(&program),
        );
        for (&pts, &continuity) in pts.iter().zip(continuity) {
            let mut pes = Vec::new();
            write_pes_header(&mut pes, video_stream_id(), pts, 0);
            write_packet(&mut out, header(0x100, continuity), &pes);
        }
        out.extend_from_slice(&NULL);
        out
    }

    #[test]
    fn facts_are_those_of_the_stream() {
        let facts = Facts::read(&stream(&[TIMESTAMP_WRAP - 1, 3599], &[15, 0])).unwrap();
        let video = facts.stream(StreamKind::H264).unwrap();
        assert_eq!((facts.packets, facts.null_packets), (5, 1));
        assert_eq!(facts.first_clock, Some(Clock(7)));
        assert_eq!((video.pes_packets, video.continuity_errors), (2, 0));
        assert_eq!(video.span(), Some(3600));
        assert!(video.starts_at_random_access);
    }

    #[test]
    fn a_lost_packet_is_seen() {
        let facts = Facts::read(&stream(&[0, 1, 2], &[0, 2, 3])).unwrap();
        assert_eq!(facts.streams[0].continuity_errors, 1);
    }

    #[test]
    fn what_is_no_stream_says_so() {
        assert_eq!(Facts::read(&[b'<'; 188]), Err(Error::Sync { offset: 0 }));
        assert_eq!(Facts::read(&NULL), Err(Error::NoProgram { bytes: 188 }));
        assert_eq!(Facts::read(b""), Err(Error::NoProgram { bytes: 0 }));
    }

    proptest! {
        #[test]
        fn reading_never_panics(
            place in 0..188 * 4_usize, byte: u8, cut in 0..188 * 5_usize,
        ) {
            let mut bytes = stream(&[0, 1], &[0, 1]);
            bytes[place] = byte;
            bytes.truncate(cut);
            let _ = Facts::read(&bytes);
        }
    }
}
