//! `liveswarm check`: a verdict on a stream before the load.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use check::{Findings, Level, Observed, Progress, Settings, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use swarm::Target;
use transport::{Client, Clock};

use crate::args;
use crate::exit::Exit;
use crate::files::{self, STANDARD_STREAM};
use crate::output;
use crate::settings::Usage;
use crate::signals::Signals;
use crate::values;

/// Progress is shown from here on: who waits for less needs none.
const PROGRESS_FROM: Duration = Duration::from_secs(1);
/// The shortest watch that says anything.
const WATCH_MIN: Duration = Duration::from_secs(1);

/// Looks at the stream, and says what was found.
pub(crate) fn check(asked: &args::Check, all: &MultiProgress) -> anyhow::Result<Exit> {
    let settings = settings(asked)?;
    let transport = asked.connect.transport()?;
    if let Some(path) = &asked.json {
        files::check_writable("--json", path)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let seen = runtime.block_on(look(asked, all, &settings, transport))?;
    // Name look-ups that never end are not waited for.
    runtime.shutdown_background();
    let Some(observed) = seen else {
        return Ok(Exit::CouldNotRun);
    };
    let findings = Findings::of(&observed);
    write(asked, &observed, &findings)?;
    Ok(exit(findings.worst(), asked.strict))
}

/// `None`: somebody left at once.
async fn look(
    asked: &args::Check,
    all: &MultiProgress,
    settings: &Settings,
    transport: transport::Config,
) -> anyhow::Result<Option<Observed>> {
    let client = Client::new(transport, Clock::start())?;
    let mut signals = Signals::new()?;
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let mut stop = Some(stop);
    let bar = Bar::new(asked.quiet, all);
    // It never fails: who holds the other end is below.
    let until = async { stopped.await.unwrap_or_default() };
    let watch = check::watch(settings, &client, until, |progress| bar.show(progress));
    tokio::pin!(watch);
    let seen = loop {
        tokio::select! {
            observed = &mut watch => break Some(observed),
            () = signals.next() => match stop.take() {
                Some(stop) => { let _ = stop.send(()); }
                None => break None,
            },
        }
    };
    bar.close();
    Ok(seen)
}

fn settings(asked: &args::Check) -> anyhow::Result<Settings> {
    let usage = |option: &str, why: &dyn std::fmt::Display| Usage::new(format!("{option}: {why}"));
    let shown = transport::mask::url(&asked.url);
    let target = Target::new(&asked.url).map_err(|why| usage(&shown, &why))?;
    let headers: Result<Vec<_>, _> = asked.headers.iter().map(|h| values::header(h)).collect();
    if let Some(text) = &asked.user_agent {
        values::header_value("User-Agent", text).map_err(|why| usage("--user-agent", &why))?;
    }
    let duration = asked.duration.map(|time| time.0);
    let range = WATCH_MIN..=check::LIMIT_MAX;
    if duration.is_some_and(|duration| !range.contains(&duration)) {
        return Err(usage("--duration", &"take between 1s and 10m").into());
    }
    Ok(Settings {
        url: target.of(0).map_err(|why| usage(&shown, &why))?,
        headers: headers.map_err(|why| usage("--header", &why))?,
        user_agent: asked.user_agent.as_deref().map(Arc::from),
        duration,
        insecure: asked.connect.insecure,
    })
}

/// The verdict goes to standard output, unless the JSON does.
fn write(asked: &args::Check, observed: &Observed, findings: &Findings) -> anyhow::Result<()> {
    let style = |terminal| {
        if output::colour(terminal) {
            Style::Colour
        } else {
            Style::Plain
        }
    };
    if asked.json.as_deref() == Some(Path::new(STANDARD_STREAM)) {
        let text = check::text(observed, findings, style(io::stderr().is_terminal()));
        files::put(io::stderr().lock(), &text)?;
    } else {
        let text = check::text(observed, findings, style(io::stdout().is_terminal()));
        files::put(io::stdout().lock(), &text)?;
    }
    match &asked.json {
        Some(path) => files::write("--json", path, &check::json(observed, findings)),
        None => Ok(()),
    }
}

fn exit(worst: Level, strict: bool) -> Exit {
    match worst {
        Level::Error => Exit::BadResult,
        Level::Warning if strict => Exit::BadResult,
        _ => Exit::Fine,
    }
}

/// One line that renews itself, where somebody watches.
struct Bar(Option<ProgressBar>);

impl Bar {
    fn new(quiet: bool, all: &MultiProgress) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self(Some(all.add(bar)))
    }

    fn show(&self, progress: Progress) {
        if let Some(bar) = self
            .0
            .as_ref()
            .filter(|_| progress.elapsed >= PROGRESS_FROM)
        {
            bar.set_message(line(progress));
        }
    }

    fn close(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn line(progress: Progress) -> String {
    let what = if progress.surveying {
        "a look at the other variants".to_owned()
    } else {
        let (elapsed, watch) = (progress.elapsed.as_secs(), progress.watch.as_secs());
        format!("watching: {elapsed} s of {watch} s")
    };
    let (playlists, segments) = (progress.playlists, progress.segments);
    format!("{what} · {playlists} playlists, {segments} segments")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_fail_a_strict_check_only() {
        let cases = [
            (Level::Ok, true, Exit::Fine),
            (Level::Warning, false, Exit::Fine),
            (Level::Warning, true, Exit::BadResult),
            (Level::Error, false, Exit::BadResult),
        ];
        for (worst, strict, expected) in cases {
            assert_eq!(exit(worst, strict), expected, "{worst:?} {strict}");
        }
    }

    #[test]
    fn the_line_says_how_far_it_is() {
        let progress = Progress {
            elapsed: Duration::from_millis(4200),
            watch: Duration::from_secs(10),
            surveying: false,
            playlists: 5,
            segments: 3,
        };
        assert_eq!(
            line(progress),
            "watching: 4 s of 10 s · 5 playlists, 3 segments"
        );
    }
}
