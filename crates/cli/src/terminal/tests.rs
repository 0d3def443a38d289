//! Faults of our own while the terminal is taken. What panics runs as a program of its own, on a
//! terminal: this test's binary, asked for one of the tests that are left out otherwise.

use std::sync::Arc;
use std::time::Duration;

use report::{Config, Frame, Phase};
use telemetry::Snapshot;
use testkit::terminal::Terminal;
use tokio::sync::watch;

use super::device::{Device, THREAD};
use super::{Dashboard, LogSink};

const LIMIT: Duration = Duration::from_mins(1);
const FAULT: &str = "a fault of our own";

/// Runs a test of this binary on a terminal, to its end.
fn on_terminal(test: &str) -> Terminal {
    let binary = std::env::current_exe().unwrap();
    let arguments = format!("--ignored --exact --nocapture terminal::tests::{test}");
    let mut terminal = Terminal::run(binary, &arguments, (80, 24)).unwrap();
    assert_ne!(terminal.wait(LIMIT).unwrap(), 0, "{}", terminal.text());
    terminal
}

#[test]
#[ignore = "it panics; another test runs it on a terminal"]
fn panics_with_the_terminal() {
    let mut device = Device::take().unwrap();
    device.draw(|_| {}).unwrap();
    panic!("{FAULT}");
}

#[test]
#[ignore = "it panics; another test runs it on a terminal"]
fn panics_beside_the_dashboard() {
    let (frames, seen) = watch::channel(Arc::new(frame()));
    let dashboard = Dashboard::open(seen, LogSink::default()).unwrap();
    let fault = std::thread::spawn(|| panic!("{FAULT}"));
    assert!(fault.join().is_err());
    frames.send_replace(Arc::new(frame()));
    drop(dashboard);
    panic!("and the run ends");
}

/// Where a frame is half drawn, as a panel's fault would have it.
#[test]
#[ignore = "it panics; another test runs it on a terminal"]
fn panics_amid_a_frame() {
    let mut device = Device::take().unwrap();
    device.draw(|_| {}).unwrap();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name(THREAD.to_owned());
        let drawing = thread.spawn_scoped(scope, || device.draw(|_| panic!("{FAULT}")));
        assert!(drawing.unwrap().join().is_err());
    });
    device.draw(|_| {}).unwrap();
    panic!("and the run ends");
}

fn frame() -> Frame {
    Frame {
        version: "0.1.0",
        config: Arc::new(Config::default()),
        snapshot: Arc::new(Snapshot::default()),
        groups: Arc::default(),
        timeline: Arc::new([]),
        objectives: Arc::new([]),
        ledger: None,
        origin_metrics: None,
        phase: Phase::Ramping,
        exit: None,
    }
}

#[test]
fn a_panic_is_read_on_a_terminal_that_is_as_it_was() {
    for test in [
        "panics_with_the_terminal",
        "panics_beside_the_dashboard",
        "panics_amid_a_frame",
    ] {
        let terminal = on_terminal(test);
        let on_screen = terminal.on_screen();
        assert!(!on_screen.is_empty(), "{test} never had the screen");
        assert!(
            !String::from_utf8_lossy(&on_screen).contains(FAULT),
            "{test}"
        );
        // All of it after the screen was left for the last time, so it was not taken again.
        let after = terminal.after_screen();
        assert!(after.contains(FAULT), "{test}: {after}");
        assert!(terminal.is_as_it_was(), "{test}: {after}");
    }
}
