//! liveswarm: a load tester for live video.
//!
//! Arguments → plan → run → report → exit code.

mod args;
mod child;
mod config_file;
mod display;
mod exit;
mod face;
mod files;
mod herd;
mod ledger;
mod logging;
mod objectives;
mod observer;
mod origin_command;
mod origin_face;
mod output;
mod progress;
mod report_command;
mod run;
mod second_rows;
mod settings;
mod shape;
mod signals;
mod sources;
mod terminal;
mod values;

use std::io::Write;
use std::process::ExitCode;

use indicatif::MultiProgress;

use crate::args::Command;
use crate::exit::Exit;
use crate::terminal::LogSink;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let progress = MultiProgress::new();
    let log = LogSink::default();
    let cli = match config_file::parse(&std::env::args_os().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(error) => return complain(&settings::Usage::new(error.to_string()).into()).into(),
    };
    let result = match cli.command {
        Command::Run(run) => logging::init(&run.log, &progress, &log)
            .and_then(|()| settings::Settings::new(run))
            .and_then(|settings| match settings.is_plan_only() {
                true => settings.draw_plan(),
                false => run::run(&settings, &progress, &log),
            }),
        Command::Origin(origin) => logging::init(&origin.log, &progress, &log)
            .and_then(|()| origin_command::serve(&origin)),
        Command::Report(asked) => report_command::make(&asked),
    };
    result.unwrap_or_else(|error| complain(&error)).into()
}

/// Says what went wrong and what to try; secrets in it were masked where it was made.
fn complain(error: &anyhow::Error) -> Exit {
    let usage = error.is::<settings::Usage>();
    let hint = if usage {
        "\n\nFor more information, try '--help'."
    } else {
        ""
    };
    // Where nobody reads it, the exit code still says it.
    let _ = writeln!(std::io::stderr(), "error: {error:#}{hint}");
    if usage {
        Exit::WrongUsage
    } else {
        Exit::CouldNotRun
    }
}
