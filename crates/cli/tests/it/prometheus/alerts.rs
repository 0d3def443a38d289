//! Alerts: raised by what they are for, and by nothing else.

use std::fmt::Write as _;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use testkit::prometheus::{Config, Prometheus};
use testkit::wait;

use super::{SLOW_MS, Stage};
use crate::common::LIMIT;
use crate::dashboards::{RULES, alerts};

/// A stream whose every segment is later than any limit allows: it is old by the time that it is
/// asked for, and then waits.
const LATE: &str = "--fault segment:delay=7s";

/// The rules, evaluated every second, and with 2 s in place of every wait of minutes. Expressions,
/// windows and limits are those of the file.
pub(super) fn hasty_rules() -> anyhow::Result<String> {
    let (mut intervals, mut waits, mut rules) = (0, 0, String::new());
    for line in RULES.lines() {
        let text = line.trim_start();
        let indent = &line[..line.len() - text.len()];
        if text.starts_with("interval: ") {
            intervals += 1;
            writeln!(rules, "{indent}interval: 1s")?;
        } else if text.starts_with("for: ") {
            waits += 1;
            writeln!(rules, "{indent}for: 2s")?;
        } else {
            writeln!(rules, "{line}")?;
        }
    }
    ensure!((intervals, waits) == (RULES.matches("- name: ").count(), alerts().count()));
    Ok(rules)
}

/// The alert of that name and job, once it fires.
fn firing(prometheus: &Prometheus, name: &str, job: &str) -> anyhow::Result<Option<Value>> {
    let alerts = prometheus.alerts()?;
    Ok(alerts.into_iter().find(|alert| {
        let labels = &alert["labels"];
        alert["state"] == "firing" && labels["alertname"] == name && labels["job"] == job
    }))
}

#[test]
fn a_late_stream_raises_alerts_and_a_healthy_one_beside_it_none() -> anyhow::Result<()> {
    let (late, healthy) = (Stage::of(LATE, &[])?, Stage::of("", &[])?);
    let prometheus = Prometheus::start(&Config {
        targets: [late.targets("late"), healthy.targets("healthy")].concat(),
        rules: Some(hasty_rules()?),
    })?;
    let expected = [
        ("LiveswarmLatencyP99Critical", 4_000.0),
        ("LiveswarmBudgetBurnsFast", 14.4),
    ];
    for (name, limit) in expected {
        let alert = wait::until(LIMIT, name, || firing(&prometheus, name, "late-origin"))?;
        let labels = &alert["labels"];
        let subject = (
            &labels["broadcast"],
            &labels["source"],
            &labels["transport"],
        );
        ensure!(subject == (&json!("live"), &json!("origin"), &json!("hls")));
        ensure!(labels["severity"] == "critical" && value(&alert)? > limit);
    }
    // It is judged too, by samples enough.
    wait::until(LIMIT, "samples of the healthy stream", || {
        let rate = "liveswarm:glass_to_glass_samples:rate1m{job='healthy-origin'} >= 0.05";
        let burns = "liveswarm:glass_to_glass:burn_rate5m{job='healthy-origin'}";
        let judged = !prometheus.query(rate)?.is_empty() && !prometheus.query(burns)?.is_empty();
        Ok(judged.then_some(()))
    })?;
    for alert in prometheus.alerts()? {
        let labels = &alert["labels"];
        let healthy = labels["job"] == "healthy-origin" || labels["job"] == "healthy-run";
        ensure!(!healthy || labels["severity"] != "critical", "{alert:#}");
    }
    Ok(())
}

/// What an alert's expression came to.
fn value(alert: &Value) -> anyhow::Result<f64> {
    let text = alert["value"].as_str();
    Ok(text.with_context(|| alert.to_string())?.parse()?)
}

#[test]
fn slow_samples_that_others_push_raise_the_critical_alerts() -> anyhow::Result<()> {
    let stage = Stage::start()?;
    let prometheus = stage.prometheus(Some(hasty_rules()?))?;
    for (name, limit) in [
        ("LiveswarmLatencyP99Critical", 4_000.0),
        ("LiveswarmBudgetBurnsFast", 14.4),
    ] {
        let alert = wait::until(LIMIT, name, || {
            stage.push(SLOW_MS)?;
            firing(&prometheus, name, "liveswarm-run")
        })?;
        let labels = &alert["labels"];
        ensure!(labels["severity"] == "critical" && labels["source"] == "pushed");
        ensure!(labels["broadcast"] == "live" && labels["transport"] == "ll-hls");
        ensure!(value(&alert)? > limit, "{alert}");
        let summary = alert["annotations"]["summary"].to_string();
        ensure!(summary.contains("live over ll-hls"), "{summary}");
    }
    rules_are_healthy(&prometheus)?;
    stage.stop()
}

/// No rule failed to be evaluated.
fn rules_are_healthy(prometheus: &Prometheus) -> anyhow::Result<()> {
    let data = prometheus.api("rules", &[])?;
    let groups = data["groups"].as_array().into_iter().flatten();
    let rules: Vec<&Value> = groups
        .filter_map(|group| group["rules"].as_array())
        .flatten()
        .collect();
    ensure!(rules.len() > 20, "{data}");
    for rule in rules {
        ensure!(rule["health"] == "ok", "{rule:#}");
    }
    Ok(())
}
