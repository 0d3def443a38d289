use telemetry::objective::{State, Status};

use super::page::{Page, TEXT_WIDTH};
use crate::format;
use crate::objectives::{self, figure, limit, share, verdict};

/// Each objective with its figure, and what is left of its error budget.
pub(super) fn section(page: &mut Page, objectives: &[Status]) {
    if objectives.is_empty() {
        return;
    }
    page.heading("objectives");
    for status in objectives {
        let word = verdict(status.state);
        let objective = format::one_line(&status.name(), TEXT_WIDTH);
        match status.state {
            State::Met => page.good_row(word, &objective),
            State::Broken => page.bad_row(word, &objective),
            State::Unknown => page.odd_row(word, &objective),
        }
        page.items("", &details(status));
    }
}

fn details(status: &Status) -> Vec<String> {
    let mut details = vec![format!("{}, limit {}", figure(status), limit(status))];
    if let Some(left) = status.budget_left {
        details.push(format!("budget left {}", share(left)));
    }
    let burns = [("60 s", status.burn_60s), ("300 s", status.burn_300s)];
    for (window, burn) in burns {
        if let Some(burn) = burn {
            details.push(format!("burn {window} {}", objectives::burn(burn)));
        }
    }
    details
}
