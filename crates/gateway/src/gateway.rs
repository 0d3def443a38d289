//! The gateway's door and its house.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use player::spectator;
use telemetry::hist::{Distribution, Micros};
use telemetry::viewers::Playback;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use url::Url;
use viewer::{Diary, Shared};

use crate::config::check_headers;
use crate::connection::Connection;
use crate::guest::Guest;
use crate::names::Names;
use crate::refusal::Refusal;
use crate::route::Paths;
use crate::seat::{Came, Seat};
use crate::share::Shares;
use crate::{Admission, Config, Error, Guests};

/// The most connections of players at once; more wait to be accepted.
pub const CONNECTIONS_MAX: usize = 16_384;

/// Bytes that the system keeps for a player that does not read: little, so that its slowness is
/// felt upstream.
pub const SEND_BUFFER_BYTES: u32 = 256 * 1024;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 4096;

/// How long no connection is accepted after the system refused one (no descriptor left, mostly).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A measuring reverse proxy. A clone is a handle to the same one.
#[derive(Clone, Debug)]
pub struct Gateway {
    house: Rc<House>,
}

/// What all connections of a gateway share.
#[derive(Debug)]
pub(crate) struct House {
    pub(crate) shared: Rc<Shared>,
    pub(crate) config: Config,
    pub(crate) paths: Paths,
    pub(crate) names: RefCell<Names>,
    pub(crate) shares: RefCell<Shares>,
    listener: TcpListener,
    addr: SocketAddr,
    seats: RefCell<HashMap<u64, Rc<Seat>>>,
    /// Seats whose spectators nobody drives yet.
    new: RefCell<Vec<Rc<Seat>>>,
    newcomers: Notify,
}

impl Gateway {
    /// Listens. Nothing is answered before [`serve`](Self::serve) runs. Within a runtime.
    pub fn bind(config: Config, shared: Rc<Shared>) -> Result<Self, Error> {
        config.check()?;
        let address = config.listen;
        let listener = listen(address).map_err(|source| Error::Listen { address, source })?;
        let addr = listener
            .local_addr()
            .map_err(|source| Error::Listen { address, source })?;
        let mut names = Names::default();
        config
            .origins
            .iter()
            .for_each(|url| names.give(url.origin()));
        Ok(Self {
            house: Rc::new(House {
                shared,
                paths: Paths::new(config.token.as_deref()),
                config,
                names: RefCell::new(names),
                shares: RefCell::new(Shares::new()),
                listener,
                addr,
                seats: RefCell::default(),
                new: RefCell::default(),
                newcomers: Notify::new(),
            }),
        })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.house.addr
    }

    /// Where the player of viewer `number` on this machine finds `url`.
    pub fn url_for(&self, number: u64, url: &Url) -> Url {
        self.house.url_for(number, url)
    }

    /// The path of that URL, for players that know this machine by another name.
    pub fn path_for(&self, number: u64, url: &Url) -> String {
        self.house.paths.print(number, url)
    }

    /// Lets the origin of `url` be fetched, as those of the configuration.
    pub fn allow(&self, url: &Url) {
        self.house.names.borrow_mut().give(url.origin());
    }

    /// Lets a viewer in, whose number its diary has: until the guest is dropped, requests under
    /// that number are passed on while a life of it [goes on](Guest::begin).
    ///
    /// # Errors
    /// There is one of that number already, or its headers can't be sent.
    pub fn admit(&self, diary: Diary, admission: Admission) -> Result<Guest, Error> {
        let number = diary.number();
        if self.house.seats.borrow().contains_key(&number) {
            return Err(Error::Taken { number });
        }
        check_headers(&admission.headers)?;
        if let Some(stream) = &admission.stream {
            self.allow(stream);
        }
        let seat = Seat::new(&self.house.shared, diary, admission, Came::Admitted);
        self.house.seat(&seat);
        Ok(Guest::new(Rc::clone(&self.house), seat))
    }

    /// What the gateway itself added to each exchange that came to an answer: from the player's
    /// head to the upstream request (without connecting), and from the answer's first byte (a
    /// playlist's last) to the first byte that the player's socket took.
    pub fn own_share(&self) -> Distribution<Micros> {
        self.house.shares.borrow().distribution()
    }

    /// Serves until it is dropped, which cuts everything off. In a `LocalSet`.
    pub fn serve(&self) -> impl Future<Output = ()> + 'static {
        let house = Rc::clone(&self.house);
        async move { house.serve().await }
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    // Connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

impl House {
    pub(crate) fn url_for(&self, number: u64, url: &Url) -> Url {
        let mut addr = self.addr;
        if addr.ip().is_unspecified() {
            addr.set_ip(match addr.ip() {
                IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        let path = self.paths.print(number, url);
        let here = format!("http://{addr}{path}");
        // A path that holds a whole URL is one: the URL itself stands for what can't be.
        here.parse().unwrap_or_else(|_| url.clone())
    }

    fn seat(&self, seat: &Rc<Seat>) {
        self.seats.borrow_mut().insert(seat.number, Rc::clone(seat));
        self.new.borrow_mut().push(Rc::clone(seat));
        self.newcomers.notify_one();
    }

    /// The guest is dropped: its number is free again.
    pub(crate) fn show_out(&self, seat: &Seat) {
        self.seats.borrow_mut().remove(&seat.number);
        seat.stop.tell();
    }

    /// The seat of viewer `number`.
    pub(crate) fn seat_of(&self, number: u64) -> Result<Rc<Seat>, Refusal> {
        let seat = self.seats.borrow().get(&number).map(Rc::clone);
        let seat = match (seat, &self.config.guests) {
            (Some(seat), _) => seat,
            (None, Guests::Admitted) => return Err(Refusal::new(404, "there is no such viewer")),
            (
                None,
                Guests::Anyone {
                    max,
                    player,
                    broadcast,
                },
            ) => {
                if self.seats.borrow().len() >= *max {
                    let words = format!("there are {max} viewers already, and no more may come");
                    return Err(Refusal::new(503, words));
                }
                self.newcomer(number, *player, broadcast)
            }
        };
        if !seat.lives() {
            if seat.came == Came::Admitted {
                return Err(Refusal::new(404, "this viewer's player is gone"));
            }
            seat.begin(&self.shared);
        }
        Ok(seat)
    }

    fn newcomer(&self, number: u64, player: spectator::Config, broadcast: &str) -> Rc<Seat> {
        let playback = match player.play {
            Some(_) => Playback::Tracked,
            None => Playback::Untracked,
        };
        let at = self.shared.clock.elapsed();
        let token = {
            let mut recorder = self.shared.recorder.borrow_mut();
            recorder.add_viewer(number, playback, at)
        };
        let shared = Rc::clone(&self.shared);
        let diary = Diary::new(shared, number, broadcast, "hls", token);
        let admission = Admission {
            player,
            stream: self.config.origins.first().cloned().map(Arc::new),
            headers: Arc::default(),
        };
        let seat = Seat::new(&self.shared, diary, admission, Came::ByItself);
        self.seat(&seat);
        seat
    }

    async fn serve(self: Rc<Self>) {
        let mut tasks = JoinSet::new();
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            for seat in self.new.take() {
                tasks.spawn_local(seat.drive(Rc::clone(&self.shared)));
            }
            tokio::select! {
                accepted = self.accept(&places) => if let Some((stream, place)) = accepted {
                    let connection = Connection::new(Rc::clone(&self), stream);
                    tasks.spawn_local(async move {
                        connection.serve().await;
                        drop(place);
                    });
                },
                () = self.newcomers.notified() => {}
                Some(ended) = tasks.join_next() => if let Err(error) = ended
                    && error.is_panic()
                {
                    tracing::error!(%error, "a connection of the gateway came down");
                },
            }
        }
    }

    /// The next connection and its place among all.
    async fn accept(
        &self,
        places: &Arc<Semaphore>,
    ) -> Option<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let place = Arc::clone(places).acquire_owned().await.ok()?;
        match self.listener.accept().await {
            Ok((stream, _)) => {
                // Delayed small packets would be latency of ours.
                let _ = stream.set_nodelay(true);
                Some((stream, place))
            }
            Err(error) => {
                tracing::warn!(%error, "the gateway can't accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }
}
