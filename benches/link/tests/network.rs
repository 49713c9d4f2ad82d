//! The link as the kernel sees it: datagrams and programs on both sides. Takes the rights of root, or user namespaces
//! that everyone may make.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what a test needs and does not get fails it")]

use link::{Direction, Network, Shape};
use std::net::UdpSocket;
use std::process::Command;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(10);

/// Runs a test of this file again as root of namespaces of its own.
fn in_namespaces(name: &str, scenario: impl FnOnce()) {
    const INSIDE: &str = "LINK_TEST_INSIDE_A_NETWORK";
    if std::env::var_os(INSIDE).is_some() {
        return scenario();
    }
    let output = Command::new("unshare")
        .args(["--net", "--map-root-user", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare is needed, of package util-linux");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

fn socket(side: &link::Side) -> UdpSocket {
    let socket = side.run(|| UdpSocket::bind((side.address(), 0)).unwrap()).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    socket
}

#[test]
fn datagrams_arrive_at_the_other_side_after_the_delay_of_the_link() {
    in_namespaces("datagrams_arrive_at_the_other_side_after_the_delay_of_the_link", || {
        let way = |delay| Shape { delay: Duration::from_millis(delay), ..Shape::default() };
        let network = Network::new(way(30), way(20), 1).unwrap();
        let (left, right) = (socket(network.left()), socket(network.right()));
        let sent = Instant::now();
        left.send_to(b"there", right.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 16];
        let (length, from) = right.recv_from(&mut buffer).unwrap();
        right.send_to(&buffer[..length], from).unwrap();
        let length = left.recv(&mut buffer).unwrap();
        assert!(sent.elapsed() >= Duration::from_millis(50), "{:?}", sent.elapsed());
        assert_eq!(&buffer[..length], b"there");
        for direction in [Direction::LeftToRight, Direction::RightToLeft] {
            // With 28 bytes of IP and UDP.
            assert_eq!(network.counters(direction).passed.bytes, 33);
        }
    });
}

#[test]
fn what_a_side_sends_is_paced_by_the_link_and_what_finds_no_room_is_dropped() {
    in_namespaces("what_a_side_sends_is_paced_by_the_link_and_what_finds_no_room_is_dropped", || {
        let shape = Shape { rate: Some(1_000_000), burst: 1500, ..Shape::default() };
        let network = Network::new(shape, Shape::default(), 1).unwrap();
        let (left, right) = (socket(network.left()), socket(network.right()));
        for _ in 0..100 {
            left.send_to(&[0; 972], right.local_addr().unwrap()).unwrap();
        }
        // 150 ms hold 18 of 1000 bytes; more fit while the first leave.
        let (began, mut buffer, mut come) = (Instant::now(), [0; 2000], 0);
        right.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        while right.recv(&mut buffer).is_ok() {
            come += 1;
        }
        let counters = network.counters(Direction::LeftToRight);
        assert!((18..40).contains(&come), "{come}");
        assert_eq!(counters.passed.packets, come);
        assert_eq!(counters.dropped.packets, 100 - come);
        assert!(began.elapsed() > Duration::from_millis(8 * (come - 2)), "{:?}", began.elapsed());
    });
}

#[test]
fn a_program_on_one_side_has_a_loopback_and_the_other_side_and_no_more() {
    in_namespaces("a_program_on_one_side_has_a_loopback_and_the_other_side_and_no_more", || {
        let network = Network::new(Shape::default(), Shape::default(), 1).unwrap();
        let output =
            network.right().run(|| Command::new("ip").args(["-brief", "address"]).output().unwrap()).unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("127.0.0.1") && text.contains("10.77.0.2 peer 10.77.0.1"), "{text}");
        let routes = network.right().run(|| Command::new("ip").args(["route"]).output().unwrap()).unwrap();
        assert!(!String::from_utf8(routes.stdout).unwrap().contains("default"));
    });
}
