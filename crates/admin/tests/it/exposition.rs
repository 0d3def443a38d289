//! Reads an exposition as strictly as its standard lets one: OpenMetrics 1.0, and Prometheus text
//! 0.0.4 where that is stricter. Whatever is wrong panics.

use std::collections::{BTreeMap, BTreeSet};

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Exposition {
    /// Each series, `name{label="value"}` as it is written, with its value.
    pub(crate) series: BTreeMap<String, f64>,
    /// Each family with its type.
    pub(crate) families: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Plain,
    OpenMetrics,
}

impl Exposition {
    pub(crate) fn parse(text: &str, format: Format) -> Self {
        let mut lines: Vec<&str> = text
            .strip_suffix('\n')
            .expect("a last line break")
            .split('\n')
            .collect();
        if format == Format::OpenMetrics {
            assert_eq!(lines.pop(), Some("# EOF"));
        }
        let mut out = Self::default();
        let mut family = Family::default();
        for line in lines {
            match line.strip_prefix("# ") {
                Some(head) => family.head(head, format, &mut out),
                None => family.sample(line, format, &mut out),
            }
        }
        family.close();
        out.check_names();
        out
    }

    /// The value of a series; it panics where there is none.
    pub(crate) fn value(&self, series: &str) -> f64 {
        *self
            .series
            .get(series)
            .unwrap_or_else(|| panic!("no {series}"))
    }

    /// Values of the series of one name, by their labels as written.
    pub(crate) fn of<'a>(&'a self, name: &str) -> BTreeMap<&'a str, f64> {
        let series = self.series.iter().filter_map(|(series, value)| {
            let (found, labels) = series.split_once('{').unwrap_or((series, "}"));
            (found == name).then_some((labels, *value))
        });
        series.collect()
    }

    /// No family is named as samples of another are.
    fn check_names(&self) {
        for name in self.families.keys() {
            for suffix in ["_total", "_created", "_bucket", "_count", "_sum", "_info"] {
                let clash = format!("{name}{suffix}");
                assert!(!self.families.contains_key(&clash), "{name} and {clash}");
            }
        }
    }
}

#[derive(Debug, Default)]
struct Family {
    name: String,
    kind: String,
    said: BTreeSet<&'static str>,
    samples: usize,
    buckets: BTreeMap<String, Buckets>,
}

/// The buckets of one histogram so far.
#[derive(Debug, Default)]
struct Buckets {
    last: Option<(f64, f64)>,
    count: Option<f64>,
    sum: Option<f64>,
}

impl Family {
    fn head(&mut self, head: &str, format: Format, out: &mut Exposition) {
        let mut words = head.splitn(3, ' ');
        let (what, name) = (words.next().unwrap(), words.next().unwrap());
        let rest = words.next().expect("something said");
        if name != self.name {
            self.close();
            *self = Self {
                name: name.to_owned(),
                ..Self::default()
            };
            assert!(is_name(name), "{name}");
        }
        assert_eq!(self.samples, 0, "{name}: a head among samples");
        let what = match what {
            "HELP" => "HELP",
            "TYPE" => "TYPE",
            "UNIT" if format == Format::OpenMetrics => "UNIT",
            other => panic!("{other} {name}"),
        };
        assert!(self.said.insert(what), "{what} of {name} twice");
        match what {
            "TYPE" => {
                let known: &[&str] = match format {
                    Format::Plain => &["counter", "gauge", "histogram"],
                    Format::OpenMetrics => &["counter", "gauge", "histogram", "info"],
                };
                assert!(known.contains(&rest), "{name} is a {rest}");
                rest.clone_into(&mut self.kind);
                let twice = out.families.insert(name.to_owned(), rest.to_owned());
                assert_eq!(twice, None, "{name} twice");
            }
            "UNIT" => assert!(name.ends_with(&format!("_{rest}")), "{name} in {rest}"),
            _ => assert!(
                rest.ends_with('.') && !rest.contains(['\\', '"']),
                "{name}: {rest}"
            ),
        }
    }

    fn sample(&mut self, line: &str, format: Format, out: &mut Exposition) {
        let (series, value) = line.rsplit_once(' ').expect("a value");
        let number: f64 = value.parse().unwrap();
        assert!(number.is_finite(), "{line}");
        let (name, labels) =
            series
                .split_once('{')
                .map_or((series, Vec::new()), |(name, labels)| {
                    (
                        name,
                        labels_of(labels.strip_suffix('}').expect("a closed brace")),
                    )
                });
        assert!(
            self.said.contains("TYPE") && self.said.contains("HELP"),
            "{line}"
        );
        let suffix = name
            .strip_prefix(self.name.as_str())
            .unwrap_or_else(|| panic!("{line} in {}", self.name));
        let expected: &[&str] = match (self.kind.as_str(), format) {
            ("counter", Format::OpenMetrics) => &["_total"],
            ("info", _) => &["_info"],
            ("histogram", _) => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        assert!(expected.contains(&suffix), "{line} of {}", self.kind);
        if self.kind == "counter" {
            assert!(name.ends_with("_total") && number >= 0.0, "{line}");
        }
        if self.kind == "histogram" {
            self.histogram(suffix, &labels, number, line);
        }
        let twice = out.series.insert(series.to_owned(), number);
        assert_eq!(twice, None, "{series} twice");
        self.samples += 1;
    }

    fn histogram(&mut self, suffix: &str, labels: &[(String, String)], number: f64, line: &str) {
        let (le, key): (Vec<_>, Vec<_>) = labels.iter().partition(|(name, _)| name == "le");
        let of = self.buckets.entry(format!("{key:?}")).or_default();
        match (suffix, le.as_slice()) {
            ("_bucket", [(_, le)]) => {
                assert!(
                    of.count.is_none() && of.sum.is_none(),
                    "{line}: after its count"
                );
                // A bound is written as a float is, so that it is the same series everywhere.
                assert!(le == "+Inf" || le.contains('.'), "{line}");
                let bound: f64 = le.parse().unwrap();
                if let Some((before, below)) = of.last {
                    assert!(bound > before && number >= below, "{line}");
                }
                of.last = Some((bound, number));
            }
            ("_sum", []) => of.sum = Some(number),
            ("_count", []) => of.count = Some(number),
            _ => panic!("{line}"),
        }
    }

    fn close(&self) {
        assert!(
            self.name.is_empty() || self.samples > 0,
            "{} has a head only",
            self.name
        );
        for (key, of) in &self.buckets {
            assert!(of.sum.is_some(), "{} {key}", self.name);
            assert_eq!(
                of.last,
                Some((f64::INFINITY, of.count.unwrap())),
                "{} {key}",
                self.name
            );
        }
    }
}

fn is_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_ascii_lowercase())
        && chars.all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_')
}

/// `a="b",c="d"`, with what is escaped.
fn labels_of(mut text: &str) -> Vec<(String, String)> {
    let mut labels = Vec::new();
    while !text.is_empty() {
        let (name, rest) = text.split_once("=\"").expect("a value of a label");
        assert!(is_name(name), "{name}");
        let (mut value, mut end) = (String::new(), None);
        let mut chars = rest.char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    end = Some(at);
                    break;
                }
                '\\' => match chars.next().map(|(_, escaped)| escaped) {
                    Some('n') => value.push('\n'),
                    Some(escaped @ ('\\' | '"')) => value.push(escaped),
                    other => panic!("{other:?} escaped in {text}"),
                },
                other => value.push(other),
            }
        }
        assert!(labels.iter().all(|(seen, _)| seen != name), "{name} twice");
        labels.push((name.to_owned(), value));
        let after = &rest[end.expect("an end of the value") + 1..];
        text = after.strip_prefix(',').unwrap_or(after);
        assert!(after.is_empty() || after.starts_with(','), "{after}");
    }
    labels
}
