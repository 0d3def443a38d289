//! Names to addresses: overrides, then a cache in front of the system's resolver.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::str::FromStr;
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::Error;

/// How long an answer of the system's resolver is used.
pub const DNS_TTL: Duration = Duration::from_mins(1);

/// Names that the cache holds; when it is full it starts anew.
pub const DNS_NAMES_MAX: usize = 1024;

/// Addresses of one name that are tried.
pub const DNS_ADDRESSES_MAX: usize = 16;

/// Addresses that stand in for DNS for one host and port, as curl's `--resolve HOST:PORT:ADDR`.
///
/// It parses from `HOST:PORT:ADDR[,ADDR]`; `*` is any host, IPv6 may stand in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The name in lower case, or `*`.
    pub host: String,
    /// The port it holds for.
    pub port: u16,
    /// Where to connect instead, at least one.
    pub addresses: Vec<IpAddr>,
}

impl FromStr for Override {
    type Err = Error;

    fn from_str(given: &str) -> Result<Self, Error> {
        parse(given).map_err(|why| Error::Override {
            given: given.to_owned(),
            why,
        })
    }
}

fn parse(given: &str) -> Result<Override, &'static str> {
    let (host, rest) = match given.strip_prefix('[') {
        Some(rest) => rest
            .split_once("]:")
            .ok_or("an address in brackets ends in ]:")?,
        None => given.split_once(':').ok_or("no port")?,
    };
    if host.is_empty() {
        return Err("no host");
    }
    let (port, addresses) = rest.split_once(':').ok_or("no address")?;
    let port = port.parse().map_err(|_| "the port is not 0 to 65535")?;
    let addresses = addresses
        .split(',')
        .map(|address| {
            let bare = address
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
                .unwrap_or(address);
            bare.parse().map_err(|_| "not an IP address")
        })
        .collect::<Result<Vec<IpAddr>, _>>()?;
    Ok(Override {
        host: host.to_ascii_lowercase(),
        port,
        addresses,
    })
}

/// What a lookup gives; failures are the resolver's words.
type Answer = Result<Rc<[IpAddr]>, Rc<str>>;

type LookupFuture = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>>>>;

/// Asks for the addresses of a name.
pub(crate) type Lookup = Box<dyn Fn(String) -> LookupFuture>;

/// The names of one worker.
pub(crate) struct Names {
    overrides: Vec<Override>,
    lookup: Lookup,
    cache: RefCell<HashMap<Box<str>, Rc<Entry>>>,
}

/// One lookup: whoever comes first asks, the others wait for the same answer.
struct Entry {
    asked: Instant,
    answer: OnceCell<Answer>,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names")
            .field("overrides", &self.overrides)
            .finish_non_exhaustive()
    }
}

/// The system's resolver, on a thread of the runtime's pool.
pub(crate) fn system_lookup() -> Lookup {
    Box::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

impl Names {
    pub(crate) fn new(overrides: Vec<Override>, lookup: Lookup) -> Self {
        Self {
            overrides,
            lookup,
            cache: RefCell::default(),
        }
    }

    /// The addresses of `host`, at least one, in the order in which to try them (RFC 8305, 4).
    pub(crate) async fn resolve(
        &self,
        host: &url::Host<&str>,
        port: u16,
    ) -> Result<Rc<[IpAddr]>, Error> {
        let shown = host.to_string();
        let bare = shown.trim_start_matches('[').trim_end_matches(']');
        if let Some(found) = self.overridden(bare, port) {
            return Ok(in_order(&found.addresses));
        }
        match host {
            url::Host::Ipv4(address) => Ok([IpAddr::V4(*address)].into()),
            url::Host::Ipv6(address) => Ok([IpAddr::V6(*address)].into()),
            url::Host::Domain(name) => self.cached(name).await.map_err(|why| Error::Dns {
                host: (*name).to_owned(),
                why: why.to_string(),
            }),
        }
    }

    /// An exact name goes before `*`; of several, the last one given.
    fn overridden(&self, host: &str, port: u16) -> Option<&Override> {
        let find = |wanted: &str| {
            self.overrides
                .iter()
                .rfind(|entry| entry.port == port && entry.host.eq_ignore_ascii_case(wanted))
        };
        find(host).or_else(|| find("*"))
    }

    async fn cached(&self, name: &str) -> Answer {
        let entry = self.entry(name);
        let answer = entry
            .answer
            .get_or_init(|| async {
                match (self.lookup)(name.to_owned()).await {
                    Ok(found) if found.is_empty() => Err("it has no address".into()),
                    Ok(found) => Ok(in_order(&found)),
                    Err(error) => Err(error.to_string().into()),
                }
            })
            .await
            .clone();
        if answer.is_err() {
            self.forget(name, &entry);
        }
        answer
    }

    fn entry(&self, name: &str) -> Rc<Entry> {
        let mut cache = self.cache.borrow_mut();
        match cache.get(name) {
            Some(entry) if entry.asked.elapsed() < DNS_TTL => return Rc::clone(entry),
            _ => {}
        }
        if cache.len() >= DNS_NAMES_MAX {
            cache.clear();
        }
        let entry = Rc::new(Entry {
            asked: Instant::now(),
            answer: OnceCell::new(),
        });
        cache.insert(name.into(), Rc::clone(&entry));
        entry
    }

    /// A failure holds for those that waited for it; the next one asks again.
    fn forget(&self, name: &str, failed: &Rc<Entry>) {
        let mut cache = self.cache.borrow_mut();
        if cache
            .get(name)
            .is_some_and(|entry| Rc::ptr_eq(entry, failed))
        {
            cache.remove(name);
        }
    }
}

/// IPv6 first, the families in turn (RFC 8305, 4).
fn in_order(found: &[IpAddr]) -> Rc<[IpAddr]> {
    let mut first = found.iter().filter(|address| address.is_ipv6());
    let mut second = found.iter().filter(|address| address.is_ipv4());
    let mut ordered: Vec<IpAddr> = Vec::with_capacity(found.len().min(DNS_ADDRESSES_MAX));
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] || ordered.len() >= DNS_ADDRESSES_MAX {
            ordered.truncate(DNS_ADDRESSES_MAX);
            return ordered.into();
        }
        for address in pair.into_iter().flatten() {
            if !ordered.contains(address) {
                ordered.push(*address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("example.com:443:127.0.0.1", "example.com", 443, &["127.0.0.1"])]
    #[case("EXAMPLE.com:80:[::1]", "example.com", 80, &["::1"])]
    #[case("a:80:::1", "a", 80, &["::1"])]
    #[case("a:80:127.0.0.1,[::1],10.0.0.1", "a", 80, &["127.0.0.1", "::1", "10.0.0.1"])]
    #[case("*:80:127.0.0.1", "*", 80, &["127.0.0.1"])]
    #[case("[::2]:80:127.0.0.1", "::2", 80, &["127.0.0.1"])]
    fn overrides_that_read(
        #[case] given: &str,
        #[case] host: &str,
        #[case] port: u16,
        #[case] addresses: &[&str],
    ) {
        let addresses = addresses.iter().map(|a| a.parse().unwrap()).collect();
        assert_eq!(
            given.parse::<Override>().unwrap(),
            Override {
                host: host.to_owned(),
                port,
                addresses
            }
        );
    }

    #[rstest]
    #[case("")]
    #[case("a")]
    #[case("a:80")]
    #[case(":80:127.0.0.1")]
    #[case("a:x:127.0.0.1")]
    #[case("a:65536:127.0.0.1")]
    #[case("a:80:")]
    #[case("a:80:b")]
    #[case("a:80:127.0.0.1,")]
    #[case("[::1:80:127.0.0.1")]
    fn overrides_that_do_not(#[case] given: &str) {
        assert!(given.parse::<Override>().is_err());
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn families_take_turns() {
        let found = ["1.1.1.1", "1.1.1.1", "1.1.1.2", "::1", "1.1.1.3", "::2"].map(ip);
        let ordered = ["::1", "1.1.1.1", "::2", "1.1.1.2", "1.1.1.3"].map(ip);
        assert_eq!(in_order(&found)[..], ordered);
        let many: Vec<IpAddr> = (0..100).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        assert_eq!(in_order(&many)[..], many[..DNS_ADDRESSES_MAX]);
    }

    /// A resolver that counts and answers when it is told.
    fn scripted(
        answers: Vec<io::Result<Vec<IpAddr>>>,
    ) -> (
        Lookup,
        Rc<std::cell::Cell<usize>>,
        Rc<tokio::sync::Semaphore>,
    ) {
        let asked = Rc::new(std::cell::Cell::new(0));
        let gate = Rc::new(tokio::sync::Semaphore::new(0));
        let answers = Rc::new(RefCell::new(answers));
        let (count, open) = (Rc::clone(&asked), Rc::clone(&gate));
        let lookup: Lookup = Box::new(move |_| {
            count.set(count.get() + 1);
            let (open, answers) = (Rc::clone(&open), Rc::clone(&answers));
            Box::pin(async move {
                open.acquire().await.unwrap().forget();
                answers.borrow_mut().remove(0)
            })
        });
        (lookup, asked, gate)
    }

    #[tokio::test(start_paused = true)]
    async fn one_question_a_name_and_time() {
        let answers = vec![
            Err(io::Error::other("nope")),
            Ok(vec![ip("10.0.0.1")]),
            Ok(vec![ip("10.0.0.2")]),
        ];
        let (lookup, asked, gate) = scripted(answers);
        let names = Names::new(Vec::new(), lookup);
        let host = url::Host::Domain("h");
        let both = async || {
            tokio::join!(names.resolve(&host, 80), names.resolve(&host, 81), async {
                gate.add_permits(1);
            })
        };
        let (a, b, ()) = both().await;
        assert_eq!(a.unwrap_err().failure(), base::Failure::Dns);
        assert!(b.is_err());
        assert_eq!(asked.get(), 1, "one question, one failure for both");
        let (a, b, ()) = both().await;
        assert_eq!(a.unwrap()[..], [ip("10.0.0.1")]);
        assert_eq!(b.unwrap()[..], [ip("10.0.0.1")]);
        assert_eq!(asked.get(), 2);
        let almost = DNS_TTL.checked_sub(Duration::from_millis(1)).unwrap();
        tokio::time::advance(almost).await;
        assert_eq!(
            names.resolve(&host, 80).await.unwrap()[..],
            [ip("10.0.0.1")]
        );
        tokio::time::advance(Duration::from_millis(1)).await;
        let (a, _, ()) = both().await;
        assert_eq!(a.unwrap()[..], [ip("10.0.0.2")]);
        assert_eq!(asked.get(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_leaves_the_question_to_the_next() {
        let answers = vec![Ok(vec![ip("10.0.0.1")])];
        let (lookup, asked, gate) = scripted(answers);
        let names = Names::new(Vec::new(), lookup);
        let host = url::Host::Domain("h");
        let (first, second) = tokio::join!(
            async {
                let first = names.resolve(&host, 80);
                let given_up = tokio::time::timeout(Duration::from_secs(1), first).await;
                gate.add_permits(1);
                given_up
            },
            names.resolve(&host, 80)
        );
        assert!(first.is_err());
        assert!(second.is_ok());
        assert_eq!(asked.get(), 2);
    }

    #[tokio::test]
    async fn overrides_go_before_dns() {
        let overrides = [
            "*:80:10.0.0.9",
            "h:80:10.0.0.1",
            "H:80:10.0.0.2,::3",
            "1.2.3.4:80:10.0.0.4",
        ]
        .map(|text| text.parse().unwrap());
        let (lookup, asked, _) = scripted(Vec::new());
        let names = Names::new(overrides.to_vec(), lookup);
        let ask = async |host: &str, port| {
            let host = url::Host::parse(host).unwrap();
            let host = match &host {
                url::Host::Domain(name) => url::Host::Domain(name.as_str()),
                url::Host::Ipv4(a) => url::Host::Ipv4(*a),
                url::Host::Ipv6(a) => url::Host::Ipv6(*a),
            };
            names.resolve(&host, port).await.unwrap().to_vec()
        };
        assert_eq!(ask("h", 80).await, [ip("::3"), ip("10.0.0.2")]);
        assert_eq!(ask("other", 80).await, [ip("10.0.0.9")]);
        assert_eq!(ask("1.2.3.4", 80).await, [ip("10.0.0.4")]);
        assert_eq!(ask("1.2.3.4", 81).await, [ip("1.2.3.4")]);
        assert_eq!(ask("[::1]", 81).await, [ip("::1")]);
        assert_eq!(asked.get(), 0);
    }
}
