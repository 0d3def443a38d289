//! An origin asked at chosen instants, and what it served taken apart.

use base::Now;
use media::ts::{Clock, PACKET_LEN, Packet, PesHeader};
use origin::{Config, Origin, Request, Response};

/// Two-second segments, one variant of 400 kbit/s unless told otherwise.
pub(crate) fn config() -> Config {
    Config {
        variants: vec![origin::Bitrate(400_000)],
        ..Config::default()
    }
}

/// The instant of a wall clock.
pub(crate) fn at(unix_ms: i64) -> Now {
    Now {
        unix_ms,
        ..Now::default()
    }
}

/// What `path` gives at `unix_ms`.
pub(crate) fn get(origin: &Origin, path: &str, unix_ms: i64) -> Response {
    origin.respond(&Request::get(path), at(unix_ms))
}

/// A body that must be there.
pub(crate) fn body(origin: &Origin, path: &str, unix_ms: i64) -> bytes::Bytes {
    let response = get(origin, path, unix_ms);
    assert_eq!(response.status, 200, "{path} at {unix_ms}");
    assert_eq!(
        response.headers.get("content-length"),
        Some(&*response.body.len().to_string())
    );
    response.body
}

/// A text that must be there.
pub(crate) fn text(origin: &Origin, path: &str, unix_ms: i64) -> String {
    String::from_utf8(body(origin, path, unix_ms).to_vec()).unwrap()
}

/// Segments `numbers` of a track of two-second segments, each fetched when it is new.
pub(crate) fn segments(
    origin: &Origin,
    track: &str,
    extension: &str,
    numbers: std::ops::Range<u64>,
) -> Vec<bytes::Bytes> {
    numbers
        .map(|n| {
            body(
                origin,
                &format!("/live/{track}-{n}.{extension}"),
                (n as i64 + 1) * 2000,
            )
        })
        .collect()
}

/// The lines of a playlist that are URIs.
pub(crate) fn uris(playlist: &str) -> Vec<&str> {
    playlist
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect()
}

/// The value of a tag.
pub(crate) fn tag<'a>(playlist: &'a str, name: &str) -> Option<&'a str> {
    playlist
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

/// A PES packet of a stream: where it lies, and when it is presented.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pes {
    pub(crate) pid: u16,
    /// The number of its first packet in the stream.
    pub(crate) first_packet: usize,
    /// The number of its last packet in the stream.
    pub(crate) last_packet: usize,
    pub(crate) pts: u64,
    pub(crate) random_access: bool,
}

/// A transport stream, packet by packet.
pub(crate) struct Walk {
    pub(crate) clocks: Vec<(usize, Clock)>,
    pub(crate) pes: Vec<Pes>,
}

/// Takes a transport stream apart.
pub(crate) fn walk(stream: &[u8]) -> Walk {
    let mut walk = Walk {
        clocks: Vec::new(),
        pes: Vec::new(),
    };
    for (place, chunk) in stream.chunks(PACKET_LEN).enumerate() {
        let packet = Packet::parse(chunk, place * PACKET_LEN).unwrap();
        if let Some(clock) = packet.clock {
            walk.clocks.push((place, clock));
        }
        let is_pes = (0x100..0x200).contains(&packet.pid);
        if !is_pes || packet.payload.is_none() {
            continue;
        }
        if packet.start {
            walk.pes.push(Pes {
                pid: packet.pid,
                first_packet: place,
                last_packet: place,
                pts: PesHeader::parse(packet.payload.unwrap())
                    .unwrap()
                    .pts
                    .unwrap(),
                random_access: packet.random_access,
            });
        } else {
            let pes = walk
                .pes
                .iter_mut()
                .rfind(|pes| pes.pid == packet.pid)
                .unwrap();
            pes.last_packet = place;
        }
    }
    walk
}
