//! Whether the picture of a transport stream begins where a decoder can begin.

use media::ts::{PACKET_LEN, Packet, PesHeader, StreamKind};

/// How much of the first picture is searched: parameter sets and messages stand before its slice.
const SEARCH_BYTES_MAX: usize = 256 * 1024;

/// Whether the first picture of stream `pid` is an IDR (H.264), or an IDR, CRA or BLA one (H.265);
/// `None` where there is none, or the codec is another one.
pub(crate) fn begins_with_one(bytes: &[u8], pid: u16, kind: StreamKind) -> Option<bool> {
    let picture = first_payload(bytes, pid);
    let mut units = picture
        .windows(4)
        .filter_map(|window| match window {
            [0, 0, 1, header] => Some(*header),
            _ => None,
        })
        .filter_map(|header| is_idr(header, kind));
    units.next()
}

/// Whether a unit is a slice of a picture that can be decoded by itself; `None`: no slice at all.
fn is_idr(header: u8, kind: StreamKind) -> Option<bool> {
    match kind {
        StreamKind::H264 => match header & 0x1f {
            5 => Some(true),
            1..=4 => Some(false),
            _ => None,
        },
        StreamKind::H265 => match header >> 1 & 0x3f {
            16..=21 => Some(true),
            0..=15 => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The elementary stream's bytes of the first PES packet that begins here.
fn first_payload(bytes: &[u8], pid: u16) -> Vec<u8> {
    let mut payload = Vec::new();
    let mut begun = false;
    for (place, chunk) in bytes.chunks_exact(PACKET_LEN).enumerate() {
        let Ok(packet) = Packet::parse(chunk, place * PACKET_LEN) else {
            break;
        };
        if packet.pid != pid || (!begun && !packet.start) {
            continue;
        }
        if begun && packet.start || payload.len() > SEARCH_BYTES_MAX {
            break;
        }
        let mut data = packet.payload.unwrap_or_default();
        if packet.start {
            begun = true;
            let skip = PesHeader::parse(data).map_or(0, |header| header.len);
            data = data.get(skip..).unwrap_or_default();
        }
        payload.extend_from_slice(data);
    }
    payload
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::ts::{Header, video_stream_id, write_packet, write_pes_header};

    fn stream(units: &[&[u8]]) -> Vec<u8> {
        let mut pes = Vec::new();
        write_pes_header(&mut pes, video_stream_id(), 0, 0);
        for unit in units {
            pes.extend_from_slice(&[0, 0, 1]);
            pes.extend_from_slice(unit);
        }
        let mut out = Vec::new();
        let header = Header {
            pid: 0x100,
            start: true,
            continuity: 0,
            random_access: false,
            clock: None,
        };
        write_packet(&mut out, header, &pes);
        out
    }

    #[test]
    fn slices_tell() {
        use StreamKind::{Aac, H264, H265};
        type Case<'a> = (&'a [&'a [u8]], StreamKind, Option<bool>);
        let cases: [Case<'_>; 8] = [
            (
                &[&[9, 0xf0], &[0x67, 1], &[0x68, 1], &[0x65, 1]],
                H264,
                Some(true),
            ),
            (&[&[9, 0xf0], &[0x41, 1]], H264, Some(false)),
            (&[&[9, 0xf0]], H264, None),
            (&[], H264, None),
            (&[&[0x40, 1], &[0x42, 1], &[0x26, 1]], H265, Some(true)),
            (&[&[0x2a, 1]], H265, Some(true)),
            (&[&[0x02, 1]], H265, Some(false)),
            (&[&[0x65, 1]], Aac, None),
        ];
        for (units, kind, expected) in cases {
            assert_eq!(
                begins_with_one(&stream(units), 0x100, kind),
                expected,
                "{units:?}"
            );
        }
        assert_eq!(begins_with_one(&stream(&[&[0x65, 1]]), 0x101, H264), None);
    }
}
