use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use media::hls::BODY_BYTES_MAX;
use transport::{Error, Head, Hop, HopStart, Observer, Version};
use viewer::exchange::Watch;

use super::{Course, Relay};
use crate::share::Stops;

/// The handle that `transport` tells.
#[derive(Debug)]
pub(crate) struct Ear {
    pub(crate) relay: Rc<Relay>,
    pub(crate) watch: Watch,
}

impl Observer for Ear {
    fn hop_begin(&mut self, start: &HopStart<'_>) {
        self.watch.hop_begin(start);
    }

    fn head(&mut self, head: &Head, at: Duration) {
        self.watch.head(head, at);
        if is_followed(head.status) {
            return;
        }
        let relay = &self.relay;
        relay.status.set(Some(head.status));
        relay.is_there(at);
        relay.closing.set(closes(head));
        let course = relay.choose(head);
        *relay.course.borrow_mut() = course;
    }

    fn body(&mut self, bytes: usize, at: Duration) {
        self.watch.body(bytes, at);
        if self.relay.status.get().is_some() {
            self.relay.visit.got(bytes);
        }
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let relay = &self.relay;
        let mut course = relay.course.borrow_mut();
        if let Course::Sniffing(_) = &*course
            && let Course::Sniffing(head) = std::mem::replace(&mut *course, Course::Waiting)
        {
            *course = relay.sniff(&head, bytes);
        }
        if let Course::Json(..) = &*course
            && let Course::Json(head, body) = std::mem::replace(&mut *course, Course::Waiting)
        {
            *course = relay.gather(head, body, bytes);
            return Ok(());
        }
        match &mut *course {
            Course::Json(..) | Course::Waiting | Course::Sniffing(_) => {}
            Course::Streaming(framing, head) => relay.pass(*framing, head, bytes),
            Course::Gathering(body) => {
                if bytes.len() > BODY_BYTES_MAX - body.len() {
                    let limit = BODY_BYTES_MAX;
                    return Err(Error::BodyTooLarge { limit });
                }
                body.extend_from_slice(bytes);
            }
        }
        Ok(())
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let relay = &self.relay;
        // A head whose body is slow to come does not wait for it.
        if let Course::Streaming(_, head) = &mut *relay.course.borrow_mut()
            && !head.is_empty()
        {
            relay.outlet.send([head, &[], &[], &[]]);
            relay.begun.set(true);
            *head = Vec::new();
        }
        if relay.outlet.is_gone() {
            // Nobody is left to take anything: the exchange is about to be dropped.
            return Poll::Pending;
        }
        relay.outlet.poll_flush(cx)
    }

    fn hop_end(&mut self, hop: &Hop<'_>) {
        self.watch.hop_end(hop);
        let relay = &self.relay;
        if hop.index == 0 {
            let connecting = hop.timings.connect;
            let connecting = connecting.map(|it| it.dns + it.tcp + it.tls);
            let sent = hop.timings.sent;
            let sent = sent.map(|sent| sent.saturating_sub(connecting.unwrap_or_default()));
            relay.stops.set(Stops {
                sent,
                ..relay.stops.get()
            });
        }
    }
}

/// Whether the origin closes its connection after this answer (RFC 9112, 9.3).
fn closes(head: &Head) -> bool {
    let says = |wanted: &str| {
        head.fields
            .all("connection")
            .flat_map(|value| value.split(','))
            .any(|option| option.trim().eq_ignore_ascii_case(wanted))
    };
    says("close") || head.version == Version::Http10 && !says("keep-alive")
}

/// Whether transport follows it, so that the player never sees it.
fn is_followed(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}
