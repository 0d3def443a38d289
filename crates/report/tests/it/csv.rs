use report::csv;
use telemetry::timeline::Row;

use crate::rich;

#[test]
fn a_timeline_as_csv() {
    let rows = rich::timeline(14);
    let text = csv::table(rows.iter().map(AsRef::as_ref));
    insta::assert_snapshot!(text.replace("\r\n", "\n"));
}

#[test]
fn every_row_has_the_columns_of_the_header() {
    let rows = rich::timeline(3);
    let text = csv::table(rows.iter().map(AsRef::as_ref));
    let alone: String = rows.iter().map(|row| csv::row(row)).collect();
    assert_eq!(text, csv::header() + &alone);
    let columns = csv::header().matches(',').count();
    for line in text.split_terminator("\r\n") {
        assert_eq!(line.matches(',').count(), columns);
        assert!(!line.contains(['\r', '\n', '"']), "{line}");
    }
    let names: Vec<String> = csv::header()
        .trim_end()
        .split(',')
        .map(str::to_owned)
        .collect();
    let mut unique = names.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), names.len());
}

#[test]
fn what_is_unknown_is_empty() {
    let line = csv::row(&Row::default());
    let header = csv::header();
    let cells = header.trim_end().split(',').zip(line.trim_end().split(','));
    for (name, cell) in cells {
        let unknown = name.ends_with("_per_second")
            || name.starts_with("generator_")
            || ["_p50_ms", "_p95_ms", "_p99_ms", "_max_ms"]
                .iter()
                .any(|end| name.ends_with(end));
        assert_eq!(cell.is_empty(), unknown, "{name}: {cell:?}");
    }
}
