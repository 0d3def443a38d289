use super::page::Page;
use crate::document;
use crate::format;
use crate::groups;
use crate::run::Run;

/// Room for a group's name.
const NAME_WIDTH: usize = 12;

/// What each group of a scenario saw: a row each, and its most frequent error below.
pub(super) fn section(page: &mut Page, run: &Run<'_>) {
    let all = document::groups(run);
    if all.is_empty() {
        return;
    }
    page.heading("by group: requests, segment bytes, stalls, p95 of startup and segment");
    page.faint(&cells("", &groups::HEAD.map(str::to_owned)));
    for group in &all {
        let line = cells(&group.name, &groups::figures(group));
        match groups::worst_error(group) {
            None => page.line(&line),
            Some(error) => {
                page.bad(&line);
                page.row("", &error);
            }
        }
    }
}

fn cells(
    name: &str,
    [started, ok, failed, bytes, stalls, ratio, startup, segment]: &[String; 8],
) -> String {
    let name = format::one_line(name, NAME_WIDTH);
    format!(
        "{name:<NAME_WIDTH$} {started:>7} {ok:>9} {failed:>7} {bytes:>9} {stalls:>6} {ratio:>8} \
         {startup:>7} {segment:>7}"
    )
}
