//! What an origin of ours says it served.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use origin_server::{Account, Ledger};
use report::Served;
use transport::{Body, Client, Clock, Config, Headers, Limits, Request};
use url::Url;

/// The longest ledger that is read.
const BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long one reading may take.
const TIME_MAX: Duration = Duration::from_secs(5);
/// A response that has reached us may not have been booked yet: how often and how long to ask
/// again while the origin has some under way.
const ASK_AGAIN: (u32, Duration) = (50, Duration::from_millis(20));

/// Reads the ledger of the origin that serves `stream`, once nothing is under way there.
pub(crate) async fn read(stream: &str) -> anyhow::Result<report::Ledger> {
    let url = Url::parse(stream)?.join("/ledger")?;
    let client = Client::new(Config::default(), Clock::start())?;
    let mut ledger = ask(&client, &url).await?;
    for _ in 0..ASK_AGAIN.0 {
        if ledger.total.in_flight == 0 {
            break;
        }
        tokio::time::sleep(ASK_AGAIN.1).await;
        ledger = ask(&client, &url).await?;
    }
    let classes = ledger.classes.iter();
    Ok(report::Ledger {
        classes: classes.map(|(class, a)| (*class, served(a))).collect(),
    })
}

async fn ask(client: &Client, url: &Url) -> anyhow::Result<Ledger> {
    let mut request = Request::get(url.clone().into(), Headers::new().host());
    request.body = Body::Keep { limit: BYTES_MAX };
    request.limits = Limits {
        total: Some(TIME_MAX),
        ..Limits::default()
    };
    let answer = client.session().start(request, ()).await;
    let response = answer.map_err(|why| anyhow!("can't read the origin's ledger: {why}"))?;
    if response.status() != 200 {
        bail!("the origin's ledger answered {}", response.status());
    }
    serde_json::from_slice(&response.body).context("the origin's ledger is not one")
}

fn served(account: &Account) -> Served {
    Served {
        requests: account.complete.requests,
        ok: account.ok_2xx,
        bytes: account.complete.bytes,
        interrupted: account.interrupted.requests,
        interrupted_bytes: account.interrupted.bytes,
    }
}
