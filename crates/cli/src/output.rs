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

/// Finds out before the run whether its outputs can be written after it.
pub(crate) fn check_writable(settings: &Settings) -> anyhow::Result<()> {
    match settings.json.as_deref() {
        Some(path) if path != Path::new(STANDARD_OUTPUT) => OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map(drop)
            .with_context(|| format!("--json: {} can't be written", path.display())),
        _ => Ok(()),
    }
}

/// What decides the exit code.
pub(crate) fn facts(snapshot: &Snapshot) -> Facts {
    use ViewerState::{BackingOff, Ended, Failed, Playing, Stalled};
    let viewers = &snapshot.viewers;
    let any = |states: &[ViewerState]| states.iter().any(|state| viewers.count(*state) > 0);
    let played = |group: &telemetry::viewers::Group| !group.time(Playing).is_zero();
    Facts {
        played: played(&viewers.tracked) || played(&viewers.untracked),
        any_well: any(&[Playing, Stalled, Ended]),
        any_gave_up: any(&[BackingOff, Failed]) || viewers.restarts > 0,
        generator: snapshot.generator.verdict(),
    }
}

/// Writes the summary and the files. The summary goes to standard output, unless the JSON does.
pub(crate) fn write(settings: &Settings, run: &Run<'_>) -> anyhow::Result<()> {
    let json_path = settings.json.as_deref();
    let to_stdout = json_path == Some(Path::new(STANDARD_OUTPUT));
    if let Some(path) = json_path {
        let json = report::json(run);
        if to_stdout {
            put(io::stdout().lock(), &json)?;
        } else {
            std::fs::write(path, &json)
                .with_context(|| format!("--json: {} can't be written", path.display()))?;
        }
    }
    if to_stdout {
        put(
            io::stderr().lock(),
            &report::text(run, style(io::stderr().is_terminal())),
        )
    } else {
        put(
            io::stdout().lock(),
            &report::text(run, style(io::stdout().is_terminal())),
        )
    }
}

fn style(terminal: bool) -> Style {
    if terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) {
        Style::Colour
    } else {
        Style::Plain
    }
}

/// Writes text; a reader that has gone away is no error.
fn put(mut to: impl Write, text: &str) -> anyhow::Result<()> {
    match to.write_all(text.as_bytes()).and_then(|()| to.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.context("can't write the summary"),
    }
}
