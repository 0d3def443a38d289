//! How the system finds a port for our end of a connection.

use tokio::net::TcpSocket;

/// The ports that the system hands out; `None` where it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ports(Option<(u16, u16)>);

impl Ports {
    /// As the system has them.
    pub(crate) fn of_system() -> Self {
        let said = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range");
        Self(said.ok().as_deref().and_then(range))
    }

    /// Lets the system look for a free port among all of them, from anywhere on, when the socket
    /// connects.
    ///
    /// By itself Linux tries each second port before the others. When half of them are taken towards
    /// one server (14,116 of the usual range) it goes through thousands in vain for each further
    /// connection: nearly a millisecond of CPU time. From Linux 6.8 on it does not where the socket
    /// has a range of its own, be it the same. And a socket that is bound to an address gets its port
    /// at once, for that socket alone and in a search that is slower still, unless that is put off.
    ///
    /// A system that can't do so finds ports as ever.
    pub(crate) fn ease_search(self, socket: &TcpSocket) {
        #[cfg(target_os = "linux")]
        if let Some((first, last)) = self.0 {
            let _ = crate::socket_option::set_port_range(socket, first, last);
            let _ = crate::socket_option::set_port_at_connect(socket);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = socket;
    }
}

/// A range as the kernel writes it: the first and the last.
fn range(text: &str) -> Option<(u16, u16)> {
    let mut ends = text.split_whitespace().map(str::parse);
    let (first, last) = (ends.next()?.ok()?, ends.next()?.ok()?);
    (first < last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("32768\t60999\n", Some((32768, 60999)))]
    #[case("1024 65535", Some((1024, 65535)))]
    #[case("60999 32768", None)]
    #[case("40000 40000", None)]
    #[case("1024 65536", None)]
    #[case("1024", None)]
    #[case("", None)]
    fn a_range_is_read_as_the_kernel_writes_it(
        #[case] text: &str,
        #[case] ports: Option<(u16, u16)>,
    ) {
        assert_eq!(range(text), ports);
    }

    /// By itself the system would take each second port only while there are few.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn ports_of_both_kinds_are_taken_from_the_beginning() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = listener.local_addr().unwrap();
        let ports = Ports::of_system();
        let mut open = Vec::new();
        for source in [None, Some("127.0.0.2:0")] {
            let mut odd = 0;
            for _ in 0..64 {
                let socket = TcpSocket::new_v4().unwrap();
                ports.ease_search(&socket);
                if let Some(source) = source {
                    socket.bind(source.parse().unwrap()).unwrap();
                }
                let ours = socket.connect(to).await.unwrap();
                let (theirs, from) = listener.accept().await.unwrap();
                odd += from.port() % 2;
                open.push((ours, theirs));
            }
            let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
            let mut numbers = release.split('.').map(|number| number.parse::<u32>().ok());
            let release = (numbers.next().flatten(), numbers.next().flatten());
            let is_new = release >= (Some(6), Some(8));
            let probe = TcpSocket::new_v4().unwrap();
            let has_ranges = ports.0.is_some_and(|(first, last)| {
                crate::socket_option::set_port_range(&probe, first, last).is_ok()
            });
            if is_new && has_ranges {
                assert!(0 < odd && odd < 64, "{odd} of 64 from {source:?}");
            }
        }
    }
}
