//! Transport packets (ISO/IEC 13818-1, 2.4.3.2) and their adaptation fields (2.4.3.4).

use super::Error;

/// Bytes in a transport packet.
pub const PACKET_LEN: usize = 188;

/// The first byte of each packet.
pub const SYNC: u8 = 0x47;

const HEADER_LEN: usize = 4;
const NULL_PID: u16 = 0x1fff;
/// Length byte, flags, and the clock reference itself.
const CLOCK_FIELD_LEN: usize = 8;
/// Length byte and flags.
const FLAGS_FIELD_LEN: usize = 2;

/// A null packet: padding that receivers drop. Its continuity counter is undefined.
pub const NULL: [u8; PACKET_LEN] = {
    let mut packet = [0xff; PACKET_LEN];
    packet[0] = SYNC;
    packet[1] = (NULL_PID >> 8) as u8;
    packet[2] = NULL_PID as u8;
    packet[3] = 0x10;
    packet
};

/// A program clock reference in ticks of 27 MHz, modulo 2³³ · 300.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Clock(pub u64);

impl Clock {
    /// Where the clock starts over.
    pub const WRAP: u64 = (1 << 33) * 300;

    fn encode(self) -> [u8; 6] {
        let ticks = self.0 % Self::WRAP;
        let (base, extension) = (ticks / 300, ticks % 300);
        let all = base << 15 | 0x3f << 9 | extension;
        let [_, _, bytes @ ..] = all.to_be_bytes();
        bytes
    }

    fn decode(bytes: [u8; 6]) -> Self {
        let all = bytes
            .into_iter()
            .fold(0, |all, byte| all << 8 | u64::from(byte));
        Self((all >> 15) * 300 + (all & 0x1ff))
    }
}

/// What a written packet says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Packet identifier.
    pub pid: u16,
    /// Whether a PES packet or a section begins here.
    pub start: bool,
    /// Continuity counter, 0 to 15.
    pub continuity: u8,
    /// Whether a decoder can begin here.
    pub random_access: bool,
    /// Program clock reference.
    pub clock: Option<Clock>,
}

/// Bytes of payload that fit into a packet.
pub const fn payload_room(random_access: bool, clock: bool) -> usize {
    let field = match (random_access, clock) {
        (_, true) => CLOCK_FIELD_LEN,
        (true, false) => FLAGS_FIELD_LEN,
        (false, false) => 0,
    };
    PACKET_LEN - HEADER_LEN - field
}

/// Packets that `len` bytes take, where the first packet has room for `first_room` of them.
pub const fn packets_for(len: usize, first_room: usize) -> usize {
    1 + len
        .saturating_sub(first_room)
        .div_ceil(payload_room(false, false))
}

/// Writes one packet with as much of `payload` as fits, stuffed to its length, and returns how
/// many bytes it took. Without payload the packet has an adaptation field only; then the
/// continuity counter must be that of the packet before (2.4.3.3).
pub fn write_packet(out: &mut Vec<u8>, header: Header, payload: &[u8]) -> usize {
    let taken = payload
        .len()
        .min(payload_room(header.random_access, header.clock.is_some()));
    let field_len = PACKET_LEN - HEADER_LEN - taken;
    let control = match (field_len > 0, taken > 0) {
        (false, _) => 0x10,
        (true, true) => 0x30,
        (true, false) => 0x20,
    };
    out.extend_from_slice(&[
        SYNC,
        u8::from(header.start) << 6 | (header.pid >> 8) as u8 & 0x1f,
        header.pid as u8,
        control | header.continuity & 0x0f,
    ]);
    if field_len > 0 {
        write_adaptation_field(out, header, field_len);
    }
    out.extend_from_slice(&payload[..taken]);
    taken
}

fn write_adaptation_field(out: &mut Vec<u8>, header: Header, len: usize) {
    let end = out.len() + len;
    out.push((len - 1) as u8);
    if len > 1 {
        let flags = u8::from(header.random_access) << 6 | u8::from(header.clock.is_some()) << 4;
        out.push(flags);
    }
    if let Some(clock) = header.clock {
        out.extend_from_slice(&clock.encode());
    }
    out.resize(end, 0xff);
}

/// One packet, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Packet identifier.
    pub pid: u16,
    /// Whether a PES packet or a section begins here.
    pub start: bool,
    /// Continuity counter.
    pub continuity: u8,
    /// Whether the adaptation field announces a discontinuity.
    pub discontinuity: bool,
    /// Whether a decoder can begin here.
    pub random_access: bool,
    /// Program clock reference.
    pub clock: Option<Clock>,
    /// The payload, absent where the packet has none.
    pub payload: Option<&'a [u8]>,
}

impl<'a> Packet<'a> {
    /// Reads one packet of [`PACKET_LEN`] bytes; `offset` is named in errors.
    pub fn parse(bytes: &'a [u8], offset: usize) -> Result<Self, Error> {
        let short = Error::Short { what: "packet" };
        let bytes = bytes.get(..PACKET_LEN).ok_or(short)?;
        if bytes[0] != SYNC {
            return Err(Error::Sync { offset });
        }
        let mut packet = Self {
            pid: u16::from_be_bytes([bytes[1] & 0x1f, bytes[2]]),
            start: bytes[1] & 0x40 != 0,
            continuity: bytes[3] & 0x0f,
            discontinuity: false,
            random_access: false,
            clock: None,
            payload: None,
        };
        let mut rest = &bytes[HEADER_LEN..];
        if bytes[3] & 0x20 != 0 {
            let len = usize::from(rest[0]);
            let field = rest.get(1..=len).ok_or(short)?;
            packet.read_adaptation_field(field);
            rest = &rest[len + 1..];
        }
        if bytes[3] & 0x10 != 0 {
            packet.payload = Some(rest);
        }
        Ok(packet)
    }

    fn read_adaptation_field(&mut self, field: &[u8]) {
        let Some((flags, rest)) = field.split_first() else {
            return;
        };
        self.discontinuity = flags & 0x80 != 0;
        self.random_access = flags & 0x40 != 0;
        if flags & 0x10 != 0 {
            self.clock = rest.first_chunk().copied().map(Clock::decode);
        }
    }

    /// Whether this is padding.
    pub fn is_null(&self) -> bool {
        self.pid == NULL_PID
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            pid in 0..0x1fff_u16,
            start: bool,
            continuity in 0..16_u8,
            random_access: bool,
            clock in proptest::option::of(0..Clock::WRAP),
            payload in proptest::collection::vec(any::<u8>(), 0..400),
        ) {
            let header = Header { pid, start, continuity, random_access, clock: clock.map(Clock) };
            let mut out = Vec::new();
            let taken = write_packet(&mut out, header, &payload);
            prop_assert_eq!(out.len(), PACKET_LEN);
            let packet = Packet::parse(&out, 0).unwrap();
            prop_assert_eq!(packet.payload.unwrap_or_default(), &payload[..taken]);
            prop_assert_eq!(packet.payload.is_none(), payload.is_empty());
            prop_assert_eq!(packet.clock, header.clock);
            prop_assert_eq!(
                (packet.pid, packet.start, packet.continuity, packet.random_access),
                (pid, start, continuity, random_access)
            );
            prop_assert!(taken == payload.len() || taken == payload_room(random_access, clock.is_some()));
        }

        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..=200)) {
            let mut bytes = bytes;
            let _ = Packet::parse(&bytes, 0);
            if let Some(first) = bytes.first_mut() {
                *first = SYNC;
            }
            let _ = Packet::parse(&bytes, 0);
        }
    }

    #[test]
    fn packets_are_counted_as_they_are_written() {
        for len in 0..1000 {
            let first = payload_room(true, true);
            let mut out = Vec::new();
            let mut rest = &vec![0; len][..];
            let mut header = Header {
                pid: 1,
                start: true,
                continuity: 0,
                random_access: true,
                clock: Some(Clock(0)),
            };
            loop {
                rest = &rest[write_packet(&mut out, header, rest)..];
                header = Header {
                    random_access: false,
                    clock: None,
                    ..header
                };
                if rest.is_empty() {
                    break;
                }
            }
            assert_eq!(out.len(), packets_for(len, first) * PACKET_LEN, "{len}");
        }
    }

    #[test]
    fn the_null_packet_is_padding() {
        assert!(Packet::parse(&NULL, 0).unwrap().is_null());
    }
}
