//! `docs/metrics.md` is what the table of metrics makes of it.

use std::path::Path;

#[test]
fn the_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let made = admin::metrics_reference();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "docs/metrics.md is not what the metrics are: UPDATE_DOCS=1 cargo test -p liveswarm-admin reference"
    );
}

#[test]
fn every_metric_is_defined() {
    let reference = admin::metrics_reference();
    let rows: Vec<&str> = reference
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    assert!(rows.len() > 60, "{} rows", rows.len());
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 5, "{row}");
        let [_, _, _, definition, from] = cells[..] else {
            panic!("{row}");
        };
        assert!(definition.len() > 10 && from.trim().len() > 4, "{row}");
    }
}
