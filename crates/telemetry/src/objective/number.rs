//! Limits: a number and its unit.

use super::budget::WHOLE_PPM;
use super::cursor::Cursor;
use super::error::ParseError;
use super::goal::{Bound, Ratio};
use super::limit::{LIMIT_US_MAX, Micros, Ppm, RATIO_UNITS, TIME_UNITS, Unfit, whole};

const TIMES: &str = "write a time with its unit, such as 500ms, 3s or 1m";
const SHARES: &str = "write a share such as 0.5% or 0.005";

impl Cursor<'_> {
    /// A time.
    pub(super) fn time(&mut self) -> Result<Micros, ParseError> {
        let us = self.limit(&TIME_UNITS, TIMES)?;
        if us <= LIMIT_US_MAX {
            return Ok(Micros(us));
        }
        let longest = Micros(LIMIT_US_MAX);
        let why = format!("latencies are told apart up to some minutes, limits go to {longest}");
        Err(self.error(self.start_of_word(), why, TIMES))
    }

    /// A share of everything.
    pub(super) fn share(&mut self) -> Result<Ppm, ParseError> {
        let ppm = self.limit(&RATIO_UNITS, SHARES)?;
        if let Some(ppm) = u32::try_from(ppm).ok().filter(|&ppm| ppm <= WHOLE_PPM) {
            return Ok(Ppm(ppm));
        }
        let at = self.start_of_word();
        let number = &self.text()[at..self.at()];
        let why = format!("`{number}` is more than everything");
        Err(self.error(at, why, &format!("{SHARES}, from 0 to 100%")))
    }

    /// A number and its unit.
    fn limit(&mut self, units: &[(&str, u64)], hint: &str) -> Result<u64, ParseError> {
        self.space();
        let start = self.at();
        let number = self.run(|c| c.is_ascii_digit() || c == '.');
        let number_end = self.at();
        let unit = self.run(|c| !c.is_whitespace());
        if !is_number(number) {
            let at = start + wrong_in_number(number);
            let word = &self.text()[start..self.at()];
            let what = match word {
                "" => "the limit is missing".to_owned(),
                word => format!("`{word}` is no number with a unit"),
            };
            return Err(self.error(at, what, hint));
        }
        let Some((_, each)) = units.iter().find(|(name, _)| *name == unit) else {
            let what = match unit {
                "" => format!("`{number}` has no unit"),
                unit => format!("`{unit}` is no unit of this metric"),
            };
            return Err(self.error(number_end, what, hint));
        };
        whole(number, *each).map_err(|unfit| {
            let (what, hint) = match unfit {
                Unfit::TooFine => ("finer", "take 1us or 0.0001% as the finest step"),
                Unfit::TooLarge => ("larger", hint),
            };
            let what = format!("`{number}{unit}` is {what} than anything that is measured");
            self.error(start, what, hint)
        })
    }

    /// Refuses shares that always hold, and those that never do.
    pub(super) fn sensible(&self, of: Ratio, bound: Bound, limit: Ppm) -> Result<(), ParseError> {
        let whole = WHOLE_PPM;
        let nothing_passes = if of.is_floor() { whole } else { 0 };
        self.possible(
            bound == Bound::Inclusive || limit.0 != nothing_passes,
            limit,
        )?;
        if bound == Bound::Strict || limit.0 != whole - nothing_passes {
            return Ok(());
        }
        let why = format!("every share is on that side of {limit}: this always holds");
        Err(self.error(self.start_of_word(), why, SHARES))
    }

    /// Refuses limits that nothing is within.
    pub(super) fn possible(
        &self,
        possible: bool,
        limit: impl std::fmt::Display,
    ) -> Result<(), ParseError> {
        if possible {
            return Ok(());
        }
        let why = format!("nothing is on that side of {limit}: this never holds");
        let hint = "take another limit, or let the limit itself be good with <= or >=";
        Err(self.error(self.start_of_word(), why, hint))
    }
}

/// Digits, perhaps with a point between them.
pub(super) fn is_number(text: &str) -> bool {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, "0"));
    [integer, fraction]
        .iter()
        .all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The place of the first character that keeps digits and points from being a number.
fn wrong_in_number(text: &str) -> usize {
    let Some(point) = text.find('.').filter(|&point| point > 0) else {
        return 0;
    };
    let after = point + 1;
    let second = text[after..].find('.');
    second.map_or(text.len(), |place| after + place)
}
