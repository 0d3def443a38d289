//! A Grafana dashboard, as far as tests ask about it.

use anyhow::Context;
use serde_json::Value;

/// The dashboards, by name.
pub(crate) const BOARDS: [(&str, &str); 2] = [
    (
        "liveswarm-run",
        include_str!("../../../../../dashboards/grafana/liveswarm-run.json"),
    ),
    (
        "liveswarm-slo",
        include_str!("../../../../../dashboards/grafana/liveswarm-slo.json"),
    ),
];

/// A dashboard.
pub(crate) struct Board {
    pub(crate) json: Value,
    /// Every query: of its panels, and of its annotations.
    pub(crate) queries: Vec<Query>,
    /// Variables that ask Prometheus and their queries, in their order.
    pub(crate) variables: Vec<(String, String)>,
}

/// A query of a panel.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    /// The panel's title, for messages.
    pub(crate) panel: String,
    pub(crate) expression: String,
}

impl Board {
    pub(crate) fn read(board: &str) -> anyhow::Result<Self> {
        let json: Value = serde_json::from_str(board)?;
        let mut queries = Vec::new();
        for panel in list(&json["panels"]) {
            for target in list(&panel["targets"]) {
                queries.push(Query::of(&panel["title"], &target["expr"])?);
            }
        }
        for annotation in list(&json["annotations"]["list"]) {
            queries.push(Query::of(&annotation["name"], &annotation["expr"])?);
        }
        let mut variables = Vec::new();
        for variable in list(&json["templating"]["list"]) {
            if variable["type"] == "query" {
                variables.push((text(&variable["name"])?, text(&variable["definition"])?));
            }
        }
        Ok(Self {
            json,
            queries,
            variables,
        })
    }
}

impl Query {
    fn of(panel: &Value, expression: &Value) -> anyhow::Result<Self> {
        Ok(Self {
            panel: text(panel)?,
            expression: text(expression)?,
        })
    }
}

/// The entries of a list; none where there is none.
pub(crate) fn list(json: &Value) -> impl Iterator<Item = &Value> {
    json.as_array().into_iter().flatten()
}

fn text(json: &Value) -> anyhow::Result<String> {
    let text = json.as_str().with_context(|| format!("no text: {json}"))?;
    Ok(text.to_owned())
}
