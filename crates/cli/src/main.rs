//! liveswarm: a load tester for live video.
//!
//! Arguments → plan → run → report → exit code.

mod args;
mod capacity_command;
mod check_command;
mod child;
mod config_file;
mod connect;
mod display;
mod engine;
mod entrance;
mod exit;
mod face;
mod files;
mod groups;
mod herd;
mod judges;
mod ledger;
mod logging;
mod objectives;
mod observer;
mod origin_command;
mod origin_face;
mod origin_metrics;
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
    if process::guard::serve_if_asked() {
        return ExitCode::SUCCESS;
    }
    let progress = MultiProgress::new();
    let log = LogSink::default();
    let cli = match config_file::parse(&std::env::args_os().collect::<Vec<_>>()) {
        Ok(cli) => cli,
        Err(error) => return complain(&settings::Usage::new(error.to_string()).into()).into(),
    };
    let result = match cli.command {
        Command::Run(run) if run.print_scenario => output::print_scenario(&run),
        Command::Run(run) => begin(&run.files, &run.log, &progress, &log)
            .and_then(|()| settings::Settings::new(run))
            .and_then(|settings| {
                if settings.is_plan_only() {
                    settings.draw_plan()
                } else {
                    run::run(&settings, &progress, &log)
                }
            }),
        Command::Check(asked) => logging::init(&asked.log, &progress, &log)
            .and_then(|()| check_command::check(&asked, &progress)),
        Command::Gateway(asked) => begin(&asked.files, &asked.log, &progress, &log)
            .and_then(|()| entrance::settings(*asked))
            .and_then(|settings| run::run(&settings, &progress, &log)),
        Command::Origin(origin) => logging::init(&origin.log, &progress, &log)
            .and_then(|()| origin_command::serve(&origin)),
        Command::Capacity(asked) => begin(&asked.run.files, &asked.run.log, &progress, &log)
            .and_then(|()| capacity_command::search(*asked, &progress)),
        Command::Report(asked) => report_command::make(&asked),
    };
    result.unwrap_or_else(|error| complain(&error)).into()
}

/// Opens the log, which is not to be where one of the outputs is.
fn begin(
    files: &files::Files,
    to: &args::Log,
    progress: &MultiProgress,
    log: &LogSink,
) -> anyhow::Result<()> {
    files.check(to.log_file.as_deref())?;
    logging::init(to, progress, log)
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
