//! What is shown, held as it was when a person looked at it.

use telemetry::origin;
use tui::{KeyCode, Look, Screen};

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
