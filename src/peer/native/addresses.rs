//! The addresses of this host at which peers may reach it.

use std::net::{IpAddr, SocketAddr};

/// Every address of an interface that is up, with the interface's name, best first; link-local ones need a zone,
/// which candidates lack.
pub(super) fn local() -> Vec<(String, IpAddr)> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = interfaces.into_iter().filter(|interface| {
        let down = matches!(
            interface.oper_status,
            if_addrs::IfOperStatus::Down
                | if_addrs::IfOperStatus::NotPresent
                | if_addrs::IfOperStatus::LowerLayerDown
        );
        !down && !interface.is_link_local()
    });
    let mut addresses: Vec<_> = usable.map(|interface| (interface.name.clone(), interface.ip())).collect();
    addresses.sort_by_key(|(_, address)| (address.is_loopback(), address.is_ipv6()));
    addresses.dedup_by_key(|(_, address)| *address);
    addresses
}

/// Whether packets can go from one to the other at all; what cannot is not tried.
pub(super) fn reachable(from: IpAddr, to: SocketAddr) -> bool {
    let ip = to.ip();
    let somewhere = to.port() != 0 && !ip.is_unspecified() && !ip.is_multicast();
    let broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
    somewhere && !broadcast && from.is_ipv4() == ip.is_ipv4() && from.is_loopback() == ip.is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_sent_from_here_to_nowhere_or_from_loopback_into_the_world() {
        let is = |from: &str, to: &str| reachable(from.parse().unwrap(), to.parse().unwrap());
        assert!(is("127.0.0.1", "127.0.0.1:9") && is("10.0.0.1", "192.0.2.1:9") && is("::1", "[::1]:9"));
        for to in ["192.0.2.1:9", "127.0.0.1:0", "[::1]:9", "255.255.255.255:9", "224.0.0.1:9", "0.0.0.0:9"] {
            assert!(!is("127.0.0.1", to), "{to}");
        }
        assert!(!is("10.0.0.1", "127.0.0.1:9"));
    }
}
