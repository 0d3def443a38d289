//! Prometheus as a counterpart: it scrapes, it answers, it judges by rules.

use std::time::Duration;

use testkit::cut::{self, Answer};
use testkit::prometheus::{self, Prometheus};
use testkit::{TempDir, wait};

const LIMIT: Duration = Duration::from_secs(30);

const RULES: &str = "
groups:
- name: g
  rules:
  - {alert: Seven, expr: a_figure == 7, labels: {severity: info}}
";

#[test]
fn it_scrapes_answers_and_alerts() -> anyhow::Result<()> {
    let server = cut::Server::start(|_| Answer::ok("text/plain", "a_figure{b=\"c d\"} 7\n"))?;
    let prometheus = Prometheus::start(&prometheus::Config {
        targets: vec![("demo".to_owned(), server.addr())],
        rules: Some(RULES.to_owned()),
    })?;
    let figure = wait::until(LIMIT, "a scrape", || {
        Ok(prometheus.query("a_figure{job=\"demo\"}")?.pop())
    })?;
    assert_eq!((figure.value, figure.labels["b"].as_str()), (7.0, "c d"));
    let alert = wait::until(LIMIT, "the alert", || Ok(prometheus.alerts()?.pop()))?;
    assert_eq!(alert["labels"]["alertname"], "Seven");
    let seven = prometheus.query("scalar(a_figure)")?;
    assert_eq!((seven[0].value, seven[0].labels.len()), (7.0, 0));
    let error = prometheus.query("sum(").unwrap_err();
    assert!(format!("{error:#}").contains("parse error"), "{error:#}");
    Ok(())
}

#[test]
fn rules_that_do_not_read_are_an_error() -> anyhow::Result<()> {
    let config = prometheus::Config {
        rules: Some("groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]".to_owned()),
        ..prometheus::Config::default()
    };
    let error = Prometheus::start(&config).unwrap_err();
    assert!(format!("{error:#}").contains("parse error"), "{error:#}");

    let folder = TempDir::new()?;
    std::fs::write(folder.path().join("r.yml"), RULES)?;
    let said = prometheus::promtool(folder.path(), &["check", "rules", "r.yml"])?;
    assert!(said.contains("1 rules found"), "{said}");
    assert!(prometheus::promtool(folder.path(), &["check", "rules", "none.yml"]).is_err());
    Ok(())
}
