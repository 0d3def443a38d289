use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use base::Now;
use gateway::Gateway;
use tokio::task::{JoinSet, LocalSet};
use transport::{Client, Clock};

use crate::by_group::ByGroup;
use crate::control::{Line, News};
use crate::crowd::Crowd;
use crate::engine::Engine;
use crate::hub::Publisher;
use crate::plan::Plan;
use crate::probe::{self, Probe};
use crate::process::Crew;

/// How long requests in flight may take to finish after a stop, or when their viewer leaves.
pub const DRAIN_MAX: Duration = Duration::from_secs(3);
/// How often a worker publishes what it has recorded.
const PUBLISH_EVERY: Duration = Duration::from_millis(250);

/// One worker: the viewers whose number leaves its own when divided by the number of workers.
pub(crate) struct Worker {
    pub(crate) plan: Arc<Plan>,
    pub(crate) clock: Clock,
    /// The same for all workers: their recorders agree on where seconds begin.
    pub(crate) start: Now,
    pub(crate) publisher: Publisher,
    pub(crate) line: Line,
}

impl Worker {
    /// Runs until the run is stopped, by somebody or because nobody is left.
    pub(crate) fn run(self, client: transport::Config) -> Result<(), crate::Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(crate::Error::Runtime)?;
        let client = runtime.block_on(async { Client::new(client, self.clock) })?;
        let groups = ByGroup::new(&self.plan, client, self.start);
        LocalSet::new().block_on(&runtime, self.work(&Rc::new(groups)))
    }

    async fn work(mut self, groups: &Rc<ByGroup>) -> Result<(), crate::Error> {
        let index = self.line.worker();
        let Players { crews, gateways } = Players::of(&self.plan, groups)?;
        let mut serving = JoinSet::new();
        for gateway in &gateways {
            serving.spawn_local(gateway.serve());
        }
        let mut crowd = Crowd::new(index, &self.plan, groups, crews);
        let shared = groups.worker();
        let probe = Probe::new(shared.clock.elapsed(), index == 0).of_gateways(gateways);
        let probe = Rc::new(RefCell::new(probe));
        let watch = probe::watch(Rc::clone(&probe), Rc::clone(shared));
        let watching = tokio::task::spawn_local(watch);
        self.conduct(&mut crowd, groups, &probe).await;
        watching.abort();
        probe.borrow_mut().stop(shared.clock.elapsed());
        groups.stop(shared.clock.now());
        crowd.leave().await;
        // Cut off, the last exchanges are recorded.
        serving.shutdown().await;
        self.publish(groups, &probe.borrow());
        Ok(())
    }

    /// Lets viewers come and go until the run is stopped.
    async fn conduct(&mut self, crowd: &mut Crowd, groups: &ByGroup, probe: &RefCell<Probe>) {
        let clock = groups.worker().clock;
        let mut publish = tokio::time::interval(PUBLISH_EVERY);
        let mut idle_after = None;
        loop {
            let idle = crowd.idle_after();
            if idle != idle_after
                && let Some(orders) = idle
            {
                self.line.idle(orders);
            }
            idle_after = idle;
            let due = crowd.due_at();
            let next = clock.instant(due.unwrap_or(Duration::MAX));
            tokio::select! {
                biased;
                news = self.line.news(crowd.has_room()) => match news {
                    News::Stop => return,
                    News::Order(order) => crowd.order(order),
                },
                _ = publish.tick() => self.publish(groups, &probe.borrow()),
                () = tokio::time::sleep_until(next), if due.is_some() => crowd.advance(),
                () = crowd.someone_is_over() => {}
            }
        }
    }

    fn publish(&mut self, groups: &ByGroup, probe: &Probe) {
        let now = groups.worker().clock.now();
        self.publisher.publish(|snapshots| {
            groups.snapshots_into(now, snapshots);
            if let Some(first) = snapshots.first_mut() {
                probe.report(&mut first.generator);
            }
        });
    }
}

/// Players that are no viewers of ours, as a worker has them.
#[derive(Default)]
struct Players {
    /// Of each group, where its viewers are processes.
    crews: Vec<Option<Rc<Crew>>>,
    /// What they fetch through, which has to be served.
    gateways: Vec<Gateway>,
}

impl Players {
    fn of(plan: &Plan, groups: &ByGroup) -> Result<Self, gateway::Error> {
        let mut players = Self::default();
        for (place, group) in plan.groups.iter().enumerate() {
            let shared = groups.of(place);
            let crew = match &group.engine {
                Engine::Native => None,
                Engine::Process(engine) => {
                    let crew = Crew::new(engine, shared)?;
                    players.gateways.push(crew.gateway());
                    Some(crew)
                }
                Engine::Guests(config) => {
                    let config = gateway::Config::clone(config);
                    let gateway = Gateway::bind(config, Rc::clone(shared))?;
                    players.gateways.push(gateway);
                    None
                }
            };
            players.crews.push(crew);
        }
        Ok(players)
    }
}
