//! What is sent first arrives first, whoever sends it from whatever thread: a description before the candidates
//! that are sent after it.

use crate::support::delays::Delays;
use crate::support::server::Server;
use crate::support::websocket::{receive, send};
use crate::support::{DEADLINE, init};
use async_tungstenite::tungstenite::{self, WebSocket};
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::{Signallable, SignallableExt, Signaller, WebRTCSignallerRole};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};
use std::time::Duration;

const ROUNDS: usize = 1000;
const THREADS: usize = 8;
/// Candidates of each thread in a round: 200 in all.
const CANDIDATES: usize = 25;

/// A producer's signaller in a session with a consumer that is only a websocket.
struct Scene {
    signaller: Signaller,
    session: String,
    consumer: WebSocket<TcpStream>,
}

impl Scene {
    /// The signaller connects to `way`, which leads to the server; the consumer straight to the server.
    fn new(way: SocketAddr, server: SocketAddr) -> Self {
        init();
        let signaller = Signaller::new(WebRTCSignallerRole::Producer);
        signaller.set_property("uri", format!("ws://{way}"));
        let requested = sessions(&signaller);
        signaller.start();
        let uri = format!("ws://{server}");
        let (mut consumer, _) = tungstenite::client(uri, TcpStream::connect(server).unwrap()).unwrap();
        send(&mut consumer, r#"{"type":"setPeerStatus","roles":["listener"]}"#);
        send(&mut consumer, r#"{"type":"list"}"#);
        let producer = loop {
            let message = next(&mut consumer);
            let producing = message["roles"] == json!(["producer"]);
            match message["producers"][0]["id"].as_str() {
                Some(id) => break id.to_owned(),
                None if producing => break message["peerId"].as_str().unwrap().to_owned(),
                None => {}
            }
        };
        send(&mut consumer, &json!({"type": "startSession", "peerId": producer}).to_string());
        let session = requested.recv_timeout(DEADLINE).unwrap();
        Self { signaller, session, consumer }
    }
}

/// The sessions that are asked for.
fn sessions(signaller: &Signaller) -> Receiver<String> {
    let (give, take) = channel();
    signaller.connect("session-requested", false, move |values| {
        let _ = give.send(values[1].get::<String>().unwrap());
        None
    });
    take
}

fn next(consumer: &mut WebSocket<TcpStream>) -> Value {
    serde_json::from_str(&receive(consumer).expect("the server closed")).unwrap()
}

/// A description that says which round it belongs to.
fn description(round: usize) -> WebRTCSessionDescription {
    let text = format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=round {round}\r\nt=0 0\r\n");
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).unwrap();
    WebRTCSessionDescription::new(WebRTCSDPType::Offer, sdp)
}

/// Says a description and 200 candidates from 8 threads, round after round.
fn say(signaller: &Signallable, session: &str, told: &Receiver<()>) {
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let (barrier, signaller, session) = (barrier.clone(), signaller.clone(), session.to_owned());
            std::thread::spawn(move || {
                for round in 0..ROUNDS {
                    barrier.wait();
                    for number in 0..CANDIDATES {
                        signaller.add_ice(&session, &format!("{round} {thread} {number}"), 0, None);
                    }
                }
            })
        })
        .collect();
    for round in 0..ROUNDS {
        // Some rounds are under way at a time, but not so many that a queue is full.
        if round >= 20 {
            told.recv_timeout(DEADLINE).unwrap();
        }
        signaller.send_sdp(session, &description(round));
        barrier.wait();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// Everything of a session arrives as it was said.
fn hear(consumer: &mut WebSocket<TcpStream>, mut round_over: impl FnMut()) {
    let mut described = 0;
    let mut counts = [0; THREADS];
    while counts.iter().sum::<usize>() < ROUNDS * THREADS * CANDIDATES {
        let message = next(consumer);
        if let Some(sdp) = message["sdp"]["sdp"].as_str() {
            assert!(sdp.contains(&format!("s=round {described}\r\n")), "{sdp}");
            described += 1;
        } else if let Some(candidate) = message["ice"]["candidate"].as_str() {
            let parts: Vec<usize> = candidate.split(' ').map(|part| part.parse().unwrap()).collect();
            let [round, thread, number] = parts[..] else { panic!("{candidate}") };
            assert!(round < described, "a candidate of round {round} came before its description");
            assert_eq!(round * CANDIDATES + number, counts[thread], "a candidate came out of order");
            counts[thread] += 1;
            if counts.iter().sum::<usize>().is_multiple_of(THREADS * CANDIDATES) {
                round_over();
            }
        }
    }
    assert_eq!(described, ROUNDS);
}

fn check(way: SocketAddr, server: SocketAddr) {
    let Scene { signaller, session, mut consumer } = Scene::new(way, server);
    let (tell, told) = channel();
    let object = signaller.clone().upcast::<Signallable>();
    let saying = std::thread::spawn(move || say(&object, &session, &told));
    hear(&mut consumer, || {
        let _ = tell.send(());
    });
    saying.join().unwrap();
    signaller.stop();
}

/// A server that does not slow down who says so much.
fn server() -> Server {
    let config = signalling::Config { messages_per_second: 0, ..Default::default() };
    Server::with("127.0.0.1:0", config)
}

#[test]
fn a_description_and_the_candidates_of_eight_threads_arrive_in_order() {
    let server = server();
    check(server.address, server.address);
}

#[test]
fn they_arrive_in_order_through_a_network_that_delays() {
    let server = server();
    let relay = Delays::before(server.address, Duration::from_millis(2));
    check(relay.address, server.address);
}
