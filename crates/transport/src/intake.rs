//! What a response leaves behind: its head, the bytes that are kept, and what the observer hears.

use std::time::Duration;

use crate::decoder::{Decoder, Sink};
use crate::patience::Patience;
use crate::scratch::READ_BYTES_MAX;
use crate::session::Inner;
use crate::track::Track;
use crate::{Body, Clock, Error, Head, Observer, Request, redirect};

/// Body bytes of a redirect that are taken in for the sake of the connection; after more it is
/// closed.
pub const REDIRECT_BODY_BYTES_MAX: u64 = 1024 * 1024;

/// What the first read of a response takes whose body is thrown away: nearly all heads are shorter.
const HEAD_READ_BYTES: usize = 4 * 1024;

/// The most that is set aside for a kept body before any of it has come.
const KEEP_AHEAD_MAX: u64 = 64 * 1024;

#[derive(Debug)]
pub(crate) struct Intake {
    clock: Clock,
    wanted: Body,
    head: Option<Head>,
    /// `None` when the body is thrown away.
    kept: Option<Vec<u8>>,
    /// The body goes to the observer.
    streams: bool,
    /// When something happened last: the request was sent, bytes came.
    progress: Duration,
    untouched: bool,
    /// Whether the next bytes may be waited for together.
    pub(crate) patience: Patience,
    redirect_bytes_left: Option<u64>,
}

impl Intake {
    pub(crate) fn new(request: &Request, clock: Clock) -> Self {
        Self {
            clock,
            wanted: request.body,
            head: None,
            kept: None,
            streams: false,
            progress: Duration::ZERO,
            untouched: true,
            patience: Patience::default(),
            redirect_bytes_left: None,
        }
    }

    /// The request was sent.
    pub(crate) fn sent(&mut self, at: Duration) {
        self.progress = at;
    }

    /// When something happened last.
    pub(crate) fn progress(&self) -> Duration {
        self.progress
    }

    /// Whether no byte of the response has come.
    pub(crate) fn is_untouched(&self) -> bool {
        self.untouched
    }

    /// Whether body bytes need not be seen.
    pub(crate) fn discards(&self) -> bool {
        self.head.is_some() && self.kept.is_none() && !self.streams
    }

    /// How much to read at once. Where only the head is of interest, not much more than a head: what
    /// of the body comes with it has been copied for nothing.
    pub(crate) fn read_ahead(&self) -> usize {
        if self.untouched && self.wanted == Body::Discard {
            HEAD_READ_BYTES
        } else {
            READ_BYTES_MAX
        }
    }

    /// Whether the observer takes the body, at its own pace.
    pub(crate) fn streams(&self) -> bool {
        self.streams
    }

    /// The observer has no room: that nothing comes is not the server's fault.
    pub(crate) fn held_back(&mut self) {
        self.progress = self.clock.elapsed();
    }

    /// Whether the rest of the body is not worth waiting for.
    pub(crate) fn has_enough(&self) -> bool {
        self.redirect_bytes_left == Some(0)
    }

    pub(crate) fn take_head(&mut self) -> Option<Head> {
        self.head.take()
    }

    pub(crate) fn into_kept(self) -> Vec<u8> {
        self.kept.unwrap_or_default()
    }

    /// Body bytes came and went unseen.
    pub(crate) fn discarded<O: Observer>(&mut self, bytes: usize, track: &mut Track<'_, O>) {
        self.progress = self.clock.elapsed();
        self.count(bytes, track);
    }

    fn count<O: Observer>(&mut self, bytes: usize, track: &mut Track<'_, O>) {
        if let Some(left) = &mut self.redirect_bytes_left {
            *left = left.saturating_sub(bytes as u64);
        }
        self.patience.flows();
        track.body(bytes, self.progress);
    }

    /// Bytes came.
    pub(crate) fn feed<O: Observer>(
        &mut self,
        bytes: &[u8],
        decoder: &mut Decoder,
        track: &mut Track<'_, O>,
        session: &Inner,
    ) -> Result<(), Error> {
        self.progress = self.clock.elapsed();
        if std::mem::take(&mut self.untouched) {
            track.timings.first_byte = Some(self.progress);
        }
        let mut sink = Into {
            intake: self,
            track,
            session,
        };
        decoder.feed(bytes, &mut sink)
    }
}

/// Where the decoder puts the parts.
struct Into<'a, 'o, O: Observer> {
    intake: &'a mut Intake,
    track: &'a mut Track<'o, O>,
    session: &'a Inner,
}

impl<O: Observer> Sink for Into<'_, '_, O> {
    fn head(&mut self, head: Head) -> Result<(), Error> {
        let at = self.intake.progress;
        self.track.head(&head, at);
        let now = self.intake.clock.now().unix_ms;
        for cookie in head.fields.all("set-cookie") {
            let mut jar = self.session.jar.borrow_mut();
            jar.absorb(&self.track.url, cookie, now);
        }
        if redirect::is_redirect(head.status) {
            self.intake.redirect_bytes_left = Some(REDIRECT_BODY_BYTES_MAX);
        } else {
            self.intake.streams = self.intake.wanted == Body::Stream;
        }
        if let Body::Keep { limit } = self.intake.wanted
            && (200..300).contains(&head.status)
        {
            self.intake.kept = Some(room(&head, limit)?);
        }
        self.intake.head = Some(head);
        Ok(())
    }

    fn body(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.intake.count(bytes.len(), self.track);
        if let (Some(kept), Body::Keep { limit }) = (&mut self.intake.kept, self.intake.wanted) {
            if bytes.len() > limit - kept.len() {
                return Err(Error::BodyTooLarge { limit });
            }
            kept.extend_from_slice(bytes);
        }
        if self.intake.streams {
            self.track.chunk(bytes)?;
        }
        Ok(())
    }
}

/// Room for a body that is kept, unless its announced length is beyond the limit.
fn room(head: &Head, limit: usize) -> Result<Vec<u8>, Error> {
    let announced = head
        .fields
        .get("content-length")
        .and_then(|length| length.parse::<u64>().ok())
        .unwrap_or(0);
    if announced > limit as u64 {
        return Err(Error::BodyTooLarge { limit });
    }
    Ok(Vec::with_capacity(announced.min(KEEP_AHEAD_MAX) as usize))
}
