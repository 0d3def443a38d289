//! What is shown, held as it was when a person looked at it.

use report::format;
use telemetry::hist::Quantile;
use telemetry::{Snapshot, What, origin};
use tui::{KeyCode, KeyEvent, KeyModifiers, Look, Screen};

use crate::runs::{self, Fate, Story};
use crate::screen::{after, text};

/// The least that is to hold all that matters, and what is to hold everything.
const SIZES: [(u16, u16); 2] = [(80, 24), (160, 50)];

#[test]
fn runs_in_every_state() {
    let stories: [(&str, Story); 5] = [
        ("warming_up", runs::WARMING_UP),
        ("ramping", runs::RAMPING),
        ("steady", runs::STEADY),
        ("stalling", runs::STALLING),
        ("all_failed", runs::ALL_FAILED),
    ];
    for (name, story) in stories {
        let frame = runs::frame(story);
        for (width, height) in SIZES {
            let name = format!("{name}_{width}x{height}");
            let mut screen = Screen::new(Look::default());
            insta::assert_snapshot!(name, text(&mut screen, &frame, (width, height)));
        }
    }
}

/// Groups of a scenario: two that find room, and more than do.
#[test]
fn groups_of_a_scenario() {
    for groups in [2, 9] {
        let frame = runs::grouped(groups);
        for (width, height) in SIZES {
            let name = format!("groups_{groups}_{width}x{height}");
            insta::assert_snapshot!(name, text(&mut after(&[]), &frame, (width, height)));
        }
    }
    let alone = &mut after(&[KeyCode::Char('g')]);
    let frame = runs::grouped(9);
    insta::assert_snapshot!("groups_alone", text(alone, &frame, (80, 24)));
    insta::assert_snapshot!("groups_40x12", text(&mut after(&[]), &frame, (40, 12)));
}

/// What the table says of a group is what the group's own recorder counted.
#[test]
fn a_group_is_told_with_its_own_figures() {
    let frame = runs::grouped(3);
    let shown = text(&mut after(&[KeyCode::Char('g')]), &frame, (160, 50));
    for (name, seen) in frame.by_group() {
        let p95 = |what| {
            let figure = seen.latency.of(what).quantile(Quantile::P95);
            format::or_unknown(figure, format::micros)
        };
        let viewers = &seen.viewers;
        let figures = [
            name.to_owned(),
            format!("{}/{}", viewers.active(), viewers.target),
            format::count(seen.requests.all().failed),
            format::or_unknown(viewers.play_time().map(|_| viewers.stalls), format::count),
            format::or_unknown(viewers.rebuffer_ratio(), format::percent),
            p95(What::Startup),
            p95(What::SegmentDownload),
        ];
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let expected = words(&figures.join(" "));
        assert!(
            shown.lines().any(|line| words(line) == expected),
            "{expected:?}\n{shown}"
        );
    }
}

/// Without several groups there is no panel of them, nor does the focus come to one.
#[test]
fn a_run_of_one_group_has_no_panel_of_groups() {
    let one = runs::grouped(1);
    for frame in [runs::frame(runs::STEADY), one] {
        let mut screen = after(&[]);
        for _ in 0..12 {
            let shown = text(&mut screen, &frame, (160, 50));
            assert!(!shown.contains("groups"), "{shown}");
            screen.key(KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE));
        }
        let shown = text(&mut after(&[KeyCode::Char('g')]), &frame, (80, 24));
        assert!(shown.contains("all viewers are of one group"), "{shown}");
    }
}

/// A large group may have more failures of which fewer are a problem.
#[test]
fn groups_are_in_trouble_by_the_share_that_failed() {
    let mut frame = runs::grouped(9);
    let mut groups = frame.groups.to_vec();
    let first = groups[0].clone();
    for _ in 0..9 {
        groups[0].merge(&first);
    }
    let failed = |seen: &Snapshot| seen.requests.all().failed;
    assert!(failed(&groups[0]) > failed(&groups[8]));
    frame.groups = groups.into();
    let shown = text(&mut after(&[]), &frame, (80, 24));
    let place = |name| shown.lines().position(|line| line.contains(name));
    assert!(place("group-8").is_some(), "{shown}");
    let of_first = place("phones").unwrap_or(usize::MAX);
    assert!(place("group-8") < Some(of_first), "{shown}");
}

/// Where not all groups find room, the one that fails most is not left out.
#[test]
fn a_group_in_trouble_is_in_sight() {
    let frame = runs::grouped(9);
    let failed = |seen: &Snapshot| seen.requests.all().failed;
    let most = frame.by_group().map(|(_, seen)| failed(seen)).max();
    let (last, seen) = frame.by_group().last().unwrap();
    assert_eq!(most, Some(failed(seen)));
    let words = format::count(failed(seen));
    for size in [(80, 24), (80, 12), (40, 12)] {
        let shown = text(&mut after(&[]), &frame, size);
        let of_last = shown.lines().find(|line| line.contains(last));
        assert!(of_last.is_some_and(|line| line.contains(&words)), "{shown}");
        assert!(size.0 < 80 || shown.contains(" more"), "{shown}");
    }
    let shown = text(&mut after(&[]), &frame, (30, 14));
    assert!(shown.contains("  groups  9 groups"), "{shown}");
}

#[test]
fn the_focus_comes_to_the_groups() {
    let frame = runs::grouped(9);
    let mut screen = after(&[]);
    text(&mut screen, &frame, (80, 24));
    for _ in 0..6 {
        screen.key(KeyEvent::new(KeyCode::Tab, KeyModifiers::NONE));
    }
    let shown = text(&mut screen, &frame, (80, 24));
    assert!(shown.contains("─»groups"), "{shown}");
    assert!(shown.contains("group-8"), "{shown}");
}

#[test]
fn what_keys_show() {
    let frame = runs::frame(runs::STALLING);
    let views: [(&str, &[KeyCode]); 4] = [
        ("help", &[KeyCode::Char('?')]),
        ("slowest", &[KeyCode::Char('d'), KeyCode::PageDown]),
        (
            "focus",
            &[
                KeyCode::BackTab,
                KeyCode::BackTab,
                KeyCode::BackTab,
                KeyCode::BackTab,
            ],
        ),
        (
            "errors_alone",
            &[KeyCode::Char('d'), KeyCode::BackTab, KeyCode::BackTab],
        ),
    ];
    for (name, keys) in views {
        insta::assert_snapshot!(name, text(&mut after(keys), &frame, (80, 24)));
    }
}

#[test]
fn a_small_terminal_keeps_a_core() {
    let frame = runs::frame(runs::STALLING);
    insta::assert_snapshot!("small_40x10", text(&mut after(&[]), &frame, (40, 10)));
}

#[test]
fn viewers_without_a_playhead_have_no_playback() {
    let story = Story {
        fate: Fate::Copies,
        at_ms: 5_000,
        ..runs::RAMPING
    };
    let shown = text(&mut after(&[]), &runs::frame(story), (80, 24));
    assert!(
        shown.contains("playback    no viewer has a playhead"),
        "{shown}"
    );
    assert!(!shown.contains("rebuffer"), "{shown}");
}

/// The panel of the generator and the origin, with all that an origin can say.
#[test]
fn what_the_origin_says() {
    let figure = |newest: f64, stale| {
        Some(origin::Figure {
            newest,
            stale,
            ..origin::Figure::default()
        })
    };
    let stale = origin::Source {
        url: "http://origin.example:9113/metrics".to_owned(),
        stale: true,
        age_ms: Some(12_400),
        error: Some("the answer was 502; is this the path?\u{1b}[2J".to_owned()),
        ..origin::Source::default()
    };
    let view = origin::View {
        sources: vec![stale],
        host: Some(origin::Host {
            cpu: figure(0.234, false),
            memory: figure(0.42, false),
            network_out: figure(24_500_000.0, false),
            ..origin::Host::default()
        }),
        server: Some(origin::Server {
            connections: figure(104.0, true),
            ..origin::Server::default()
        }),
        sent: vec![origin::Sent::of(origin::Scope::Host, 1_470, 1_400)],
        segments: None,
    };
    let mut frame = report::Frame::clone(&runs::frame(runs::STEADY));
    frame.origin_metrics = Some(std::sync::Arc::new(view));
    for (width, height) in SIZES {
        let name = format!("origin_says_{width}x{height}");
        let mut screen = after(&[KeyCode::BackTab, KeyCode::BackTab, KeyCode::BackTab]);
        insta::assert_snapshot!(name, text(&mut screen, &frame, (width, height)));
    }
}
