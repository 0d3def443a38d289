//! Fragmented MP4 (ISO/IEC 14496-12; CMAF, ISO/IEC 23000-19): the facts of it, and a writer.
//!
//! Boxes are read and written by `mp4-atom`; here stands what a stream means by them. Reading
//! never panics, whatever the bytes, and skips boxes that say nothing about time.

mod description;
mod facts;
mod progressive;
mod write;

pub use description::{AacConfig, Description, ParameterSets};
pub use facts::{FragmentFacts, InitFacts, TrackFacts, fragment_facts, init_facts};
pub use progressive::{Sample, Track};
pub use write::{
    Run, RunSample, TrackHeader, free_box, write_fragment, write_init, write_prft, write_styp,
};

/// The smallest box: its size and its name.
pub const BOX_HEADER_LEN: usize = 8;

/// Why bytes are not an MP4 that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A box does not read.
    #[error("box `{name}` does not read: {problem}")]
    Box {
        /// Its name.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// A box that must be there is not.
    #[error("there is no `{0}` box")]
    Missing(&'static str),
    /// Sizes or times that contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// A box that can't be written.
    #[error("can't write: {0}")]
    Write(String),
}

/// The boxes at the top of `bytes`: name, and everything behind the header. Stops at the first
/// one that does not fit.
pub(crate) fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (&[a, b, c, d, name @ ..], body) = rest.split_first_chunk::<BOX_HEADER_LEN>()?;
        let (len, body) = match u32::from_be_bytes([a, b, c, d]) {
            // The last box may reach to the end of the file.
            0 => (body.len(), body),
            1 => {
                let (&long, body) = body.split_first_chunk::<8>()?;
                let len = usize::try_from(u64::from_be_bytes(long)).ok()?;
                (len.checked_sub(BOX_HEADER_LEN + 8)?, body)
            }
            len => ((len as usize).checked_sub(BOX_HEADER_LEN)?, body),
        };
        let (body, after) = body.split_at_checked(len)?;
        rest = after;
        Some((name, body))
    })
}

/// The first box called `name`, read.
pub(crate) fn find<T: mp4_atom::Atom>(bytes: &[u8], name: &'static str) -> Result<T, Error> {
    let body = boxes(bytes)
        .find(|(this, _)| this == name.as_bytes())
        .ok_or(Error::Missing(name))?
        .1;
    read(name, body)
}

/// The body of a box called `name`, read.
pub(crate) fn read<T: mp4_atom::Atom>(name: &str, body: &[u8]) -> Result<T, Error> {
    T::decode_body(&mut { body }).map_err(|problem| Error::Box {
        name: name.into(),
        problem: problem.to_string(),
    })
}

#[cfg(test)]
mod tests;
