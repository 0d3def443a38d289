//! Alert rules and Grafana dashboards, held against what the binary exposes.

mod board;
mod layout;
mod scrape;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, ensure};
use testkit::prometheus::{check_metrics, promtool};
use testkit::{TempDir, http, wait};

pub(crate) use board::{BOARDS, Board, list};
use scrape::{Series, Shape, differences, lines, shape};

use crate::common::LIMIT;
use crate::prometheus::{SLOW_MS, Stage};

/// The rules.
pub(crate) const RULES: &str =
    include_str!("../../../../dashboards/prometheus/liveswarm.rules.yml");

const RUNBOOK: &str = include_str!("../../../../docs/slo.md");

/// What each metric is, with all labels that it may have.
const REFERENCE: &str = include_str!("../../../../docs/metrics.md");

/// Set, the committed scrapes are written anew.
const RENEW: &str = "LIVESWARM_RENEW_SCRAPES";

/// The committed scrapes, each with series that are late in a run.
const SCRAPES: [(&str, &[&str]); 2] = [
    (
        "scrape.run.prom",
        &[
            "hls_swarm_http_errors_total",
            "hls_swarm_generator_bottleneck",
            "hls_swarm_objective_burn_rate",
            "source=\"viewer\"",
            "source=\"pushed\"",
        ],
    ),
    (
        "scrape.origin.prom",
        &["status=\"503\"", "source=\"origin\"", "source=\"pushed\""],
    ),
];

const BUCKET: &str = "lvqr_subscriber_glass_to_glass_ms_bucket";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dashboards/prometheus")
}

fn committed(name: &str) -> anyhow::Result<String> {
    let file = folder().join("tests").join(name);
    fs::read_to_string(&file).with_context(|| file.display().to_string())
}

/// All that the committed scrapes have.
fn exposed() -> anyhow::Result<Shape> {
    let mut all = Shape::new();
    for (name, _) in SCRAPES {
        for (name, labels) in shape(&committed(name)?)? {
            all.entry(name).or_default().extend(labels);
        }
    }
    Ok(all)
}

/// What promtool tests, by the files' names.
fn rule_tests() -> anyhow::Result<Vec<(String, String)>> {
    let mut tests = Vec::new();
    for entry in fs::read_dir(folder().join("tests"))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.yml") {
            let text = committed(&name)?;
            tests.push((name, text));
        }
    }
    Ok(tests)
}

/// What follows `key` in each line that begins with it.
fn entries<'a>(yaml: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = yaml.lines().map(str::trim);
    lines.filter_map(move |line| line.strip_prefix(key))
}

/// The names of the alerts.
pub(crate) fn alerts() -> impl Iterator<Item = &'static str> {
    entries(RULES, "- alert: ")
}

#[test]
fn the_committed_scrapes_are_what_the_binary_exposes() -> anyhow::Result<()> {
    let stage = Stage::start()?;
    for ((name, late), face) in SCRAPES.into_iter().zip([stage.run_face, stage.origin_face]) {
        if env::var_os(RENEW).is_some() {
            renew(&stage, name, late, face)?;
            continue;
        }
        let expected = shape(&committed(name)?)?;
        let mut found = Shape::new();
        let same = wait::until(LIMIT, "the same metrics as in the file", || {
            stage.push(SLOW_MS)?;
            found = shape(&scraped(face)?)?;
            Ok((found == expected).then_some(()))
        });
        same.with_context(|| {
            let differences = differences(&found, &expected);
            format!("{name}: {differences:#?}\nset {RENEW}=1 to write it anew")
        })?;
    }
    Ok(())
}

fn scraped(face: SocketAddr) -> anyhow::Result<String> {
    Ok(String::from_utf8(http::get(face, "/metrics")?.body)?)
}

fn renew(stage: &Stage, name: &str, late: &[&str], face: SocketAddr) -> anyhow::Result<()> {
    let text = wait::until(LIMIT, "series that are late", || {
        stage.push(SLOW_MS)?;
        let text = scraped(face)?;
        Ok(late.iter().all(|late| text.contains(late)).then_some(text))
    })?;
    Ok(fs::write(folder().join("tests").join(name), text)?)
}

/// Of names, only one that dashboards elsewhere have known for long is not as it would be chosen.
#[test]
fn promtool_has_nothing_against_the_metrics() -> anyhow::Result<()> {
    for (name, _) in SCRAPES {
        let findings = check_metrics(&committed(name)?)?;
        let inherited =
            |finding: &&String| finding.starts_with("lvqr_subscriber_glass_to_glass_ms ");
        ensure!(
            findings.iter().all(|finding| inherited(&finding)),
            "{name}: {findings:#?}"
        );
    }
    Ok(())
}

#[test]
fn the_rules_do_what_their_tests_say() -> anyhow::Result<()> {
    let said = promtool(&folder(), &["check", "rules", "liveswarm.rules.yml"])?;
    ensure!(said.contains("SUCCESS"), "{said}");
    let tests = rule_tests()?;
    ensure!(tests.len() >= 5, "{tests:?}");
    let names = tests.iter().map(|(name, _)| name.as_str());
    let arguments: Vec<&str> = ["test", "rules"].into_iter().chain(names).collect();
    promtool(&folder().join("tests"), &arguments)?;
    Ok(())
}

/// Every series of the two scrapes: a counter grows by its own value every 15 s.
#[test]
fn what_a_scrape_has_raises_the_alerts_that_it_should() -> anyhow::Result<()> {
    let mut yaml = format!(
        "rule_files: ['{}']\nevaluation_interval: 15s\ntests:\n- interval: 15s\n  input_series:\n",
        folder().join("liveswarm.rules.yml").display()
    );
    for (name, _) in SCRAPES {
        for line in lines(&committed(name)?) {
            let (series, value) = Series::read(line)?;
            let text = &line[..line.len() - value.len()];
            let added = format!("job=\"liveswarm\",instance=\"{name}\"");
            let text = match text.strip_suffix('}') {
                Some(open) => format!("{open},{added}}}"),
                None => format!("{}{{{added}}}", series.name),
            };
            let value = value.trim();
            let step = if series.only_grows() { value } else { "0" };
            writeln!(
                yaml,
                "  - series: '{text}'\n    values: '{value}+{step}x60'"
            )?;
        }
    }
    // Pushed were samples of 9 s, and viewers of segments of 1 s stand well within 10 s.
    let firing = "count by (alertname, source) (ALERTS{alertstate=\"firing\",source!=\"origin\"})";
    writeln!(
        yaml,
        "  promql_expr_test:\n  - expr: '{firing}'\n    eval_time: 3m"
    )?;
    writeln!(yaml, "    exp_samples:")?;
    for alert in ["LiveswarmLatencyP99Critical", "LiveswarmBudgetBurnsFast"] {
        let labels = format!("{{alertname=\"{alert}\", source=\"pushed\"}}");
        writeln!(yaml, "    - {{labels: '{labels}', value: 1}}")?;
    }
    let home = TempDir::new()?;
    fs::write(home.path().join("scrapes.yml"), &yaml)?;
    promtool(home.path(), &["test", "rules", "scrapes.yml"])?;
    Ok(())
}

/// Words of an expression that name metrics.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|c: char| !(c.is_ascii_alphanumeric() || "_:".contains(c)));
    words.filter(|word| {
        let ours = ["hls_swarm_", "lvqr_", "liveswarm_origin_", "liveswarm:"];
        ours.iter().any(|prefix| word.starts_with(prefix))
    })
}

#[test]
fn rules_and_dashboards_name_only_what_there_is() -> anyhow::Result<()> {
    let exposed = exposed()?;
    let mut there: BTreeSet<&str> = exposed.keys().map(String::as_str).collect();
    there.extend(entries(RULES, "- record: "));
    let mut boards = String::new();
    for (_, text) in BOARDS {
        let board = Board::read(text)?;
        for query in &board.queries {
            writeln!(boards, "{}", query.expression)?;
        }
        for (_, query) in &board.variables {
            writeln!(boards, "{query}")?;
        }
    }
    for text in [RULES, &boards] {
        let missing: Vec<&str> = names(text).filter(|name| !there.contains(name)).collect();
        ensure!(missing.is_empty(), "{missing:?}");
    }
    Ok(())
}

#[test]
fn limits_of_rules_are_bounds_of_buckets() -> anyhow::Result<()> {
    let exposed = exposed()?;
    let bounds = &exposed[BUCKET];
    let bound = |bound: &str| {
        let labels = ["broadcast", &format!("le={bound}"), "source", "transport"];
        ensure!(
            bounds.contains(&labels.map(str::to_owned).to_vec()),
            "{bound}"
        );
        Ok(())
    };
    let mut limits = 0;
    for part in RULES.split("le=\"").skip(1) {
        bound(part.split('"').next().unwrap_or_default())?;
        limits += 1;
    }
    for line in RULES.lines().filter(|line| line.contains("_ms:p")) {
        if let Some((_, limit)) = line.split_once("} > ") {
            bound(&format!("{limit}.0"))?;
            limits += 1;
        }
    }
    ensure!(limits == 6 + 5, "{limits} limits");
    Ok(())
}

#[test]
fn tests_of_rules_use_series_as_they_are_scraped() -> anyhow::Result<()> {
    let exposed = exposed()?;
    for (file, text) in rule_tests()? {
        let mut known = 0;
        for line in entries(&text, "- series: ") {
            let (series, _) = Series::read(line.trim_matches('\''))?;
            if series.name == "up" {
                continue;
            }
            ensure!(series.label("job").is_some() && series.label("instance").is_some());
            let shapes = exposed.get(&series.name).with_context(|| line.to_owned())?;
            let mut shape = series.shape();
            // The run that is scraped has no groups.
            if may_be_of_a_group(&series.name) {
                shape.retain(|label| label != "group");
            }
            ensure!(shapes.contains(&shape), "{file}: {line}");
            known += 1;
        }
        ensure!(known > 0, "{file} has no series");
    }
    Ok(())
}

/// Whether a metric has the label `group` where it is of a group of a scenario.
fn may_be_of_a_group(name: &str) -> bool {
    let begin = format!("| `{name}` |");
    let of_it = REFERENCE.lines().find(|line| line.starts_with(&begin));
    of_it.is_some_and(|line| line.contains("`group`: "))
}

#[test]
fn panels_name_the_group_where_an_objective_is_a_groups() -> anyhow::Result<()> {
    let mut panels = 0;
    for (name, text) in BOARDS {
        let board = Board::read(text)?;
        for panel in list(&board.json["panels"]) {
            for target in list(&panel["targets"]) {
                let expression = target["expr"].as_str().unwrap_or_default();
                if names(expression).any(may_be_of_a_group) {
                    let legend = target["legendFormat"].as_str().unwrap_or_default();
                    ensure!(legend.contains("{{group}}"), "{name}: {target:#}");
                    panels += 1;
                }
            }
        }
    }
    ensure!(panels >= 5, "{panels}");
    Ok(())
}

#[test]
fn every_alert_is_tested_and_explained() -> anyhow::Result<()> {
    let tests: String = rule_tests()?.into_iter().map(|(_, text)| text).collect();
    let headings: Vec<&str> = entries(RUNBOOK, "### ").collect();
    ensure!(alerts().count() >= 10);
    for alert in alerts() {
        // With all labels and annotations, and with what fires beside it.
        ensure!(tests.contains(&format!("alertname: {alert}\n")), "{alert}");
        ensure!(tests.contains(&format!("alertname=\"{alert}\"")), "{alert}");
        // A heading's anchor is the heading in lower case.
        let anchor = format!("runbook: docs/slo.md#{}\n", alert.to_lowercase());
        ensure!(RULES.contains(&anchor), "{alert}");
        ensure!(
            headings.contains(&alert),
            "docs/slo.md does not explain {alert}"
        );
    }
    Ok(())
}
