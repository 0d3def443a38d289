//! Writing the two formats. They differ in heads, in the names of families, and in the end.

use std::fmt::{Display, Write};

use telemetry::hist::{Distribution, Scale};

use super::Format;
use super::metric::{Kind, Metric};

/// What a body of metrics takes at first, in bytes.
const ROOM: usize = 32 * 1024;

/// The label that is left out where it is empty, which is the same to Prometheus.
pub(super) const OPTIONAL: &str = "group";

/// Writes metrics one after another.
#[derive(Debug)]
pub(super) struct Writer {
    format: Format,
    text: String,
}

impl Writer {
    pub(super) fn new(format: Format) -> Self {
        Self {
            format,
            text: String::with_capacity(ROOM),
        }
    }

    /// The place for the samples of `metric`. Without any, nothing is written of it.
    pub(super) fn metric<'a>(&'a mut self, metric: &'a Metric) -> Samples<'a> {
        Samples {
            metric,
            writer: self,
            begun: false,
        }
    }

    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    fn head(&mut self, metric: &Metric) {
        let (family, kind) = match self.format {
            Format::Plain => (metric.name, metric.kind.plain()),
            Format::OpenMetrics => (metric.family(), metric.kind.open()),
        };
        self.line(format_args!("# HELP {family} {}", metric.help));
        self.line(format_args!("# TYPE {family} {kind}"));
        let unit = metric.unit.suffix();
        // A unit is said only of a name that ends in it.
        let unit = unit.filter(|unit| family.ends_with(unit));
        if let (Format::OpenMetrics, Some(unit)) = (self.format, unit) {
            self.line(format_args!("# UNIT {family} {unit}"));
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // A string takes what it is given.
        let _ = self.text.write_fmt(line);
        self.text.push('\n');
    }
}

/// Values of labels, in the order in which the metric lists them.
type Labels<'a> = [&'a str];

/// The samples of one metric.
#[derive(Debug)]
pub(super) struct Samples<'a> {
    metric: &'a Metric,
    writer: &'a mut Writer,
    begun: bool,
}

impl Samples<'_> {
    /// A figure that is known.
    pub(super) fn value(&mut self, labels: &Labels<'_>, value: impl Figure) {
        self.sample("", labels, None, value);
    }

    /// A figure, where it is known.
    pub(super) fn known(&mut self, labels: &Labels<'_>, value: Option<impl Figure>) {
        if let Some(value) = value {
            self.value(labels, value);
        }
    }

    /// A distribution, in the buckets of the metric.
    pub(super) fn histogram<S: Scale>(&mut self, labels: &Labels<'_>, of: &Distribution<S>) {
        let Kind::Histogram(bounds) = self.metric.kind else {
            debug_assert!(false, "{} is no histogram", self.metric.name);
            return;
        };
        for &bound in bounds.kept {
            let le = format!("{:?}", bounds.exposed(bound));
            self.sample("_bucket", labels, Some(&le), of.count_at_most(bound));
        }
        self.sample("_bucket", labels, Some("+Inf"), of.count());
        self.sample("_sum", labels, None, bounds.exposed(of.sum()));
        self.sample("_count", labels, None, of.count());
    }

    fn sample(&mut self, suffix: &str, labels: &Labels<'_>, le: Option<&str>, value: impl Figure) {
        let Some(value) = value.figure() else { return };
        if !self.begun {
            self.begun = true;
            self.writer.head(self.metric);
        }
        debug_assert_eq!(
            labels.len(),
            self.metric.labels.len(),
            "{}",
            self.metric.name
        );
        let text = &mut self.writer.text;
        text.push_str(self.metric.name);
        text.push_str(suffix);
        let names = self.metric.labels.iter().map(|label| label.name);
        let pairs = names.zip(labels.iter().copied());
        let pairs = pairs.filter(|(name, value)| *name != OPTIONAL || !value.is_empty());
        let mut open = '{';
        for (name, value) in pairs.chain(le.map(|le| ("le", le))) {
            text.push(open);
            text.push_str(name);
            text.push_str("=\"");
            escape(value, text);
            text.push('"');
            open = ',';
        }
        if open == ',' {
            text.push('}');
        }
        self.writer.line(format_args!(" {value}"));
    }
}

/// The value of a label, as both formats have it.
fn escape(value: &str, out: &mut String) {
    for char in value.chars() {
        match char {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

/// What may be exposed: a whole number, or one that is finite.
pub(super) trait Figure {
    /// What is written; `None` is unknown.
    fn figure(self) -> Option<impl Display>;
}

impl Figure for u64 {
    fn figure(self) -> Option<impl Display> {
        Some(self)
    }
}

impl Figure for f64 {
    fn figure(self) -> Option<impl Display> {
        self.is_finite().then_some(self)
    }
}
