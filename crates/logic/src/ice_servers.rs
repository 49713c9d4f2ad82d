//! STUN and TURN servers that the signalling server names (RFC 7064, RFC 7065), as addresses in GStreamer's
//! form: `stun://host:port`, `turn://user:password@host:port?transport=tcp`.

use core::net::{IpAddr, SocketAddr};
use protocol::IceServer;
use std::fmt::Write;

/// The addresses of all servers, in order. What has no such form is left out: schemes of other protocols, STUN
/// over TLS, relays without credentials.
pub fn addresses(servers: &[IceServer]) -> Vec<String> {
    servers.iter().flat_map(|server| server.urls.iter().filter_map(|url| address(server, url))).collect()
}

/// Whether an address is of a STUN server.
pub fn is_stun(address: &str) -> bool {
    address.starts_with("stun://")
}

/// A TURN server with what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relay {
    /// Where it is.
    pub address: SocketAddr,
    /// Whether it is spoken to over TCP.
    pub tcp: bool,
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
}

/// Reads the address of a TURN server whose host is an address; nothing where that is of another kind, or the
/// server is to be spoken to over TLS.
pub fn relay(address: &str) -> Option<Relay> {
    let rest = address.strip_prefix("turn://")?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (credentials, place) = rest.rsplit_once('@')?;
    let (user, password) = credentials.split_once(':')?;
    let place = place.trim_end_matches('/');
    let address = place.parse().ok().or_else(|| {
        let host: IpAddr = place.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
        Some(SocketAddr::new(host, 3478))
    });
    let tcp = query.split('&').any(|pair| pair == "transport=tcp");
    Some(Relay { address: address?, tcp, user: decoded(user)?, password: decoded(password)? })
}

/// Whether an address is of a TURN server that is to be spoken to over TLS.
pub fn is_over_tls(address: &str) -> bool {
    address.starts_with("turns:")
}

/// Without percent-encoding (RFC 3986 section 2.1).
fn decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        decoded.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(decoded).ok()
}

fn address(server: &IceServer, url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once(':')?;
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, format!("?{query}")),
        None => (rest, String::new()),
    };
    let fits = |sign: char| sign.is_ascii_alphanumeric() || ".-_:[]".contains(sign);
    if place.is_empty() || !place.chars().all(fits) {
        return None;
    }
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "stun" | "turn" => 3478,
        "turns" => 5349,
        _ => return None,
    };
    let has_port = place.rsplit_once(':').is_some_and(|(host, port)| {
        !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) && !host.ends_with(':')
    });
    let place = if has_port { place.to_owned() } else { format!("{place}:{default_port}") };
    if scheme == "stun" {
        return Some(format!("stun://{place}"));
    }
    let user = encoded(server.username.as_deref()?);
    let password = encoded(server.credential.as_deref()?);
    Some(format!("{scheme}://{user}:{password}@{place}{query}"))
}

/// Percent-encoded but for unreserved signs (RFC 3986 section 2.3).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(urls: &[&str], credentials: Option<(&str, &str)>) -> Vec<String> {
        addresses(&[IceServer {
            urls: urls.iter().map(|url| (*url).to_owned()).collect(),
            username: credentials.map(|(user, _)| user.to_owned()),
            credential: credentials.map(|(_, password)| password.to_owned()),
        }])
    }

    #[test]
    fn addresses_carry_ports_credentials_and_transport() {
        let urls = ["stun:stun.example", "turn:[2001:db8::1]:3479?transport=tcp", "turns:turn.example"];
        assert_eq!(
            of(&urls, Some(("17000:a@b", "p/w+="))),
            [
                "stun://stun.example:3478",
                "turn://17000%3Aa%40b:p%2Fw%2B%3D@[2001:db8::1]:3479?transport=tcp",
                "turns://17000%3Aa%40b:p%2Fw%2B%3D@turn.example:5349",
            ]
        );
        assert_eq!(of(&["stun:[2001:db8::1]"], None), ["stun://[2001:db8::1]:3478"]);
    }

    #[test]
    fn relays_are_read_as_they_are_written() {
        let credentials = Some(("17000:a@b", "p/w+=%"));
        for (url, at, tcp) in [
            ("turn:192.0.2.1", "192.0.2.1:3478", false),
            ("turn:192.0.2.1:80?transport=udp", "192.0.2.1:80", false),
            ("turn:[2001:db8::1]:3479?transport=tcp", "[2001:db8::1]:3479", true),
        ] {
            let relay = relay(&of(&[url], credentials)[0]).unwrap();
            assert_eq!((relay.address, relay.tcp), (at.parse().unwrap(), tcp), "{url}");
            assert_eq!((&*relay.user, &*relay.password), ("17000:a@b", "p/w+=%"));
        }
        let short = |text: &str| relay(text).map(|relay| relay.address.to_string());
        assert_eq!(short("turn://u:p@192.0.2.1").as_deref(), Some("192.0.2.1:3478"));
        assert_eq!(short("turn://u:p@[2001:db8::1]/").as_deref(), Some("[2001:db8::1]:3478"));
        for text in [
            "turns://u:p@192.0.2.1:1",
            "stun://192.0.2.1:1",
            "turn://192.0.2.1:1",
            "turn://u@192.0.2.1:1",
            "turn://u:p@a.example:1",
            "turn://u:%4@192.0.2.1:1",
            "turn://u:%ff@192.0.2.1:1",
        ] {
            assert_eq!(relay(text), None, "{text}");
        }
        assert!(is_over_tls("turns://u:p@192.0.2.1:1") && !is_over_tls("turn://u:p@192.0.2.1:1"));
    }

    #[test]
    fn what_has_no_such_form_is_left_out() {
        assert!(of(&["stuns:h", "http:h", "turn", "stun:", "turn:a@b", "stun:a/b"], None).is_empty());
        assert!(of(&["turn:h:1"], None).is_empty(), "a relay wants credentials");
    }
}
