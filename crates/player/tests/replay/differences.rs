//! `DIFFERENCES.md`, read as a table: | player | case | differences | reason |.

use std::collections::BTreeSet;

const TEXT: &str = include_str!("DIFFERENCES.md");

/// The differences that are written down for one case of one player.
pub(crate) fn written(player: &str, case: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in TEXT.lines().filter(|line| line.starts_with('|')) {
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
