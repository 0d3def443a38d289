//! liveswarm: a load tester for live video.
//!
//! Arguments → plan → run → report → exit code.

mod args;
mod child;
mod exit;
mod ledger;
mod logging;
mod origin_command;
mod output;
mod progress;
mod run;
mod settings;
mod signals;
mod values;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use indicatif::MultiProgress;

use crate::args::{Cli, Command};
use crate::exit::Exit;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let progress = MultiProgress::new();
    let result = match Cli::parse().command {
        Command::Run(run) => logging::init(&run.log, &progress)
            .and_then(|()| settings::Settings::new(run))
            .and_then(|settings| run::run(&settings, &progress)),
        Command::Origin(origin) => {
            logging::init(&origin.log, &progress).and_then(|()| origin_command::serve(&origin))
        }
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
