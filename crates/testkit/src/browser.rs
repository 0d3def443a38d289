//! A headless Chromium, steered as its own developer tools steer it.
//!
//! The `DevTools` protocol is spoken over a pipe (`--remote-debugging-pipe`): JSON messages, each
//! ended by a zero byte, so neither a port nor a WebSocket is needed.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::child::{self, Guard};
use crate::wait;

/// How long the browser may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// How long a page may take to load.
const LOAD_LIMIT: Duration = Duration::from_secs(30);
/// The file descriptors that the protocol uses, 3 and 4, are standard input and output here.
const ON_PIPES: &str = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;
/// No sandbox, because the only pages are our own and tests run as root in containers; nothing
/// that goes out to the network by itself.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

/// A browser with one page; it is killed when dropped.
#[derive(Debug)]
pub struct Browser {
    _guard: Guard,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    complaints: Vec<String>,
    requests: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts it with an empty page.
    pub fn start() -> anyhow::Result<Self> {
        let chromium = child::find("chromium", "chromium")?;
        let profile = TempDir::with_prefix("liveswarm-browser-")?;
        let mut command = child::command("/bin/sh");
        command.arg("-c").arg(ON_PIPES).arg(chromium).args(FLAGS);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg("about:blank");
        // What it puts beside its profile is to go with it.
        command.env("TMPDIR", profile.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut guard = Guard::spawn(&mut command)?;
        let to = guard.inner().stdin.take().context("no stdin")?;
        let from = guard.inner().stdout.take().context("no stdout")?;
        let (sender, receiver) = channel();
        thread::spawn(move || read(from, &sender));
        let mut browser = Self {
            _guard: guard,
            to,
            from: receiver,
            session: None,
            calls: 0,
            complaints: Vec::new(),
            requests: Vec::new(),
            _profile: profile,
        };
        browser.attach()?;
        Ok(browser)
    }

    /// Makes the page this large, in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.call("Emulation.setDeviceMetricsOverride", &size)?;
        Ok(())
    }

    /// Opens a page and waits until it has loaded.
    pub fn open(&mut self, url: &str) -> anyhow::Result<()> {
        let opened = self.call("Page.navigate", &json!({ "url": url }))?;
        if let Some(error) = opened["errorText"].as_str() {
            bail!("{url} does not open: {error}");
        }
        let loaded = "location.protocol !== 'about:' && document.readyState === 'complete'";
        self.until(LOAD_LIMIT, loaded).map(drop)
    }

    /// The value of a JavaScript expression; of a promise, what it comes to.
    pub fn evaluate(&mut self, expression: &str) -> anyhow::Result<Value> {
        let question = json!({
            "expression": expression, "awaitPromise": true, "returnByValue": true,
        });
        let mut answer = self.call("Runtime.evaluate", &question)?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{expression}\nthrew {thrown:#}");
        }
        Ok(answer["result"]["value"].take())
    }

    /// Waits until an expression is neither `null`, `undefined` nor `false`.
    pub fn until(&mut self, limit: Duration, expression: &str) -> anyhow::Result<Value> {
        wait::until(limit, expression, || {
            let value = self.evaluate(expression)?;
            Ok((!value.is_null() && value != false).then_some(value))
        })
    }

    /// A picture of the whole page, as PNG in base64.
    pub fn screenshot(&mut self) -> anyhow::Result<String> {
        let options = json!({ "format": "png", "captureBeyondViewport": true });
        let taken = self.call("Page.captureScreenshot", &options)?;
        let data = taken["data"].as_str().context("no picture")?;
        Ok(data.to_owned())
    }

    /// What the console was told since this was last asked: exceptions, warnings and errors of
    /// the page and of the browser about it.
    pub fn complaints(&mut self) -> anyhow::Result<Vec<String>> {
        // What was said before an answer comes before it.
        self.evaluate("0")?;
        Ok(std::mem::take(&mut self.complaints))
    }

    /// The URLs that pages have asked for since this was last asked.
    pub fn requests(&mut self) -> anyhow::Result<Vec<String>> {
        self.evaluate("0")?;
        Ok(std::mem::take(&mut self.requests))
    }

    fn attach(&mut self) -> anyhow::Result<()> {
        let targets = self.call("Target.getTargets", &json!({}))?;
        let page = targets["targetInfos"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|target| target["type"] == "page")
            .ok_or_else(|| anyhow!("no page in {targets:#}"))?;
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = self.call("Target.attachToTarget", &attach)?;
        self.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(())
    }

    fn call(&mut self, method: &str, params: &Value) -> anyhow::Result<Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.to, "{message}\0").context("the browser has gone")?;
        self.to.flush()?;
        loop {
            let mut message = self
                .from
                .recv_timeout(ANSWER_LIMIT)
                .with_context(|| format!("the browser does not answer {method}"))?;
            if message["id"] != self.calls {
                self.note(&message);
            } else if let Some(error) = message.get("error") {
                bail!("{method}: {error}");
            } else {
                return Ok(message["result"].take());
            }
        }
    }

    fn note(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str() {
            Some("Network.requestWillBeSent") => {
                let url = params["request"]["url"].as_str();
                self.requests.extend(url.map(str::to_owned));
            }
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(params["exceptionDetails"].to_string());
            }
            Some("Log.entryAdded") => self.complaints.push(params["entry"].to_string()),
            Some("Runtime.consoleAPICalled") => self.complaints.push(params["args"].to_string()),
            _ => {}
        }
    }
}

/// Hands on what the browser says, until it says no more.
fn read(from: impl Read, to: &Sender<Value>) {
    let mut from = BufReader::new(from);
    let mut message = Vec::new();
    while let Ok(1..) = from.read_until(0, &mut message) {
        let Ok(value) = serde_json::from_slice(message.strip_suffix(&[0]).unwrap_or(&message))
        else {
            return;
        };
        if to.send(value).is_err() {
            return;
        }
        message.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_opened_asked_and_heard() -> anyhow::Result<()> {
        let folder = TempDir::new()?;
        let page = folder.path().join("page.html");
        std::fs::write(
            &page,
            "<title>one</title><script>console.error('two')</script>",
        )?;
        let url = format!("file://{}", page.display());
        let mut browser = Browser::start()?;
        browser.open(&url)?;
        assert_eq!(browser.evaluate("Promise.resolve(document.title)")?, "one");
        assert!(browser.evaluate("nothing.there").is_err());
        assert_eq!(browser.requests()?, [url]);
        let complaints = browser.complaints()?;
        assert!(
            complaints.iter().any(|said| said.contains("two")),
            "{complaints:?}"
        );
        Ok(())
    }
}
