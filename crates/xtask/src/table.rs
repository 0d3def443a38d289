//! Figures as text, and as the tables of docs/performance.md.

use std::fmt::Write as _;
use std::process::ExitCode;

use anyhow::{Context, bail};

use crate::bench;
use crate::figures::{Bound, Measured, Of, Row, Spread, Target};
use crate::root::root;

/// The document that shows the figures, and the folder that holds them.
const DOCUMENT: &str = "docs/performance.md";
const FIGURES: &str = "bench";

/// One bench as a table for a terminal.
pub(crate) fn text(measured: &Measured) -> String {
    let mut text = format!("\n{}: {}\n", measured.bench, measured.what);
    if let Some(load) = measured.machine.load_before {
        let _ = writeln!(text, "load before: {load:.2}");
    }
    let _ = writeln!(
        text,
        "{:<58} {:>9} {:>9} {:>9}  {:<9} target",
        "", "min", "median", "max", "unit"
    );
    for row in &measured.rows {
        text_row(&mut text, row);
    }
    for why in &measured.skipped {
        let _ = writeln!(text, "skipped or doubtful: {why}");
    }
    text
}

fn text_row(text: &mut String, row: &Row) {
    let judged = |of: Of| match row.target.filter(|target| target.of == of) {
        Some(target) => {
            let word = match row.reached() {
                Some(true) => "reached",
                Some(false) => "MISSED",
                None => "not measured",
            };
            format!("{} {word}", goal(target))
        }
        None => String::new(),
    };
    line(text, &row.what, (&row.ours, &row.unit), &judged(Of::Ours));
    if let (Some(peer), Some(ratio)) = (&row.peer, &row.ratio) {
        line(
            text,
            &format!("  {}", peer.name),
            (&peer.spread, &row.unit),
            "",
        );
        line(
            text,
            "  ours as a multiple of it",
            (ratio, "×"),
            &judged(Of::Ratio),
        );
    }
}

fn line(text: &mut String, what: &str, (spread, unit): (&Spread, &str), end: &str) {
    let [min, median, max] = [spread.min, spread.median, spread.max].map(figure);
    let line = format!("{what:<58} {min:>9} {median:>9} {max:>9}  {unit:<9} {end}");
    text.push_str(line.trim_end());
    text.push('\n');
}

/// Three significant digits, or all of those before the point.
fn figure(value: f64) -> String {
    let size = value.abs();
    match () {
        () if value.fract() == 0.0 && size < 1e9 => format!("{value:.0}"),
        () if size >= 100.0 => format!("{value:.0}"),
        () if size >= 10.0 => format!("{value:.1}"),
        () if size >= 0.1 => format!("{value:.2}"),
        () => format!("{value:.4}"),
    }
}

fn goal(target: Target) -> String {
    let sign = match target.bound {
        Bound::AtLeast => "≥",
        Bound::AtMost => "≤",
    };
    let of = match target.of {
        Of::Ours => "",
        Of::Ratio => " ×",
    };
    format!("{sign} {}{of}", figure(target.value))
}

/// Puts the tables into the document.
pub(crate) fn into_document() -> anyhow::Result<ExitCode> {
    let file = root().join(DOCUMENT);
    let text = std::fs::read_to_string(&file).with_context(|| format!("can't read {DOCUMENT}"))?;
    std::fs::write(&file, filled(&text)?)?;
    println!("{DOCUMENT} shows what is in {FIGURES}/");
    Ok(ExitCode::SUCCESS)
}

/// `text` with what stands between `<!-- bench NAME -->` and `<!-- end -->` made anew.
fn filled(text: &str) -> anyhow::Result<String> {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let Some(name) = line
            .strip_prefix("<!-- bench ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        if lines
            .by_ref()
            .find(|line| *line == "<!-- end -->")
            .is_none()
        {
            bail!("{DOCUMENT}: the part of bench {name} has no <!-- end -->");
        }
        anyhow::ensure!(bench::is_one(name), "{DOCUMENT}: there is no bench {name}");
        if let Some(measured) = Measured::read(&root().join(FIGURES), name)? {
            out.push_str(&markdown(&measured));
        } else {
            let _ = writeln!(out, "Not measured yet: `cargo xtask bench {name}`.");
        }
        out.push_str("<!-- end -->\n");
    }
    Ok(out)
}

fn markdown(measured: &Measured) -> String {
    let machine = &measured.machine;
    let mut text = String::from(
        "| what | unit | ours: min | median | max | beside it | median | ratio | to reach | reached |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    for row in &measured.rows {
        markdown_row(&mut text, row);
    }
    let load = machine
        .load_before
        .map_or("unknown".to_owned(), |load| format!("{load:.2}"));
    let kernel = machine.kernel.as_deref().unwrap_or("unknown");
    let versions: Vec<&str> = measured.versions.values().map(String::as_str).collect();
    let _ = writeln!(
        text,
        "\nRepeat it with `{}`. Load average before: {load}. {} cores, Linux {kernel}; {}.",
        measured.command,
        machine.cores,
        versions.join("; ")
    );
    for why in &measured.skipped {
        let _ = writeln!(text, "\nSkipped or doubtful: {why}.");
    }
    text
}

fn markdown_row(text: &mut String, row: &Row) {
    let [min, median, max] = [row.ours.min, row.ours.median, row.ours.max].map(figure);
    let (peer, theirs) = match &row.peer {
        Some(peer) => (peer.name.as_str(), figure(peer.spread.median)),
        None => ("–", "–".to_owned()),
    };
    let ratio = row
        .ratio
        .as_ref()
        .map_or("–".to_owned(), |ratio| figure(ratio.median));
    let goal = row.target.map_or("–".to_owned(), goal);
    let reached = match row.reached() {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "–",
    };
    let _ = writeln!(
        text,
        "| {} | {} | {min} | {median} | {max} | {peer} | {theirs} | {ratio} | {goal} | {reached} |",
        row.what, row.unit
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_as_many_digits_as_tell_something() {
        for (value, text) in [
            (0.0, "0"),
            (2.0, "2"),
            (1234.5, "1234"),
            (12.34, "12.3"),
            (1.234, "1.23"),
            (0.00612, "0.0061"),
        ] {
            assert_eq!(figure(value), text);
        }
    }

    #[test]
    fn a_row_says_what_was_reached() {
        let row = Row::against("x", "B", vec![4.0], ("wrk", vec![2.0])).unwrap();
        let mut text = String::new();
        markdown_row(&mut text, &row.reach(Of::Ratio, Bound::AtLeast, 2.5));
        assert_eq!(
            text,
            "| x | B | 4 | 4 | 4 | wrk | 2 | 2 | ≥ 2.50 × | **no** |\n"
        );
    }

    #[test]
    fn the_document_shows_what_was_measured() {
        let text = std::fs::read_to_string(root().join(DOCUMENT)).unwrap();
        assert!(
            filled(&text).unwrap() == text,
            "{DOCUMENT} shows other figures than {FIGURES}/: type cargo xtask tables"
        );
    }
}
