//! Dashboards as files: what Grafana and a person who opens one need.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::board::{BOARDS, Board, list};

/// The version of the JSON that Grafana 12 and later write.
const SCHEMA_VERSION: u64 = 42;

/// Columns of a dashboard.
const COLUMNS: u64 = 24;

#[test]
fn dashboards_are_whole() -> anyhow::Result<()> {
    for (name, text) in BOARDS {
        let json = Board::read(text)?.json;
        ensure!(
            json["schemaVersion"] == SCHEMA_VERSION && json["id"].is_null(),
            "{name}"
        );
        ensure!(
            json.get("uid").is_none(),
            "{name} has an identity of its own"
        );
        let foreign =
            text.matches("\"uid\":").count() - text.matches("\"uid\": \"${datasource}\"").count();
        ensure!(foreign == 0, "{name} names a data source");
        let mut ids = BTreeSet::new();
        let mut taken = BTreeSet::new();
        for panel in list(&json["panels"]) {
            let title = &panel["title"];
            ensure!(
                ids.insert(panel["id"].as_u64()),
                "{name}: two panels {}",
                panel["id"]
            );
            for cell in cells(&panel["gridPos"]).with_context(|| title.to_string())? {
                ensure!(taken.insert(cell), "{name}: {title} lies on another");
            }
            if panel["type"] != "row" {
                is_said_and_shown(panel).with_context(|| format!("{name}: {title}"))?;
            }
        }
        ensure!(
            json["panels"]
                .as_array()
                .is_some_and(|panels| panels.len() > 15)
        );
    }
    Ok(())
}

/// The cells of the grid that a panel takes.
fn cells(place: &Value) -> Option<Vec<(u64, u64)>> {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| place[side].as_u64());
    let (x, y, w, h) = (x?, y?, w?, h?);
    let cells = (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y)));
    (x + w <= COLUMNS && w > 0 && h > 0).then(|| cells.collect())
}

/// It says what it shows, in a unit, of the data source that was chosen; its limits ascend.
fn is_said_and_shown(panel: &Value) -> anyhow::Result<()> {
    ensure!(
        panel["description"]
            .as_str()
            .is_some_and(|text| text.ends_with('.'))
    );
    let defaults = &panel["fieldConfig"]["defaults"];
    ensure!(defaults["unit"].is_string(), "no unit");
    ensure!(panel["datasource"]["uid"] == "${datasource}");
    let limits: Vec<f64> = list(&defaults["thresholds"]["steps"])
        .map(|step| step["value"].as_f64().unwrap_or(f64::NEG_INFINITY))
        .collect();
    ensure!(!limits.is_empty() && limits.is_sorted(), "{limits:?}");
    let mut names = BTreeSet::new();
    for target in list(&panel["targets"]) {
        ensure!(target["datasource"]["uid"] == "${datasource}");
        ensure!(names.insert(target["refId"].to_string()), "{target}");
    }
    ensure!(!names.is_empty(), "no query");
    Ok(())
}
