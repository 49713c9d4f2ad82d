//! What lists of interfaces, networks and addresses mean.

use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn interfaces_are_taken_by_name_and_pattern() {
    for (list, yes, no) in [
        ("", &["eth0", "lo"][..], &[][..]),
        ("eth0", &["eth0"], &["eth01", "eth", "lo"]),
        ("eth0, wlan*", &["eth0", "wlan0", "wlan"], &["lo", "awlan0"]),
        ("!docker*", &["eth0", "lo", "xdocker0"], &["docker0", "docker"]),
        ("eth*,!eth1", &["eth0", "eth10"], &["eth1", "lo"]),
        ("*.7 *vpn*", &["eth0.7", "myvpn0", "vpn"], &["eth0.70", "vp"]),
        ("*", &["anything"], &[]),
        ("!*", &[], &["anything"]),
    ] {
        let names = Names::read(list);
        assert_eq!(names.is_empty(), list.is_empty());
        assert!(yes.iter().all(|name| names.allow(name)), "{list}: {yes:?}");
        assert!(!no.iter().any(|name| names.allow(name)), "{list}: {no:?}");
    }
}

#[test]
fn addresses_are_taken_by_network() {
    for (list, yes, no) in [
        ("", &["192.0.2.1", "::1"][..], &[][..]),
        ("10.0.0.0/8", &["10.0.0.1", "10.255.255.255"], &["11.0.0.1", "9.255.255.255", "::1", "::a00:1"]),
        ("10.0.0.0/8,!10.9.0.0/16", &["10.8.0.1"], &["10.9.0.1"]),
        ("!::/0", &["192.0.2.1"], &["::1", "fd00::2"]),
        ("0.0.0.0/0", &["192.0.2.1", "127.0.0.1"], &["::1"]),
        ("192.0.2.5 fd00::/8", &["192.0.2.5", "fd12::1"], &["192.0.2.4", "fe00::1", "2001:db8::1"]),
        ("2001:db8::1", &["2001:db8::1"], &["2001:db8::2"]),
        ("2001:db8::/33", &["2001:db8:7fff::"], &["2001:db8:8000::"]),
    ] {
        let networks = Networks::read(list).unwrap();
        assert_eq!(networks.is_empty(), list.is_empty());
        assert!(yes.iter().all(|address| networks.allow(ip(address))), "{list}: {yes:?}");
        assert!(!no.iter().any(|address| networks.allow(ip(address))), "{list}: {no:?}");
    }
}

#[test]
fn what_is_no_network_or_address_is_named() {
    for (list, text) in [
        ("eth0", "eth0"),
        ("10.0.0.0/33", "10.0.0.0/33"),
        ("10.0.0.1,::1/129", "::1/129"),
        ("10.0.0/8", "10.0.0/8"),
        ("!1.2.3.4/", "1.2.3.4/"),
        ("10.0.0.0/-1", "10.0.0.0/-1"),
        ("1.2.3.4/8/8", "1.2.3.4/8/8"),
    ] {
        assert_eq!(Networks::read(list).unwrap_err().text, text, "{list}");
    }
    for (list, text) in [
        ("media.example.org", "media.example.org"),
        ("203.0.113.7/eth0", "203.0.113.7/eth0"),
        ("203.0.113.7/fd00::1", "203.0.113.7/fd00::1"),
        ("203.0.113.7,0.0.0.0", "0.0.0.0"),
        ("224.0.0.1", "224.0.0.1"),
        ("!203.0.113.7", "!203.0.113.7"),
    ] {
        let err = Advertised::read(list).unwrap_err();
        assert_eq!(err.text, text, "{list}");
        assert!(err.to_string().contains(text) && err.to_string().contains("IP address"), "{err}");
    }
}

#[test]
fn peers_are_told_of_the_addresses_outside() {
    let own = ["192.0.2.2:5000", "[fd00::2]:5001", "127.0.0.1:5000"];
    for (list, told) in [
        ("", &own[..]),
        ("203.0.113.7", &["203.0.113.7:5000", "[fd00::2]:5001"]),
        ("203.0.113.7,2001:db8::7", &["203.0.113.7:5000", "[2001:db8::7]:5001"]),
        ("203.0.113.7,203.0.113.8", &["203.0.113.7:5000", "203.0.113.8:5000", "[fd00::2]:5001"]),
        ("203.0.113.7/192.0.2.2", &["203.0.113.7:5000", "[fd00::2]:5001", "127.0.0.1:5000"]),
        ("host,203.0.113.7", &["203.0.113.7:5000", own[0], own[1], own[2]]),
        ("host 203.0.113.7/192.0.2.2", &["203.0.113.7:5000", own[0], own[1], own[2]]),
        ("host", &own),
        ("host,192.0.2.2", &own),
    ] {
        let addresses =
            |list: &[&str]| list.iter().map(|at| at.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let advertised = Advertised::read(list).unwrap();
        assert_eq!(advertised.told(&addresses(&own)), addresses(told), "{list}");
    }
}

#[test]
fn an_address_outside_that_stands_for_none_inside_is_named() {
    let idle = |list: &str, own: &[&str]| {
        let own: Vec<_> = own.iter().map(|text| ip(text)).collect();
        Advertised::read(list).unwrap().idle(&own)
    };
    assert_eq!(idle("203.0.113.7", &["192.0.2.2"]), None);
    assert_eq!(idle("203.0.113.7,2001:db8::7", &["192.0.2.2"]), Some(ip("2001:db8::7")));
    assert_eq!(idle("203.0.113.7/10.0.0.1", &["192.0.2.2"]), Some(ip("203.0.113.7")));
    assert_eq!(idle("", &[]), None);
}

#[test]
fn ports_are_any_one_or_a_range() {
    assert!(Ports::new(0, 0).unwrap().is_any());
    assert_eq!(Ports::new(5000, 0).unwrap().all(), 5000..=5000);
    assert_eq!(Ports::new(5000, 5002).unwrap().all(), 5000..=5002);
    assert_eq!(Ports::new(5000, 5000).unwrap(), Ports::new(5000, 0).unwrap());
    assert_eq!(Ports::new(65535, 65535).unwrap().bounds(), (65535, 65535));
    assert_eq!(Ports::new(0, 5000), Err(PortsError::NoBeginning(5000)));
    assert_eq!(Ports::new(5001, 5000), Err(PortsError::Empty(5001, 5000)));
    assert_eq!(Ports::new(65536, 0), Err(PortsError::TooLarge(65536)));
    let overlap = |one: (u32, u32), other: (u32, u32)| {
        Ports::new(one.0, one.1).unwrap().overlap(&Ports::new(other.0, other.1).unwrap())
    };
    assert!(overlap((5000, 5002), (5002, 0)) && overlap((5002, 0), (5000, 5002)));
    assert!(!overlap((5000, 5002), (5003, 5004)) && !overlap((5003, 5004), (5000, 5002)));
}
