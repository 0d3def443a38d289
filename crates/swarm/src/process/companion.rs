//! Who starts a viewer's player, and stays with it to its end.

use std::cell::RefCell;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use ::process::{Category, Exit, Keep, Line, Source, Usage};
use base::ViewerState;
use ffmpeg::Select;
use telemetry::players::{End, How};
use telemetry::viewers::Place;
use tokio::time::{Instant, sleep_until};
use viewer::{Diary, Spec, Stop};

use super::lookout::Followed;
use super::scout::Who;
use super::seat::Seat;
use super::tries::{Tries, reason};
use super::{Crew, own_headers};
use crate::engine::{Arguments, Measure, Told};
use crate::turn::{Ending, Life};

/// Most characters of a player's last words that are told.
const WORDS_MAX: usize = 300;

/// Where players look for a proxy: it would stand between them and the gateway, and our own viewers
/// take none.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];
/// Secrets of ours, which are no business of a player.
const OURS: [&str; 3] = [
    "LIVESWARM_ADMIN_TOKEN",
    "LIVESWARM_PUSH_TOKEN",
    "LIVESWARM_GATEWAY_TOKEN",
];

/// One viewer that is a process.
pub(crate) struct Companion {
    crew: Rc<Crew>,
    spec: Spec,
    seat: Seat,
    place: Place,
    tries: Tries,
    /// The playlist that is looked at, for a player that is watched by its log.
    followed: RefCell<Following>,
}

/// The playlist that a player reads, as far as it is known.
#[derive(Clone, Debug, Default)]
enum Following {
    /// There is none to look at.
    #[default]
    None,
    /// It is not known yet, for a player that was told this.
    Unknown((Select, bool)),
    Known(Followed),
}

/// How a player was brought to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Itself,
    /// The viewer was told to leave.
    Leaving,
    /// It had stalled for too long.
    Stalling,
}

impl Companion {
    /// A viewer that waits for its turn.
    ///
    /// # Errors
    /// There is one of that number already.
    pub(crate) fn new(
        crew: Rc<Crew>,
        spec: Spec,
        token: telemetry::Viewer,
    ) -> Result<Self, gateway::Error> {
        let place = token.place();
        let shared = Rc::clone(&crew.shared);
        let diary = Diary::new(shared, spec.number, &spec.broadcast, "hls", token);
        Ok(Self {
            seat: crew.seat(&spec, diary)?,
            crew,
            spec,
            place,
            tries: Tries::default(),
            followed: RefCell::default(),
        })
    }

    /// The command line of its player.
    async fn player(&self) -> Result<::process::Spec, String> {
        let url = self.seat.url(&self.spec.url);
        let (select, first) = self.crew.select(&self.spec, self.place).await;
        if let Seat::Log(reader) = &self.seat {
            let chosen = (select, first);
            let mut given = self.crew.given(&self.spec, self.place, chosen).await;
            let unknown = Following::Unknown(given.told);
            let followed = given.followed.take().map_or(unknown, Following::Known);
            *self.followed.borrow_mut() = followed;
            reader.given(&given);
        }
        // Through the gateway they are added there.
        let headers = match &self.seat {
            Seat::Gateway(_) => Vec::new(),
            Seat::Log(_) => own_headers(&self.spec),
        };
        let told = Told {
            number: self.spec.number,
            url: &url,
            headers: &headers,
            user_agent: self.spec.user_agent.as_deref(),
            select,
        };
        let engine = &self.crew.engine;
        let words = engine.arguments.words(&told);
        let words = words.map_err(|error| error.to_string())?;
        let spec = ::process::Spec::new(&engine.program).args(words);
        let hidden = PROXIES.into_iter().chain(OURS);
        let mut spec = hidden.fold(spec, ::process::Spec::without_env);
        if let Some(file) = &engine.trusted {
            spec = spec.env(ffmpeg::command::CA_FILE_VARIABLE, file);
        }
        if matches!(engine.measure, Measure::Logs(_)) {
            // What it would still fetch on its way out is served whole and read in part.
            spec = spec.stopped_at_once();
        }
        Ok(match &engine.guard {
            Some(guard) => spec.guarded(guard),
            None => spec,
        })
    }

    /// Lets the time tell, and the playlist, for ever.
    async fn drive(&self) {
        tokio::select! {
            () = self.seat.drive() => {}
            () = self.follow() => {}
        }
    }

    /// Looks at the playlist as often as it has to be.
    async fn follow(&self) {
        let following = self.followed.borrow().clone();
        let Seat::Log(reader) = &self.seat else {
            return std::future::pending().await;
        };
        let (viewer, spec, lookout) = (self.place, &self.spec, &self.crew.lookout);
        let who = Who { viewer, spec };
        let followed = match following {
            Following::Known(followed) => followed,
            Following::Unknown(told) => {
                let followed = lookout.follow_later(who, told).await;
                if let Some(list) = lookout.fresh(who, &followed).await {
                    reader.playlist(&list);
                }
                followed
            }
            Following::None => return std::future::pending().await,
        };
        loop {
            reader.playlist(&lookout.next(who, &followed).await);
        }
    }

    /// Stays with a player until it has ended, and ends it where that is called for.
    async fn attend(&self, child: ::process::Child, stop: &Stop) -> (Exit, By) {
        let stopper = child.stopper();
        let mut run = pin!(child.run(|line| self.hear(line)));
        let mut driven = pin!(self.drive());
        let mut by = By::Itself;
        let mut stalled = pin!(self.stalls_too_long());
        loop {
            tokio::select! {
                biased;
                exit = &mut run => return (exit, by),
                () = stop.told(), if by == By::Itself => {
                    self.seat.stopping();
                    self.seat.leave();
                    stopper.stop();
                    by = By::Leaving;
                }
                () = stalled.as_mut(), if by == By::Itself => {
                    self.seat.stopping();
                    stopper.stop();
                    by = By::Stalling;
                }
                () = driven.as_mut() => {}
            }
        }
    }

    /// Takes in what a player writes; whether that may say why it ended. (What FFmpeg writes to
    /// standard output is progress.)
    fn hear(&self, line: Line<'_>) -> Keep {
        let kept = self.seat.line(line);
        let is_ffmpeg = matches!(self.crew.engine.arguments, Arguments::Ffmpeg(_));
        if is_ffmpeg && line.source == Source::Stdout {
            Keep::No
        } else {
            kept
        }
    }

    /// Returns when the viewer has stalled for as long as it may.
    async fn stalls_too_long(&self) {
        let Some(limit) = self.crew.engine.restart_on_stall else {
            return std::future::pending().await;
        };
        let mut since: Option<Instant> = None;
        loop {
            if self.seat.state() == ViewerState::Stalled {
                let since = *since.get_or_insert_with(Instant::now);
                tokio::select! {
                    () = sleep_until(since + limit) => return,
                    () = self.seat.changed() => {}
                }
            } else {
                since = None;
                self.seat.changed().await;
            }
        }
    }

    /// What a player's end means to its viewer; writes it down.
    fn judge(&mut self, exit: &Exit, by: By) -> Ending {
        let how = match (by, exit.category) {
            (By::Leaving | By::Stalling, _) => How::Stopped,
            (By::Itself, Category::Success) => How::Success,
            (By::Itself, Category::Error(_)) => How::Error,
            (By::Itself, Category::Signal(_)) => How::Signal,
        };
        let words = exit.last_lines.last().map(|line| self.words(line));
        let failed = matches!(how, How::Error | How::Signal);
        self.record(how, words.as_deref().filter(|_| failed), exit.usage);
        match (by, how) {
            (By::Leaving, _) => Ending::Stopped,
            (By::Stalling, _) => {
                let number = self.spec.number;
                tracing::info!(viewer = number, "stalled for too long: started again");
                Ending::Stalled
            }
            (By::Itself, How::Success) => Ending::Finished,
            (By::Itself, _) => {
                let category = exit.category.to_string();
                self.failed(&category, &words.unwrap_or_default())
            }
        }
    }

    fn record(&self, how: How, words: Option<&str>, usage: Usage) {
        let end = End {
            how,
            words,
            cpu: usage.cpu(),
            memory: usage.resident_max,
        };
        let shared = &self.crew.shared;
        let now = shared.clock.now();
        shared.recorder.borrow_mut().player_ended(&end, now);
    }

    /// A player failed. One that came to nothing, as often as [`super::tries::TRIES_MAX`] says, is
    /// not started again.
    fn failed(&mut self, how: &str, words: &str) -> Ending {
        let number = self.spec.number;
        tracing::debug!(viewer = number, how, words, "the player ended");
        if !self.seat.played().is_zero() || self.seat.state() == ViewerState::Playing {
            self.tries.played();
            return Ending::Failed;
        }
        let reason = reason(&format!("{how}: {words}"));
        if !self.tries.failed(&reason) {
            return Ending::Failed;
        }
        if self.crew.engine.reported.is_new(&reason) {
            let program = self.crew.engine.program.to_string_lossy();
            tracing::error!(
                "{program} ends at once ({how}) and is not started again; it says: {words}"
            );
        }
        Ending::GaveUp
    }

    /// A line of the player's as it may be shown: with the stream's URL in place of the gateway's.
    fn words(&self, line: &str) -> String {
        let here = self.seat.url(&self.spec.url);
        let stream = transport::mask::url(self.spec.url.as_str());
        let line = line.replace(here.as_str(), &stream);
        let words = transport::mask::text(&without_secret_headers(&line));
        words.trim().chars().take(WORDS_MAX).collect()
    }
}

impl Life for Companion {
    async fn watch(&mut self, stop: &Stop) -> Ending {
        self.seat.begin();
        let player = {
            let mut player = pin!(self.player());
            let told = pin!(stop.told());
            either(player.as_mut(), told).await
        };
        let Some(player) = player else {
            self.seat.leave();
            return Ending::Stopped;
        };
        let started = player.and_then(|player| player.spawn().map_err(|error| error.to_string()));
        let child = match started {
            Ok(child) => child,
            Err(words) => {
                self.record(How::NotStarted, Some(&words), Usage::default());
                return self.failed("not started", &words);
            }
        };
        let (exit, by) = self.attend(child, stop).await;
        self.seat.settled().await;
        self.judge(&exit, by)
    }

    fn enter(&mut self, state: ViewerState) {
        self.seat.over(state);
    }

    fn leave(&mut self) {
        self.seat.leave();
    }

    fn played(&mut self) -> Duration {
        self.seat.played()
    }
}

/// A line that may show a header as it was sent or set, without the value of a secret one.
fn without_secret_headers(line: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    for (colon, _) in line.match_indices(':') {
        let before = &line[..colon];
        let name = &before[before.trim_end_matches(is_name).len()..];
        let rest = &line[colon + 1..];
        let value = rest.trim_start();
        let space = &rest[..rest.len() - value.len()];
        let shown = transport::mask::header(name, value);
        // A value that is shown stays as it is: no value stays none.
        let is_secret = !name.is_empty() && !transport::mask::header(name, "").is_empty();
        if is_secret && !rest.starts_with("//") {
            return format!("{before}:{space}{shown}");
        }
    }
    line.to_owned()
}

/// The first, unless the second comes before it.
async fn either<T>(
    first: Pin<&mut impl Future<Output = T>>,
    second: Pin<&mut impl Future<Output = ()>>,
) -> Option<T> {
    tokio::select! {
        biased;
        () = second => None,
        done = first => Some(done),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_of_a_secret_header_is_shown_nowhere() {
        let hidden = transport::mask::header("Authorization", "x");
        for (line, shown) in [
            (
                "Authorization: Basic c2VjcmV0",
                format!("Authorization: {hidden}"),
            ),
            ("> cookie:a=b; c=d", format!("> cookie:{hidden}")),
            (
                "Setting 'headers' to value 'X: 1, X-Auth-Token: open",
                format!("Setting 'headers' to value 'X: 1, X-Auth-Token: {hidden}"),
            ),
        ] {
            assert_eq!(without_secret_headers(line), shown);
        }
        let plain = "http://h:80/live.m3u8: Connection refused";
        assert_eq!(without_secret_headers(plain), plain);
    }
}
