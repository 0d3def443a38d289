use report::{Document, document, html};

use crate::page::{self, Plot, points};
use crate::{rich, runs};

/// What a page of 3,000 rows may take.
const BYTES_MAX: usize = 600_000;

fn page() -> String {
    html(&rich::document_of(120))
}

#[test]
fn a_small_page_as_it_is() {
    let mut document = rich::document_of(4);
    document.distributions.clear();
    document.slo.clear();
    document.errors.truncate(2);
    document.roster = None;
    for row in &mut document.timeline {
        let row = std::sync::Arc::make_mut(row);
        row.latency_ms.clear();
        row.slo.clear();
    }
    let page = html(&document);
    let body = page::element(&page, "<body>", "</body>");
    insta::assert_snapshot!("html_small", body.replace("><", ">\n<"));
}

#[test]
fn every_state_of_a_run_has_a_page_of_whole_elements() {
    let cases = runs::all().into_iter().chain([runs::many()]);
    let pages = cases
        .map(|case| html(&document(&case.run())))
        .chain([page()]);
    for page in pages {
        let mut open = Vec::new();
        for (name, closes) in page::tags(&page) {
            match (name, closes) {
                ("!DOCTYPE" | "meta", _) => {}
                (name, false) => open.push(name),
                (name, true) => assert_eq!(open.pop(), Some(name)),
            }
        }
        assert_eq!(open, [""; 0]);
        assert!(!page.contains("NaN") && !page.contains("inf\""), "{page}");
    }
}

#[test]
fn a_page_needs_nothing_but_itself() {
    let page = page();
    for outside in [
        "<script", "<link", " src=", " href=", "@import", "url(h", "url(/", " on",
    ] {
        let styled = page::element(&page, "<head>", "</head>");
        assert!(!styled.contains(outside), "{outside}");
        let body = page.split_once("<body>").unwrap().1;
        let tags = body
            .split('<')
            .map(|tag| tag.split_once('>').map_or("", |(tag, _)| tag));
        let found = tags
            .map(|tag| format!("<{tag}"))
            .find(|tag| tag.contains(outside));
        assert_eq!(found, None, "{outside}");
    }
}

/// Names that would leave their place, were they not escaped.
fn hostile() -> Document {
    let evil = "\"><script>alert(1)</script><img src=x onerror=alert(1)>&'\u{202e}\u{1b}[2J";
    let mut document = rich::document_of(20);
    let config = &mut document.config;
    for text in [
        &mut config.url,
        &mut config.player,
        &mut config.variant,
        &mut config.restart,
        &mut document.version,
    ] {
        evil.clone_into(text);
    }
    config.own_origin = false;
    config.user_agent = Some(evil.to_owned());
    config.broadcast = Some(evil.to_owned());
    config.cacert = Some(evil.to_owned());
    for list in [
        &mut config.headers,
        &mut config.resolve,
        &mut config.origin,
        &mut config.options,
    ] {
        *list = vec![evil.to_owned()];
    }
    for row in &mut document.timeline {
        evil.clone_into(&mut std::sync::Arc::make_mut(row).slo[0].broadcast);
        evil.clone_into(&mut std::sync::Arc::make_mut(row).slo[0].transport);
    }
    evil.clone_into(&mut document.slo[0].broadcast);
    evil.clone_into(&mut document.slo[0].transport);
    evil.clone_into(&mut document.objectives[0].objective);
    evil.clone_into(&mut document.errors[0].kind);
    if let Some(exit) = &mut document.exit {
        evil.clone_into(&mut exit.reason);
    }
    document
}

#[test]
fn what_comes_from_outside_stays_text() {
    let page = html(&hostile());
    let known = [
        "!DOCTYPE",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "header",
        "main",
        "footer",
        "section",
        "aside",
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "li",
        "strong",
        "small",
        "span",
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "dl",
        "dt",
        "dd",
        "pre",
        "code",
        "figure",
        "figcaption",
        "svg",
        "g",
        "path",
        "text",
        "desc",
        "defs",
        "pattern",
        "rect",
    ];
    for (name, _) in page::tags(&page) {
        assert!(known.contains(&name), "<{name}>");
    }
    assert!(page.matches("&quot;&gt;&lt;script&gt;").count() > 15);
    assert!(!page.contains("\"><script"));
    assert!(!page.contains(|c: char| c.is_control() && c != '\n' || c == '\u{202e}'));
}

#[test]
fn charts_hold_exactly_the_data() {
    let document = rich::document_of(120);
    let page = html(&document);

    let throughput = Plot::of(&page, "throughput");
    let peaks = throughput.paths("line c2 dash");
    let drawn = throughput.values(peaks[0], ("60", 60e6));
    let peak = |n: usize| document.timeline[n].peak_100ms.unwrap();
    assert_eq!(drawn.len(), 120);
    for n in [0, 60, 119] {
        // A tenth of a unit of the drawing.
        assert!(
            (drawn[n] - peak(n)).abs() < 80e6 / 184.0 / 10.0,
            "{n}: {} {}",
            drawn[n],
            peak(n)
        );
    }
    // From point to point, and back along the foot.
    let (average, back) = throughput.paths("area c1")[0].split_once('V').unwrap();
    assert_eq!((points(average).len(), back), (120, "208H59.7Z"));

    // Every seventh second has no segment: a gap each, which ends a stretch.
    let download = Plot::of(&page, "segment_download").paths("line c3 dot")[0];
    assert_eq!(points(download).len(), 120 - 120 / 7);
    assert_eq!(download.matches('M').count(), 120 / 7 + 1);

    // A bar for each second with stalls.
    let stalls = Plot::of(&page, "stalls").paths("bars stalled")[0];
    let seconds = document
        .timeline
        .iter()
        .filter(|row| row.stalls > 0)
        .count();
    assert_eq!(stalls.matches('M').count(), seconds);

    // At the end all hundred play: the stack's first layer fills it.
    let viewers = Plot::of(&page, "viewers");
    let playing = viewers.values(
        viewers.paths("area playing")[0].split_once('V').unwrap().0,
        ("100", 100.0),
    );
    assert!((playing[119] - 100.0).abs() < 0.1, "{}", playing[119]);
}

#[test]
fn every_chart_is_there_and_none_is_empty() {
    let page = page();
    let ids = [
        "throughput",
        "viewers",
        "playlist",
        "segment_ttfb",
        "segment_download",
        "live_latency",
        "stalls",
        "stalled",
        "failed",
        "latency-spread",
        "startup",
        "glass-0",
        "cpu",
        "lag",
    ];
    for id in ids {
        let figure = page::element(&page, &format!("<figure id=\"plot-{id}\""), "</figure>");
        assert!(figure.contains("<desc id="), "{id}");
        let paths: Vec<_> = figure
            .split("<path class=\"")
            .skip(1)
            .filter(|path| !path.starts_with("limit"))
            .collect();
        assert!(!paths.is_empty(), "{id}");
        assert!(
            paths.iter().all(|path| !path.contains("d=\"\"")),
            "{id}: {figure}"
        );
        assert!(paths[0].contains("highest"), "{id}: {}", paths[0]);
    }
    assert_eq!(page.matches("<figure ").count(), ids.len());
}

#[test]
fn a_limit_is_drawn_where_it_is_near() {
    let mut document = rich::document_of(30);
    let limits = |document: &Document| {
        let page = html(document);
        let figure = page::element(&page, "<figure id=\"plot-glass-0\"", "</figure>").to_owned();
        figure.matches("class=\"limit\"").count()
    };
    assert_eq!(limits(&document), 1);
    document.objectives[0].limit = 90_000.0;
    assert_eq!(limits(&document), 0);
}

/// The median start is half way up, at its time.
#[test]
fn the_startup_curve_is_the_distribution() {
    let document = rich::document_of(10);
    let page = html(&document);
    let path = Plot::of(&page, "startup").paths("line c1")[0].to_owned();
    let steps: Vec<_> = path.split('V').collect();
    // From nothing to all, in steps of half a percent.
    assert_eq!(steps.len(), 201 + 1, "{path}");
    let summary = document.playback.startup_ms;
    assert!(page.contains(&format!("100 samples, p50 {:.0} ms", summary.p50.unwrap())));
}

#[test]
fn a_long_run_is_thinned_and_says_so() {
    let page = html(&rich::document_of(3_000));
    assert!(page.len() < BYTES_MAX, "{}", page.len());
    assert!(page.contains("each point is the highest of 8 neighbours, 8 s in all"));
    let peaks = Plot::of(&page, "throughput").paths("line c2 dash")[0];
    assert_eq!(points(peaks).len(), 3_000 / 8);
}

/// A file may say anything.
#[test]
fn extremes_have_a_page() {
    let mut document = rich::document_of(1_000);
    for (n, row) in document.timeline.iter_mut().enumerate() {
        let row = std::sync::Arc::make_mut(row);
        (row.elapsed_ms, row.span_ms) = (u64::MAX - 1_000 + n as u64, u64::MAX);
        (row.media_bytes, row.stalls, row.failed) = (u64::MAX, u64::MAX, u64::MAX);
        row.peak_100ms = Some(f64::MAX);
        row.cpu_ms = Some(u64::MAX);
        (row.stall_ms, row.play_ms) = (u64::MAX, u64::MAX);
        row.lag_p99_ms = Some(-1.0);
        for spread in row.latency_ms.values_mut() {
            (spread.count, spread.p50, spread.p99) = (u64::MAX, -f64::MAX, f64::MAX);
        }
    }
    document.duration_s = f64::MAX;
    document.objectives[0].limit = f64::MIN_POSITIVE;
    let page = html(&document);
    assert!(page.len() < BYTES_MAX);
    let paths = page
        .split(" d=\"")
        .skip(1)
        .map(|path| path.split_once('"').unwrap().0);
    let strange = |path: &&str| path.contains("NaN") || path.contains("inf");
    assert_eq!(paths.clone().find(strange), None);
    assert!(paths.count() > 50);
}

#[test]
fn what_is_unknown_is_not_shown_as_zero() {
    let case = runs::named("nothing_plays");
    let mut document = document(&case.run());
    document.timeline = rich::timeline(10);
    for row in &mut document.timeline {
        let row = std::sync::Arc::make_mut(row);
        (row.stall_ms, row.play_ms, row.cpu_ms, row.lag_p99_ms) = (0, 0, None, None);
    }
    let page = html(&document);
    for id in ["stalls", "stalled", "cpu", "lag", "startup"] {
        assert!(!page.contains(&format!("id=\"plot-{id}\"")), "{id}");
    }
    let ratio = page::element(&page, "<span class=\"name\">rebuffer ratio", "</li>");
    assert!(ratio.contains("<strong>n/a</strong>"), "{ratio}");
}

#[test]
fn a_file_of_an_earlier_version_has_a_page() {
    let text = include_str!("earlier.json");
    let page = html(&Document::read(text).unwrap());
    assert!(page.contains("The run has no timeline"));
    assert!(page.contains("How to repeat this run"));
}
