//! Runs simulations in which everything is drawn by chance, until an invariant breaks.
//!
//! `cargo run --release -p liveswarm-sim --example storms -- [FIRST] [COUNT]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use sim::{Error, Keep, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let first = numbers.next().transpose()?.unwrap_or(0);
    let count = numbers.next().transpose()?.unwrap_or(1_000);
    let (mut steps, mut broken) = (0, 0);
    for seed in first..first + count {
        if let Ok(report) = sim::run(&Settings::storm(seed)?) {
            steps += report.steps;
        } else {
            show(seed)?;
            broken += 1;
        }
    }
    println!("{count} storms from {first} on, {steps} steps, {broken} broken");
    if broken > 0 {
        return Err("an invariant does not hold".into());
    }
    Ok(())
}

/// Runs it once more, and says how it came to break.
fn show(seed: u64) -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings {
        keep: Keep::Text,
        ..Settings::storm(seed)?
    };
    let Err(error) = sim::run(&settings) else {
        println!("seed {seed} broke once, and not again");
        return Ok(());
    };
    println!("{error}");
    if let Error::Violation(violation) = error {
        violation.trail.iter().for_each(|line| println!("  {line}"));
    }
    Ok(())
}
