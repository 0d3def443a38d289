//! What the origin says of itself, in words: the same in text, on the page and in the terminal.

use telemetry::origin::{Figure, Scope, Sent, Source, View};

use crate::format::{self, UNKNOWN, things};

/// A figure with its name.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// What it is, for a table.
    pub name: &'static str,
    /// The same in short, before or behind a figure.
    pub short: &'static str,
    /// The figure.
    pub figure: Figure,
    show: fn(f64) -> String,
}

impl Named {
    /// The newest reading, the median and the greatest of the window, the greatest of the run, and
    /// how old the newest is.
    pub fn cells(&self) -> [String; 5] {
        let figure = &self.figure;
        let [newest, p50, max, run_max] =
            [figure.newest, figure.p50, figure.max, figure.run_max].map(self.show);
        [newest, p50, max, run_max, format::millis(figure.age_ms)]
    }

    /// The newest reading; nothing is known of this moment where it is stale.
    pub fn newest(&self) -> String {
        if self.figure.stale {
            return UNKNOWN.to_owned();
        }
        (self.show)(self.figure.newest)
    }
}

/// Heads of [`Named::cells`].
pub const HEADS: [&str; 5] = ["newest", "p50, 30 s", "max, 30 s", "run max", "age"];

/// The figures that are known, those of the machine first.
pub fn figures(view: &View) -> Vec<Named> {
    let host = view.host.unwrap_or_default();
    let server = view.server.unwrap_or_default();
    let named = |name, short, figure: Option<Figure>, show: fn(f64) -> String| {
        figure.map(|figure| Named {
            name,
            short,
            figure,
            show,
        })
    };
    let all = [
        named("CPU, of all cores", "CPU", host.cpu, format::percent),
        named("memory in use", "memory", host.memory, format::percent),
        named("network in", "in", host.network_in, format::rate),
        named("network out", "out", host.network_out, format::rate),
        named("connections", "connections", server.connections, whole),
        named(
            "requests a second",
            "requests/s",
            server.requests_per_s,
            format::per_second,
        ),
        named(
            "bytes sent a second",
            "sent",
            server.sent_per_s,
            format::rate,
        ),
        named("latency, mean", "latency", server.latency_ms, format::ms),
        named(
            "latency, p95",
            "latency p95",
            server.latency_p95_ms,
            format::ms,
        ),
    ];
    all.into_iter().flatten().collect()
}

fn whole(number: f64) -> String {
    format::count(number as u64)
}

/// A count of bytes.
pub fn scope(scope: Scope) -> &'static str {
    match scope {
        Scope::Bodies => "bodies of the stream",
        Scope::Server => "answers of the web server, with heads",
        Scope::Host => "all that left the machine, framing too",
    }
}

/// What the origin says it sent beside what viewers received, and by how much it differs.
pub fn sent(sent: &Sent) -> String {
    let [said, received] = [sent.bytes, sent.received_bytes].map(format::bytes);
    let began_anew = if sent.resets > 0 {
        ", but it began anew in between"
    } else {
        ""
    };
    format!(
        "{said} ({}), viewers received {received}: {}{began_anew}",
        scope(sent.scope),
        difference(sent),
    )
}

/// By how much the origin says it sent more than viewers received.
pub fn difference(sent: &Sent) -> String {
    format::or_unknown(sent.difference_percent, format::signed_percent)
}

/// What the origin's listing of segments says; `None` where there is none.
pub fn segments(view: &View) -> Option<String> {
    let segments = view.segments?;
    let listed = things(segments.listed, "segment", "segments");
    let sizes = segments.p50_bytes.zip(segments.max_bytes);
    let sizes = sizes.map_or(String::new(), |(p50, max)| {
        let [p50, max] = [p50, max].map(format::bytes);
        format!(", p50 {p50}, max {max}")
    });
    Some(format!("{listed} listed{sizes}"))
}

/// What is wrong with a source; `None` where nothing is.
pub fn trouble(source: &Source) -> Option<String> {
    let why = source.error.as_deref();
    let url = format::one_line(&source.url, 60);
    let never = source.readings == 0 && source.failures > 0;
    if source.stale || never {
        let since = match source.age_ms {
            Some(age) => format!("tells nothing since {}", format::millis(age)),
            None => "has told nothing".to_owned(),
        };
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        return Some(format!("{url} {since}{why}"));
    }
    (source.resets > 0).then(|| {
        let times = things(source.resets, "time", "times");
        format!("{url} began to count anew {times}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stale_is_not_of_this_moment() {
        let figure = Figure {
            newest: 0.25,
            max: 0.5,
            age_ms: 7_000,
            ..Figure::default()
        };
        let mut view = View::default();
        view.host.get_or_insert_default().cpu = Some(figure);
        assert_eq!(figures(&view)[0].newest(), "25.0 %");
        let stale = Figure {
            stale: true,
            ..figure
        };
        view.host.get_or_insert_default().cpu = Some(stale);
        let named = figures(&view);
        assert_eq!((named.len(), named[0].newest().as_str()), (1, UNKNOWN));
        assert_eq!(
            named[0].cells(),
            ["25.0 %", "0 %", "50.0 %", "0 %", "7.00 s"]
        );
    }

    #[test]
    fn sources_say_what_is_wrong() {
        let fine = Source {
            url: "http://h/metrics".to_owned(),
            readings: 1,
            age_ms: Some(1_000),
            ..Source::default()
        };
        assert_eq!(trouble(&fine), None);
        // One failure is none to speak of yet.
        let error = Some("refused".to_owned());
        let failed = Source {
            error,
            ..fine.clone()
        };
        assert_eq!(trouble(&failed), None);
        let stale = Source {
            stale: true,
            age_ms: Some(9_000),
            ..failed.clone()
        };
        let said = trouble(&stale).unwrap();
        assert_eq!(said, "http://h/metrics tells nothing since 9.00 s: refused");
        let never = Source {
            stale: true,
            age_ms: None,
            ..failed
        };
        assert!(
            trouble(&never)
                .unwrap()
                .contains("has told nothing: refused")
        );
        // A run that is shorter than it takes to be stale tells of it too.
        let short = Source {
            readings: 0,
            failures: 2,
            stale: false,
            ..never.clone()
        };
        assert_eq!(trouble(&short), trouble(&never));
        let anew = Source { resets: 1, ..fine };
        assert!(trouble(&anew).unwrap().ends_with("anew 1 time"));
    }
}
