//! What a scrape has: names, labels, bounds of buckets.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;

/// Families that come and go with chance: a run may have a stall or none.
const BY_CHANCE: [&str; 1] = ["hls_swarm_stall_seconds"];

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["job", "instance"];

/// Each name of a scrape with the labels that its series have.
pub(crate) type Shape = BTreeMap<String, BTreeSet<Vec<String>>>;

/// A series: its name and labels.
#[derive(Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    labels: Vec<(String, String)>,
}

impl Series {
    /// Reads `name{label="value"}` and gives what follows it.
    pub(crate) fn read(text: &str) -> anyhow::Result<(Self, &str)> {
        let end = text.find(['{', ' ']).unwrap_or(text.len());
        let (name, mut rest) = text.split_at(end);
        let mut labels = Vec::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            while !rest.starts_with('}') {
                let (label, after) = rest.split_once("=\"").with_context(|| text.to_owned())?;
                let (value, after) = quoted(after).with_context(|| text.to_owned())?;
                labels.push((label.trim_start_matches([',', ' ']).to_owned(), value));
                rest = after;
            }
            rest = &rest[1..];
        }
        let name = name.to_owned();
        Ok((Self { name, labels }, rest))
    }

    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        let found = self.labels.iter().find(|(label, _)| label == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it is a counter, or counts for a histogram: by its name.
    pub(crate) fn only_grows(&self) -> bool {
        let ends = ["_total", "_bucket", "_count", "_sum"];
        ends.iter().any(|end| self.name.ends_with(end))
    }

    /// The names of its labels, and the bound where it is a bucket.
    pub(crate) fn shape(&self) -> Vec<String> {
        let labels = self.labels.iter();
        let own = labels.filter(|(label, _)| !ADDED.contains(&label.as_str()));
        let mut shape: Vec<String> = own
            .map(|(label, value)| match label.as_str() {
                "le" => format!("le={value}"),
                label => label.to_owned(),
            })
            .collect();
        shape.sort();
        shape
    }
}

/// A value up to its quotation mark, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            other => value.push(other),
        }
    }
    None
}

/// The lines of a scrape that have a series.
pub(crate) fn lines(scrape: &str) -> impl Iterator<Item = &str> {
    scrape.lines().filter(|line| !line.starts_with('#'))
}

pub(crate) fn shape(scrape: &str) -> anyhow::Result<Shape> {
    let mut shape = Shape::new();
    for line in lines(scrape) {
        let (series, _) = Series::read(line)?;
        let labels = series.shape();
        if !BY_CHANCE
            .iter()
            .any(|family| series.name.starts_with(family))
        {
            shape.entry(series.name).or_default().insert(labels);
        }
    }
    Ok(shape)
}

/// Names that only one of two has, or has with other labels.
pub(crate) fn differences(ours: &Shape, theirs: &Shape) -> Vec<String> {
    let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = names
        .into_iter()
        .filter(|name| ours.get(*name) != theirs.get(*name));
    differ
        .map(|name| format!("{name}: {:?}, not {:?}", ours.get(name), theirs.get(name)))
        .collect()
}
