//! Files that are asked for: found to be writable before the run, written after it.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;

/// The file name that means standard input or output.
pub(crate) const STANDARD_STREAM: &str = "-";

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
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// Writes a whole file, or to standard output. Who reads the file sees the old one or the new one,
/// never half of it.
pub(crate) fn write(option: &str, path: &Path, text: &str) -> anyhow::Result<()> {
    if path == Path::new(STANDARD_STREAM) {
        return put(io::stdout().lock(), text);
    }
    let is_plain = path.metadata().map_or(true, |there| there.is_file());
    if !is_plain {
        // A pipe or a device is written to as it is.
        return std::fs::write(path, text).with_context(|| cannot(option, path));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text)
        .and_then(|()| std::fs::rename(&partial, path))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&partial);
        })
        .with_context(|| cannot(option, path))
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
