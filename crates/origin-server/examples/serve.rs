//! The origin by itself, for trials and benches: `serve [ADDR] [ts|fmp4] [muxed|demuxed] [FAULT]...`
//!
//! `OFFSET_MS` in the environment moves its clock, `SEGMENT_S` sets the segments' length,
//! `LEDGER` names a file.
#![expect(clippy::print_stdout, reason = "it tells its address")]

use std::{env, error::Error, time::Duration};

use origin_server::Config;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let mut config = Config {
        listen: args
            .next()
            .as_deref()
            .unwrap_or("127.0.0.1:17080")
            .parse()?,
        clock_offset_ms: env::var("OFFSET_MS").map_or(Ok(0), |text| text.parse())?,
        ledger: env::var_os("LEDGER").map(Into::into),
        ..Config::default()
    };
    config.origin.format = args.next().as_deref().unwrap_or("ts").parse()?;
    if args.next().as_deref() == Some("demuxed") {
        config.origin.audio = origin::Audio::Demuxed;
    }
    if let Ok(seconds) = env::var("SEGMENT_S") {
        config.origin.segment = Duration::from_secs(seconds.parse()?);
    }
    config.origin.faults = args.map(|text| text.parse()).collect::<Result<_, _>>()?;
    let server = origin_server::bind(config).await?;
    for url in server.urls() {
        println!("{url}");
    }
    server
        .run_until(async {
            let _ = tokio::signal::ctrl_c().await;
        })
        .await?;
    Ok(())
}
