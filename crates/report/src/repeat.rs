//! How to repeat a run: the command line, rebuilt from what the run was asked for.

use crate::document::Document;
use crate::run::{Config, Group};

/// What stands in place of a secret (as `transport` masks it).
const MASK: &str = "***";

/// The command that repeats the run of `document`, over several lines, quoted for a POSIX shell.
/// Everything that the program filled in is written out, so that a later version with other
/// defaults repeats it too. Secrets were masked before they came here: see [`has_secrets`].
pub fn command(document: &Document) -> String {
    let config = &document.config;
    let mut words = Words::default();
    if config.is_gateway() {
        words.line(format!("liveswarm gateway {}", quoted(&config.url)));
        words.maybe("--duration", config.duration_s.map(time));
    } else {
        load(&mut words, config);
        if config.groups.is_empty() {
            viewers(&mut words, config);
        }
    }
    if config.groups.is_empty() {
        of_viewers(&mut words, config);
    }
    requests(&mut words, config);
    // What may be repeated would add to what the scenario says: of that, `options` has what was typed.
    if config.groups.is_empty() {
        for status in &document.objectives {
            words.option("--slo", &status.objective);
        }
    }
    if config.slo_require_data {
        words.line("--slo-require-data".to_owned());
    }
    words.finish()
}

/// Whether the command holds masks that must be replaced by the secrets first.
pub fn has_secrets(document: &Document) -> bool {
    command(document).contains(MASK)
}

fn load(words: &mut Words, config: &Config) {
    // Where each group has a stream of its own, the run has none.
    let all_own = |groups: &[Group]| groups.iter().all(|group| group.url.is_some());
    let stream = if config.own_origin || !config.groups.is_empty() && all_own(&config.groups) {
        String::new()
    } else {
        format!(" {}", quoted(&config.url))
    };
    words.line(format!("liveswarm run{stream}"));
    ramp(words, config);
    words.maybe("--duration", config.duration_s.map(time));
    if config.groups.is_empty() {
        words.option("--restart", &config.restart);
    }
    words.option("--workers", &config.workers.to_string());
    words.option("--seed", &config.seed.to_string());
    let origin = config.origin.iter().filter(|_| config.groups.is_empty());
    for option in config.options.iter().chain(origin) {
        words.line(quoted(option));
    }
}

/// What of the ramp a load of another shape leaves room for.
fn ramp(words: &mut Words, config: &Config) {
    let has = |name: &str| {
        let mut options = config.options.iter();
        options.any(|option| option.split('=').next() == Some(name))
    };
    let (staged, open, herd) = (has("--stages"), has("--arrivals"), has("--thundering-herd"));
    if !staged && !open {
        words.option("--viewers", &config.viewers.to_string());
    }
    if !open && !herd {
        words.option("--ramp-rate", &config.ramp_rate.to_string());
    }
    if !staged && !open && !herd {
        words.option("--ramp-jitter", &format!("{}ms", config.ramp_jitter_ms));
    }
}

fn viewers(words: &mut Words, config: &Config) {
    words.option("--player", &config.player);
    words.option("--variant", &config.variant);
    words.maybe("--target-buffer", config.target_buffer_s.map(time));
    words.maybe(
        "--seg-retry",
        config.seg_retry.map(|tries| tries.to_string()),
    );
    words.maybe("--timeout", config.timeout_s.map(time));
}

/// What of the requests each group says for itself.
fn of_viewers(words: &mut Words, config: &Config) {
    for header in &config.headers {
        words.option("--header", header);
    }
    words.maybe("--user-agent", config.user_agent.clone());
    words.maybe("--broadcast", config.broadcast.clone());
    if config.no_cache {
        words.line("--no-cache".to_owned());
    }
}

fn requests(words: &mut Words, config: &Config) {
    for name in config.resolve.iter().filter(|_| config.groups.is_empty()) {
        words.option("--resolve", name);
    }
    words.maybe("--cacert", config.cacert.clone());
    if config.insecure {
        words.line("--insecure".to_owned());
    }
}

/// Seconds as they are typed.
fn time(seconds: f64) -> String {
    let micros = (seconds * 1e6).round() as u64;
    match micros {
        _ if micros.is_multiple_of(1_000_000) => format!("{}s", micros / 1_000_000),
        _ if micros.is_multiple_of(1_000) => format!("{}ms", micros / 1_000),
        _ => format!("{micros}us"),
    }
}

/// A command line, an option a line.
#[derive(Debug, Default)]
struct Words(Vec<String>);

impl Words {
    fn line(&mut self, line: String) {
        self.0.push(line);
    }

    fn option(&mut self, name: &str, value: &str) {
        // What begins with a dash would be taken for an option.
        let between = if value.starts_with('-') { '=' } else { ' ' };
        self.line(format!("{name}{between}{}", quoted(value)));
    }

    fn maybe(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.option(name, &value);
        }
    }

    fn finish(self) -> String {
        self.0.join(" \\\n  ")
    }
}

/// One word of a POSIX shell (2.2.2: nothing is special between single quotes). Control
/// characters, which no option of ours takes, are replaced, so that pasting does nothing else.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%_+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    let clean = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let word: String = word.chars().map(clean).collect();
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        let cases = [
            ("hls.js=7,shaka=2", "hls.js=7,shaka=2"),
            ("http://h/live/master.m3u8", "http://h/live/master.m3u8"),
            ("http://h/{n}/a?b=1&c=$(id)", "'http://h/{n}/a?b=1&c=$(id)'"),
            ("it's `id`", r"'it'\''s `id`'"),
            ("", "''"),
            ("a\nb\x1b[2J", "'a\u{fffd}b\u{fffd}[2J'"),
            ("glass_to_glass.p95 < 3s", "'glass_to_glass.p95 < 3s'"),
            ("~/x", "'~/x'"),
            ("***", "'***'"),
        ];
        for (word, expected) in cases {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn times_are_written_as_they_are_typed() {
        let cases = [
            (30.0, "30s"),
            (0.5, "500ms"),
            (90.25, "90250ms"),
            (0.000_7, "700us"),
        ];
        for (seconds, expected) in cases {
            assert_eq!(time(seconds), expected);
        }
    }

    #[test]
    fn what_begins_with_a_dash_stays_a_value() {
        let mut words = Words::default();
        words.option("--user-agent", "-x");
        words.option("--seed", "1");
        assert_eq!(words.finish(), "--user-agent=-x \\\n  --seed 1");
    }
}
