use std::cell::Cell;

use tokio::sync::Notify;

/// Tells viewers to leave: one, or all that share it. Once told, it stays told.
#[derive(Debug, Default)]
pub struct Stop {
    told: Cell<bool>,
    notify: Notify,
}

impl Stop {
    /// Tells everybody, those who will ask later included.
    pub fn tell(&self) {
        self.told.set(true);
        self.notify.notify_waiters();
    }

    /// Whether it was told.
    pub fn is_told(&self) -> bool {
        self.told.get()
    }

    /// Returns when it is told.
    pub async fn told(&self) {
        // One thread: nobody can tell between the question and the registration.
        if !self.is_told() {
            self.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stop;

    #[tokio::test]
    async fn those_who_wait_and_those_who_come_late_are_told() {
        let stop = Stop::default();
        tokio::join!(stop.told(), async { stop.tell() });
        stop.told().await;
        assert!(stop.is_told());
    }
}
