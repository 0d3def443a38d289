//! The dashboard on a terminal, as a person meets it.

use anyhow::ensure;
use rustix::process::Signal;
use testkit::TempDir;
use testkit::terminal::Terminal;

use crate::common::{BINARY, LIMIT};
use crate::signals::silent;

const SIZE: (u16, u16) = (80, 24);

/// A run with its own origin that goes on until it is stopped, on a terminal of its own.
fn run(arguments: &str) -> anyhow::Result<Terminal> {
    let arguments = format!("run -n 8 --ramp-rate 8 --duration 90s --admin-listen off {arguments}");
    Terminal::run(BINARY, &arguments, SIZE)
}

/// All viewers play, so figures are there to be seen.
fn playing(terminal: &mut Terminal) -> anyhow::Result<()> {
    terminal.sees(LIMIT, "playing 8")?;
    ensure!(terminal.is_taken(), "{}", terminal.text());
    Ok(())
}

#[test]
fn a_whole_run() -> anyhow::Result<()> {
    let mut terminal = run("--slo default")?;
    playing(&mut terminal)?;
    terminal.sees(LIMIT, "HEALTHY  8 of 8 viewers play")?;
    // In place of "warming up" once there is a window, and a chart beside it.
    terminal.until(LIMIT, "a rate of segments", |terminal| {
        let lines = terminal.lines();
        let windows = |line: &String| line.matches("B/s").count() == 5;
        lines.iter().any(windows).then_some(())
    })?;
    for name in ["viewers", "requests", "latency", "throughput", "playback"] {
        terminal.sees(LIMIT, &format!("─ {name} ─"))?;
    }
    terminal.press("?")?;
    terminal.sees(
        LIMIT,
        "stop: requests in flight get 3 s; again: leave at once",
    )?;
    terminal.press("d")?;
    terminal.sees(LIMIT, "viewer 7")?;
    terminal.press("\x1b")?;
    terminal.sees(LIMIT, "playing 8")?;
    terminal.press("+")?;
    terminal.sees(LIMIT, "9 of 9 started")?;
    terminal.press("q")?;
    let code = terminal.wait(LIMIT)?;
    let after = terminal.after_screen();
    ensure!(code == 0, "{code}: {after}");
    ensure!(terminal.is_as_it_was(), "{after}");
    ensure!(
        after.contains("── result ──") && after.contains("exit code 0"),
        "{after}"
    );
    let drawn = terminal.on_screen();
    let drawn = String::from_utf8_lossy(&drawn);
    ensure!(drawn.contains("q again leaves at once"), "{drawn}");
    Ok(())
}

#[test]
fn a_terminal_of_another_size_is_drawn_anew() -> anyhow::Result<()> {
    let mut terminal = run("")?;
    playing(&mut terminal)?;
    terminal.resize((160, 50))?;
    // What stands beside and below where the smaller one ended.
    terminal.until(LIMIT, "the larger frame", |terminal| {
        let lines = terminal.lines();
        let right = lines.get(2)?.contains("─ playback ─");
        let bottom = lines.last()?.starts_with(" q stop");
        (right && bottom && terminal.text().contains("─ slowest ")).then_some(())
    })?;
    terminal.resize((40, 10))?;
    terminal.until(LIMIT, "the smaller frame", |terminal| {
        let lines = terminal.lines();
        (lines.len() == 10 && lines.last()?.starts_with(" q stop")).then_some(())
    })
}

/// Requests stay in flight, so only leaving at once is faster than the three seconds they get.
fn leaves_at_once(twice: impl Fn(&mut Terminal) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let server = silent()?;
    let mut terminal = run(&server.url("index.m3u8"))?;
    terminal.sees(LIMIT, "starting 8")?;
    ensure!(terminal.is_taken(), "{}", terminal.text());
    twice(&mut terminal)?;
    let code = terminal.wait(LIMIT)?;
    ensure!(code == 1, "{code}: {}", terminal.text());
    ensure!(terminal.is_as_it_was(), "{}", terminal.text());
    ensure!(!terminal.after_screen().contains("── result ──"));
    Ok(())
}

#[test]
fn ctrl_c_again_leaves_at_once_and_gives_the_terminal_back() -> anyhow::Result<()> {
    leaves_at_once(|terminal| {
        terminal.press("\x03")?;
        terminal.sees(LIMIT, "q again leaves at once")?;
        terminal.press("\x03")
    })
}

#[test]
fn a_second_signal_leaves_at_once_and_gives_the_terminal_back() -> anyhow::Result<()> {
    leaves_at_once(|terminal| {
        terminal.signal(Signal::TERM)?;
        terminal.sees(LIMIT, "stopping: requests in flight get 3 s")?;
        terminal.signal(Signal::INT)
    })
}

#[test]
fn one_signal_is_said_and_ends_the_run_well() -> anyhow::Result<()> {
    let mut terminal = run("")?;
    playing(&mut terminal)?;
    terminal.signal(Signal::TERM)?;
    ensure!(terminal.wait(LIMIT)? == 0, "{}", terminal.text());
    ensure!(terminal.is_as_it_was(), "{}", terminal.text());
    ensure!(terminal.after_screen().contains("── result ──"));
    Ok(())
}

#[test]
fn log_lines_stay_off_the_screen_and_are_read_after_it() -> anyhow::Result<()> {
    let mut terminal = run("-vv")?;
    playing(&mut terminal)?;
    terminal.press("m")?;
    terminal.sees(LIMIT, "─ messages ─")?;
    terminal.sees(LIMIT, "DEBUG")?;
    terminal.press("q")?;
    ensure!(terminal.wait(LIMIT)? == 0, "{}", terminal.text());
    let after = terminal.after_screen();
    let summary = after.split("── liveswarm").next().unwrap_or_default();
    ensure!(summary.contains("DEBUG"), "{after}");
    // A frame has no line breaks: each piece is put where it belongs.
    let on_screen = terminal.on_screen();
    ensure!(
        !on_screen.contains(&b'\n'),
        "line breaks amid the frames: {}",
        String::from_utf8_lossy(&on_screen)
    );
    Ok(())
}

#[test]
fn a_shell_gets_the_terminal_while_it_is_stopped() -> anyhow::Result<()> {
    let mut terminal = Terminal::shell(SIZE)?;
    terminal.sees(LIMIT, "ready>")?;
    terminal.press(&format!(
        "{BINARY} run -n 8 --ramp-rate 8 --admin-listen off\r"
    ))?;
    playing(&mut terminal)?;
    terminal.press("\x1a")?;
    terminal.sees(LIMIT, "Stopped")?;
    terminal.until(LIMIT, "a shell's line", |terminal| {
        (!terminal.text().contains("playing 8")).then_some(())
    })?;
    terminal.press("fg\r")?;
    playing(&mut terminal)?;
    terminal.press("q")?;
    terminal.sees(LIMIT, "exit code 0")?;
    terminal.sees(LIMIT, "ready>")?;
    Ok(())
}

#[test]
fn the_json_goes_down_a_pipe_while_the_dashboard_is_seen() -> anyhow::Result<()> {
    let folder = TempDir::new()?;
    let file = folder.path().join("run.json");
    let mut terminal = Terminal::shell(SIZE)?;
    terminal.sees(LIMIT, "ready>")?;
    let run = "run -n 8 --ramp-rate 8 --admin-listen off --json -";
    terminal.press(&format!("{BINARY} {run} | cat > {}\r", file.display()))?;
    playing(&mut terminal)?;
    terminal.press("q")?;
    terminal.sees(LIMIT, "exit code 0")?;
    terminal.sees(LIMIT, "ready>")?;
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&file)?)?;
    ensure!(json["schema"] == "liveswarm.run/1", "{json}");
    Ok(())
}

#[test]
fn without_a_dashboard_there_is_the_progress() -> anyhow::Result<()> {
    let mut terminal = run("--no-tui --duration 2s")?;
    terminal.sees(LIMIT, "viewers  playing")?;
    terminal.wait(LIMIT)?;
    ensure!(terminal.on_screen().is_empty(), "it took the screen");
    Ok(())
}
