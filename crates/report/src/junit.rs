//! The run as `JUnit` XML, for the test pages of CI servers: a test case per objective, and one
//! for how the run ended.
//!
//! `JUnit` never published a schema. The shape here is valid against the two that tools check:
//! Jenkins' xUnit plugin (`junit-10.xsd`) and Windy Road's `JUnit.xsd`.

use std::fmt::Write as _;

use telemetry::objective::{State, Status};

use crate::document::Document;
use crate::objectives::{figure, limit};
use crate::repeat;

/// What a test case comes to.
enum Outcome {
    Passed,
    /// Held against a limit and found wanting.
    Failed(String),
    /// There was nothing to hold against anything.
    Error(String),
    Skipped(String),
}

struct Case {
    class: &'static str,
    name: String,
    outcome: Outcome,
}

/// The run of `document`. An objective without a sample is skipped, or failed where data was
/// required.
pub fn junit(document: &Document) -> String {
    let mut cases: Vec<Case> = document
        .objectives
        .iter()
        .map(|status| objective(status, document.config.slo_require_data))
        .collect();
    cases.push(exit(document));
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    suite(&mut xml, document, &cases);
    properties(&mut xml, document);
    for case in &cases {
        test_case(&mut xml, case, document.duration_s);
    }
    let out = text(&repeat::command(document));
    let _ = writeln!(xml, "    <system-out>{out}</system-out>");
    xml.push_str("    <system-err></system-err>\n  </testsuite>\n</testsuites>\n");
    xml
}

fn objective(status: &Status, data_required: bool) -> Case {
    let missing = || "no sample: nothing was measured that it could be held against".to_owned();
    let outcome = match status.state {
        State::Met => Outcome::Passed,
        State::Broken => Outcome::Failed(format!(
            "{} (limit {}): {}",
            figure(status),
            limit(status),
            status.name()
        )),
        State::Unknown if data_required => Outcome::Failed(missing()),
        State::Unknown => Outcome::Skipped(missing()),
    };
    Case {
        class: "liveswarm.objective",
        name: status.name().into_owned(),
        outcome,
    }
}

fn exit(document: &Document) -> Case {
    let outcome = match &document.exit {
        None => Outcome::Skipped("the run has not ended".to_owned()),
        Some(exit) => {
            let said = format!("{} (exit code {})", exit.reason, exit.code);
            match exit.code {
                0 => Outcome::Passed,
                // What was measured is bad; with any other code there is nothing to rely on.
                3 | 5 => Outcome::Failed(said),
                _ => Outcome::Error(said),
            }
        }
    };
    Case {
        class: "liveswarm.run",
        name: "the run ends well".to_owned(),
        outcome,
    }
}

fn suite(xml: &mut String, document: &Document, cases: &[Case]) {
    let count = |is: fn(&Outcome) -> bool| cases.iter().filter(|case| is(&case.outcome)).count();
    let failures = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let errors = count(|outcome| matches!(outcome, Outcome::Error(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    let _ = writeln!(
        xml,
        "  <testsuite id=\"0\" package=\"liveswarm\" name=\"liveswarm\" hostname=\"localhost\" \
         timestamp=\"{}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" \
         skipped=\"{skipped}\" time=\"{:.3}\">",
        attribute(&timestamp(document)),
        cases.len(),
        document.duration_s,
    );
}

/// When the run began: UTC, to the second and without a zone, as both schemas want it.
fn timestamp(document: &Document) -> String {
    let started = document
        .started_ms
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    started.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn properties(xml: &mut String, document: &Document) {
    let config = &document.config;
    let properties = [
        ("version", document.version.clone()),
        ("url", config.url.clone()),
        ("viewers", config.viewers.to_string()),
        ("player", config.player.clone()),
        ("seed", config.seed.to_string()),
    ];
    xml.push_str("    <properties>\n");
    for (name, value) in properties {
        let value = attribute(&value);
        let _ = writeln!(xml, "      <property name=\"{name}\" value=\"{value}\"/>");
    }
    xml.push_str("    </properties>\n");
}

fn test_case(xml: &mut String, case: &Case, seconds: f64) {
    let _ = write!(
        xml,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{seconds:.3}\"",
        case.class,
        attribute(&case.name),
    );
    let _ = match &case.outcome {
        Outcome::Passed => writeln!(xml, "/>"),
        Outcome::Failed(why) => writeln!(xml, ">{}</testcase>", told("failure", case.class, why)),
        Outcome::Error(why) => writeln!(xml, ">{}</testcase>", told("error", case.class, why)),
        Outcome::Skipped(why) => {
            let why = attribute(why);
            writeln!(xml, "><skipped message=\"{why}\"/></testcase>")
        }
    };
}

fn told(element: &str, kind: &str, why: &str) -> String {
    let (message, body) = (attribute(why), text(why));
    format!("<{element} type=\"{kind}\" message=\"{message}\">{body}</{element}>")
}

/// Text between tags. XML 1.0 (2.2) has no place for most control characters, not even escaped:
/// they are replaced.
fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(c),
            // A bare one is read as a line break (2.11).
            '\r' => out.push_str("&#13;"),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(c),
        }
    }
    out
}

/// The value of an attribute: white space is escaped, or it would be read as spaces (3.3.3).
fn attribute(value: &str) -> String {
    text(value).replace('\t', "&#9;").replace('\n', "&#10;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_can_not_hold_is_replaced_and_the_rest_escaped() {
        assert_eq!(
            attribute("a<b>&\"c'\t\n\r\0\u{1b}\u{ffff}é"),
            "a&lt;b&gt;&amp;&quot;c'&#9;&#10;&#13;\u{fffd}\u{fffd}\u{fffd}é"
        );
        assert_eq!(text("]]>\n"), "]]&gt;\n");
    }
}
