//! `liveswarm report`: what can be made of a run's JSON after the run.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, bail};
use report::Document;

use crate::args;
use crate::exit::Exit;
use crate::files::{self, STANDARD_STREAM};
use crate::settings::Usage;

/// A document larger than this is none of ours.
const BYTES_MAX: u64 = 256 << 20;

/// Writes what was asked for.
pub(crate) fn make(asked: &args::Report) -> anyhow::Result<Exit> {
    let nothing = asked.html.is_none() && asked.junit.is_none() && asked.csv.is_none();
    if nothing && asked.compare.is_none() {
        let why = "say what to make of it: --html, --junit, --csv or --compare FILE";
        return Err(Usage::new(why.to_owned()).into());
    }
    let named = [
        ("--html", &asked.html),
        ("--junit", &asked.junit),
        ("--csv", &asked.csv),
    ];
    let outputs = named.into_iter();
    let outputs = outputs.filter_map(|(option, path)| Some((option, path.as_deref()?)));
    let outputs: Vec<_> = outputs.collect();
    if let Some((option, _)) = outputs
        .iter()
        .find(|(_, path)| files::are_one(path, &asked.run))
    {
        let shown = asked.run.display();
        let why = format!("{option} would replace the run that it is made from, {shown}");
        return Err(Usage::new(format!("{why}; give it another file")).into());
    }
    files::check_distinct(outputs.into_iter())?;
    let run = read(&asked.run)?;
    if let Some(path) = &asked.html {
        files::write("--html", path, &report::html(&run))?;
    }
    if let Some(path) = &asked.junit {
        files::write("--junit", path, &report::junit(&run))?;
    }
    if let Some(path) = &asked.csv {
        files::write(
            "--csv",
            path,
            &report::csv::table(run.timeline.iter().map(AsRef::as_ref)),
        )?;
    }
    match &asked.compare {
        Some(later) => compare(&run, &read(later)?, asked.fail_on_regression),
        None => Ok(Exit::Fine),
    }
}

fn compare(run: &Document, later: &Document, limit: Option<f64>) -> anyhow::Result<Exit> {
    let comparison = report::compare(run, later);
    files::put(std::io::stdout().lock(), &comparison.text())?;
    let Some(limit) = limit else {
        return Ok(Exit::Fine);
    };
    if !comparison.incomparable.is_empty() {
        // Neither a pass nor a regression: a pipeline is not to go on as if it were one.
        bail!(
            "--fail-on-regression: the runs can't be compared ({}); take two runs of the same \
             options and length, on machines that keep up",
            comparison.incomparable.join("; ")
        );
    }
    let worse = comparison.regressions(limit);
    if worse.is_empty() {
        return Ok(Exit::Fine);
    }
    let list = worse.join(", ");
    files::put(
        std::io::stderr().lock(),
        &format!("worse by too much: {list}\n"),
    )?;
    Ok(Exit::ObjectiveBroken)
}

fn read(path: &Path) -> anyhow::Result<Document> {
    let shown = path.display();
    let mut text = String::new();
    let source: Box<dyn Read> = if path == Path::new(STANDARD_STREAM) {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("can't read {shown}"))?)
    };
    source
        .take(BYTES_MAX + 1)
        .read_to_string(&mut text)
        .with_context(|| format!("can't read {shown}"))?;
    if text.len() as u64 > BYTES_MAX {
        bail!("{shown} is larger than 256 MiB: no run's JSON is");
    }
    Document::read(&text).with_context(|| shown.to_string())
}
