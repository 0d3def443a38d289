//! Judging what was seen.

use std::fmt::Write as _;

use crate::finding::{Area, Finding, Level};
use crate::observed::Observed;
use crate::rules;

/// How many cases of one problem are spelled out; the rest are counted.
pub const EXAMPLES_MAX: usize = 3;

/// The whole verdict, in the order in which it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    list: Vec<Finding>,
}

/// One check: where it is shown, its name, why it is made and what to do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) area: Area,
    pub(crate) name: &'static str,
    pub(crate) clause: &'static str,
    pub(crate) advice: &'static str,
}

/// Something that a check found wrong.
pub(crate) type Problem = (Level, String);

/// A problem of level error.
pub(crate) fn error(words: impl Into<String>) -> Problem {
    (Level::Error, words.into())
}

/// A problem of level warning.
pub(crate) fn warning(words: impl Into<String>) -> Problem {
    (Level::Warning, words.into())
}

impl Findings {
    /// Judges what was seen.
    pub fn of(observed: &Observed) -> Self {
        let mut findings = Self::default();
        rules::all(observed, &mut findings);
        findings.list.sort_by_key(|finding| finding.area);
        findings
    }

    /// Every finding, by area.
    pub fn list(&self) -> &[Finding] {
        &self.list
    }

    /// How many are of this level.
    pub fn count(&self, level: Level) -> usize {
        self.list
            .iter()
            .filter(|finding| finding.level == level)
            .count()
    }

    /// The worst level; fine where there is nothing.
    pub fn worst(&self) -> Level {
        let levels = self.list.iter().map(|finding| finding.level);
        levels
            .max()
            .filter(|it| *it > Level::NotChecked)
            .unwrap_or(Level::Ok)
    }

    /// The findings of one check.
    pub fn of_check<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.list
            .iter()
            .filter(move |finding| finding.check == name)
    }

    pub(crate) fn ok(&mut self, rule: &Rule, message: impl Into<String>) {
        self.put(rule, Level::Ok, message.into());
    }

    pub(crate) fn not_checked(&mut self, rule: &Rule, why: impl Into<String>) {
        self.put(rule, Level::NotChecked, why.into());
    }

    /// The problems of a check, one line for each level; `fine` where there are none.
    pub(crate) fn judge(
        &mut self,
        rule: &Rule,
        problems: impl IntoIterator<Item = Problem>,
        fine: impl Into<String>,
    ) {
        let problems: Vec<Problem> = problems.into_iter().collect();
        if problems.is_empty() {
            return self.ok(rule, fine);
        }
        for level in [Level::Error, Level::Warning] {
            let mut same: Vec<String> = Vec::new();
            let mut more = 0_usize;
            for (_, words) in problems.iter().filter(|(its, _)| *its == level) {
                if same.contains(words) || same.len() == EXAMPLES_MAX {
                    more += 1;
                } else {
                    same.push(words.clone());
                }
            }
            if same.is_empty() {
                continue;
            }
            let mut message = same.join("; ");
            if more > 0 {
                // Writing to a String cannot fail.
                let _ = write!(message, "; and {more} more");
            }
            self.put(rule, level, message);
        }
    }

    fn put(&mut self, rule: &Rule, level: Level, message: String) {
        let is_bad = level > Level::NotChecked;
        let some = |text: &'static str| (!text.is_empty()).then(|| text.to_owned());
        self.list.push(Finding {
            area: rule.area,
            check: rule.name.to_owned(),
            level,
            message,
            clause: some(rule.clause),
            advice: is_bad.then(|| some(rule.advice)).flatten(),
        });
    }
}
