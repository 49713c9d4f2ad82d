//! The STUN and TURN servers that peers are told to use, with credentials that run out.
//!
//! TURN credentials are made of a secret that this server shares with the TURN server, as coturn's
//! `use-auth-secret` has it: the name is the time of expiry, the password the name's authentication code.

use data_encoding::BASE64;
use protocol::IceServer;
use ring::hmac;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// The shortest life of credentials: they have to be used and renewed in it.
const MIN_LIFETIME: Duration = Duration::from_secs(10);

/// Why a list of servers cannot be handed out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IceError {
    /// An address is not of the form that peers take.
    #[error("{0:?} is no address of a {1} server: write {1}:HOST, {1}:HOST:PORT or {1}s:HOST{2}")]
    Address(String, &'static str, &'static str),
    /// There are TURN servers and no secret, or a secret and no TURN servers.
    #[error("TURN servers and the secret that is shared with them belong together: give both or none")]
    Half,
    /// The secret has no bytes.
    #[error("the secret that is shared with the TURN servers is empty")]
    Empty,
    /// Credentials would be over before they are used.
    #[error("TURN credentials have to last {} s or longer", MIN_LIFETIME.as_secs())]
    Lifetime,
}

/// What peers are told. A handle: clones share what [`IceServers::replace`] replaces.
#[derive(Clone)]
pub struct IceServers(Arc<watch::Sender<Servers>>);

#[derive(Clone, Default)]
struct Servers {
    stun: Vec<String>,
    turn: Option<Turn>,
}

#[derive(Clone)]
struct Turn {
    urls: Vec<String>,
    key: hmac::Key,
    lifetime: Duration,
}

impl IceServers {
    /// Hands out these servers, such as `stun:stun.example.org` and `turn:turn.example.org:3478?transport=tcp`,
    /// with credentials that last for `lifetime`. TURN servers need the `secret` that they were given.
    pub fn new(
        stun: Vec<String>,
        turn: Vec<String>,
        secret: Option<&[u8]>,
        lifetime: Duration,
    ) -> Result<Self, IceError> {
        check(&stun, "stun", "")?;
        check(&turn, "turn", ", and ?transport=udp or ?transport=tcp behind it")?;
        let turn = match (turn.is_empty(), secret) {
            (true, None) => None,
            (true, Some(_)) | (false, None) => return Err(IceError::Half),
            (false, Some([])) => return Err(IceError::Empty),
            (false, Some(_)) if lifetime < MIN_LIFETIME => return Err(IceError::Lifetime),
            (false, Some(secret)) => Some(Turn {
                urls: turn,
                key: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret),
                lifetime,
            }),
        };
        Ok(Self(Arc::new(watch::Sender::new(Servers { stun, turn }))))
    }

    /// Hands out what `other` hands out from now on, also to those who have been told of others.
    pub fn replace(&self, other: &Self) {
        let servers = other.0.borrow().clone();
        self.0.send_replace(servers);
    }

    /// Changes when others are handed out.
    pub(crate) fn others(&self) -> watch::Receiver<impl Sized + use<>> {
        self.0.subscribe()
    }

    /// The servers for one peer. Whoever gets them knows when that was and which peer it was for.
    pub fn servers(&self, peer: &str, now: SystemTime) -> Vec<IceServer> {
        let servers = self.0.borrow();
        let stun = (!servers.stun.is_empty()).then(|| IceServer {
            urls: servers.stun.clone(),
            username: None,
            credential: None,
        });
        let turn = servers.turn.as_ref().map(|turn| turn.server(peer, now));
        stun.into_iter().chain(turn).collect()
    }

    /// After what time a peer needs new ones, long before the old ones are over; nothing for never.
    pub fn renew_after(&self) -> Option<Duration> {
        self.0.borrow().turn.as_ref().map(|turn| turn.lifetime / 2)
    }
}

impl Turn {
    fn server(&self, peer: &str, now: SystemTime) -> IceServer {
        let expiry = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default() + self.lifetime;
        let username = format!("{}:{peer}", expiry.as_secs());
        let credential = BASE64.encode(hmac::sign(&self.key, username.as_bytes()).as_ref());
        IceServer { urls: self.urls.clone(), username: Some(username), credential: Some(credential) }
    }
}

impl Default for IceServers {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Servers::default())))
    }
}

impl fmt::Debug for IceServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers = self.0.borrow();
        let turn = servers.turn.as_ref().map(|turn| &turn.urls);
        f.debug_struct("IceServers").field("stun", &servers.stun).field("turn", &turn).finish()
    }
}

fn check(urls: &[String], scheme: &'static str, form: &'static str) -> Result<(), IceError> {
    match urls.iter().find(|url| !is_address(url, scheme)) {
        None => Ok(()),
        Some(url) => Err(IceError::Address(url.clone(), scheme, form)),
    }
}

fn is_address(url: &str, scheme: &str) -> bool {
    let Some((found, rest)) = url.split_once(':') else { return false };
    let (address, query) = match rest.split_once('?') {
        Some((address, query)) => (address, Some(query)),
        None => (rest, None),
    };
    // The last colon of an IPv6 address in brackets is before the bracket.
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (address, None),
    };
    let transports = ["transport=udp", "transport=tcp"];
    (found == scheme || found.strip_suffix('s') == Some(scheme))
        && !host.is_empty()
        && !host.contains(['/', '@', ' '])
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
        && query.is_none_or(|query| scheme == "turn" && transports.contains(&query))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    fn servers(stun: &[&str], turn: &[&str], secret: Option<&[u8]>) -> Result<IceServers, IceError> {
        let owned = |urls: &[&str]| urls.iter().map(|url| (*url).to_owned()).collect();
        IceServers::new(owned(stun), owned(turn), secret, HOUR)
    }

    #[test]
    fn credentials_are_made_of_the_secret_the_time_of_expiry_and_the_peer() {
        let servers = servers(&["stun:a"], &["turn:a", "turns:a"], Some(b"north")).unwrap();
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let [stun, turn] = servers.servers("p1", now).try_into().unwrap();
        assert_eq!((stun.urls.as_slice(), stun.username), (["stun:a".to_owned()].as_slice(), None));
        assert_eq!(turn.urls, ["turn:a", "turns:a"]);
        assert_eq!(turn.username.as_deref(), Some("1700003600:p1"));
        // printf 1700003600:p1 | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(turn.credential.as_deref(), Some("4EEMVinF9VQKZF50YH25G6+f6lw="));
    }

    #[test]
    fn credentials_are_renewed_while_they_last() {
        let turn = servers(&[], &["turn:a"], Some(b"north")).unwrap();
        assert_eq!(turn.renew_after(), Some(HOUR / 2));
        assert_eq!(servers(&["stun:a"], &[], None).unwrap().renew_after(), None);
    }

    #[test]
    fn addresses_are_those_that_browsers_take() {
        for good in ["stun:a", "stuns:a.b:1", "stun:[2001:db8::1]", "stun:[::1]:3478", "stun:192.0.2.1"] {
            assert!(servers(&[good], &[], None).is_ok(), "{good}");
        }
        for bad in ["a", "stun:", "stun://a", "turn:a", "stun:a:x", "stun:a?transport=udp", "stun:a b"] {
            assert!(servers(&[bad], &[], None).is_err(), "{bad}");
        }
        assert!(servers(&[], &["turn:a:1?transport=tcp"], Some(b"x")).is_ok());
        let error = servers(&[], &["turn://user:word@a"], Some(b"x")).unwrap_err().to_string();
        assert!(error.contains("turn:HOST:PORT"), "{error}");
    }

    #[test]
    fn turn_servers_and_their_secret_belong_together() {
        assert!(matches!(servers(&[], &["turn:a"], None), Err(IceError::Half)));
        assert!(matches!(servers(&[], &[], Some(b"x")), Err(IceError::Half)));
        assert!(matches!(servers(&[], &["turn:a"], Some(b"")), Err(IceError::Empty)));
    }

    #[test]
    fn what_is_replaced_is_replaced_for_everyone() {
        let one = servers(&["stun:a"], &[], None).unwrap();
        let other = one.clone();
        one.replace(&servers(&["stun:b"], &[], None).unwrap());
        assert_eq!(other.servers("p", SystemTime::now())[0].urls, ["stun:b"]);
    }

    #[test]
    fn a_secret_is_not_shown() {
        let servers = servers(&[], &["turn:a"], Some(b"north")).unwrap();
        assert!(!format!("{servers:?}").contains("north"));
    }
}
