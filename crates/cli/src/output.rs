//! What a run leaves behind: the summary, and files that were asked for.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use anyhow::Context;
use base::ViewerState;
use report::{Run, Style};
use telemetry::Snapshot;

use crate::args;
use crate::exit::{Exit, Facts};
use crate::files;
use crate::settings::Settings;

/// Finds out before the run whether its outputs can be written after it; leaves no trace.
pub(crate) fn check_writable(settings: &Settings) -> anyhow::Result<()> {
    for (option, path) in settings.files.all() {
        files::check_writable(option, path)?;
    }
    Ok(())
}

/// What decides the exit code.
pub(crate) fn facts(snapshot: &Snapshot, objectives_failed: usize) -> Facts {
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
        objectives_failed,
    }
}

/// Writes the summary and the files. The summary goes to standard output, unless a file does. The
/// summary comes first: a full disk must not cost it; and one file that can't be written costs no
/// other.
pub(crate) fn write(settings: &Settings, run: &Run<'_>) -> anyhow::Result<()> {
    let asked = &settings.files;
    if asked.any_to_stdout() {
        let style = style(io::stderr().is_terminal());
        files::put(io::stderr().lock(), &report::text(run, style))?;
    } else {
        let style = style(io::stdout().is_terminal());
        files::put(io::stdout().lock(), &report::text(run, style))?;
    }
    let document = report::document(run);
    let mut written = Ok(());
    let mut write = |option: &str, path: Option<&Path>, text: &dyn Fn() -> String| {
        if let Some(path) = path {
            let done = files::write(option, path, &text());
            written = std::mem::replace(&mut written, Ok(())).and(done);
        }
    };
    write("--json", asked.json.as_deref(), &|| report::json(run));
    write("--report", asked.report.as_deref(), &|| {
        report::html(&document)
    });
    write("--junit", asked.junit.as_deref(), &|| {
        report::junit(&document)
    });
    written
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

/// Prints the file of a scenario.
pub(crate) fn print_scenario(run: &args::Run) -> anyhow::Result<Exit> {
    let text = run.scenario_text.as_deref().unwrap_or_default();
    print(text.trim_end().to_owned())?;
    Ok(Exit::Fine)
}

/// Writes a line to standard output.
pub(crate) fn print(mut line: String) -> anyhow::Result<()> {
    line.push('\n');
    let written = std::io::stdout().write_all(line.as_bytes());
    written.context("can't write to standard output")
}
