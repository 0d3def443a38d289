//! A crowd of every player for an hour of stream time, and what it took.
//!
//! `cargo run --release -p liveswarm-sim --example hour -- [VIEWERS] [MINUTES] [SEED]`
#![expect(clippy::print_stdout, reason = "an example shows what it does")]
#![expect(
    clippy::disallowed_methods,
    reason = "it measures the machine, not the stream"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use player::Profile;
use sim::{Settings, Weather};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let mut next = |default| numbers.next().transpose().map(|it| it.unwrap_or(default));
    let (viewers, minutes, seed) = (next(1_000)?, next(60)?, next(1)?);
    let weights = [4, 3, 2, 1];
    let crowd = Profile::all().map(Arc::new).into_iter().zip(weights);
    let settings = Settings {
        seed,
        viewers,
        ramp_rate: 20.0,
        length: Duration::from_secs(60 * minutes),
        crowd: crowd.collect(),
        ..Settings::default()
    };
    for name in ["clear", "everything"] {
        let Some(weather) = Weather::ALL.iter().find(|weather| weather.name == name) else {
            continue;
        };
        let began = Instant::now();
        let report = sim::run(&weather.over(settings.clone())?)?;
        let took = began.elapsed();
        let viewer_hours = report.length.as_secs_f64() / 3600.0 * viewers as f64;
        println!("{name}\n{report}");
        println!(
            "{took:.1?} of machine time for {viewer_hours:.0} viewer-hours: {:.0} steps/s\n",
            report.steps as f64 / took.as_secs_f64()
        );
    }
    Ok(())
}
