//! Segments as MPEG transport streams of a constant rate.

use bytes::Bytes;
use media::ts::{
    Clock, Header, NULL, PACKET_LEN, Program, StreamKind, audio_stream_id, packets_for,
    payload_room, video_stream_id, write_packet, write_pat_section, write_pes_header,
    write_pmt_section,
};

use super::{
    Content, least,
    schedule::{Lane, Overfull, Plan, Slot, Unit},
};
use crate::{
    Error,
    asset::{AAC_TICKS, FRAME_TICKS, GOP_FRAMES, TICKS},
};

const PAT_PID: u16 = 0;
const PMT_PID: u16 = 0x1000;
const PICTURE_PID: u16 = 0x100;
const SOUND_PID: u16 = 0x101;
/// PAT and PMT.
const TABLE_PACKETS: u64 = 2;
/// AAC frames that share a PES packet: 171 ms, so that its header costs little.
const AAC_FRAMES_A_PES: usize = 8;
/// Bytes of a PES header with a presentation time.
const PES_HEADER_LEN: usize = 14;
/// From the moment a sample is sent to its presentation: what a decoder buffers.
const DELAY_TICKS: u64 = TICKS / 2;
/// From one clock reference to the next, at most; ISO/IEC 13818-1, 2.7.2, allows 100 ms.
const CLOCK_GAP_TICKS: u64 = 80 * TICKS / 1000;
/// At bitrates so low that every packet would be a clock, content goes between them all the same.
const CLOCK_GAP_MIN: u64 = 2;
const PACKET_BITS: u64 = PACKET_LEN as u64 * 8;
const CLOCK_HZ: u64 = 27_000_000;

/// Packets that each PID sent before a segment, null packets and bare clocks not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sent {
    tables: u64,
    sound: u64,
    picture: u64,
}

/// Makes the segments of one track.
#[derive(Debug)]
pub(crate) struct Renderer {
    content: Content,
    /// Packets sent before each segment of a period, and behind the last the whole period's.
    sent: Vec<Sent>,
    pat: Vec<u8>,
    pmt: Vec<u8>,
}

impl Renderer {
    pub(crate) fn new(content: Content) -> Result<Self, Error> {
        if !fits(&content, content.bitrate) {
            return Err(Error::BitrateTooLow {
                bitrate: content.bitrate,
                min: least(|bitrate| fits(&content, bitrate)),
            });
        }
        let mut streams = Vec::new();
        if content.picture.is_some() {
            streams.push((PICTURE_PID, StreamKind::H264));
        }
        if content.sound {
            streams.push((SOUND_PID, StreamKind::Aac));
        }
        let program = Program {
            clock_pid: clock_pid(&content),
            streams,
        };
        Ok(Self {
            sent: sent_before(&content),
            pat: write_pat_section(PMT_PID),
            pmt: write_pmt_section(&program),
            content,
        })
    }

    pub(crate) fn segment_len(&self, n: u64) -> u64 {
        packets(&self.content, n, self.content.bitrate) * PACKET_LEN as u64
    }

    pub(crate) fn segment_len_max(&self) -> u64 {
        let bits = u128::from(self.content.grid.segment_ms) * u128::from(self.content.bitrate);
        bits.div_ceil(u128::from(PACKET_BITS) * 1000) as u64 * PACKET_LEN as u64
    }

    pub(crate) fn segment(&self, n: u64) -> Bytes {
        let plan = plan(&self.content, n, self.content.bitrate);
        let mut writer = Writer::new(self, n, plan.packets);
        // It fits: `new` tried the whole period. If it did not, the segment would be longer.
        let _ = plan.walk(|at, slot| writer.write(at, slot));
        writer.out.into()
    }

    fn sent_before(&self, n: u64) -> Sent {
        let period = self.sent.len() as u64 - 1;
        let whole = self.sent[period as usize];
        let part = self.sent[(n % period) as usize];
        let rounds = n / period;
        Sent {
            tables: rounds * whole.tables + part.tables,
            sound: rounds * whole.sound + part.sound,
            picture: rounds * whole.picture + part.picture,
        }
    }
}

fn clock_pid(content: &Content) -> u16 {
    if content.picture.is_some() {
        PICTURE_PID
    } else {
        SOUND_PID
    }
}

/// The first packet, counted since the epoch, whose moment is at or after `ticks`.
fn packet_at(ticks: u64, bitrate: u64) -> u64 {
    (u128::from(ticks) * u128::from(bitrate)).div_ceil(u128::from(TICKS * PACKET_BITS)) as u64
}

/// How many packets segment `n` has: its share of an endless stream of the bitrate.
fn packets(content: &Content, n: u64, bitrate: u64) -> u64 {
    let at = |n| packet_at(content.grid.start_ticks(n), bitrate);
    at(n + 1) - at(n)
}

/// What segment `n` holds, packet by packet.
fn plan(content: &Content, n: u64, bitrate: u64) -> Plan {
    let first = packet_at(content.grid.start_ticks(n), bitrate);
    let release = |ticks| packet_at(ticks, bitrate) - first;
    let tables = content.grid.gops(n).map(|ticks| Unit {
        release: release(ticks),
        packets: TABLE_PACKETS,
    });
    let sound = sound_groups(content, n).map(|frames| Unit {
        release: release(frames.start * AAC_TICKS),
        packets: sound_packets(content, frames),
    });
    let picture = content.picture.map(|_| {
        content.grid.frames(n).map(|frame| Unit {
            release: release(frame * FRAME_TICKS),
            packets: picture_packets(content, frame),
        })
    });
    Plan {
        lanes: [
            tables.collect(),
            sound.collect(),
            picture.into_iter().flatten().collect(),
        ],
        packets: packets(content, n, bitrate),
        clock: if content.picture.is_some() {
            Lane::Picture
        } else {
            Lane::Sound
        },
        clock_gap: (CLOCK_GAP_TICKS * bitrate / (TICKS * PACKET_BITS)).max(CLOCK_GAP_MIN),
    }
}

/// The AAC frames of segment `n`, a PES packet's worth at a time.
fn sound_groups(content: &Content, n: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    let frames = if content.sound {
        content.grid.aac_frames(n)
    } else {
        0..0
    };
    let end = frames.end;
    frames
        .step_by(AAC_FRAMES_A_PES)
        .map(move |start| start..(start + AAC_FRAMES_A_PES as u64).min(end))
}

fn sound_packets(content: &Content, frames: std::ops::Range<u64>) -> u64 {
    let sound = &content.asset.sound;
    let len = frames
        .map(|frame| sound.stream_sample(frame).len())
        .sum::<usize>();
    let alone = content.picture.is_none();
    packets_for(PES_HEADER_LEN + len, payload_room(alone, alone)) as u64
}

fn picture_packets(content: &Content, frame: u64) -> u64 {
    let len = content.picture(frame).len();
    packets_for(PES_HEADER_LEN + len, payload_room(true, true)) as u64
}

impl Content {
    /// Picture `frame` since the epoch, as a transport stream holds it.
    fn picture(&self, frame: u64) -> &[u8] {
        self.picture
            .map(|place| self.asset.pictures[place].stream_sample(frame))
            .unwrap_or_default()
    }
}

fn sent_before(content: &Content) -> Vec<Sent> {
    let mut sent = Sent::default();
    let mut all = vec![sent];
    for n in 0..content.grid.period() {
        let plan = plan(content, n, content.bitrate);
        let [tables, sound, picture] = plan
            .lanes
            .map(|units| units.iter().map(|unit| unit.packets).sum::<u64>());
        // Each table takes one packet of the two.
        sent.tables += tables / TABLE_PACKETS;
        sent.sound += sound;
        sent.picture += picture;
        all.push(sent);
    }
    all
}

/// Whether every segment holds its content at `bitrate`, and every sample arrives before it is due.
fn fits(content: &Content, bitrate: u64) -> bool {
    /// What rounding may take from a segment elsewhere on the clock.
    const SLACK: u64 = 2;
    let late = (DELAY_TICKS * bitrate / (TICKS * PACKET_BITS)).saturating_sub(SLACK);
    (0..content.grid.period()).all(|n| {
        let mut plan = plan(content, n, bitrate);
        plan.packets = plan.packets.saturating_sub(SLACK);
        let units = plan.lanes.clone();
        let mut in_time = true;
        let fits = plan.walk(|at, slot| {
            if let Slot::Unit(lane, unit) = slot {
                in_time &= at <= units[lane as usize][unit].release + late;
            }
        });
        fits != Err(Overfull) && in_time
    })
}

/// Writes the slots of one segment.
struct Writer<'a> {
    renderer: &'a Renderer,
    n: u64,
    first_packet: u64,
    sent: Sent,
    sound: Vec<std::ops::Range<u64>>,
    /// The PES packet in progress of each lane, and how much of it was sent.
    pes: [(Vec<u8>, usize); 3],
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    fn new(renderer: &'a Renderer, n: u64, packets: u64) -> Self {
        let content = &renderer.content;
        Self {
            renderer,
            n,
            first_packet: packet_at(content.grid.start_ticks(n), content.bitrate),
            sent: renderer.sent_before(n),
            sound: sound_groups(content, n).collect(),
            pes: Default::default(),
            out: Vec::with_capacity(packets as usize * PACKET_LEN),
        }
    }

    fn write(&mut self, at: u64, slot: Slot) {
        match slot {
            Slot::Unit(Lane::Tables, _) => self.write_table(),
            Slot::Unit(lane, unit) => self.write_pes(at, lane, unit),
            Slot::Clock => self.write_clock(at),
            Slot::Null(count) => {
                for _ in 0..count {
                    self.out.extend_from_slice(&NULL);
                }
            }
        }
    }

    /// PAT and PMT in turn: `pes[Tables].1` tells which.
    fn write_table(&mut self) {
        let turn = &mut self.pes[Lane::Tables as usize].1;
        let (pid, section) = match *turn {
            0 => (PAT_PID, &self.renderer.pat),
            _ => (PMT_PID, &self.renderer.pmt),
        };
        let header = Header {
            pid,
            start: true,
            continuity: (self.sent.tables % 16) as u8,
            random_access: false,
            clock: None,
        };
        // A section ends within its packet; stuffing behind it is 0xff, not an adaptation field.
        let mut payload = [0xff; PACKET_LEN - 4];
        payload[..section.len()].copy_from_slice(section);
        write_packet(&mut self.out, header, &payload);
        self.sent.tables += *turn as u64;
        *turn = 1 - *turn;
    }

    fn write_pes(&mut self, at: u64, lane: Lane, unit: usize) {
        let start = self.pes[lane as usize].1 == self.pes[lane as usize].0.len();
        if start {
            self.begin_pes(lane, unit);
        }
        let clock = self.clock(at);
        let alone = self.renderer.content.picture.is_none();
        let frame = self.renderer.content.grid.frames(self.n).start + unit as u64;
        let (pid, sent, opens_clock, random_access) = match lane {
            Lane::Picture => (
                PICTURE_PID,
                &mut self.sent.picture,
                true,
                frame.is_multiple_of(GOP_FRAMES),
            ),
            _ => (SOUND_PID, &mut self.sent.sound, alone, alone),
        };
        let header = Header {
            pid,
            start,
            continuity: (*sent % 16) as u8,
            random_access: start && random_access,
            clock: (start && opens_clock).then_some(clock),
        };
        *sent += 1;
        let (pes, done) = &mut self.pes[lane as usize];
        *done += write_packet(&mut self.out, header, &pes[*done..]);
    }

    /// Assembles the PES packet of a unit.
    fn begin_pes(&mut self, lane: Lane, unit: usize) {
        let content = &self.renderer.content;
        let (pes, done) = &mut self.pes[lane as usize];
        pes.clear();
        *done = 0;
        if lane == Lane::Picture {
            let frame = content.grid.frames(self.n).start + unit as u64;
            let pts = frame * FRAME_TICKS + DELAY_TICKS;
            // Video may be of unbounded length, and then is: one form for all pictures.
            write_pes_header(pes, video_stream_id(), pts, usize::MAX >> 1);
            pes.extend_from_slice(content.picture(frame));
        } else {
            let frames = self.sound[unit].clone();
            let sound = &content.asset.sound;
            let len = frames
                .clone()
                .map(|frame| sound.stream_sample(frame).len())
                .sum();
            let pts = frames.start * AAC_TICKS + DELAY_TICKS;
            write_pes_header(pes, audio_stream_id(), pts, len);
            for frame in frames {
                pes.extend_from_slice(sound.stream_sample(frame));
            }
        }
    }

    /// The moment of packet `at`, counted since the epoch.
    fn clock(&self, at: u64) -> Clock {
        let bits = u128::from(self.first_packet + at) * u128::from(PACKET_BITS);
        let ticks = bits * u128::from(CLOCK_HZ) / u128::from(self.renderer.content.bitrate);
        Clock((ticks % u128::from(Clock::WRAP)) as u64)
    }

    fn write_clock(&mut self, at: u64) {
        let content = &self.renderer.content;
        let sent = if content.picture.is_some() {
            self.sent.picture
        } else {
            self.sent.sound
        };
        let header = Header {
            pid: clock_pid(content),
            start: false,
            // Without payload the counter stays where it is (2.4.3.3).
            continuity: (sent.wrapping_sub(1) % 16) as u8,
            random_access: false,
            clock: Some(self.clock(at)),
        };
        write_packet(&mut self.out, header, &[]);
    }
}
