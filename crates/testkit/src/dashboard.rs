//! The dashboard in a browser, held against the snapshot that it should show.
//!
//! Every figure on the page says where in the document it comes from (`data-path`) and what stands
//! there (`data-value`).

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Context;
use serde_json::{Map, Value};

use crate::browser::Browser;

/// How long the page may take to have something to show.
const SHOWN_LIMIT: Duration = Duration::from_secs(30);
/// What is shown for what is unknown.
const UNKNOWN: [&str; 4] = ["n/a", "warming up", "never", "none sent"];
/// Far below what any figure is shown with, and above what printing and reading it back may cost.
const ROUNDING: f64 = 1e-12;
/// Everything on the page at one instant.
const LOOK: &str = "({
    document: liveswarm.document,
    figures: [...document.querySelectorAll('[data-path]')].map((element) => ({
        path: element.dataset.path,
        value: element.dataset.value ?? 'missing',
        format: element.dataset.format,
        text: element.textContent,
        unknown: element.dataset.mood === 'unknown',
        visible: element.checkVisibility(),
    })),
})";

/// What the page shows at one instant.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The document that it was last given.
    pub document: Value,
    /// The figures on it.
    pub figures: Vec<Figure>,
}

/// One figure on the page.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Where in the document it comes from: keys and places, with points between.
    pub path: String,
    /// What stands there, as JSON.
    pub value: Value,
    /// How it is to be formatted.
    pub format: String,
    /// What a reader sees.
    pub text: String,
    /// Whether it is marked as unknown.
    pub unknown: bool,
    /// Whether a reader sees it.
    pub visible: bool,
}

/// Opens the dashboard and waits until it shows a document.
pub fn open(browser: &mut Browser, url: &str) -> anyhow::Result<()> {
    browser.open(url)?;
    browser
        .until(SHOWN_LIMIT, "window.liveswarm?.document !== null")
        .map(drop)
}

impl Shown {
    /// What the page shows now.
    pub fn on(browser: &mut Browser) -> anyhow::Result<Self> {
        let mut look = browser.evaluate(LOOK)?;
        let figures = look["figures"].as_array().context("no figures")?;
        Ok(Self {
            figures: figures
                .iter()
                .map(Figure::new)
                .collect::<anyhow::Result<_>>()?,
            document: look["document"].take(),
        })
    }

    /// In what the page differs from a snapshot of the same moment: its document (an event has
    /// only the newest row of the timeline), and each figure.
    pub fn differences(&self, snapshot: &Value) -> Vec<String> {
        let mut differences = Vec::new();
        let parts = [&self.document, snapshot].map(Value::as_object);
        let keys: BTreeSet<_> = parts.into_iter().flatten().flat_map(Map::keys).collect();
        for key in keys.into_iter().filter(|&key| key != "timeline") {
            if !same(&self.document[key], &snapshot[key]) {
                differences.push(format!("the document's {key}"));
            }
        }
        if !same(newest(&self.document), newest(snapshot)) {
            differences.push("the newest row".to_owned());
        }
        let wrong = self
            .figures
            .iter()
            .filter_map(|figure| figure.wrong(snapshot));
        differences.extend(wrong);
        differences
    }

    /// The figures that a reader sees.
    pub fn visible(&self) -> impl Iterator<Item = &Figure> {
        self.figures.iter().filter(|figure| figure.visible)
    }
}

impl Figure {
    fn new(look: &Value) -> anyhow::Result<Self> {
        let text = |key: &str| {
            let text = look[key]
                .as_str()
                .with_context(|| format!("no {key} in {look}"))?;
            anyhow::Ok(text.to_owned())
        };
        Ok(Self {
            path: text("path")?,
            value: serde_json::from_str(&text("value")?)
                .with_context(|| format!("a value that is no JSON: {look}"))?,
            format: text("format")?,
            text: text("text")?,
            unknown: look["unknown"] == true,
            visible: look["visible"] == true,
        })
    }

    fn wrong(&self, snapshot: &Value) -> Option<String> {
        let pointer = format!("/{}", self.path.replace('.', "/"));
        let taken = snapshot.pointer(&pointer).unwrap_or(&Value::Null);
        let said = match taken {
            Value::Null => self.unknown && UNKNOWN.contains(&self.text.as_str()),
            _ => !self.unknown && !self.text.is_empty(),
        };
        let right = same(&self.value, taken) && said;
        (!right).then(|| {
            let (path, value, text) = (&self.path, &self.value, &self.text);
            format!("{path}: the page has {value} and says {text:?}, the snapshot has {taken}")
        })
    }
}

fn newest(document: &Value) -> &Value {
    let rows = document["timeline"].as_array();
    rows.and_then(|rows| rows.last()).unwrap_or(&Value::Null)
}

/// Whether two values are the same; `1` and `1.0` are.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => (a - b).abs() <= ROUNDING * a.abs().max(b.abs()),
            _ => false,
        },
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let in_b = |(key, a)| b.get(key).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(in_b)
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(value: &str, text: &str) -> Shown {
        let value: Value = serde_json::from_str(value).unwrap();
        Shown {
            document: json!({ "a": { "b": [1.0] }, "timeline": [2] }),
            figures: vec![Figure {
                path: "a.b.0".to_owned(),
                unknown: value.is_null(),
                value,
                format: "count".to_owned(),
                text: text.to_owned(),
                visible: true,
            }],
        }
    }

    #[test]
    fn a_page_agrees_or_not() {
        let snapshot = json!({ "a": { "b": [1] }, "timeline": [1, 2] });
        let none = Vec::<String>::new();
        assert_eq!(shown("1", "1").differences(&snapshot), none);
        for (value, text) in [("2", "2"), ("null", "n/a"), ("1", "")] {
            let found = shown(value, text).differences(&snapshot);
            assert_eq!(found.len(), 1, "{value} {text}: {found:?}");
        }
        let unknown = json!({ "a": { "b": [null] }, "timeline": [2] });
        for (value, text, wrong) in [("null", "n/a", 1), ("null", "0", 2), ("0", "0", 2)] {
            let found = shown(value, text).differences(&unknown);
            assert_eq!(found.len(), wrong, "{value} {text}: {found:?}");
        }
        let others = [
            json!({ "a": { "b": [3] }, "timeline": [2] }),
            json!({ "a": { "b": [1] }, "timeline": [3] }),
            json!({ "a": { "b": [1] }, "timeline": [2], "c": 1 }),
        ];
        for other in others {
            assert!(!shown("1", "1").differences(&other).is_empty(), "{other}");
        }
    }
}
