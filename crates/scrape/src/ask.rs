//! One endpoint: its requests, within limits, and what is said where they fail.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use transport::{Body, Client, Headers, Limits, Request, Response, Session};
use url::Url;

use crate::sizes::{File, Listing};
use crate::{exposition, sizes};

/// How long a connection may take to be made.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(2);
/// Redirects that are followed.
const REDIRECTS_MAX: u8 = 3;
/// Folders of a listing that are read, its root included.
const FOLDERS_MAX: usize = 32;
/// How deep they may stand.
const DEPTH_MAX: usize = 3;

/// What is accepted: what is read is the plain format, and what OpenMetrics has alike.
const ACCEPT: &str = "text/plain;version=0.0.4,application/openmetrics-text;q=0.5,*/*;q=0.1";

/// Asks one endpoint.
#[derive(Debug)]
pub(crate) struct Asker {
    url: Url,
    headers: Headers,
    session: Session,
    time_max: Duration,
}

impl Asker {
    pub(crate) fn new(client: &Client, url: &Url, time_max: Duration) -> Self {
        let mut headers = Headers::new().host();
        let agent = concat!("liveswarm/", env!("CARGO_PKG_VERSION"));
        for (name, value) in [("User-Agent", agent), ("Accept", ACCEPT)] {
            // These names and values are fit to be sent.
            let _ = headers.push(name, value);
        }
        Self {
            url: url.clone(),
            headers,
            session: client.session(),
            time_max,
        }
    }

    /// Metrics, and when they came.
    pub(crate) async fn metrics(&self) -> Result<(Duration, Bytes), String> {
        let response = self.get(&self.url, exposition::BYTES_MAX).await?;
        whole(&response)?;
        Ok((came(&response), response.body))
    }

    /// The files below the URL, and when the first of them were listed.
    pub(crate) async fn files(&self) -> Result<(Duration, Vec<File>), String> {
        let mut root = self.url.clone();
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", self.url.path()));
        }
        let response = self.get(&self.url, sizes::BYTES_MAX).await?;
        whole(&response)?;
        let at = came(&response);
        let mut files = Vec::new();
        let mut folders = Vec::new();
        take(&response.body, "", &mut files, &mut folders)?;
        let mut next = 0;
        while let Some(below) = folders.get(next).cloned() {
            next += 1;
            let url = folder(&root, &below);
            let response = self.get(&url, sizes::BYTES_MAX).await?;
            // One that is gone in the meantime has no files.
            if response.status() != 404 {
                whole(&response)?;
                take(&response.body, &below, &mut files, &mut folders)?;
            }
        }
        Ok((at, files))
    }

    async fn get(&self, url: &Url, limit: usize) -> Result<Response, String> {
        let mut request = Request::get(Arc::new(url.clone()), self.headers.clone());
        request.body = Body::Keep { limit };
        request.redirects = REDIRECTS_MAX;
        request.limits = Limits {
            connect: Some(CONNECT_TIME_MAX),
            total: Some(self.time_max),
            ..Limits::default()
        };
        let answer = self.session.start(request, ()).await;
        answer.map_err(|why| why.to_string())
    }
}

/// Adds the files of a listing, and the folders that are still to be read.
fn take(
    json: &[u8],
    below: &str,
    files: &mut Vec<File>,
    folders: &mut Vec<String>,
) -> Result<(), String> {
    let listing = Listing::read(json, below).map_err(|why| why.to_string())?;
    let room = sizes::FILES_MAX.saturating_sub(files.len());
    files.extend(listing.files.into_iter().take(room));
    if below.matches('/').count() < DEPTH_MAX {
        let room = (FOLDERS_MAX - 1).saturating_sub(folders.len());
        let inner = listing.folders.iter().take(room);
        folders.extend(inner.map(|name| format!("{below}{name}/")));
    }
    Ok(())
}

/// The URL of a folder below `root`.
fn folder(root: &Url, below: &str) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(below.split('/'));
    }
    url
}

fn whole(response: &Response) -> Result<(), String> {
    match response.status() {
        200 => Ok(()),
        401 | 403 => Err(format!(
            "the answer was {}: it wants credentials; write them as http://USER:PASSWORD@HOST",
            response.status()
        )),
        status => Err(format!("the answer was {status}; is this the path?")),
    }
}

/// When an answer began to come, which is when it was made.
fn came(response: &Response) -> Duration {
    let timings = &response.timings;
    timings.first_byte.unwrap_or(timings.ended)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_stand_below_the_listing() {
        let url = |root: &str, below| folder(&root.parse().unwrap(), below).to_string();
        assert_eq!(
            url("http://h/files/json/", "a b/"),
            "http://h/files/json/a%20b/"
        );
        assert_eq!(url("http://h/?x=1", "a/b?/"), "http://h/a/b%3F/?x=1");
    }

    #[test]
    fn folders_are_bounded_in_number_and_depth() {
        let entries: Vec<String> = (0..99)
            .map(|n| format!("{{\"name\":\"d{n}\",\"type\":\"directory\"}}"))
            .collect();
        let json = format!("[{}]", entries.join(","));
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        take(json.as_bytes(), "a/b/c/", &mut files, &mut folders).unwrap();
        assert!(folders.is_empty());
        take(json.as_bytes(), "a/b/", &mut files, &mut folders).unwrap();
        take(json.as_bytes(), "", &mut files, &mut folders).unwrap();
        assert_eq!(folders.len(), FOLDERS_MAX - 1);
    }
}
