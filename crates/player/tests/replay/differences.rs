//! `DIFFERENCES.md`, read as a table: | player | case | differences | reason |.

use std::collections::BTreeSet;

const TEXT: &str = include_str!("DIFFERENCES.md");
const OF_WATCHED: &str = include_str!("WATCHED.md");

/// The differences that are written down for one case of one player.
pub(crate) fn written(player: &str, case: &str) -> BTreeSet<String> {
    of(TEXT, player, case)
}

/// Those between what a player reported and what is seen of it from outside.
pub(crate) fn written_of_watched(player: &str, case: &str) -> BTreeSet<String> {
    of(OF_WATCHED, player, case)
}

fn of(text: &str, player: &str, case: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [of, cases, differences, reason] = cells[..] else {
            panic!("four cells: {line}");
        };
        if of != player || cases != case {
            continue;
        }
        assert!(!reason.is_empty(), "a reason: {line}");
        found.extend(differences.split(',').map(|one| one.trim().to_owned()));
    }
    found
}
