//! Large bodies in files that live in memory: the kernel sends them without copying them first.
//!
//! A body is laid down when it is first asked for, and goes when it was not wanted for a while.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tokio::time::Instant;

/// Shorter bodies are copied: looking a file up would cost as much.
const BODY_BYTES_MIN: usize = 64 << 10;
/// What all sheets together may take; bodies beyond are copied.
const BYTES_MAX: usize = 128 << 20;
/// How long a sheet stays that nobody asks for.
const UNUSED_MAX: Duration = Duration::from_secs(10);

/// Bodies that are wanted at present.
#[derive(Debug, Default)]
pub(crate) struct Sheets(Mutex<Vec<Sheet>>);

#[derive(Debug)]
struct Sheet {
    /// The same body, which keeps its place in memory from being another's.
    body: Bytes,
    file: Arc<OwnedFd>,
    used: Instant,
}

impl Sheet {
    fn is_of(&self, body: &Bytes) -> bool {
        self.body.as_ptr() == body.as_ptr() && self.body.len() == body.len()
    }
}

impl Sheets {
    /// The file with `body` in it, where that pays and there is room.
    pub(crate) fn of(&self, body: &Bytes, now: Instant) -> Option<Arc<OwnedFd>> {
        if body.len() < BODY_BYTES_MIN {
            return None;
        }
        // Whoever panicked here left the list whole.
        let mut sheets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sheet) = sheets.iter_mut().find(|sheet| sheet.is_of(body)) {
            sheet.used = now;
            return Some(Arc::clone(&sheet.file));
        }
        sheets.retain(|sheet| now.duration_since(sheet.used) < UNUSED_MAX);
        let taken: usize = sheets.iter().map(|sheet| sheet.body.len()).sum();
        if taken + body.len() > BYTES_MAX {
            return None;
        }
        let file = Arc::new(lay_down(body).ok()?);
        sheets.push(Sheet {
            body: body.clone(),
            file: Arc::clone(&file),
            used: now,
        });
        Some(file)
    }
}

/// A file with `body` in it, which nobody can change: pages that were sent and not yet
/// acknowledged are the file's own.
fn lay_down(body: &[u8]) -> std::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("segment", flags)?);
    file.write_all(body)?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(&file, seals)?;
    Ok(file.into())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;

    fn content(file: &OwnedFd, len: usize) -> Vec<u8> {
        let mut read = vec![0; len];
        let file = File::from(file.try_clone().unwrap());
        file.read_exact_at(&mut read, 0).unwrap();
        read
    }

    #[test]
    fn a_body_has_one_sheet_that_nobody_can_change() {
        let sheets = Sheets::default();
        let now = Instant::now();
        let body = Bytes::from(vec![7; BODY_BYTES_MIN]);
        let file = sheets.of(&body, now).unwrap();
        assert!(Arc::ptr_eq(&file, &sheets.of(&body.clone(), now).unwrap()));
        assert_eq!(content(&file, body.len()), body);
        let mut writer = File::from(file.try_clone().unwrap());
        assert!(writer.write_all(b"x").is_err());
        assert!(writer.set_len(1).is_err());
        let same = Bytes::from(vec![7; BODY_BYTES_MIN]);
        assert!(!Arc::ptr_eq(&file, &sheets.of(&same, now).unwrap()));
        assert!(sheets.of(&body.slice(1..), now).is_none(), "too short");
    }

    #[test]
    fn sheets_that_nobody_wants_make_room() {
        let sheets = Sheets::default();
        let begun = Instant::now();
        let bodies = [1, 2, 3].map(|n| Bytes::from(vec![n; BYTES_MAX / 2]));
        let [a, b, c] = &bodies;
        assert!(sheets.of(a, begun).is_some());
        let later = begun + UNUSED_MAX / 2;
        assert!(sheets.of(b, later).is_some());
        assert!(sheets.of(c, later).is_none(), "no room");
        let latest = begun + UNUSED_MAX;
        let file = sheets.of(c, latest).unwrap();
        assert_eq!(content(&file, c.len()), *c);
        assert!(sheets.of(a, latest).is_none(), "no room again");
    }
}
