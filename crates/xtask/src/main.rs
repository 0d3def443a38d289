//! Chores of the house.
//!
//! `cargo xtask bench` measures liveswarm against its peers on loopback, `cargo xtask tables` puts
//! what was measured into docs/performance.md, and `cargo xtask instructions` holds what the data
//! path costs, counted in instructions, against committed figures.
#![expect(clippy::print_stdout, reason = "it prints its tables")]
#![expect(clippy::print_stderr, reason = "and on standard error what it is at")]

mod bench;
mod figures;
mod instructions;
mod liveswarm;
mod machine;
mod nginx;
mod peers;
mod process;
mod root;
mod stop;
mod stream;
mod table;

use clap::{Parser, Subcommand};

/// Chores of the house.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    Bench(bench::Arguments),
    /// Put the figures under bench/ into docs/performance.md
    Tables,
    Instructions(instructions::Arguments),
}

fn main() -> anyhow::Result<std::process::ExitCode> {
    stop::watch()?;
    match Cli::parse().chore {
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Tables => table::into_document(),
        Chore::Instructions(arguments) => instructions::run(&arguments),
    }
}
