//! Panels of the Grafana dashboards, asked for their data.

use anyhow::{Context, ensure};
use serde_json::Value;
use testkit::prometheus::Prometheus;
use testkit::wait;

use super::alerts::hasty_rules;
use super::{SLOW_MS, Stage};
use crate::common::LIMIT;
use crate::dashboards::{BOARDS, Board};

#[test]
fn every_panel_has_data() -> anyhow::Result<()> {
    let stage = Stage::start()?;
    let prometheus = stage.prometheus(Some(hasty_rules()?))?;
    for (name, text) in BOARDS {
        every_query_has_data(&stage, &prometheus, &Board::read(text)?)
            .with_context(|| name.to_owned())?;
    }
    stage.stop()
}

fn every_query_has_data(
    stage: &Stage,
    prometheus: &Prometheus,
    board: &Board,
) -> anyhow::Result<()> {
    let variables = wait::until(LIMIT, "values of every variable", || {
        variables(prometheus, board)
    })?;
    let mut missing = board.queries.clone();
    ensure!(missing.len() > 20, "{missing:#?}");
    let all = wait::until(LIMIT, "data of every query", || {
        stage.push(SLOW_MS)?;
        let mut still = Vec::new();
        for query in std::mem::take(&mut missing) {
            if !has_data(prometheus, &substituted(&query.expression, &variables))? {
                still.push(query);
            }
        }
        missing = still;
        Ok(missing.is_empty().then_some(()))
    });
    all.with_context(|| {
        let titles: Vec<&str> = missing.iter().map(|query| query.panel.as_str()).collect();
        format!("no data: {titles:?} {missing:#?}\n{variables:#?}")
    })
}

fn has_data(prometheus: &Prometheus, expression: &str) -> anyhow::Result<bool> {
    ensure!(!expression.contains('$'), "what is {expression}?");
    let samples = prometheus.query(expression)?;
    Ok(samples.iter().any(|sample| sample.value.is_finite()))
}

/// The values that Grafana would put in for variables; none while one has none.
fn variables(
    prometheus: &Prometheus,
    board: &Board,
) -> anyhow::Result<Option<Vec<(String, String)>>> {
    // Of intervals, what a dashboard of some minutes has at scrapes of a second.
    let mut values = vec![
        ("$__rate_interval".to_owned(), "10s".to_owned()),
        ("$__range".to_owned(), "5m".to_owned()),
    ];
    for (name, query) in &board.variables {
        let inner = query
            .strip_prefix("label_values(")
            .and_then(|rest| rest.strip_suffix(')'));
        let (selector, label) = inner
            .and_then(|inner| inner.rsplit_once(", "))
            .context(query.clone())?;
        let selector = substituted(selector, &values);
        let found = prometheus.api(&format!("label/{label}/values"), &[("match[]", &selector)])?;
        let found: Vec<&str> = found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if found.is_empty() {
            return Ok(None);
        }
        values.push((format!("${name}"), format!("({})", found.join("|"))));
    }
    Ok(Some(values))
}

fn substituted(expression: &str, variables: &[(String, String)]) -> String {
    let put = |text: String, (name, value): &(String, String)| text.replace(name, value);
    variables.iter().fold(expression.to_owned(), put)
}
