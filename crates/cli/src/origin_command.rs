//! `liveswarm origin`: our own live stream, until somebody stops it.

use std::io::Write;

use anyhow::Context;
use tokio::io::AsyncReadExt;

use crate::args;
use crate::exit::Exit;
use crate::settings::Usage;
use crate::signals::Signals;

/// Serves until Ctrl-C, SIGTERM, or, where told so, the end of standard input.
pub(crate) fn serve(arguments: &args::Origin) -> anyhow::Result<Exit> {
    let usage = |why: anyhow::Error| Usage::new(format!("{why:#}"));
    arguments.media.check().map_err(usage)?;
    let config = origin_server::Config {
        origin: arguments.media.config().map_err(usage)?,
        listen: arguments.listen,
        ledger: arguments.ledger.clone(),
        ..origin_server::Config::default()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let result = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let server = origin_server::bind(config).await?;
        announce(&server)?;
        let until = async {
            tokio::select! {
                () = signals.next() => {}
                () = stdin_closes(), if arguments.until_stdin_closes => {}
            }
        };
        server.run_until(until).await?;
        Ok(Exit::Fine)
    });
    // A read of standard input may never return; nobody waits for it.
    runtime.shutdown_background();
    result
}

/// Prints the URLs, the multivariant playlist first.
fn announce(server: &origin_server::Server) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for url in server.urls() {
        writeln!(out, "{url}").context("can't print the URLs")?;
    }
    out.flush().context("can't print the URLs")
}

async fn stdin_closes() {
    let mut stdin = tokio::io::stdin();
    let mut ignored = [0; 64];
    while matches!(stdin.read(&mut ignored).await, Ok(1..)) {}
}
