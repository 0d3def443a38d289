use super::page::Page;
use crate::document::document;
use crate::remarks::remarks;
use crate::run::Run;

/// What to know before believing the rest, and how it ended.
pub(super) fn section(page: &mut Page, run: &Run<'_>) {
    let remarks = remarks(&document(run));
    page.heading("result");
    for remark in &remarks {
        page.odd_row("look at", remark);
    }
    let Some(exit) = run.exit else {
        page.row(
            "so far",
            if remarks.is_empty() {
                "nothing wrong"
            } else {
                "see above"
            },
        );
        return;
    };
    let reason = match (exit.code, remarks.is_empty()) {
        (0, false) => format!("{} (exit code 0), but for the above", exit.reason),
        (code, _) => format!("{} (exit code {code})", exit.reason),
    };
    match (exit.code, remarks.is_empty()) {
        (0, true) => page.good_row("ended", &reason),
        (0, false) => page.row("ended", &reason),
        _ => page.bad_row("ended", &reason),
    }
}
