use std::sync::{Mutex, MutexGuard, PoisonError};

use rustls::NamedGroup;
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls_pki_types::ServerName;

/// Servers whose tickets one session keeps; the one added first goes first.
pub const TICKET_SERVERS_MAX: usize = 4;

/// TLS 1.3 tickets kept of one server; each is used once, the newest first.
pub const TICKETS_MAX: usize = 2;

/// What one viewer keeps to resume TLS sessions. A crowd that shared tickets would spare the server
/// the handshakes that a real crowd costs it.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    // rustls asks for a store that any thread may use; here only one does.
    servers: Mutex<Vec<Server>>,
}

#[derive(Debug)]
struct Server {
    name: ServerName<'static>,
    group: Option<NamedGroup>,
    tls12: Option<Tls12ClientSessionValue>,
    tls13: Vec<Tls13ClientSessionValue>,
}

impl Tickets {
    fn servers(&self) -> MutexGuard<'_, Vec<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        name: &ServerName<'_>,
        f: impl FnOnce(&mut Server) -> Option<T>,
    ) -> Option<T> {
        self.servers()
            .iter_mut()
            .find(|server| server.name == *name)
            .and_then(f)
    }

    fn with_new(&self, name: &ServerName<'static>, f: impl FnOnce(&mut Server)) {
        let mut servers = self.servers();
        if !servers.iter().any(|server| server.name == *name) {
            if servers.len() == TICKET_SERVERS_MAX {
                servers.remove(0);
            }
            servers.push(Server {
                name: name.clone(),
                group: None,
                tls12: None,
                tls13: Vec::new(),
            });
        }
        if let Some(server) = servers.iter_mut().find(|server| server.name == *name) {
            f(server);
        }
    }
}

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.with_new(&name, |server| server.group = Some(group));
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.with(name, |server| server.group)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.with_new(&name, |server| server.tls12 = Some(value));
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.with(name, |server| server.tls12.clone())
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.with(name, |server| server.tls12.take());
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.with_new(&name, |server| {
            if server.tls13.len() == TICKETS_MAX {
                server.tls13.remove(0);
            }
            server.tls13.push(value);
        });
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.with(name, |server| server.tls13.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_bounded() {
        let tickets = Tickets::default();
        let name = |n: usize| ServerName::try_from(format!("h{n}")).unwrap();
        for n in 0..=TICKET_SERVERS_MAX {
            tickets.set_kx_hint(name(n), NamedGroup::X25519);
        }
        assert_eq!(tickets.kx_hint(&name(0)), None);
        assert_eq!(tickets.kx_hint(&name(1)), Some(NamedGroup::X25519));
        assert_eq!(tickets.servers().len(), TICKET_SERVERS_MAX);
    }
}
