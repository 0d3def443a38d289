//! When a new segment of a live stream appears: the instant at which a herd starts.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, anyhow, bail};
use media::hls::{self, MediaPlaylist, Playlist, Variables};
use swarm::Plan;
use tokio::time::{Instant, sleep_until};
use transport::{Body, Client, Clock, Headers, Limits, Request, Session};
use url::Url;

use crate::settings::{Settings, Shows};

/// The longest playlist that is read.
const BYTES_MAX: usize = 4 << 20;
/// How long one playlist may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// How often the playlist is looked at: the boundary is known to so much.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long a run takes to begin, at most.
const LEAD: Duration = Duration::from_millis(500);
/// A playlist that stands still for so many target durations is not live.
const STANDS_STILL_AFTER: u32 = 3;

/// When the herd of a run starts; `None`: there is none.
///
/// Our own origin cuts its segments at whole multiples of their length in Unix time, so nothing has
/// to be asked. Of any other stream the playlist is watched; these requests are none of a viewer's,
/// and are not counted.
pub(crate) async fn at(settings: &Settings, plan: &Plan) -> anyhow::Result<Option<Instant>> {
    if !settings.load().is_herd() {
        return Ok(None);
    }
    if let (None, Some(media)) = (&settings.leading().target, &settings.own_origin) {
        let segment = media.config()?.segment;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH)?;
        return Ok(Some(Instant::now() + until_boundary(unix, segment)));
    }
    next_boundary(plan, settings.shows).await.map(Some)
}

/// From `unix` to the next multiple of `segment` that is not so near that the run would miss it.
fn until_boundary(unix: Duration, segment: Duration) -> Duration {
    let earliest = (unix + LEAD).as_nanos();
    let at = earliest.next_multiple_of(segment.as_nanos().max(1));
    Duration::from_nanos(u64::try_from(at - unix.as_nanos()).unwrap_or(0))
}

/// When the next but one segment of the first viewer's stream is to appear: one is waited for, and
/// the next comes as much later as that one is long. (The first viewer is of the largest group.)
///
/// A stream that has ended has no boundary: the herd starts at once.
async fn next_boundary(plan: &Plan, shows: Shows) -> anyhow::Result<Instant> {
    let client = Client::new(plan.transport.clone(), Clock::start())?;
    let group = plan.group(0);
    let url = group.target.of(0)?;
    let session = client.session();
    // As its viewers do: the user and the password are of the URL that was typed.
    session.authorize(&url);
    let stream = Playlists {
        session,
        headers: &group.headers,
    };
    let (url, first) = stream.media_playlist(url).await?;
    if !first.is_live() {
        return Ok(Instant::now());
    }
    let target = first.target_duration;
    let wait = target * STANDS_STILL_AFTER;
    if shows != Shows::Nothing {
        let most = wait.as_secs();
        // Nobody has to read it.
        let _ = writeln!(
            std::io::stderr(),
            "waiting for a new segment, for {most} s at most: all start with the one after it"
        );
    }
    let patience = Instant::now() + wait;
    let mut next_look = Instant::now();
    while next_look < patience {
        next_look += LOOK_EVERY;
        sleep_until(next_look).await;
        let asked = Instant::now();
        let (_, list) = stream.media_playlist(Arc::clone(&url)).await?;
        if list.next_msn() > first.next_msn() {
            let newest = list.last_msn().and_then(|msn| list.segment(msn));
            let length = newest.map_or(target, |segment| segment.duration);
            return Ok(asked + length);
        }
    }
    bail!(
        "--thundering-herd: no new segment in {STANDS_STILL_AFTER} target durations; is the stream \
         live?"
    )
}

struct Playlists<'a> {
    session: Session,
    headers: &'a [(String, String)],
}

impl Playlists<'_> {
    /// The media playlist behind `url`: of a multivariant playlist, that of its first variant.
    async fn media_playlist(&self, url: Arc<Url>) -> anyhow::Result<(Arc<Url>, MediaPlaylist)> {
        let first = match self.playlist(&url, &Variables::new()).await? {
            Playlist::Media(list) => return Ok((url, list)),
            Playlist::Multivariant(all) => all,
        };
        let variant = first.variants.first();
        let variant = variant.context("--thundering-herd: the stream has no variants")?;
        let url = Arc::clone(&variant.uri);
        match self.playlist(&url, &first.variables).await? {
            Playlist::Media(list) => Ok((url, list)),
            Playlist::Multivariant(_) => bail!("--thundering-herd: a variant is no media playlist"),
        }
    }

    async fn playlist(&self, url: &Arc<Url>, known: &Variables) -> anyhow::Result<Playlist> {
        let shown = transport::mask::url(url.as_str());
        let failed = |why: String| anyhow!("--thundering-herd: can't read {shown}: {why}");
        let mut headers = Headers::new().host();
        for (name, value) in self.headers {
            headers.set(name.clone(), value.replace("{n}", "0"))?;
        }
        let mut request = Request::get(Arc::clone(url), headers);
        request.body = Body::Keep { limit: BYTES_MAX };
        request.limits = Limits {
            total: Some(TIME_MAX),
            ..Limits::default()
        };
        let answer = self.session.start(request, ()).await;
        let response = answer.map_err(|why| failed(why.to_string()))?;
        if !(200..300).contains(&response.status()) {
            return Err(failed(format!("it answered {}", response.status())));
        }
        hls::parse(&response.body, url, known).map_err(|why| failed(why.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_a_multiple_and_not_too_near() {
        let ms = Duration::from_millis;
        let cases = [
            (0, 2_000, 2_000),
            (1_499, 2_000, 501),
            (1_500, 2_000, 500),
            (1_501, 2_000, 2_499),
            (1_700_000_000_100, 6_000, 5_900 - 2_000),
        ];
        for (unix, segment, until) in cases {
            let found = until_boundary(ms(unix), ms(segment));
            assert_eq!(found, ms(until), "{unix}");
            assert_eq!((ms(unix) + found).as_millis() % u128::from(segment), 0);
        }
    }
}
