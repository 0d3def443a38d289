//! Program specific information: the tables PAT and PMT (ISO/IEC 13818-1, 2.4.4).

use super::Error;

/// The codec of an elementary stream, by stream type (ISO/IEC 13818-1, table 2-34).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamKind {
    /// H.264 in Annex B form.
    H264,
    /// H.265 in Annex B form.
    H265,
    /// AAC in ADTS frames.
    Aac,
    /// Timed ID3, AC-3, and whatever else: the stream type.
    Other(u8),
}

impl StreamKind {
    /// The code in the program map.
    pub const fn code(self) -> u8 {
        match self {
            Self::H264 => 0x1b,
            Self::H265 => 0x24,
            Self::Aac => 0x0f,
            Self::Other(code) => code,
        }
    }

    /// The kind that `code` stands for.
    pub const fn from_code(code: u8) -> Self {
        match code {
            0x1b => Self::H264,
            0x24 => Self::H265,
            0x0f => Self::Aac,
            other => Self::Other(other),
        }
    }
}

/// One program, as its map tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// PID whose packets carry the clock reference.
    pub clock_pid: u16,
    /// PID and kind of each stream.
    pub streams: Vec<(u16, StreamKind)>,
}

const PAT_ID: u8 = 0x00;
const PMT_ID: u8 = 0x02;
const PROGRAM_NUMBER: u16 = 1;

/// The payload of a packet that holds a PAT with one program: pointer field and section.
pub fn write_pat_section(pmt_pid: u16) -> Vec<u8> {
    let mut body = PROGRAM_NUMBER.to_be_bytes().to_vec();
    body.extend_from_slice(&(0xe000 | pmt_pid).to_be_bytes());
    section(PAT_ID, 1, &body)
}

/// The payload of a packet that holds the PMT of `program`: pointer field and section.
pub fn write_pmt_section(program: &Program) -> Vec<u8> {
    let mut body = (0xe000 | program.clock_pid).to_be_bytes().to_vec();
    body.extend_from_slice(&[0xf0, 0]);
    for (pid, kind) in &program.streams {
        body.push(kind.code());
        body.extend_from_slice(&(0xe000 | pid).to_be_bytes());
        body.extend_from_slice(&[0xf0, 0]);
    }
    section(PMT_ID, PROGRAM_NUMBER, &body)
}

/// A pointer field of zero, then a section in long form with one part, version 0, applicable now.
fn section(table_id: u8, extension: u16, body: &[u8]) -> Vec<u8> {
    const AFTER_LENGTH: usize = 5;
    const CHECKSUM: usize = 4;
    let length = (AFTER_LENGTH + body.len() + CHECKSUM) as u16;
    let mut out = vec![0, table_id];
    out.extend_from_slice(&(0xb000 | length).to_be_bytes());
    out.extend_from_slice(&extension.to_be_bytes());
    out.extend_from_slice(&[0xc1, 0, 0]);
    out.extend_from_slice(body);
    let checksum = crc32(&out[1..]);
    out.extend_from_slice(&checksum.to_be_bytes());
    out
}

/// The checksum of sections (ISO/IEC 13818-1, annex A): over a whole section with its checksum,
/// zero.
pub fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

/// What follows a section's header, checked.
fn section_body<'a>(payload: &'a [u8], id: u8, what: &'static str) -> Result<&'a [u8], Error> {
    let short = Error::Short { what };
    let (&pointer, rest) = payload.split_first().ok_or(short)?;
    let section = rest.get(usize::from(pointer)..).ok_or(short)?;
    let (&[table_id, high, low], _) = section.split_first_chunk().ok_or(short)?;
    let len = 3 + usize::from(u16::from_be_bytes([high & 0x0f, low]));
    let section = section.get(..len).ok_or(short)?;
    if table_id != id || len < 12 {
        return Err(short);
    }
    if crc32(section) != 0 {
        return Err(Error::Checksum { what });
    }
    Ok(&section[8..len - 4])
}

/// The PIDs of the program maps in a PAT (payload of one packet, pointer field included).
pub fn parse_pat(payload: &[u8]) -> Result<Vec<u16>, Error> {
    let body = section_body(payload, PAT_ID, "program association table")?;
    let (entries, _) = body.as_chunks::<4>();
    Ok(entries
        .iter()
        .filter(|[high, low, ..]| (*high, *low) != (0, 0))
        .map(|[_, _, high, low]| u16::from_be_bytes([high & 0x1f, *low]))
        .collect())
}

/// The program that a PMT describes (payload of one packet, pointer field included).
pub fn parse_pmt(payload: &[u8]) -> Result<Program, Error> {
    let what = "program map table";
    let short = Error::Short { what };
    let body = section_body(payload, PMT_ID, what)?;
    let (&[clock_high, clock_low, info_high, info_low], rest) =
        body.split_first_chunk().ok_or(short)?;
    let info = usize::from(u16::from_be_bytes([info_high & 0x0f, info_low]));
    let mut rest = rest.get(info..).ok_or(short)?;
    let mut streams = Vec::new();
    while let Some((&[kind, pid_high, pid_low, info_high, info_low], after)) =
        rest.split_first_chunk()
    {
        let pid = u16::from_be_bytes([pid_high & 0x1f, pid_low]);
        streams.push((pid, StreamKind::from_code(kind)));
        let info = usize::from(u16::from_be_bytes([info_high & 0x0f, info_low]));
        rest = after.get(info..).ok_or(short)?;
    }
    Ok(Program {
        clock_pid: u16::from_be_bytes([clock_high & 0x1f, clock_low]),
        streams,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tables_read_back() {
        let program = Program {
            clock_pid: 0x100,
            streams: vec![(0x100, StreamKind::H264), (0x101, StreamKind::Aac)],
        };
        assert_eq!(parse_pmt(&write_pmt_section(&program)), Ok(program));
        assert_eq!(parse_pat(&write_pat_section(0x1000)), Ok(vec![0x1000]));
    }

    #[test]
    fn the_checksum_is_that_of_the_standard() {
        // CRC-32/MPEG-2 of "123456789".
        assert_eq!(crc32(b"123456789"), 0x0376_e6e7);
    }

    #[test]
    fn a_flipped_bit_is_found() {
        let mut section = write_pat_section(0x1000);
        section[10] ^= 1;
        let what = "program association table";
        assert_eq!(parse_pat(&section), Err(Error::Checksum { what }));
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..184)) {
            let _ = parse_pat(&bytes);
            let _ = parse_pmt(&bytes);
            // Behind a right checksum too.
            if bytes.len() < 170 {
                let _ = parse_pmt(&section(PMT_ID, 1, &bytes));
                let _ = parse_pat(&section(PAT_ID, 1, &bytes));
            }
        }
    }
}
