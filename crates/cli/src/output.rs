//! What a run leaves behind: the summary, and files that were asked for.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use base::ViewerState;
use report::{Run, Style};
use telemetry::Snapshot;

use crate::exit::Facts;
use crate::settings::Settings;

/// The file name that means standard output.
const STANDARD_OUTPUT: &str = "-";

/// Finds out before the run whether its outputs can be written after it; leaves no trace.
pub(crate) fn check_writable(settings: &Settings) -> anyhow::Result<()> {
    let path = match settings.json.as_deref() {
        Some(path) if path != Path::new(STANDARD_OUTPUT) => path,
        _ => return Ok(()),
    };
    let was_there = path.exists();
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("--json: {} can't be written", path.display()))?;
    if !was_there {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// What decides the exit code.
pub(crate) fn facts(snapshot: &Snapshot) -> Facts {
    use ViewerState::{BackingOff, Ended, Failed, Playing, Stalled, Waiting};
    let viewers = &snapshot.viewers;
    let any = |states: &[ViewerState]| states.iter().any(|state| viewers.count(*state) > 0);
    let played = |group: &telemetry::viewers::Group| !group.time(Playing).is_zero();
    Facts {
        played: played(&viewers.tracked) || played(&viewers.untracked),
        any_well: any(&[Playing, Stalled, Ended]),
        // A viewer that gave up is down, or was started again.
        all_gave_up: !any(&[Waiting])
            && viewers.restarts + viewers.count(BackingOff) + viewers.count(Failed)
                >= viewers.started.max(1),
        generator: snapshot.generator.verdict(),
    }
}

/// Writes the summary and the files. The summary goes to standard output, unless the JSON does.
pub(crate) fn write(settings: &Settings, run: &Run<'_>) -> anyhow::Result<()> {
    let json_path = settings.json.as_deref();
    let to_stdout = json_path == Some(Path::new(STANDARD_OUTPUT));
    // The summary first: a full disk must not cost it.
    if to_stdout {
        let style = style(io::stderr().is_terminal());
        put(io::stderr().lock(), &report::text(run, style))?;
    } else {
        let style = style(io::stdout().is_terminal());
        put(io::stdout().lock(), &report::text(run, style))?;
    }
    match json_path {
        Some(_) if to_stdout => put(io::stdout().lock(), &report::json(run)),
        Some(path) => std::fs::write(path, report::json(run))
            .with_context(|| format!("--json: {} can't be written", path.display())),
        None => Ok(()),
    }
}

fn style(terminal: bool) -> Style {
    if colour(terminal) {
        Style::Colour
    } else {
        Style::Plain
    }
}

/// Whether to use colours: on a terminal, unless `NO_COLOR` is set to something (no-color.org).
pub(crate) fn colour(terminal: bool) -> bool {
    terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Writes text; a reader that has gone away is no error.
fn put(mut to: impl Write, text: &str) -> anyhow::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("can't write the summary"),
    }
}
