//! Time limits of one exchange, on one timer.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Sleep;

use crate::{Clock, Error, Limits, Phase};

/// The limit that passes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline {
    /// When it passes, since the run began.
    at: Duration,
    /// How long it is.
    limit: Duration,
}

impl Deadline {
    pub(crate) fn after(from: Duration, limit: Option<Duration>) -> Option<Self> {
        let limit = limit?;
        Some(Self {
            at: from.checked_add(limit)?,
            limit,
        })
    }

    /// This one, or `limit` after `from` if that is sooner or there is no other.
    pub(crate) fn or_sooner(this: Option<Self>, from: Duration, limit: Duration) -> Option<Self> {
        sooner(this, Self::after(from, Some(limit)))
    }

    pub(crate) fn passed(self, phase: Phase) -> Error {
        Error::TimedOut {
            phase,
            limit: self.limit,
        }
    }
}

/// The sooner of two limits.
fn sooner(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The limits of an exchange that began at `started`.
#[derive(Debug)]
pub(crate) struct Timer {
    clock: Clock,
    limits: Limits,
    started: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Timer {
    pub(crate) fn new(clock: Clock, limits: Limits, started: Duration) -> Self {
        Self {
            clock,
            limits,
            started,
            sleep: None,
        }
    }

    /// What holds until the first byte of a response.
    pub(crate) fn before_response(&self) -> Option<Deadline> {
        sooner(
            Deadline::after(self.started, self.limits.first_byte),
            Deadline::after(self.started, self.limits.total),
        )
    }

    /// What holds while a connection is made, since `from`.
    pub(crate) fn connecting(&self, from: Duration) -> Option<Deadline> {
        sooner(
            self.before_response(),
            Deadline::after(from, self.limits.connect),
        )
    }

    /// What holds from when the request is sent until its first byte.
    pub(crate) fn waiting(&self, sent: Duration) -> Option<Deadline> {
        sooner(
            self.before_response(),
            Deadline::after(sent, self.limits.idle),
        )
    }

    /// What holds while the body arrives, the last of it at `progress`.
    pub(crate) fn receiving(&self, progress: Duration) -> Option<Deadline> {
        sooner(
            Deadline::after(self.started, self.limits.total),
            Deadline::after(progress, self.limits.idle),
        )
    }

    /// Ready when `deadline` has passed. It may move between polls.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Deadline>) -> Poll<()> {
        let Some(deadline) = deadline else {
            return Poll::Pending;
        };
        let at = self.clock.instant(deadline.at);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        // A timer that is early costs one wake-up; moving it at every read would cost more.
        if sleep.deadline() > at {
            sleep.as_mut().reset(at);
        }
        while sleep.as_mut().poll(cx).is_ready() {
            if sleep.deadline() >= at {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(at);
        }
        Poll::Pending
    }

    /// Sees to it that the task wakes at `at`, where nothing wakes it before.
    pub(crate) fn wake(&mut self, cx: &mut Context<'_>, at: Duration) {
        let at = self.clock.instant(at);
        let sleep = self
            .sleep
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if sleep.deadline() > at || sleep.is_elapsed() {
            sleep.as_mut().reset(at);
        }
        if sleep.as_mut().poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }

    /// Runs `work` until `deadline`; `phase` says what it waits for when that passes.
    pub(crate) async fn race<T>(
        &mut self,
        deadline: Option<Deadline>,
        phase: impl Fn() -> Phase,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            match deadline {
                Some(passed) if self.poll(cx, deadline).is_ready() => {
                    Poll::Ready(Err(passed.passed(phase())))
                }
                _ => Poll::Pending,
            }
        })
        .await
    }
}
