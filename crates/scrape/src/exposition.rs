//! Metrics as text: Prometheus's format 0.0.4, and OpenMetrics 1.0 as far as it is the same.
//!
//! The reader is tolerant: a line that does not read is counted and left out, whatever stands in
//! it. It keeps nothing: samples borrow from the text, one after another.

use std::borrow::Cow;

/// Bytes of a text that are read.
pub const BYTES_MAX: usize = 8 * 1024 * 1024;
/// A line that is longer does not read.
pub const LINE_BYTES_MAX: usize = 16 * 1024;
/// Samples of a text that are read; what follows is left out.
pub const SAMPLES_MAX: usize = 200_000;

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// The metric's name, with its suffix.
    pub name: &'a str,
    /// The labels as they stand between the braces: what tells this series from others.
    pub series: &'a str,
    /// The value; it may be no number, or infinite.
    pub value: f64,
}

impl<'a> Sample<'a> {
    /// The value of a label, where the series has it.
    pub fn label(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.series;
        while let Some((label, value, after)) = first_label(rest) {
            if label == name {
                return Some(unescaped(value));
            }
            rest = after;
        }
        None
    }
}

/// The samples of `text`, in its order.
pub fn samples(text: &[u8]) -> Samples<'_> {
    Samples {
        rest: &text[..text.len().min(BYTES_MAX)],
        read: 0,
        malformed: 0,
    }
}

/// Goes through the samples of a text.
#[derive(Clone, Debug)]
pub struct Samples<'a> {
    rest: &'a [u8],
    read: usize,
    malformed: usize,
}

impl Samples<'_> {
    /// Samples read so far.
    pub fn read(&self) -> usize {
        self.read
    }

    /// Lines so far that did not read.
    pub fn malformed(&self) -> usize {
        self.malformed
    }
}

impl<'a> Iterator for Samples<'a> {
    type Item = Sample<'a>;

    fn next(&mut self) -> Option<Sample<'a>> {
        while self.read < SAMPLES_MAX && !self.rest.is_empty() {
            let end = self.rest.iter().position(|byte| *byte == b'\n');
            let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
            self.rest = rest.get(1..).unwrap_or_default();
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            if let Some(sample) = sample(line) {
                self.read += 1;
                return Some(sample);
            }
            self.malformed += 1;
        }
        None
    }
}

/// One line that is neither empty nor a comment.
fn sample(line: &[u8]) -> Option<Sample<'_>> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let line = std::str::from_utf8(line).ok()?;
    let name_end = line.find(|c: char| !is_name(c)).unwrap_or(line.len());
    let (name, rest) = line.split_at(name_end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (series, rest) = match rest.trim_start().strip_prefix('{') {
        Some(inside) => labels(inside)?,
        // A value stands apart from the name.
        None if rest.starts_with([' ', '\t']) => ("", rest),
        None => return None,
    };
    // A timestamp and an exemplar may follow the value.
    let value = rest.split_ascii_whitespace().next()?;
    Some(Sample {
        name,
        series,
        value: value.parse().ok()?,
    })
}

/// Labels up to the closing brace, and what follows it.
fn labels(inside: &str) -> Option<(&str, &str)> {
    let mut rest = inside;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if let Some(after) = rest.strip_prefix('}') {
            let series = &inside[..inside.len() - rest.len()];
            return Some((series, after));
        }
        (_, _, rest) = first_label(rest)?;
    }
}

/// The first label: its name, its value as it is written, and what follows.
fn first_label(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches([' ', '\t', ',']);
    let (name, rest) = text.split_once('=')?;
    let name = name.trim_end();
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let value = rest.trim_start().strip_prefix('"')?;
    let mut escaped = false;
    let end = value.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((name, &value[..end], &value[end + 1..]))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// A label's value without its escapes.
fn unescaped(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read<'a> = (&'a str, &'a str, f64);

    fn read(text: &str) -> (Vec<Read<'_>>, usize) {
        let mut samples = samples(text.as_bytes());
        let read = samples.by_ref().map(|s| (s.name, s.series, s.value));
        (read.collect(), samples.malformed())
    }

    #[test]
    fn lines_that_read() {
        let cases: &[(&str, &[Read<'_>])] = &[
            ("", &[]),
            ("# HELP a b\n# TYPE a counter\n\n# EOF\n", &[]),
            ("a 1", &[("a", "", 1.0)]),
            (
                "a 1\r\nb\t2.5e+09 1395066363000\n",
                &[("a", "", 1.0), ("b", "", 2.5e9)],
            ),
            ("a{} 1", &[("a", "", 1.0)]),
            ("a{b=\"c\"} 1", &[("a", "b=\"c\"", 1.0)]),
            ("a {b = \"c\",} 1", &[("a", "b = \"c\",", 1.0)]),
            (
                "a{b=\"}\\\" 9\",d=\"\"} 1",
                &[("a", "b=\"}\\\" 9\",d=\"\"", 1.0)],
            ),
            (
                "a_bucket{le=\"1\"} 8 # {trace=\"x\"} 0.6",
                &[("a_bucket", "le=\"1\"", 8.0)],
            ),
            ("a +Inf", &[("a", "", f64::INFINITY)]),
            ("a:b -0x", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).0, *expected, "{text}");
        }
    }

    #[test]
    fn lines_that_do_not_are_counted() {
        let wrong = [
            "a",
            "a{",
            "a{b",
            "a{b=",
            "a{b=\"",
            "a{b=\"c",
            "a{b=\"c\"",
            "a{b=\"c\"}",
            "a{b=c} 1",
            "a{=\"c\"} 1",
            "1a 2",
            "a x",
            "a{b=\"c\"} x",
            "{\"a.b\"} 1",
            "<html>",
            "a;b 1",
            "ä 1",
        ];
        for line in wrong {
            let text = format!("x 1\n{line}\ny 2\n");
            let (read, malformed) = read(&text);
            assert_eq!((read.len(), malformed), (2, 1), "{line}");
        }
        let mut bytes = samples(b"a{b=\"\xff\"} 1\nc 2");
        assert_eq!(bytes.next().map(|sample| sample.name), Some("c"));
        assert_eq!(bytes.malformed(), 1);
    }

    #[test]
    fn labels_are_found_and_unescaped() {
        let text = r#"a{b="\\x\"\n",bb="2",b="3"} 1"#;
        let sample = samples(text.as_bytes()).next().unwrap();
        assert_eq!(sample.label("b").as_deref(), Some("\\x\"\n"));
        assert_eq!(sample.label("bb").as_deref(), Some("2"));
        assert_eq!(sample.label("c"), None);
    }

    #[test]
    fn limits_hold() {
        let long = format!("a{{b=\"{}\"}} 1\nc 2\n", "x".repeat(LINE_BYTES_MAX));
        assert_eq!(read(&long), (vec![("c", "", 2.0)], 1));
        let many = "a 1\n".repeat(SAMPLES_MAX + 5);
        assert_eq!(read(&many).0.len(), SAMPLES_MAX);
        let huge = vec![b'\n'; BYTES_MAX].into_iter().chain(*b"a 1\n");
        assert_eq!(samples(&huge.collect::<Vec<_>>()).count(), 0);
    }

    #[test]
    fn a_real_exposition_reads_to_its_last_line() {
        let Ok(text) = std::fs::read("../../../shared/corpora/exporters/e2e-output.txt") else {
            println!("the corpus of exporters is not here");
            return;
        };
        let lines = text.split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
        let mut all = samples(&text);
        assert_eq!(all.by_ref().count(), lines.count());
        assert_eq!(all.malformed(), 0);
    }

    proptest! {
        #[test]
        fn anything_is_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            for sample in samples(&bytes) {
                sample.label("b");
            }
        }

        #[test]
        fn what_looks_like_samples_is_read(
            text in r#"([ab]?(\{([ab]="?[}\\"ä,x]{0,4}"?,?){0,3}\}?)? ?[0-9eNa+.]{0,4}\n?){0,8}"#
        ) {
            for sample in samples(text.as_bytes()) {
                prop_assert!(text.contains(sample.series));
                sample.label("b");
            }
        }

        #[test]
        fn values_survive(value: String, number in -1e15..1e15_f64) {
            let escaped = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let text = format!("a{{x=\"1\",b=\"{escaped}\"}} {number}");
            // Only a line feed ends a line, and only blanks end a value.
            let sample = samples(text.as_bytes()).next().unwrap();
            let read = sample.label("b");
            prop_assert_eq!(read.as_deref(), Some(value.as_str()));
            prop_assert!((sample.value - number).abs() <= f64::EPSILON * number.abs());
        }
    }
}
