//! STUN and TURN servers by address: names are looked up in the background when the element starts, so that
//! no look-up ever delays a host candidate.

use crate::runtime;
use std::net::IpAddr;
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
    own: List,
    /// Whether the application left the STUN server to the element: one that the signalling server names is better.
    default_stun: bool,
    /// Those that the signalling server names, and how often it has named some.
    given: List,
    generation: u64,
}

#[derive(Default, Clone)]
struct List {
    stun: Option<String>,
    turn: Vec<String>,
}

/// Which list a server belongs to.
#[derive(Clone, Copy)]
enum Origin {
    Properties,
    Signalling { generation: u64 },
}

impl Resolved {
    /// The list that a look-up belongs into; nothing where another has taken its place meanwhile.
    fn list(&mut self, origin: Origin) -> Option<&mut List> {
        match origin {
            Origin::Properties => Some(&mut self.own),
            Origin::Signalling { generation } => (generation == self.generation).then_some(&mut self.given),
        }
    }
}

impl List {
    fn add(&mut self, is_stun: bool, address: String) {
        if is_stun {
            // The transport asks one of them.
            self.stun.get_or_insert(address);
        } else {
            self.turn.push(address);
        }
    }
}

impl IceServers {
    /// Starts to look the names up.
    pub(crate) fn new(stun: Option<&str>, turn: &[String]) -> Self {
        let servers = Self::default();
        servers.lock().default_stun = stun == Some(DEFAULT_STUN_SERVER);
        if let Some(url) = stun.filter(|url| !url.is_empty()) {
            servers.add(url, true, Origin::Properties);
        }
        for url in turn {
            servers.add(url, false, Origin::Properties);
        }
        servers
    }

    /// Takes these in the place of those that the signalling server named before.
    pub(crate) fn replace(&self, urls: &[String]) {
        let origin = {
            let mut resolved = self.lock();
            resolved.generation += 1;
            resolved.given = List::default();
            Origin::Signalling { generation: resolved.generation }
        };
        for url in urls {
            self.add(url, logic::ice_servers::is_stun(url), origin);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Resolved> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, url: &str, is_stun: bool, origin: Origin) {
        match Url::parse(url) {
            Ok(parsed) => match numeric(&parsed) {
                Some(address) => {
                    if let Some(list) = self.lock().list(origin) {
                        list.add(is_stun, address);
                    }
                }
                None => self.look_up(parsed, is_stun, origin),
            },
            Err(err) => {
                gst::warning!(gst::CAT_RUST, "ignoring ICE server '{}': {err}", without_password(url));
            }
        }
    }

    fn look_up(&self, url: Url, is_stun: bool, origin: Origin) {
        let servers = self.clone();
        runtime::spawn(async move {
            let Some(host) = url.host_str().map(str::to_owned) else {
                return;
            };
            let port = url.port().unwrap_or(3478);
            let found = tokio::net::lookup_host((host.as_str(), port)).await;
            let Some(address) = found.ok().and_then(|mut found| found.next()) else {
                gst::warning!(gst::CAT_RUST, "ICE server {host} has no address; going on without it");
                return;
            };
            let text = with_address(&url, &host, address.ip());
            if let Some(list) = servers.lock().list(origin) {
                list.add(is_stun, text);
            }
        });
    }

    /// The STUN server, by address, where one is known by now: the application's, the signalling server's, the
    /// default.
    pub(super) fn stun(&self) -> Option<String> {
        let resolved = self.lock();
        let (first, second) = match resolved.default_stun {
            false => (&resolved.own, &resolved.given),
            true => (&resolved.given, &resolved.own),
        };
        first.stun.clone().or_else(|| second.stun.clone())
    }

    /// The TURN servers, by address, that are known by now.
    pub(super) fn turn(&self) -> Vec<String> {
        let resolved = self.lock();
        resolved.own.turn.iter().chain(&resolved.given.turn).cloned().collect()
    }
}

/// The URL itself where its host is an address.
fn numeric(url: &Url) -> Option<String> {
    // URLs of schemes that the web does not know keep an address as an opaque name.
    let host = url.host_str()?.trim_start_matches('[').trim_end_matches(']');
    let is_address =
        matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_))) || host.parse::<IpAddr>().is_ok();
    is_address.then(|| url.as_str().to_owned())
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
        assert_eq!(clone.turn(), ["turn://u:p@192.0.2.1:1", "turn://u:p@192.0.2.3:3"]);
        servers.replace(&[]);
        assert_eq!((clone.stun(), clone.turn()), (None, list(&["turn://u:p@192.0.2.1:1"])));
        let own = IceServers::new(Some("stun://192.0.2.9:9"), &[]);
        own.replace(&list(&["stun://192.0.2.2:2"]));
        assert_eq!(own.stun().as_deref(), Some("stun://192.0.2.9:9"));
    }

    #[test]
    fn addresses_are_taken_as_they_are_and_names_are_replaced_after_the_credentials() {
        let parse = |text: &str| Url::parse(text).unwrap();
        assert_eq!(numeric(&parse("stun://192.0.2.1:3478")).as_deref(), Some("stun://192.0.2.1:3478"));
        assert_eq!(numeric(&parse("stun://stun.example.com:3478")), None);
        let turn = parse("turn://a.example:pw@a.example:3478?transport=tcp");
        let address = "192.0.2.9".parse().unwrap();
        assert_eq!(
            with_address(&turn, "a.example", address),
            "turn://a.example:pw@192.0.2.9:3478?transport=tcp"
        );
    }
}
