//! Files that are asked for: found to be writable before the run, written after it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use crate::settings::Usage;

/// The file name that means standard input or output.
pub(crate) const STANDARD_STREAM: &str = "-";

/// Files of a run that are asked for.
#[derive(Clone, Debug, Default, Args)]
#[expect(clippy::doc_markdown, reason = "it is help, which is text")]
pub(crate) struct Files {
    /// Write the figures as JSON (schema liveswarm.run/1) to this file; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) json: Option<PathBuf>,

    /// Write a report as one HTML page that needs nothing else
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) report: Option<PathBuf>,

    /// Write the objectives as JUnit XML, a test case each
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) junit: Option<PathBuf>,

    /// Write a row a second as CSV while the run goes on; - is standard output
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub(crate) csv: Option<PathBuf>,
}

impl Files {
    /// Refuses two of them in one place, or in that of the log. (Before that is opened, which empties
    /// it.)
    pub(crate) fn check(&self, log: Option<&Path>) -> Result<(), Usage> {
        let log = log.map(|path| ("--log-file", path));
        check_distinct(self.all().chain(log))
    }

    /// Those that were asked for, with their options.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        let named = [
            ("--json", &self.json),
            ("--report", &self.report),
            ("--junit", &self.junit),
            ("--csv", &self.csv),
        ];
        let asked = named.into_iter();
        asked.filter_map(|(option, path)| path.as_deref().map(|path| (option, path)))
    }

    /// Whether one of them is standard output.
    pub(crate) fn any_to_stdout(&self) -> bool {
        self.all()
            .any(|(_, path)| path == Path::new(STANDARD_STREAM))
    }
}

/// Refuses two outputs into one file, of which the later one would be all that is left. A device or
/// a pipe may be written to by many.
pub(crate) fn check_distinct<'a>(
    asked: impl Iterator<Item = (&'static str, &'a Path)>,
) -> Result<(), Usage> {
    let mut taken: Vec<(&str, PathBuf)> = Vec::new();
    for (option, path) in asked {
        let place = place(path);
        if place.exists() && !place.is_file() {
            continue;
        }
        if let Some((first, _)) = taken.iter().find(|(_, other)| *other == place) {
            let shown = path.display();
            return Err(Usage::new(format!(
                "{first} and {option} would both be written to {shown}; give each a file of its own"
            )));
        }
        taken.push((option, place));
    }
    Ok(())
}

/// Whether two paths lead to one file, which may not be there yet.
pub(crate) fn are_one(a: &Path, b: &Path) -> bool {
    a != Path::new(STANDARD_STREAM) && place(a) == place(b)
}

/// Links that are followed where nothing is at their end yet.
const LINKS_MAX: usize = 40;

/// Where a path leads to, whichever way it is written.
fn place(path: &Path) -> PathBuf {
    if path == Path::new(STANDARD_STREAM) {
        return path.to_owned();
    }
    // What is there may be a pipe, or a file that has no name any more: links to those say so in
    // words that lead nowhere.
    if path.exists() {
        return in_its_folder(path);
    }
    let mut end = path.to_owned();
    for _ in 0..LINKS_MAX {
        match end.read_link() {
            Ok(next) => end = end.parent().unwrap_or(Path::new("")).join(next),
            Err(_) => break,
        }
    }
    in_its_folder(&end)
}

/// The path of what may not be there, in a folder that is.
fn in_its_folder(path: &Path) -> PathBuf {
    if let Ok(there) = path.canonicalize() {
        return there;
    }
    let Some(name) = path.file_name() else {
        return path.to_owned();
    };
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    folder
        .canonicalize()
        .unwrap_or(folder.to_owned())
        .join(name)
}

/// Finds out whether `path` can be written, and leaves no trace.
pub(crate) fn check_writable(option: &str, path: &Path) -> anyhow::Result<()> {
    if path == Path::new(STANDARD_STREAM) {
        return Ok(());
    }
    let was_there = path.exists();
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| cannot(option, path))?;
    if !was_there {
        // Of a link, what it leads to.
        let _ = std::fs::remove_file(place(path));
    }
    Ok(())
}

/// Writes a whole file, or to standard output. Who reads the file sees the old one or the new one,
/// never half of it; where no file can be put beside it, it is written as it is. A link is followed.
pub(crate) fn write(option: &str, path: &Path, text: &str) -> anyhow::Result<()> {
    if path == Path::new(STANDARD_STREAM) {
        return put(io::stdout().lock(), text);
    }
    let is_plain = path.metadata().map_or(true, |there| there.is_file());
    let written = if is_plain {
        let place = place(path);
        match put_in_place(&place, text) {
            Err(why) if !is_full(&why) => std::fs::write(&place, text),
            done => done,
        }
    } else {
        // A pipe or a device is written to as it is.
        std::fs::write(path, text)
    };
    written.with_context(|| cannot(option, path))
}

/// Writes beside `path`, and moves it there at once.
fn put_in_place(path: &Path, text: &str) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text)
        .and_then(|()| std::fs::rename(&partial, path))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&partial);
        })
}

/// Whether there is no room: then what is there stays as it is.
fn is_full(why: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(why.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

/// Writes text; a reader that has gone away is no error.
pub(crate) fn put(mut to: impl Write, text: &str) -> anyhow::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("can't write what was asked for"),
    }
}

pub(crate) fn cannot(option: &str, path: &Path) -> String {
    format!("{option}: {} can't be written", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_outputs_into_one_file_are_refused_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        std::fs::write(&there, "").unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&there, &link).unwrap();
        let dotted = folder.path().join(".").join("new");
        let dangling = folder.path().join("dangling");
        std::os::unix::fs::symlink("new", &dangling).unwrap();
        let new = folder.path().join("new");
        let standard = Path::new(STANDARD_STREAM);
        let null = Path::new("/dev/null");
        let cases = [
            (there.as_path(), new.as_path(), true),
            (&there, &there, false),
            (&there, &link, false),
            (&new, &dotted, false),
            (&new, &dangling, false),
            (standard, &new, true),
            (standard, standard, false),
            (null, null, true),
        ];
        for (json, csv, fine) in cases {
            let found = check_distinct([("--json", json), ("--csv", csv)].into_iter());
            assert_eq!(found.is_ok(), fine, "{json:?} {csv:?}");
            if let Err(why) = found {
                let why = why.to_string();
                assert!(why.contains("--json and --csv"), "{why}");
            }
        }
    }

    #[test]
    fn a_file_is_written_where_none_can_stand_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        // As long as a name may be: nothing can be added to it.
        let path = folder.path().join("n".repeat(255));
        write("--json", &path, "figures").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "figures");
    }

    #[test]
    fn a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write("--json", &link, "new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        let names = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(names, 2, "nothing is left beside them");
    }

    /// A link of the kernel's to an open file leads there, whatever it says.
    #[test]
    fn a_file_without_a_name_is_written_to_where_it_is() {
        use std::io::{Read, Seek};
        use std::os::fd::AsRawFd;
        let mut file = tempfile::tempfile().unwrap();
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        write("--json", Path::new(&link), "figures").unwrap();
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "figures");
    }

    #[test]
    fn a_link_to_what_is_not_there_yet_is_followed_too() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        std::os::unix::fs::symlink("file", &link).unwrap();
        check_writable("--json", &link).unwrap();
        assert!(link.is_symlink() && !file.exists(), "no trace is left");
        write("--json", &link, "new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
    }
}
