//! ICE over TCP in the native transport: viewers that no UDP reaches, connections that are none of a viewer's, and
//! one that does not read.

use crate::native::{NATIVE, alone, offer, ports};
use crate::support::direct::Direct;
use crate::support::udp::own_address;
use crate::support::{self, DEADLINE, Pipeline, Viewer, picture};
use gst::prelude::*;
use gst_webrtc::WebRTCSessionDescription;
use gstrswebrtc::signaller::SignallableExt;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// A sink whose viewer is told of nothing but TCP, at the address that `way` makes of the sink's.
struct OverTcp {
    producer: Pipeline,
    viewer: Viewer,
    producing: Direct,
    consuming: Direct,
    feeder: Option<picture::Feeder>,
}

fn over_tcp(settings: &str, way: impl Fn(SocketAddr) -> SocketAddr + Send + Sync + 'static) -> OverTcp {
    let mut pair = of(&picture::source(), settings, way);
    pair.feeder = Some(picture::Feeder::start(&pair.producer));
    pair.start();
    pair
}

fn of(
    source: &str,
    settings: &str,
    way: impl Fn(SocketAddr) -> SocketAddr + Send + Sync + 'static,
) -> OverTcp {
    let (producing, consuming) = Direct::pair();
    let sink = format!("webrtcsink name=ws stun-server=\"\" {NATIVE} video-caps=video/x-vp8 {settings}");
    let producer = Pipeline::parse(&format!("{source} ! {sink}"));
    producer.element("ws").set_property("signaller", &producing);
    let to = consuming.clone();
    producing.connect("send-session-description", false, move |values| {
        let offer = values[2].get::<WebRTCSessionDescription>().unwrap();
        to.describe("s", offer.type_(), &only_tcp(&offer.sdp().as_text().unwrap(), &way));
        Some(true.to_value())
    });
    consuming.connect("send-ice", false, |_| Some(true.to_value()));
    let viewer = Viewer::behind(&consuming, "video", "video/x-raw,format=I420");
    viewer.pipeline.play();
    producer.play();
    OverTcp { producer, viewer, producing, consuming, feeder: None }
}

impl OverTcp {
    fn start(&self) {
        support::has_caps(&self.producer.element("ws"));
        self.consuming.session_started("s", "producer");
        self.producing.session_requested("s", "viewer", None);
    }
}

/// A description with its TCP candidate of this host's own address.
fn only_tcp(sdp: &str, way: impl Fn(SocketAddr) -> SocketAddr) -> String {
    let own = own_address().to_string();
    let lines = sdp.lines().filter_map(|line| {
        let words: Vec<_> = line.split(' ').collect();
        let (true, [_, _, protocol, _, ip, port, ..]) = (line.starts_with("a=candidate:"), &*words) else {
            return Some(line.to_owned());
        };
        let its = *protocol == "tcp" && *ip == own;
        its.then(|| {
            assert!(line.contains("typ host tcptype passive"), "{line}");
            let to = way(SocketAddr::new(ip.parse().unwrap(), port.parse().unwrap()));
            line.replace(&format!(" {ip} {port} "), &format!(" {} {} ", to.ip(), to.port()))
        })
    });
    lines.map(|line| format!("{line}\r\n")).collect()
}

/// Those of the chosen candidates, in the statistics.
fn protocols(producer: &Pipeline) -> Vec<String> {
    let stats = producer.element("ws").property::<gst::Structure>("stats");
    let session = stats.get::<gst::Structure>("s").unwrap();
    let entries = session.iter().filter_map(|(_, value)| value.get::<gst::Structure>().ok());
    entries.filter_map(|entry| entry.get("protocol").ok()).collect()
}

#[test]
fn a_viewer_that_no_udp_reaches_is_served_over_tcp() {
    // On another thread than the one that takes connections, and on that.
    for threads in [1, 3] {
        let settings = format!("udp-threads={threads}");
        let pair = over_tcp(&settings, |sink| sink);
        let numbers: Vec<u16> = pair.viewer.samples(60).iter().map(picture::number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        let end = Instant::now() + DEADLINE;
        while protocols(&pair.producer).is_empty() {
            assert!(Instant::now() < end, "no candidates in the statistics");
            pair.viewer.samples(10);
        }
        assert_eq!(protocols(&pair.producer), ["tcp", "tcp"]);
    }
}

#[test]
fn nobody_connects_where_that_is_switched_off() {
    let (_pipeline, direct, said) = alone(&format!("{NATIVE} ice-tcp=false"));
    let sdp = offer(&direct, &said, "s");
    assert!(!sdp.contains("tcptype"), "{sdp}");
    let refused = TcpStream::connect(("127.0.0.1", ports(&sdp)[0])).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// A connection to a sink that plays.
fn connection(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream
}

/// Waits until the other side has closed a connection.
fn is_closed(mut stream: &TcpStream) {
    match stream.read(&mut [0; 16]) {
        Ok(0) => {}
        Err(err) if err.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("it is not closed: {other:?}"),
    }
}

/// A packet behind its length.
fn framed(packet: &[u8]) -> Vec<u8> {
    [&u16::try_from(packet.len()).unwrap().to_be_bytes(), packet].concat()
}

#[test]
fn connections_that_say_nothing_or_something_else_are_closed() {
    let (_pipeline, direct, said) = alone(NATIVE);
    let port = ports(&offer(&direct, &said, "s"))[0];
    let silent = connection(port);
    let mut slow = connection(port);
    slow.write_all(&[0, 200, 0, 1]).unwrap();
    let mut stranger = vec![0, 1, 0, 8, 0x21, 0x12, 0xa4, 0x42];
    stranger.extend([7; 12]);
    stranger.extend([0, 6, 0, 3]);
    stranger.extend(b"a:b\0");
    for packet in [&[][..], b"GET / HTTP/1.1", &stranger, &[0x80; 200]] {
        let mut other = connection(port);
        other.write_all(&framed(packet)).unwrap();
        is_closed(&other);
    }
    is_closed(&silent);
    is_closed(&slow);
}

#[test]
fn of_connections_that_say_nothing_the_oldest_has_to_go() {
    let (_pipeline, direct, said) = alone(NATIVE);
    let port = ports(&offer(&direct, &said, "s"))[0];
    let first = connection(port);
    let begun = Instant::now();
    let _others: Vec<_> = (0..160).map(|_| connection(port)).collect();
    is_closed(&first);
    assert!(begun.elapsed() < Duration::from_secs(4), "it went because of its age");
}

/// A way over TCP that can stop to take what the sink sends.
struct Way {
    address: SocketAddr,
    stalled: Arc<(Mutex<bool>, Condvar)>,
    stop: Arc<AtomicBool>,
}

impl Way {
    fn to(sink: SocketAddr) -> Self {
        let listener = TcpListener::bind((own_address(), 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stalled = Arc::<(Mutex<bool>, Condvar)>::default();
        let stop = Arc::<AtomicBool>::default();
        let (state, end) = (stalled.clone(), stop.clone());
        std::thread::spawn(move || {
            while let Ok((viewer, _)) = listener.accept()
                && !end.load(Ordering::SeqCst)
            {
                let sink = TcpStream::connect(sink).unwrap();
                for side in [&viewer, &sink] {
                    socket2::SockRef::from(side).set_recv_buffer_size(32 << 10).unwrap();
                }
                let (from, to) = (viewer.try_clone().unwrap(), sink.try_clone().unwrap());
                std::thread::spawn(move || pass_on(from, to, &Default::default()));
                let state = state.clone();
                std::thread::spawn(move || pass_on(sink, viewer, &state));
            }
        });
        Self { address, stalled, stop }
    }

    fn stall(&self, stalled: bool) {
        *self.stalled.0.lock().unwrap() = stalled;
        self.stalled.1.notify_all();
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.stall(false);
        let _ = TcpStream::connect(self.address);
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, stalled: &(Mutex<bool>, Condvar)) {
    let mut bytes = [0; 4096];
    while let Ok(count) = from.read(&mut bytes)
        && count > 0
        && to.write_all(&bytes[..count]).is_ok()
    {
        drop(stalled.1.wait_while(stalled.0.lock().unwrap(), |stalled| *stalled).unwrap());
    }
    let _ = to.shutdown(std::net::Shutdown::Both);
}

#[test]
fn a_viewer_whose_connection_does_not_drain_skips_to_a_key_unit_and_disturbs_nobody() {
    let way = Arc::new(Mutex::new(None::<Way>));
    let made = way.clone();
    // A megabyte a second.
    let snow = "videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=240,framerate=30/1";
    let rate = "congestion-control=disabled start-bitrate=8000000 min-bitrate=8000000";
    let stalling = of(snow, rate, move |sink| {
        let way = Way::to(sink);
        let address = way.address;
        *made.lock().unwrap() = Some(way);
        address
    });
    stalling.start();
    let other = over_tcp("", |sink| sink);
    stalling.viewer.samples(60);
    other.viewer.samples(30);
    let way = way.lock().unwrap().take().unwrap();
    way.stall(true);
    stalling.viewer.count_for(Duration::from_millis(500));
    let numbers: Vec<u16> = other.viewer.samples(300).iter().map(picture::number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b) && numbers[299] - numbers[0] < 320, "{numbers:?}");
    way.stall(false);
    // What was made meanwhile are three hundred pictures; what comes at once are those that were on their way.
    let came = stalling.viewer.count_for(Duration::from_secs(2));
    assert!((30..150).contains(&came), "{came} pictures came");
}
