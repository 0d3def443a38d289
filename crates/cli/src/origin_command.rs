//! `liveswarm origin`: our own live stream, until somebody stops it.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use tokio::io::AsyncReadExt;
use tokio::sync::watch;

use crate::args;
use crate::exit::Exit;
use crate::face;
use crate::origin_face;
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
    let face = face::Settings::of_origin(&arguments.face)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("can't start the runtime")?;
    let result = runtime.block_on(async {
        let mut signals = Signals::new()?;
        let server = origin_server::bind(config).await?;
        let face = face.bind()?;
        announce(&server)?;
        if let Some(face) = &face {
            // Apart from the URLs of the stream, which programs read from standard output.
            let _ = writeln!(std::io::stderr(), "{}", face.place());
        }
        let until = async {
            tokio::select! {
                () = signals.next() => {}
                () = stdin_closes(), if arguments.until_stdin_closes => {}
            }
        };
        serve_with(face, server, until).await?;
        Ok(Exit::Fine)
    });
    // A read of standard input may never return; nobody waits for it.
    runtime.shutdown_background();
    result
}

/// Serves, and shows it where there is a face to show it on.
async fn serve_with(
    face: Option<face::Bound>,
    server: origin_server::Server,
    until: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let Some(face) = face else {
        server.run_until(until).await?;
        return Ok(());
    };
    let (origin, pushed) = (server.watch(), face.pushed());
    let frames = watch::Sender::new(Arc::new(origin_face::frame(&origin, &pushed)));
    let face = face.show_origin(frames.subscribe());
    tokio::select! {
        ended = server.run_until(until) => { ended?; }
        () = origin_face::make(&origin, &pushed, &frames) => {}
    }
    frames.send_replace(Arc::new(origin_face::frame(&origin, &pushed)));
    face.end().await;
    Ok(())
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
