//! Large bodies in files that live in memory: the kernel sends them without copying them first.
//!
//! A body is laid down when it is first asked for, and goes when it was not wanted for a while and
//! nobody sends it any more.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tokio::time::Instant;

/// Shorter bodies are copied: looking a file up would cost as much.
const BODY_BYTES_MIN: usize = 64 << 10;
/// What all sheets together may take; bodies beyond are copied.
const BYTES_MAX: usize = 128 << 20;
/// Sheets at a time, each a descriptor, few enough to look through; bodies beyond are copied.
const SHEETS_MAX: usize = 64;
/// How long a sheet stays that nobody asks for.
const UNUSED_MAX: Duration = Duration::from_secs(10);

/// Bodies that are wanted at present, or still sent.
#[derive(Debug, Default)]
pub(crate) struct Sheets(Mutex<Vec<Entry>>);

#[derive(Debug)]
struct Entry {
    /// Shared with those who send it. Only who holds the lock gives it to another.
    sheet: Arc<Sheet>,
    used: Instant,
}

/// A body and the file with it.
#[derive(Debug)]
pub(crate) struct Sheet {
    /// The same body, which keeps its place in memory from being another's.
    body: Bytes,
    /// Empty while it is laid down, and for good where that failed.
    file: OnceLock<OwnedFd>,
}

impl Sheet {
    fn new(body: &Bytes) -> Self {
        Self {
            body: body.clone(),
            file: OnceLock::new(),
        }
    }

    fn is_of(&self, body: &Bytes) -> bool {
        self.body.as_ptr() == body.as_ptr() && self.body.len() == body.len()
    }

    /// The file, if it is ready to be sent.
    pub(crate) fn file(&self) -> Option<&OwnedFd> {
        self.file.get()
    }
}

impl Sheets {
    /// The sheet of `body`, where that pays, there is room, and nobody is about to lay it down. It
    /// counts as long as it is held.
    pub(crate) fn of(&self, body: &Bytes, now: Instant) -> Option<Arc<Sheet>> {
        if body.len() < BODY_BYTES_MIN {
            return None;
        }
        self.tidy(now);
        let (sheet, is_new) = self.find_or_add(body, now)?;
        // Not under the lock: megabytes are copied, and others want other sheets.
        if is_new && let Ok(file) = lay_down(body) {
            let _ = sheet.file.set(file);
        }
        sheet.file().is_some().then_some(sheet)
    }

    fn find_or_add(&self, body: &Bytes, now: Instant) -> Option<(Arc<Sheet>, bool)> {
        let mut entries = self.entries();
        if let Some(entry) = entries.iter_mut().find(|entry| entry.sheet.is_of(body)) {
            entry.used = now;
            return Some((Arc::clone(&entry.sheet), false));
        }
        let taken: usize = entries.iter().map(|entry| entry.sheet.body.len()).sum();
        if entries.len() >= SHEETS_MAX || taken + body.len() > BYTES_MAX {
            return None;
        }
        let sheet = Arc::new(Sheet::new(body));
        entries.push(Entry {
            sheet: Arc::clone(&sheet),
            used: now,
        });
        Some((sheet, true))
    }

    /// Frees the sheets that nobody asked for lately and nobody sends.
    pub(crate) fn tidy(&self, now: Instant) {
        let is_over = |entry: &mut Entry| {
            now.saturating_duration_since(entry.used) >= UNUSED_MAX
                && Arc::strong_count(&entry.sheet) == 1
        };
        let over: Vec<Entry> = self.entries().extract_if(.., is_over).collect();
        // Not under the lock either: the system takes their pages back.
        drop(over);
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        // Whoever panicked here left the list whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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

    fn body(n: u8, len: usize) -> Bytes {
        Bytes::from(vec![n; len])
    }

    #[test]
    fn a_body_has_one_sheet_that_nobody_can_change() {
        let sheets = Sheets::default();
        let now = Instant::now();
        let first = body(7, BODY_BYTES_MIN);
        let sheet = sheets.of(&first, now).unwrap();
        assert!(Arc::ptr_eq(
            &sheet,
            &sheets.of(&first.clone(), now).unwrap()
        ));
        let file = sheet.file().unwrap();
        assert_eq!(content(file, first.len()), first);
        let mut writer = File::from(file.try_clone().unwrap());
        assert!(writer.write_all(b"x").is_err());
        assert!(writer.set_len(1).is_err());
        let same = body(7, BODY_BYTES_MIN);
        assert!(!Arc::ptr_eq(&sheet, &sheets.of(&same, now).unwrap()));
        assert!(sheets.of(&first.slice(1..), now).is_none(), "too short");
    }

    #[test]
    fn sheets_that_nobody_wants_make_room() {
        let sheets = Sheets::default();
        let begun = Instant::now();
        let [a, b, c] = [1, 2, 3].map(|n| body(n, BYTES_MAX / 2));
        assert!(sheets.of(&a, begun).is_some());
        let later = begun + UNUSED_MAX / 2;
        assert!(sheets.of(&b, later).is_some());
        assert!(sheets.of(&c, later).is_none(), "no room");
        let latest = begun + UNUSED_MAX;
        let sheet = sheets.of(&c, latest).unwrap();
        assert_eq!(content(sheet.file().unwrap(), c.len()), c);
        assert!(sheets.of(&a, latest).is_none(), "no room again");
    }

    #[test]
    fn a_sheet_counts_until_its_last_reader_is_through() {
        let sheets = Sheets::default();
        let begun = Instant::now();
        let (a, b) = (body(1, BYTES_MAX), body(2, BODY_BYTES_MIN));
        let slow = sheets.of(&a, begun).unwrap();
        let later = begun + 100 * UNUSED_MAX;
        assert!(sheets.of(&b, later).is_none(), "its pages are still there");
        drop(slow);
        assert!(sheets.of(&b, later).is_some());
        assert_eq!(sheets.entries().len(), 1);
        sheets.tidy(later + UNUSED_MAX);
        assert!(sheets.entries().is_empty(), "nobody needs to ask");
    }

    #[test]
    fn there_are_only_so_many() {
        let sheets = Sheets::default();
        let now = Instant::now();
        let bodies: Vec<_> = (0..=SHEETS_MAX).map(|_| body(0, BODY_BYTES_MIN)).collect();
        let got = |body| sheets.of(body, now).is_some();
        assert!(bodies[..SHEETS_MAX].iter().all(got));
        assert!(!got(&bodies[SHEETS_MAX]), "one too many");
        assert!(got(&bodies[0]), "one that is there");
    }

    #[test]
    fn who_comes_while_it_is_laid_down_does_not_wait() {
        let sheets = Sheets::default();
        let now = Instant::now();
        let body = body(1, BODY_BYTES_MIN);
        let (begun, is_new) = sheets.find_or_add(&body, now).unwrap();
        assert!(is_new && begun.file().is_none());
        assert!(sheets.of(&body, now).is_none(), "copies meanwhile");
        assert!(begun.file.set(lay_down(&body).unwrap()).is_ok());
        assert!(Arc::ptr_eq(&begun, &sheets.of(&body, now).unwrap()));
    }
}
