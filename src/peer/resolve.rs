//! STUN and TURN servers by address: names are looked up in the background when the element starts, so that
//! no look-up ever delays a host candidate.

use crate::runtime;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use url::{Host, Url};

/// The servers of an element. A clone sees what is resolved later.
#[derive(Clone, Default)]
pub(crate) struct IceServers(Arc<Mutex<Resolved>>);

#[derive(Default, Clone)]
struct Resolved {
    stun: Option<String>,
    turn: Vec<String>,
}

impl IceServers {
    /// Starts to look the names up.
    pub(crate) fn new(stun: Option<&str>, turn: &[String]) -> Self {
        let servers = Self::default();
        let stun = stun.filter(|url| !url.is_empty());
        let known = |url: &str| Url::parse(url).ok().and_then(|url| numeric(&url));
        {
            let mut resolved = servers.0.lock().unwrap_or_else(PoisonError::into_inner);
            resolved.stun = stun.and_then(known);
            resolved.turn = turn.iter().filter_map(|url| known(url)).collect();
        }
        for (url, is_stun) in
            stun.into_iter().map(|url| (url, true)).chain(turn.iter().map(|url| (url.as_str(), false)))
        {
            match Url::parse(url) {
                Ok(parsed) if numeric(&parsed).is_none() => servers.look_up(parsed, is_stun),
                Ok(_) => {}
                Err(err) => {
                    gst::warning!(gst::CAT_RUST, "ignoring ICE server '{}': {err}", without_password(url))
                }
            }
        }
        servers
    }

    fn look_up(&self, url: Url, is_stun: bool) {
        let servers = self.0.clone();
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
            let mut resolved = servers.lock().unwrap_or_else(PoisonError::into_inner);
            if is_stun {
                resolved.stun = Some(text);
            } else {
                resolved.turn.push(text);
            }
        });
    }

    /// The STUN server, by address, where one is known by now.
    pub(super) fn stun(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stun.clone()
    }

    /// The TURN servers, by address, that are known by now.
    pub(super) fn turn(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).turn.clone()
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
