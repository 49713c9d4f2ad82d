//! What an element asks of an engine: ports, addresses, threads; and taking the port.

use super::addresses;
use super::engine::EngineError;
use super::socket;
use logic::addresses::{Names, Networks, Ports};
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

/// How often any port is tried that is free for one address, and may not be for another.
const TRIES: usize = 16;

/// What an element asks of the engine that serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    pub(crate) ports: Ports,
    /// 0 for as many as there are cores, up to four.
    pub(crate) threads: u32,
    pub(crate) interfaces: Names,
    pub(crate) networks: Networks,
    /// Whether viewers may connect over TCP too.
    pub(crate) tcp: bool,
}

/// What an engine has taken.
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) udp: Vec<UdpSocket>,
    /// At the same addresses and ports.
    pub(super) tcp: Vec<TcpListener>,
}

impl Listen {
    /// The addresses that may be used now, best first.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        let all = addresses::local().into_iter();
        let allowed = all.filter(|(name, ip)| self.interfaces.allow(name) && self.networks.allow(*ip));
        allowed.map(|(_, ip)| ip).collect()
    }

    /// The properties in which another element of the process that asks for the same port asks for something else.
    pub(super) fn contradiction(&self, other: &Self) -> Option<&'static str> {
        if self.interfaces != other.interfaces {
            return Some("ice-interfaces");
        }
        if self.networks != other.networks {
            return Some("ice-addresses");
        }
        if self.tcp != other.tcp {
            return Some("ice-tcp");
        }
        // Who leaves it open takes what is there.
        let threads = self.threads != 0 && other.threads != 0 && self.threads != other.threads;
        threads.then_some("udp-threads")
    }

    /// Takes the first port that is free on all addresses.
    ///
    /// # Errors
    /// There is none, or the addresses cannot be had.
    pub(super) fn bind(&self) -> Result<Bound, EngineError> {
        let (first, last) = self.ports.bounds();
        let ips = self.bindable()?;
        let tries = if self.ports.is_any() { TRIES } else { 1 };
        let mut fault = io::Error::from(ErrorKind::AddrNotAvailable);
        let mut against_tcp = None;
        // A port that is free for both is best; TCP is what can be done without, whatever the reason is.
        for tcp in [true, false].into_iter().filter(|tcp| !*tcp || self.tcp) {
            for port in (0..tries).flat_map(|_| self.ports.all()) {
                let udp = match bind(port, &ips) {
                    Ok(udp) => udp,
                    Err(cause) if cause.kind() == ErrorKind::AddrInUse => {
                        fault = cause;
                        continue;
                    }
                    Err(cause) => return Err(EngineError::Port { port, cause }),
                };
                match listen_all(&udp, tcp) {
                    Ok(listeners) => {
                        if let Some(cause) = against_tcp.filter(|_| !tcp) {
                            gst::warning!(super::CAT, "{}", without_tcp(&udp, &cause));
                        }
                        return Ok(Bound { tcp: listeners, udp });
                    }
                    Err(cause) => against_tcp = Some(cause),
                }
            }
        }
        match first == last {
            true => Err(EngineError::Port { port: first, cause: fault }),
            false => Err(EngineError::Range { first, last, cause: fault }),
        }
    }

    /// What is bound to: everything, where nothing is said, so that addresses may come and go.
    fn bindable(&self) -> Result<Vec<IpAddr>, EngineError> {
        if self.interfaces.is_empty() && self.networks.is_empty() {
            return Ok(vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()]);
        }
        let allowed = self.addresses();
        if !allowed.is_empty() {
            return Ok(allowed);
        }
        let own = addresses::local().into_iter().map(|(name, ip)| format!("{ip} ({name})"));
        Err(EngineError::NoAddress {
            properties: match (self.interfaces.is_empty(), self.networks.is_empty()) {
                (false, true) => "property ice-interfaces leaves",
                (true, _) => "property ice-addresses leaves",
                (false, false) => "properties ice-interfaces and ice-addresses leave",
            },
            own: own.collect::<Vec<_>>().join(", "),
        })
    }
}

/// Listens for TCP connections where UDP is received.
fn listen_all(udp: &[UdpSocket], wanted: bool) -> io::Result<Vec<TcpListener>> {
    let udp = udp.iter().filter(|_| wanted);
    udp.map(|udp| socket::listen(udp.local_addr()?)).collect()
}

/// Why viewers cannot connect over TCP, and what would help.
fn without_tcp(udp: &[UdpSocket], cause: &io::Error) -> String {
    let port = udp.first().and_then(|udp| udp.local_addr().ok()).map_or(0, |at| at.port());
    let (what, cure) = match cause.kind() {
        ErrorKind::AddrInUse => ("another program has it", "choose another port with property udp-port"),
        ErrorKind::PermissionDenied => ("this program may not", "choose another port with property udp-port"),
        _ => ("it failed", "see to that"),
    };
    format!(
        "not listening on TCP port {port}: {what} ({cause}); going on without ICE over TCP: {cure}, or set \
         ice-tcp to false"
    )
}

/// Binds one port on each address that the system has; 0 for any.
fn bind(port: u16, ips: &[IpAddr]) -> io::Result<Vec<UdpSocket>> {
    let mut bound: Vec<UdpSocket> = Vec::new();
    let mut fault = None;
    for ip in ips {
        let port = bound.first().and_then(|socket| socket.local_addr().ok()).map_or(port, |at| at.port());
        match socket::bind(SocketAddr::new(*ip, port)) {
            Ok(socket) => bound.push(socket),
            Err(err) if err.kind() == ErrorKind::AddrInUse => return Err(err),
            // A system without IPv6, an address that has just gone.
            Err(err) => fault = fault.or(Some(err)),
        }
    }
    match fault {
        Some(fault) if bound.is_empty() => Err(fault),
        _ => Ok(bound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listen(ports: (u32, u32), interfaces: &str, networks: &str) -> Listen {
        Listen {
            ports: Ports::new(ports.0, ports.1).unwrap(),
            threads: 0,
            interfaces: Names::read(interfaces),
            networks: Networks::read(networks).unwrap(),
            tcp: true,
        }
    }

    fn ports(bound: &Bound) -> Vec<u16> {
        bound.udp.iter().map(|socket| socket.local_addr().unwrap().port()).collect()
    }

    /// Two neighbouring ports of which the first is taken.
    fn neighbours() -> (UdpSocket, u32) {
        loop {
            let taken = UdpSocket::bind("127.0.0.1:0").unwrap();
            let port = taken.local_addr().unwrap().port();
            if port < u16::MAX && UdpSocket::bind(("127.0.0.1", port + 1)).is_ok() {
                return (taken, port.into());
            }
        }
    }

    #[test]
    fn any_port_is_the_same_on_every_address() {
        let sockets = listen((0, 0), "", "").bind().unwrap();
        let ports = ports(&sockets);
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
    }

    #[test]
    fn tcp_has_the_same_port_and_is_done_without_where_another_program_has_it() {
        let both = listen((0, 0), "", "127.0.0.1").bind().unwrap();
        assert_eq!(both.tcp[0].local_addr().unwrap(), both.udp[0].local_addr().unwrap());
        let port = u32::from(ports(&both)[0]);
        let Bound { udp, tcp } = both;
        drop(udp);
        let without = listen((port, 0), "", "127.0.0.1").bind().unwrap();
        assert!(without.tcp.is_empty());
        drop((tcp, without));
        assert!(!listen((port, 0), "", "127.0.0.1").bind().unwrap().tcp.is_empty());
        for (kind, cause, cure) in [
            (ErrorKind::AddrInUse, "another program has it", "udp-port"),
            (ErrorKind::PermissionDenied, "may not", "udp-port"),
            (ErrorKind::Other, "Too many open files", "see to that"),
        ] {
            let text = without_tcp(&[], &io::Error::new(kind, "Too many open files"));
            assert!([cause, cure, "ice-tcp"].iter().all(|part| text.contains(part)), "{text}");
        }
        let unwanted = Listen { tcp: false, ..listen((0, 0), "", "127.0.0.1") };
        assert!(unwanted.bind().unwrap().tcp.is_empty());
    }

    #[test]
    fn of_a_range_the_first_free_port_is_taken_and_a_taken_one_is_named_with_its_properties() {
        let (taken, port) = neighbours();
        let loopback = |ports| listen(ports, "", "127.0.0.1").bind();
        let bound = loopback((port, port + 1)).unwrap();
        assert_eq!(ports(&bound), [u16::try_from(port + 1).unwrap()]);
        let err = loopback((port, port + 1)).unwrap_err().to_string();
        for part in [&format!("{port} to {}", port + 1), "udp-port", "udp-port-max"] {
            assert!(err.contains(part), "{err}");
        }
        drop(taken);
        assert_eq!(ports(&loopback((port, port + 1)).unwrap()), [u16::try_from(port).unwrap()]);
    }

    #[test]
    fn only_what_is_allowed_is_bound_to_and_what_allows_nothing_is_named() {
        let sockets = listen((0, 0), "", "127.0.0.0/8").bind().unwrap();
        let ips: Vec<_> = sockets.udp.iter().map(|socket| socket.local_addr().unwrap().ip()).collect();
        assert_eq!(ips, [IpAddr::from(Ipv4Addr::LOCALHOST)]);
        for (interfaces, networks, named) in [
            ("none-of-this-name", "", "property ice-interfaces leaves"),
            ("", "203.0.113.0/24", "property ice-addresses leaves"),
            ("!*", "127.0.0.1", "properties ice-interfaces and ice-addresses leave"),
        ] {
            let err = listen((0, 0), interfaces, networks).bind().unwrap_err().to_string();
            assert!(err.contains(named) && err.contains("127.0.0.1 ("), "{err}");
        }
    }

    #[test]
    fn elements_that_share_a_port_want_the_same_of_it() {
        let one = listen((5000, 0), "eth0", "10.0.0.0/8");
        assert_eq!(one.contradiction(&one.clone()), None);
        let mut other = Listen { threads: 2, ..one.clone() };
        assert_eq!(one.contradiction(&other), None);
        other.threads = 2;
        assert_eq!(Listen { threads: 3, ..one.clone() }.contradiction(&other), Some("udp-threads"));
        assert_eq!(Listen { tcp: false, ..one.clone() }.contradiction(&one), Some("ice-tcp"));
        assert_eq!(listen((5000, 0), "", "10.0.0.0/8").contradiction(&one), Some("ice-interfaces"));
        assert_eq!(listen((5000, 0), "eth0", "").contradiction(&one), Some("ice-addresses"));
    }
}
