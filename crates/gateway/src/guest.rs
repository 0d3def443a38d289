use std::rc::Rc;
use std::time::Duration;

use base::ViewerState;
use transport::Network;
use url::Url;

use crate::gateway::House;
use crate::seat::Seat;

/// A viewer that was admitted; dropped, it is shown out, and its requests are cut off.
#[derive(Debug)]
pub struct Guest {
    house: Rc<House>,
    seat: Rc<Seat>,
}

impl Guest {
    pub(crate) fn new(house: Rc<House>, seat: Rc<Seat>) -> Self {
        Self { house, seat }
    }

    /// The viewer's number.
    pub fn number(&self) -> u64 {
        self.seat.number
    }

    /// Where its player finds `url`.
    pub fn url(&self, url: &Url) -> Url {
        self.house.url_for(self.seat.number, url)
    }

    /// Puts what is fetched for it behind a network of its own, before a life of it begins; the run's
    /// `seed` decides which packets get lost.
    pub fn put_behind(&self, network: &Network, seed: u64) {
        self.seat.session.put_behind(network, seed);
    }

    /// A new player is started for it: a life begins, without the cookies of the last one.
    pub fn begin(&self) {
        self.seat.begin(&self.house.shared);
    }

    /// Its player is gone, and the viewer enters `state`.
    pub fn over(&self, state: ViewerState) {
        self.seat.over(&self.house.shared);
        self.seat.diary.borrow_mut().enter(state);
    }

    /// It was told to leave and does.
    pub fn leave(&self) {
        self.seat.over(&self.house.shared);
        self.seat.diary.borrow_mut().leave();
    }

    /// The state it is in.
    pub fn state(&self) -> ViewerState {
        self.seat.diary.borrow().state()
    }

    /// Returns when its state, or anything else in its diary, has changed.
    pub async fn changed(&self) {
        self.seat.written().await;
    }

    /// Time that it has spent playing in its last life, up to the last time it stopped to.
    pub fn played(&self) -> Duration {
        self.seat.diary.borrow().played()
    }

    /// Returns when none of its requests is under way any more: every one is recorded.
    pub async fn settled(&self) {
        self.seat.settled().await;
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.house.show_out(&self.seat);
    }
}
