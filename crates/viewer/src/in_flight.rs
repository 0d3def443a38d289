//! The requests of one viewer that have been sent and not yet answered.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use player::FetchId;

use crate::exchange::{News, Record};
use crate::request::Answer;

/// A request under way.
struct Running {
    id: FetchId,
    exchange: Pin<Box<dyn Future<Output = Answer>>>,
    record: Rc<Record>,
}

/// A handful of requests, polled together: a player has one or two under way, seldom ten.
#[derive(Default)]
pub(crate) struct InFlight {
    running: Vec<Running>,
}

/// What came of a request: news on the way, and the answer at the end.
pub(crate) struct Update {
    pub(crate) id: FetchId,
    pub(crate) news: News,
    pub(crate) answer: Option<Answer>,
}

impl InFlight {
    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    pub(crate) fn add(
        &mut self,
        id: FetchId,
        record: Rc<Record>,
        exchange: Pin<Box<dyn Future<Output = Answer>>>,
    ) {
        self.running.push(Running {
            id,
            exchange,
            record,
        });
    }

    /// Gives a request up: its future is dropped, which closes its connection.
    pub(crate) fn cancel(&mut self, id: FetchId) {
        self.running.retain(|running| running.id != id);
    }

    /// The next thing that happens; waits for ever while nothing is under way.
    pub(crate) async fn next(&mut self) -> Update {
        poll_fn(|context| self.poll(context)).await
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Update> {
        for place in 0..self.running.len() {
            let running = &mut self.running[place];
            let id = running.id;
            let answer = match running.exchange.as_mut().poll(context) {
                Poll::Ready(answer) => Some(answer),
                Poll::Pending => None,
            };
            // Bytes alone are told with what comes next: a request that is told of at every read
            // would be polled again at once, and the others would wait for it.
            if answer.is_none() && !running.record.has_head() {
                continue;
            }
            let news = running.record.take_news();
            if answer.is_some() {
                self.running.remove(place);
            }
            return Poll::Ready(Update { id, news, answer });
        }
        Poll::Pending
    }
}
