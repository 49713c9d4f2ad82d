//! STUN and TURN servers by address: names are looked up in the background when the element starts, so that
//! no look-up ever delays a host candidate.

mod anew;

use super::faults;
use crate::runtime;
use logic::ice_servers::Relay;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::{Host, Url};

/// The STUN server of elements for which the application names none.
pub(crate) const DEFAULT_STUN_SERVER: &str = "stun://stun.l.google.com:19302";

/// The servers of an element. A clone sees what is resolved later.
#[derive(Clone, Default)]
pub(crate) struct IceServers(Arc<Mutex<Resolved>>);

#[derive(Default)]
struct Resolved {
    /// Those of the properties.
    own: Vec<Server>,
    /// Whether the application left the STUN server to the element: one that the signalling server names is better.
    default_stun: bool,
    /// Those that the signalling server names.
    given: Vec<Server>,
    /// Those that it named last, until the name of each has been looked up.
    next: Option<Vec<Server>>,
    /// How often it has named some.
    generation: u64,
}

struct Server {
    url: Url,
    is_stun: bool,
    address: Address,
}

/// What is known of a server's address.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Address {
    /// It is in the URL.
    Given,
    Awaited,
    Found(IpAddr),
    Missing,
}

/// Which list a server belongs to.
#[derive(Clone, Copy)]
enum Origin {
    Properties,
    Signalling { generation: u64 },
}

impl Server {
    fn new(text: &str, is_stun: bool) -> Option<Self> {
        let fault = match Url::parse(text) {
            Ok(url) if url.has_host() => {
                let address = if is_numeric(&url) { Address::Given } else { Address::Awaited };
                return Some(Self { url, is_stun, address });
            }
            Ok(_) => "it names no host".to_owned(),
            Err(err) => err.to_string(),
        };
        gst::warning!(gst::CAT_RUST, "ignoring ICE server '{}': {fault}", without_password(text));
        None
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The URL with an address in the place of a name; nothing where none is known.
    fn resolved(&self) -> Option<String> {
        match self.address {
            Address::Given => Some(self.url.as_str().to_owned()),
            Address::Found(address) => Some(with_address(&self.url, self.host(), address)),
            Address::Awaited | Address::Missing => None,
        }
    }
}

impl Resolved {
    /// Takes what the signalling server names now. It is used when all of it is known, so that no session begins
    /// without a relay meanwhile.
    fn replace(&mut self, servers: Vec<Server>) -> Origin {
        self.generation += 1;
        let before = self.next.replace(servers);
        if let Some(before) = before.filter(|_| self.given.iter().all(|server| server.resolved().is_none())) {
            self.given = before;
        }
        self.complete();
        Origin::Signalling { generation: self.generation }
    }

    /// The names of a list that have to be looked up, with their ports and their places in it.
    fn awaited(&self, origin: Origin) -> Vec<(usize, String, u16)> {
        let servers = match origin {
            Origin::Properties => self.own.as_slice(),
            Origin::Signalling { .. } => self.next.as_deref().unwrap_or_default(),
        };
        let awaited = servers.iter().enumerate().filter(|(_, server)| server.address == Address::Awaited);
        awaited
            .map(|(place, server)| (place, server.host().to_owned(), server.url.port().unwrap_or(3478)))
            .collect()
    }

    /// A name has been looked up; false where nothing is known of it any more. An address that it had before is
    /// better than none.
    fn found(&mut self, origin: Origin, place: usize, address: Option<IpAddr>) -> bool {
        let servers = match origin {
            Origin::Properties => Some(&mut self.own),
            Origin::Signalling { generation } if generation == self.generation => self.next.as_mut(),
            // Others have been named meanwhile.
            Origin::Signalling { .. } => return true,
        };
        let Some(server) = servers.and_then(|servers| servers.get_mut(place)) else { return true };
        let before = self.given.iter().filter(|known| known.host() == server.host());
        let mut before = before.filter_map(|known| match known.address {
            Address::Found(address) => Some(address),
            _ => None,
        });
        server.address = address.or_else(|| before.next()).map_or(Address::Missing, Address::Found);
        let known = server.address != Address::Missing;
        self.complete();
        known
    }

    fn complete(&mut self) {
        let is_known = |server: &Server| server.address != Address::Awaited;
        if let Some(next) = self.next.take_if(|next| next.iter().all(is_known)) {
            self.given = next;
        }
    }

    /// What the signalling server names. Where nothing was there before, what is known is better than nothing.
    fn given(&self) -> &[Server] {
        match &self.next {
            Some(next) if self.given.iter().all(|server| server.resolved().is_none()) => next,
            _ => &self.given,
        }
    }
}

/// The transport asks one of them.
fn stun_of(servers: &[Server]) -> Option<String> {
    servers.iter().filter(|server| server.is_stun).find_map(Server::resolved)
}

fn turn_of(servers: &[Server]) -> impl Iterator<Item = String> {
    servers.iter().filter(|server| !server.is_stun).filter_map(Server::resolved)
}

impl IceServers {
    /// Starts to look the names up.
    pub(crate) fn new(stun: Option<&str>, turn: &[String]) -> Self {
        let stun_url = stun.filter(|url| !url.is_empty());
        let all = stun_url.map(|url| (url, true)).into_iter();
        let all = all.chain(turn.iter().map(|url| (url.as_str(), false)));
        // The element's application is told of those that are left out.
        let all = all.filter(|(url, is_stun)| faults::is_usable(url, *is_stun));
        let own = all.filter_map(|(url, is_stun)| Server::new(url, is_stun)).collect();
        let default_stun = stun == Some(DEFAULT_STUN_SERVER);
        let servers = Self(Arc::new(Mutex::new(Resolved { own, default_stun, ..Resolved::default() })));
        servers.look_up(Origin::Properties);
        servers
    }

    /// Takes these in the place of those that the signalling server named before.
    pub(crate) fn replace(&self, urls: &[String]) {
        let is_stun = logic::ice_servers::is_stun;
        let servers = urls.iter().filter_map(|url| Server::new(url, is_stun(url))).collect();
        let origin = self.lock().replace(servers);
        self.look_up(origin);
    }

    fn lock(&self) -> MutexGuard<'_, Resolved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look_up(&self, origin: Origin) {
        let awaited = self.lock().awaited(origin);
        for (place, host, port) in awaited {
            let servers = self.clone();
            runtime::spawn(async move {
                let found = tokio::net::lookup_host((host.as_str(), port)).await;
                let address = found.ok().and_then(|mut found| found.next()).map(|address| address.ip());
                let known = servers.lock().found(origin, place, address);
                if !known {
                    gst::warning!(gst::CAT_RUST, "ICE server {host} has no address; going on without it");
                }
            });
        }
    }

    /// The STUN server, by address, where one is known by now: the application's, the signalling server's, the
    /// default.
    pub(super) fn stun(&self) -> Option<String> {
        let resolved = self.lock();
        let (own, given) = (&resolved.own[..], resolved.given());
        let (first, second) = if resolved.default_stun { (given, own) } else { (own, given) };
        stun_of(first).or_else(|| stun_of(second))
    }

    /// The same as an address.
    pub(super) fn stun_address(&self) -> Option<SocketAddr> {
        let url = Url::parse(&self.stun()?).ok()?;
        let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
        Some(SocketAddr::new(host.parse().ok()?, url.port().unwrap_or(3478)))
    }

    /// Who names TURN servers, where all of them are to be spoken to over TLS, whether their addresses are known
    /// by now or not.
    pub(crate) fn who_names_only_relays_over_tls(&self) -> Option<&'static str> {
        let resolved = self.lock();
        let given = resolved.next.as_deref().unwrap_or(&resolved.given);
        let relays = |servers: &[Server], over_tls: bool| {
            let mut relays = servers.iter().filter(|server| !server.is_stun);
            relays.any(|server| logic::ice_servers::is_over_tls(server.url.as_str()) == over_tls)
        };
        if relays(&resolved.own, false) || relays(given, false) {
            return None;
        }
        let own = relays(&resolved.own, true).then_some("the property turn-servers");
        own.or(relays(given, true).then_some("the signalling server"))
    }

    /// The TURN servers that are known by now and spoken to without TLS, and the names of the others.
    pub(super) fn relays(&self) -> (Vec<Relay>, Vec<String>) {
        let (over_tls, others): (Vec<_>, Vec<_>) =
            self.turn().into_iter().partition(|url| logic::ice_servers::is_over_tls(url));
        let relays = others.iter().filter_map(|url| {
            let relay = logic::ice_servers::relay(url);
            if relay.is_none() {
                gst::warning!(
                    gst::CAT_RUST,
                    "ignoring TURN server '{}': it has no user name and password",
                    without_password(url)
                );
            }
            relay
        });
        (relays.collect(), over_tls.iter().map(|url| without_password(url).to_owned()).collect())
    }

    /// The TURN servers, by address, that are known by now.
    pub(super) fn turn(&self) -> Vec<String> {
        let resolved = self.lock();
        turn_of(&resolved.own).chain(turn_of(resolved.given())).collect()
    }
}

/// Whether the host is an address rather than a name.
fn is_numeric(url: &Url) -> bool {
    // URLs of schemes that the web does not know keep an address as an opaque name.
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) || host.parse::<IpAddr>().is_ok()
}

fn with_address(url: &Url, host: &str, address: IpAddr) -> String {
    let address = match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    // Credentials may hold the host's name: only what follows them is replaced.
    let text = url.as_str();
    let start = text.rfind('@').map_or(0, |at| at + 1);
    let (head, tail) = text.split_at(start);
    format!("{head}{}", tail.replacen(host, &address, 1))
}

fn without_password(url: &str) -> &str {
    url.rsplit('@').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_of_the_signalling_server_stand_beside_the_own_and_are_replaced() {
        let list = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>();
        let servers = IceServers::new(None, &list(&["turn://u:p@192.0.2.1:1"]));
        let clone = servers.clone();
        servers.replace(&list(&["stun://192.0.2.2:2", "turn://u:p@192.0.2.3:3", "stun://192.0.2.4:4"]));
        assert_eq!(clone.stun().as_deref(), Some("stun://192.0.2.2:2"));
        assert_eq!(clone.stun_address(), "192.0.2.2:2".parse().ok());
        assert_eq!(clone.turn(), ["turn://u:p@192.0.2.1:1", "turn://u:p@192.0.2.3:3"]);
        assert_eq!(clone.who_names_only_relays_over_tls(), None);
        servers.replace(&[]);
        assert_eq!((clone.stun(), clone.turn()), (None, list(&["turn://u:p@192.0.2.1:1"])));
        let own = IceServers::new(Some("stun://192.0.2.9:9"), &[]);
        own.replace(&list(&["stun://192.0.2.2:2"]));
        assert_eq!(own.stun().as_deref(), Some("stun://192.0.2.9:9"));
        assert_eq!(own.who_names_only_relays_over_tls(), None);
        own.replace(&list(&["turns://u:p@192.0.2.3:3"]));
        assert_eq!(own.who_names_only_relays_over_tls(), Some("the signalling server"));
        let mixed = list(&["turns://u:p@192.0.2.3:3", "turn://u:p@192.0.2.4:4", "turn://192.0.2.5:5"]);
        own.replace(&mixed);
        assert_eq!(own.who_names_only_relays_over_tls(), None);
        let (relays, over_tls) = own.relays();
        assert_eq!(relays.iter().map(|relay| relay.address.port()).collect::<Vec<_>>(), [4]);
        assert_eq!(over_tls, ["192.0.2.3:3"]);
        let own = IceServers::new(None, &list(&["turns://u:p@a.example:1"]));
        assert_eq!(own.who_names_only_relays_over_tls(), Some("the property turn-servers"));
    }

    /// What the signalling server names, where names are looked up by the test.
    fn named(resolved: &mut Resolved, urls: &[&str]) -> Origin {
        let is_stun = logic::ice_servers::is_stun;
        resolved.replace(urls.iter().filter_map(|url| Server::new(url, is_stun(url))).collect())
    }

    fn relays(resolved: &Resolved) -> Vec<String> {
        turn_of(resolved.given()).collect()
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some([192, 0, 2, last].into())
    }

    #[test]
    fn servers_are_used_until_all_of_their_successors_are_known_and_keep_their_order() {
        let mut resolved = Resolved::default();
        named(&mut resolved, &["turn://u:1@192.0.2.1:1"]);
        let origin = named(
            &mut resolved,
            &["turn://u:2@a.example:1", "turn://u:2@192.0.2.2:2", "turn://u:2@b.example:3"],
        );
        let names: Vec<_> =
            resolved.awaited(origin).into_iter().map(|(place, host, _)| (place, host)).collect();
        assert_eq!(names, [(0, "a.example".to_owned()), (2, "b.example".to_owned())]);
        assert_eq!(relays(&resolved), ["turn://u:1@192.0.2.1:1"]);
        assert!(resolved.found(origin, 2, address(3)));
        assert_eq!(relays(&resolved), ["turn://u:1@192.0.2.1:1"]);
        assert!(resolved.found(origin, 0, address(1)));
        let all = ["turn://u:2@192.0.2.1:1", "turn://u:2@192.0.2.2:2", "turn://u:2@192.0.2.3:3"];
        assert_eq!(relays(&resolved), all);
    }

    #[test]
    fn a_name_that_cannot_be_looked_up_keeps_the_address_that_it_had() {
        let mut resolved = Resolved::default();
        for (user, found) in [("1", address(1)), ("2", None), ("3", None)] {
            let (known, unknown) = (format!("turn://{user}:p@a.example:1"), "turn://u:p@b.example:1");
            let origin = named(&mut resolved, &[known.as_str(), unknown]);
            assert!(resolved.found(origin, 0, found));
            assert!(!resolved.found(origin, 1, None), "it never had one");
            // The credentials are the new ones.
            assert_eq!(relays(&resolved), [format!("turn://{user}:p@192.0.2.1:1")]);
        }
    }

    #[test]
    fn where_no_server_was_there_each_is_used_as_soon_as_it_is_known() {
        let mut resolved = Resolved::default();
        let origin =
            named(&mut resolved, &["turn://u:p@a.example:1", "turn://u:p@192.0.2.2:2", "stun://b.example:3"]);
        assert_eq!(relays(&resolved), ["turn://u:p@192.0.2.2:2"]);
        resolved.found(origin, 2, address(3));
        assert_eq!(stun_of(resolved.given()).as_deref(), Some("stun://192.0.2.3:3"));
        assert_eq!(relays(&resolved).len(), 1);
    }

    #[test]
    fn what_is_found_for_servers_that_have_been_replaced_is_forgotten() {
        let mut resolved = Resolved::default();
        let old = named(&mut resolved, &["turn://old:p@a.example:1"]);
        let new = named(&mut resolved, &["turn://new:p@b.example:1"]);
        assert!(resolved.found(old, 0, address(1)));
        assert_eq!(relays(&resolved), [""; 0]);
        resolved.found(new, 0, address(2));
        assert_eq!(relays(&resolved), ["turn://new:p@192.0.2.2:1"]);
        named(&mut resolved, &[]);
        assert_eq!(relays(&resolved), [""; 0]);
        // What was in use before all of it was known is used until its successors are known.
        named(&mut resolved, &["turn://u:1@192.0.2.1:1", "turn://u:1@a.example:1"]);
        named(&mut resolved, &["turn://u:2@b.example:1"]);
        assert_eq!(relays(&resolved), ["turn://u:1@192.0.2.1:1"]);
    }

    #[test]
    fn addresses_are_taken_as_they_are_and_names_are_replaced_after_the_credentials() {
        let parse = |text: &str| Url::parse(text).unwrap();
        assert!(
            is_numeric(&parse("stun://192.0.2.1:3478")) && is_numeric(&parse("stun://[2001:db8::1]:3478"))
        );
        assert!(!is_numeric(&parse("stun://stun.example.com:3478")));
        let turn = parse("turn://a.example:pw@a.example:3478?transport=tcp");
        let address = "192.0.2.9".parse().unwrap();
        assert_eq!(
            with_address(&turn, "a.example", address),
            "turn://a.example:pw@192.0.2.9:3478?transport=tcp"
        );
    }
}
