//! Every way in which the client's connection can end, in every phase, over plain and secured sockets, against a
//! server that looks closely: both sides see the documented outcome. The same for the server is in
//! `crates/signalling/tests/server/endings.rs`.

use crate::support::websocket::{receive, send};
use crate::support::{DEADLINE, init};
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::{self, Error, Message, WebSocket};
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::{SignallableExt, Signaller, WebRTCSignallerRole};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Barrier};

/// How often each case is tried.
const ROUNDS: usize = 10;
const WELCOME: &str = r#"{"type":"welcome","peerId":"me","versions":["v1_0","v1_1","v1_2"]}"#;
const LEASE: &str = r#"{"type":"lease","peerId":"me","token":"t","leaseMs":30000,"heartbeatMs":10000,"silenceMs":25000,"resumed":false,"received":0}"#;
const START: &str = r#"{"type":"startSession","peerId":"viewer","sessionId":"s"}"#;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Client,
    Server,
    Both,
    /// The server, without a word.
    Killed,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Idle,
    /// Many messages are under way in both directions.
    Burst,
    /// The session has been asked for, and its description is under way.
    Negotiation,
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// How a connection ended for the server.
#[derive(Debug, PartialEq)]
struct End {
    /// The client's Close: opened by it, or its answer.
    close: Option<(CloseCode, String)>,
    /// Whether the closing handshake was completed.
    clean: bool,
    /// What the transport's end looks like: 0 for a proper one.
    rest: Option<usize>,
}

fn secured() -> Arc<rustls::ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap())
}

/// Takes one client on, brings it into the phase, and ends or watches it end.
fn serve(
    listener: &TcpListener,
    tls: Option<Arc<rustls::ServerConfig>>,
    (who, phase): (Who, Phase),
    ready: &Barrier,
) -> Option<End> {
    let tcp = listener.accept().unwrap().0;
    tcp.set_read_timeout(Some(DEADLINE)).unwrap();
    let stream: Box<dyn Stream> = match tls {
        Some(config) => {
            Box::new(rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), tcp))
        }
        None => Box::new(tcp),
    };
    let mut socket = tungstenite::accept(stream).ok().unwrap();
    send(&mut socket, WELCOME);
    receive(&mut socket).unwrap();
    send(&mut socket, LEASE);
    receive(&mut socket).unwrap();
    if phase != Phase::Idle {
        send(&mut socket, START);
    }
    if phase == Phase::Burst {
        (0..100).for_each(|_| send(&mut socket, r#"{"type":"list","producers":[]}"#));
    }
    ready.wait();
    match who {
        Who::Killed => return None,
        Who::Server | Who::Both => {
            let frame = CloseFrame { code: CloseCode::Away, reason: "back soon".into() };
            socket.close(Some(frame)).unwrap();
        }
        Who::Client => {}
    }
    Some(watch(&mut socket))
}

fn watch(socket: &mut WebSocket<Box<dyn Stream>>) -> End {
    let mut close = None;
    let clean = loop {
        match socket.read() {
            Ok(Message::Close(frame)) => {
                close = frame.map(|frame| (frame.code, frame.reason.to_string()));
            }
            Ok(_) => {}
            Err(Error::ConnectionClosed) => break true,
            Err(_) => break false,
        }
    };
    // Nothing more comes, and the transport ends with a word where it is secured.
    End { close, clean, rest: socket.get_mut().read(&mut [0; 1]).ok() }
}

/// What the client says of its connection, in words.
fn changes(signaller: &Signaller) -> Receiver<String> {
    let (give, take) = channel();
    signaller.connect("connection-changed", false, move |values| {
        let details = values[2].get::<gst::Structure>().unwrap();
        let _ = give.send(details.get::<String>("text").unwrap_or_default());
        None
    });
    take
}

fn client(address: SocketAddr, secure: bool) -> (Signaller, Receiver<()>) {
    let signaller = Signaller::new(WebRTCSignallerRole::Producer);
    let scheme = if secure { "wss" } else { "ws" };
    signaller.set_property("uri", format!("{scheme}://{address}"));
    signaller.set_property("insecure-tls", true);
    // Long enough for the test to look before the next attempt.
    signaller.set_property("reconnect-delay-min", 60_000u32);
    signaller.set_property("reconnect-delay-max", 60_000u32);
    let (give, requested) = channel();
    signaller.connect("session-requested", false, move |_| {
        let _ = give.send(());
        None
    });
    (signaller, requested)
}

fn speak(signaller: &Signaller, phase: Phase) {
    let text = format!("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{}", "a=x:y\r\n".repeat(1000));
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).unwrap();
    if phase != Phase::Idle {
        signaller.send_sdp("s", &WebRTCSessionDescription::new(WebRTCSDPType::Offer, sdp));
    }
    if phase == Phase::Burst {
        (0..100).for_each(|index| signaller.add_ice("s", "candidate:1", index, None));
    }
}

fn check(who: Who, phase: Phase, tls: Option<Arc<rustls::ServerConfig>>) {
    let case = format!("{who:?} {phase:?} {}", if tls.is_some() { "wss" } else { "ws" });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (signaller, requested) = client(listener.local_addr().unwrap(), tls.is_some());
    let news = changes(&signaller);
    let ready = Arc::new(Barrier::new(2));
    let server = {
        let ready = ready.clone();
        std::thread::spawn(move || serve(&listener, tls, (who, phase), &ready))
    };
    SignallableExt::start(&signaller);
    assert_eq!(news.recv_timeout(DEADLINE).unwrap(), "", "{case}: connected");
    if phase != Phase::Idle {
        requested.recv_timeout(DEADLINE).unwrap();
        speak(&signaller, phase);
    }
    ready.wait();
    if matches!(who, Who::Client | Who::Both) {
        SignallableExt::stop(&signaller);
    }
    let end = server.join().unwrap();
    let ours = Some((CloseCode::Normal, "the client is stopping".to_owned()));
    let answer = Some((CloseCode::Away, "back soon".to_owned()));
    let proper = |close| Some(End { close, clean: true, rest: Some(0) });
    match who {
        Who::Client => assert_eq!(end, proper(ours), "{case}"),
        Who::Both => assert!(end == proper(ours) || end == proper(answer), "{case}: {end:?}"),
        Who::Server => {
            assert_eq!(end, proper(answer), "{case}");
            let text = news.recv_timeout(DEADLINE).unwrap();
            assert!(text.ends_with("closed the connection with code 1001: back soon"), "{case}: {text}");
        }
        Who::Killed => {
            let text = news.recv_timeout(DEADLINE).unwrap();
            assert!(text.contains("the connection to the signalling server was lost"), "{case}: {text}");
        }
    }
    SignallableExt::stop(&signaller);
}

#[test]
fn whoever_ends_the_clients_connection_and_whenever_both_sides_see_the_documented_end() {
    init();
    let tls = secured();
    for who in [Who::Client, Who::Server, Who::Both, Who::Killed] {
        for phase in [Phase::Idle, Phase::Burst, Phase::Negotiation] {
            for secure in [false, true] {
                for _ in 0..ROUNDS {
                    check(who, phase, secure.then(|| tls.clone()));
                }
            }
        }
    }
}
