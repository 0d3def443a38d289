//! Running a program once for what it prints.

use std::time::Duration;

use crate::{Error, Exit, Keep, Source, Spec};

/// Most bytes that are kept of each stream; what is beyond is dropped and [`Captured::whole`] says
/// so. The longest help of a player is 1.3 MB.
const KEPT_BYTES_MAX: usize = 8 << 20;

/// What a program printed.
#[derive(Clone, Debug)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// Standard output; bytes that are not UTF-8 replaced, empty lines left out.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
    /// Nothing was too long to be kept.
    pub whole: bool,
}

/// Runs a program to its end, at most for `limit`.
///
/// # Errors
/// It does not start, or does not end in time; it is ended then.
pub async fn capture(spec: &Spec, limit: Duration) -> Result<Captured, Error> {
    let child = spec.spawn()?;
    let (mut stdout, mut stderr, mut whole) = (Vec::new(), Vec::new(), true);
    let run = child.run(|line| {
        let kept = match line.source {
            Source::Stdout => &mut stdout,
            Source::Stderr => &mut stderr,
        };
        if kept.len() + line.bytes.len() < KEPT_BYTES_MAX {
            kept.extend_from_slice(line.bytes);
            if !line.cut {
                kept.push(b'\n');
            }
        } else {
            whole = false;
        }
        Keep::Yes
    });
    let exit = tokio::time::timeout(limit, run)
        .await
        .map_err(|_| Error::TooSlow {
            program: spec.name(),
            seconds: limit.as_secs(),
        })?;
    Ok(Captured {
        exit,
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
        whole,
    })
}
