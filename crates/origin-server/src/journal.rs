//! The ledger on disk: what was served survives the server, even one that is killed.
//!
//! `FILE` holds the ledger as JSON, as of the moment a page was turned. Since then, each exchange
//! that ended stands as a line in `FILE.log-PAGE`, written at once: a line handed to the kernel
//! survives the process. When the log is long, and when the server stops, the page is turned: the
//! next log is begun, then `FILE` replaced in one step, then the old log removed; a server killed
//! in between finds one whole state or the other. What was in flight when a server was killed
//! it cannot know, and does not claim.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use base::Class;

use crate::{
    Error,
    ledger::{Book, Count, End, Ledger, SCHEMA},
};

/// Bytes of log after which the page is turned.
const LOG_BYTES_MAX: u64 = 1 << 20;
const MALFORMED: &str = "malformed";

/// The disk behind a [`Book`].
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    page: Mutex<Page>,
}

#[derive(Debug)]
struct Page {
    number: u64,
    log: File,
    len: u64,
    /// Whether the disk failed; said once, then the ledger goes on in memory.
    failed: bool,
}

impl Journal {
    /// Opens `path`, and gives what was served before; `fresh` is the ledger of a first start.
    pub(crate) fn open(path: &Path, fresh: Ledger) -> Result<(Self, Ledger), Error> {
        let refuse = |problem: String| Error::LedgerFile {
            path: path.into(),
            problem,
        };
        let mut before = match fs::read(path) {
            Ok(json) => {
                let mut ledger = parse(&json).map_err(refuse)?;
                ledger.restarts += 1;
                ledger
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fresh,
            Err(error) => return Err(refuse(error.to_string())),
        };
        let log = open_log(path, before.page).map_err(refuse)?;
        let lines = fs::read_to_string(log_path(path, before.page))
            .map_err(|error| refuse(error.to_string()))?;
        replay(&mut before, &lines);
        let mut page = Page {
            number: before.page,
            log,
            len: 0,
            failed: false,
        };
        page.turn(path, &mut before)
            .map_err(|error| refuse(error.to_string()))?;
        let journal = Self {
            path: path.into(),
            page: Mutex::new(page),
        };
        Ok((journal, before))
    }

    /// Books the end of an exchange, in memory and on disk.
    pub(crate) fn end(&self, book: &Book, class: Class, status: u16, end: End, bytes: u64) {
        let end_name = match end {
            End::Complete => "complete",
            End::Interrupted => "interrupted",
        };
        let line = format!("{} {status} {end_name} {bytes}\n", class.name());
        self.write(book, &line, |book| book.end(class, status, end, bytes));
    }

    /// Books a head that did not read.
    pub(crate) fn malformed(&self, book: &Book) {
        self.write(book, &format!("{MALFORMED}\n"), Book::malformed);
    }

    /// Turns the last page: what stands in the file is all there is.
    pub(crate) fn close(&self, book: &Book) -> Result<(), Error> {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        let last = page
            .turn(&self.path, &mut book.ledger())
            .and_then(|()| fs::remove_file(log_path(&self.path, page.number)));
        last.map_err(|error| Error::LedgerFile {
            path: self.path.clone(),
            problem: error.to_string(),
        })
    }

    /// Changes book and log together, so that a page is turned between changes, never within.
    fn write(&self, book: &Book, line: &str, change: impl FnOnce(&Book)) {
        let mut page = self.page.lock().unwrap_or_else(PoisonError::into_inner);
        change(book);
        let mut result = page.log.write_all(line.as_bytes());
        page.len += line.len() as u64;
        if result.is_ok() && page.len >= LOG_BYTES_MAX {
            result = page.turn(&self.path, &mut book.ledger());
        }
        if let Err(error) = result
            && !page.failed
        {
            page.failed = true;
            tracing::error!(file = %self.path.display(), %error, "the ledger is not on disk any more");
        }
    }
}

impl Page {
    /// Writes `ledger` to the file and begins the log of the next page.
    fn turn(&mut self, path: &Path, ledger: &mut Ledger) -> io::Result<()> {
        let next = self.number + 1;
        ledger.page = next;
        let log = open_log(path, next).map_err(io::Error::other)?;
        // Of an earlier attempt that failed half-way.
        log.set_len(0)?;
        let mut saved = ledger.clone();
        saved.forget_in_flight();
        let new = with_suffix(path, ".new");
        fs::write(&new, serde_json::to_vec_pretty(&saved)?)?;
        fs::rename(&new, path)?;
        // The old log is out of use whether it goes or stays.
        let _ = fs::remove_file(log_path(path, self.number));
        (self.number, self.log, self.len) = (next, log, 0);
        Ok(())
    }
}

fn parse(json: &[u8]) -> Result<Ledger, String> {
    const ADVICE: &str = "move it away, or name another file with --ledger";
    let ledger: Ledger = serde_json::from_slice(json)
        .map_err(|error| format!("this is no ledger ({error}); {ADVICE}"))?;
    if ledger.schema != SCHEMA {
        return Err(format!(
            "this is a ledger of another form, {:?}; {ADVICE}",
            ledger.schema
        ));
    }
    Ok(ledger)
}

/// The log of a page, for adding to, and ours alone.
fn open_log(path: &Path, page: u64) -> Result<File, String> {
    let log = log_path(path, page);
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log)
        .map_err(|error| format!("{}: {error}", log.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err("another origin keeps its ledger here; name another file with --ledger".into())
        }
        Err(TryLockError::Error(error)) => Err(format!("{}: {error}", log.display())),
    }
}

fn log_path(path: &Path, page: u64) -> PathBuf {
    with_suffix(path, &format!(".log-{page}"))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Adds the lines of a log. A last line without its end was being written when the power went.
fn replay(ledger: &mut Ledger, lines: &str) {
    for line in lines
        .split_inclusive('\n')
        .filter_map(|line| line.strip_suffix('\n'))
    {
        if line == MALFORMED {
            ledger.malformed += 1;
        } else if let Some((class, status, end, bytes)) = parse_line(line) {
            ledger.add(class, status, end, Count { requests: 1, bytes });
        }
    }
}

fn parse_line(line: &str) -> Option<(Class, u16, End, u64)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    let class = Class::ALL.into_iter().find(|class| class.name() == name)?;
    let status = words.next()?.parse().ok()?;
    let end = match words.next()? {
        "complete" => End::Complete,
        "interrupted" => End::Interrupted,
        _ => return None,
    };
    Some((class, status, end, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of this test's own, empty, gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir()
                .join(format!("liveswarm-journal-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("ledger.json")
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<_> = fs::read_dir(&self.0)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn open(folder: &Folder) -> (Journal, Book) {
        let (journal, before) = Journal::open(&folder.file(), Ledger::default()).unwrap();
        (journal, Book::new(before))
    }

    fn serve(journal: &Journal, book: &Book, times: u64) {
        for _ in 0..times {
            book.begin(Class::Segment);
            journal.end(book, Class::Segment, 200, End::Complete, 1000);
        }
    }

    #[test]
    fn what_was_served_survives_a_stop() {
        let folder = Folder::new("stop");
        let (journal, book) = open(&folder);
        serve(&journal, &book, 3);
        journal.malformed(&book);
        journal.close(&book).unwrap();
        assert_eq!(folder.names(), ["ledger.json"]);
        let saved: Ledger = serde_json::from_slice(&fs::read(folder.file()).unwrap()).unwrap();
        assert_eq!(saved.total, book.ledger().total);
        drop(journal);
        let (journal, book) = open(&folder);
        serve(&journal, &book, 2);
        let ledger = book.ledger();
        assert_eq!((ledger.total.requests, ledger.total.bytes), (5, 5000));
        assert_eq!((ledger.restarts, ledger.malformed), (1, 1));
    }

    #[test]
    fn what_was_served_survives_a_kill() {
        let folder = Folder::new("kill");
        let (journal, book) = open(&folder);
        serve(&journal, &book, 3);
        book.begin(Class::Segment);
        journal.malformed(&book);
        // A killed process closes nothing and saves nothing; its files and locks go with it.
        drop((journal, book));
        fs::write(
            folder.0.join("ledger.json.log-1"),
            fs::read_to_string(folder.0.join("ledger.json.log-1")).unwrap() + "segment 200 compl",
        )
        .unwrap();
        let (_journal, book) = open(&folder);
        let ledger = book.ledger();
        assert_eq!((ledger.total.requests, ledger.total.in_flight), (3, 0));
        assert_eq!((ledger.total.bytes, ledger.malformed), (3000, 1));
    }

    #[test]
    fn a_long_log_turns_the_page() {
        let folder = Folder::new("long");
        let (journal, book) = open(&folder);
        serve(&journal, &book, 60_000);
        drop((journal, book));
        let (_journal, book) = open(&folder);
        assert_eq!(book.ledger().total.requests, 60_000);
        assert_eq!(folder.names().len(), 2, "{:?}", folder.names());
    }

    #[test]
    fn killed_between_two_steps_it_finds_one_state() {
        let folder = Folder::new("between");
        let (journal, book) = open(&folder);
        serve(&journal, &book, 2);
        let file = fs::read(folder.file()).unwrap();
        let log = fs::read(folder.0.join("ledger.json.log-1")).unwrap();
        serve(&journal, &book, 1);
        journal.close(&book).unwrap();
        drop(journal);
        // As it stood after the next log was begun, before the file was replaced.
        fs::write(folder.file(), file).unwrap();
        fs::write(folder.0.join("ledger.json.log-1"), &log).unwrap();
        fs::write(
            folder.0.join("ledger.json.log-2"),
            b"segment 200 complete 7\n",
        )
        .unwrap();
        let (journal, book) = open(&folder);
        assert_eq!(
            book.ledger().total.complete,
            Count {
                requests: 2,
                bytes: 2000
            }
        );
        drop(journal);
        // As it stood after the file was replaced, before the old log was removed.
        fs::write(folder.0.join("ledger.json.log-1"), &log).unwrap();
        let (_journal, book) = open(&folder);
        assert_eq!(
            book.ledger().total.complete,
            Count {
                requests: 2,
                bytes: 2000
            }
        );
    }

    #[test]
    fn a_file_that_is_no_ledger_is_left_alone() {
        let folder = Folder::new("other");
        for content in ["", "{}", "# notes", r#"{"schema":"liveswarm.run/1"}"#] {
            fs::write(folder.file(), content).unwrap();
            let error = Journal::open(&folder.file(), Ledger::default())
                .unwrap_err()
                .to_string();
            assert!(error.contains("name another file"), "{error}");
            assert_eq!(fs::read_to_string(folder.file()).unwrap(), content);
        }
    }

    #[test]
    fn two_origins_do_not_share_a_file() {
        let folder = Folder::new("two");
        let _first = open(&folder);
        let error = Journal::open(&folder.file(), Ledger::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("another origin"), "{error}");
    }

    #[test]
    fn a_folder_that_is_not_there_is_said_at_once() {
        let error =
            Journal::open(Path::new("/nowhere/at/all.json"), Ledger::default()).unwrap_err();
        assert!(
            error.to_string().contains("/nowhere/at/all.json"),
            "{error}"
        );
    }
}
