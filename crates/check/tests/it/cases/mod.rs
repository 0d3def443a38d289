//! One stream with which all is well, and one change of it for each thing that can be wrong.

mod dates;
mod delivery;
mod lists;
mod media;
mod start;

use base::Failure;
use check::Level::{self, NotChecked, Ok};

use crate::world::{World, wrong};

/// The check that is to speak up, how loudly, and words of what it says.
type Case = (&'static str, Level, &'static str, fn(&mut World));

#[test]
fn a_good_stream_is_called_good() {
    let findings = World::good().findings();
    assert_eq!(wrong(&findings), [""; 0]);
    let fine = findings.count(Ok);
    assert!(fine >= 35, "{fine} checks only: {:#?}", findings.list());
    assert_eq!(findings.worst(), Ok);
}

/// Each case is wrong in one thing: that check says so, and the good stream passes it.
fn hold(cases: &[Case]) {
    let good = World::good().findings();
    for (check, level, words, change) in cases {
        let mut world = World::good();
        change(&mut world);
        let findings = world.findings();
        let found = findings
            .of_check(check)
            .any(|finding| finding.level == *level && finding.message.contains(words));
        let all: Vec<_> = findings.of_check(check).collect();
        assert!(
            found,
            "{check} should say {words:?}: {all:#?}, {:#?}",
            wrong(&findings)
        );
        let before = good
            .of_check(check)
            .any(|finding| finding.level > NotChecked);
        assert!(!before, "{check} complains of the good stream");
    }
}

/// A list without dates.
fn undated(text: &str) -> String {
    let kept = text
        .lines()
        .filter(|line| !line.contains("PROGRAM-DATE-TIME"));
    kept.flat_map(|line| [line, "\n"]).collect()
}

#[test]
fn many_cases_of_one_problem_are_one_line() {
    let mut world = World::good();
    world.each_segment(|segment| segment.reply.fails(Failure::Status(404)));
    let findings = world.findings();
    let mut lines = findings.of_check("available");
    let line = lines.next().expect("a line");
    assert!(line.message.ends_with("; and 3 more"), "{}", line.message);
    assert_eq!(lines.next(), None);
}
