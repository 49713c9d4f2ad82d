//! The signalling client against servers that follow a script.

use crate::support::websocket::{accept, receive, send};
use crate::support::{self, DEADLINE, Pipeline, VIDEO};
use async_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use async_tungstenite::tungstenite::{Error, Message, WebSocket};
use gst::glib;
use gst::prelude::*;
use gst_webrtc::{WebRTCSDPType, WebRTCSessionDescription};
use gstrswebrtc::signaller::{SignallableExt, Signaller, WebRTCSignallerRole};
use protocol::{ClientMessage, PeerMessageInner, PeerRole};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};

const WELCOME: &str = r#"{"type":"welcome","peerId":"me","versions":["v1_0","v1_1","v1_2"]}"#;
const LEASE: &str = r#"{"type":"lease","peerId":"me","token":"t","leaseMs":30000,"heartbeatMs":10000,"silenceMs":25000,"resumed":false,"received":0}"#;
const START: &str = r#"{"type":"startSession","peerId":"viewer","sessionId":"s"}"#;

fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn heard<S: Read + Write>(socket: &mut WebSocket<S>) -> ClientMessage {
    serde_json::from_str(&receive(socket).expect("the client closed")).unwrap()
}

/// Takes a client on as a server of 1.2; what it wanted to resume, if anything.
fn register(listener: &TcpListener) -> (WebSocket<TcpStream>, Option<protocol::Resume>) {
    let mut socket = accept(listener);
    let resume = lease(&mut socket);
    (socket, resume)
}

fn lease<S: Read + Write>(socket: &mut WebSocket<S>) -> Option<protocol::Resume> {
    send(socket, WELCOME);
    let ClientMessage::SetProtocolVersion { resume, .. } = heard(socket) else {
        panic!("the version comes first")
    };
    send(socket, LEASE);
    let ClientMessage::SetPeerStatus(status) = heard(socket) else { panic!("then the status") };
    assert_eq!(status.roles, [PeerRole::Producer]);
    resume
}

/// A producer's signaller, and notified of each session that is asked of it.
fn producer(address: &str) -> (Signaller, std::sync::mpsc::Receiver<()>) {
    support::init();
    let signaller = Signaller::new(WebRTCSignallerRole::Producer);
    signaller.set_property("uri", format!("ws://{address}"));
    signaller.set_property("reconnect-delay-min", 1u32);
    let (give, requested) = channel();
    signaller.connect("session-requested", false, move |_| {
        let _ = give.send(());
        None
    });
    SignallableExt::start(&signaller);
    (signaller, requested)
}

fn description(lines: usize) -> WebRTCSessionDescription {
    let text = format!("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n{}", "a=x:y\r\n".repeat(lines));
    let sdp = gst_sdp::SDPMessage::parse_buffer(text.as_bytes()).unwrap();
    WebRTCSessionDescription::new(WebRTCSDPType::Offer, sdp)
}

#[test]
fn messages_leave_in_the_order_of_the_calls() {
    let (listener, address) = listen();
    let (signaller, requested) = producer(&address);
    let (mut socket, _) = register(&listener);
    send(&mut socket, START);
    requested.recv_timeout(DEADLINE).unwrap();
    signaller.send_sdp("s", &description(1));
    (0..2000).for_each(|index| signaller.add_ice("s", "candidate:", index, None));
    signaller.end_session_with_reason("s", "stalled", Some("too slow"));
    let said = |socket: &mut _| match heard(socket) {
        ClientMessage::Peer(message) => message.inner,
        other => panic!("{other:?}"),
    };
    assert!(matches!(said(&mut socket), PeerMessageInner::Sdp(_)));
    for index in 0..2000 {
        let PeerMessageInner::Ice(ice) = said(&mut socket) else { panic!("a description") };
        assert_eq!(ice.sdp_m_line_index, Some(index));
    }
    let end = ClientMessage::EndSessionV1_1 {
        session_id: "s".into(),
        error: Some("too slow".into()),
        reason: Some(protocol::EndReason::Stalled),
    };
    assert_eq!(heard(&mut socket), end);
    SignallableExt::stop(&signaller);
}

#[test]
fn a_full_queue_ends_the_connection_by_name_and_the_next_one_starts_anew() {
    let (listener, address) = listen();
    let (signaller, requested) = producer(&address);
    let (give, changes) = channel();
    signaller.connect("connection-changed", false, move |values| {
        let details = values[2].get::<gst::Structure>().unwrap();
        let _ = give.send(details.get::<String>("text").ok());
        None
    });
    let (mut socket, resume) = register(&listener);
    assert!(resume.is_none());
    send(&mut socket, START);
    requested.recv_timeout(DEADLINE).unwrap();
    // Nobody reads: the sockets take some of it, four megabytes wait, then no more.
    let long = description(50_000);
    (0..60).for_each(|_| signaller.send_sdp("s", &long));
    let text = loop {
        if let Some(text) = changes.recv_timeout(DEADLINE).unwrap() {
            break text;
        }
    };
    assert!(text.contains("bytes wait") && text.contains("see to the server"), "{text}");
    let (mut socket, resume) = register(&listener);
    assert!(resume.is_none(), "there would be a gap");
    SignallableExt::stop(&signaller);
    assert_eq!(receive(&mut socket), None, "what was given up came again");
}

#[test]
fn a_stop_says_everything_then_closes_properly_and_so_does_the_transport() {
    let (listener, address) = listen();
    let (signaller, requested) = producer(&address);
    let (mut socket, _) = register(&listener);
    send(&mut socket, START);
    requested.recv_timeout(DEADLINE).unwrap();
    signaller.end_session_with_reason("s", "stopping", None);
    let server = std::thread::spawn(move || {
        let last = heard(&mut socket);
        let Message::Close(Some(frame)) = socket.read().unwrap() else { panic!("no Close") };
        // Writes the answer, and waits for the client to end the connection.
        let end = loop {
            match socket.read() {
                Ok(_) => {}
                Err(end) => break end,
            }
        };
        let mut stream = socket.get_ref();
        (last, frame, matches!(end, Error::ConnectionClosed), stream.read(&mut [0; 1]).unwrap())
    });
    let start = Instant::now();
    SignallableExt::stop(&signaller);
    let took = start.elapsed();
    let (last, frame, answered, rest) = server.join().unwrap();
    assert!(matches!(last, ClientMessage::EndSessionV1_1 { error: None, .. }), "{last:?}");
    assert_eq!((frame.code, answered, rest), (CloseCode::Normal, true, 0));
    assert!(took < Duration::from_millis(200), "took {took:?}");
}

#[test]
fn a_secure_connection_ends_with_a_word() {
    let (listener, address) = listen();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let server = std::thread::spawn(move || {
        let session = rustls::ServerConnection::new(std::sync::Arc::new(config)).unwrap();
        let stream = rustls::StreamOwned::new(session, listener.accept().unwrap().0);
        let mut socket = async_tungstenite::tungstenite::accept(stream).unwrap();
        lease(&mut socket);
        assert!(matches!(socket.read(), Ok(Message::Close(Some(_)))));
        while socket.read().is_ok() {}
        // An error where the connection ends without close_notify.
        socket.get_mut().read(&mut [0; 1])
    });
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=wss://{address} signaller::insecure-tls=true"
    ));
    pipeline.play();
    pipeline.message("webrtc-signalling-connected");
    pipeline.stop();
    assert_eq!(server.join().unwrap().unwrap(), 0);
}

#[test]
fn a_close_of_the_server_is_answered_and_the_server_found_again() {
    let (listener, address) = listen();
    let (signaller, _requested) = producer(&address);
    let (mut socket, _) = register(&listener);
    socket.close(None).unwrap();
    assert!(matches!(socket.read(), Ok(Message::Close(_))), "no answer");
    let (_socket, resume) = register(&listener);
    assert_eq!(resume.unwrap().token, "t");
    SignallableExt::stop(&signaller);
}

/// Reads the head of a request and answers it.
fn answer(listener: &TcpListener, status: &str) -> String {
    respond(listener.accept().unwrap().0, status)
}

fn respond(socket: TcpStream, status: &str) -> String {
    respond_with(socket, status, "")
}

fn respond_with(mut socket: TcpStream, status: &str, words: &str) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let length = words.len();
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{words}");
    socket.write_all(answer.as_bytes()).unwrap();
    String::from_utf8(head).unwrap()
}

#[test]
fn a_token_that_is_refused_is_an_error_that_names_the_property_and_not_the_token() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let (listener, address) = listen();
        let server = std::thread::spawn(move || answer(&listener, status));
        let pipeline = Pipeline::parse(&format!(
            "{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=ws://{address}/path?token=secret1&room=a%20b&flag signaller::auth-token=secret2"
        ));
        pipeline.play();
        let text = pipeline.error();
        assert!(text.contains("auth-token") && text.contains(&status[..3]), "{text}");
        assert!(!text.contains("secret"), "{text}");
        // One attempt, with everything that was asked for.
        let head = server.join().unwrap();
        assert!(head.starts_with("GET /path?token=secret1&room=a%20b&flag HTTP/1.1"), "{head}");
        assert!(head.to_lowercase().contains("authorization: bearer secret2"), "{head}");
        pipeline.stop();
        assert!(pipeline.0.bus().unwrap().pop_filtered(&[gst::MessageType::Error]).is_none());
    }
}

#[test]
fn a_token_that_is_replaced_before_the_answer_is_shown_before_giving_up() {
    let (listener, address) = listen();
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri=ws://{address} signaller::auth-token=old \
         signaller::headers=\"h,x-number=(string)1\" signaller::reconnect-delay-min=1"
    ));
    let signaller: glib::Object = pipeline.element("ws").property("signaller");
    pipeline.play();
    let (socket, _) = listener.accept().unwrap();
    signaller.set_property("auth-token", "new");
    signaller.set_property("headers", gst::Structure::builder("h").field("x-number", "2").build());
    let head = respond(socket, "401 Unauthorized").to_lowercase();
    assert!(head.contains("bearer old") && head.contains("x-number: 1"), "{head}");
    let head = answer(&listener, "401 Unauthorized").to_lowercase();
    assert!(head.contains("bearer new") && head.contains("x-number: 2"), "{head}");
    assert!(pipeline.error().contains("auth-token"));
}

#[test]
fn what_a_server_says_that_lets_nobody_in_reaches_the_application() {
    for (words, expected) in [
        ("The token is for another room.\n", "403 Forbidden: The token is for another room;"),
        ("<html><h1>403</h1></html>", "403 Forbidden;"),
    ] {
        let (listener, address) = listen();
        let pipeline =
            Pipeline::parse(&format!("{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=ws://{address}"));
        pipeline.play();
        respond_with(listener.accept().unwrap().0, "403 Forbidden", words);
        let text = pipeline.error();
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again_when_it_wants() {
    let (listener, address) = listen();
    let server = std::thread::spawn(move || {
        answer(&listener, "503 Service Unavailable\r\nRetry-After: 1");
        let start = Instant::now();
        let registered = register(&listener);
        (registered, start.elapsed())
    });
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=ws://{address} signaller::reconnect-delay-min=1"
    ));
    pipeline.play();
    let lost = pipeline.message("webrtc-signalling-lost");
    assert_eq!((lost.get("retry-in"), lost.get("attempts")), (Ok(1_000_000_000u64), Ok(1u32)));
    assert_eq!(pipeline.message("webrtc-signalling-connected").get("attempts"), Ok(2u32));
    let (_registered, waited) = server.join().unwrap();
    assert!(waited >= Duration::from_millis(900), "waited {waited:?}");
}

#[test]
fn a_producer_that_may_not_produce_is_an_error_that_names_the_token() {
    let (listener, address) = listen();
    let server = std::thread::spawn(move || {
        let (mut socket, _) = register(&listener);
        send(&mut socket, r#"{"type":"error","details":"not allowed to produce","code":"forbidden"}"#);
        receive(&mut socket)
    });
    let pipeline =
        Pipeline::parse(&format!("{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=ws://{address}"));
    pipeline.play();
    let text = pipeline.error();
    assert!(text.contains("not allowed to produce") && text.contains("auth-token"), "{text}");
    assert_eq!(server.join().unwrap(), None, "it went on");
}

#[test]
fn a_stop_does_not_wait_for_a_server_that_hangs_while_securing_or_welcoming() {
    for (scheme, upgrades) in [("wss", false), ("ws", false), ("ws", true)] {
        let (listener, address) = listen();
        let pipeline = Pipeline::parse(&format!(
            "{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri={scheme}://{address}"
        ));
        pipeline.play();
        let (stream, _) = listener.accept().unwrap();
        let _open =
            upgrades.then(|| async_tungstenite::tungstenite::accept(stream.try_clone().unwrap()).unwrap());
        let took = pipeline.stop();
        assert!(took < Duration::from_millis(600), "{scheme} {upgrades}: took {took:?}");
    }
}

#[test]
fn a_server_that_falls_silent_is_lost() {
    let (listener, address) = listen();
    let server = std::thread::spawn(move || {
        let mut socket = accept(&listener);
        send(&mut socket, WELCOME);
        heard(&mut socket);
        send(&mut socket, &LEASE.replace("10000", "50").replace("25000", "200"));
        heard(&mut socket);
        assert_eq!(heard(&mut socket), ClientMessage::Heartbeat { received: 0 });
        let resume = register(&listener).1;
        // A goodbye would have ended the lease.
        let mut said = Vec::new();
        while let Ok(message) = socket.read() {
            said.push(message);
        }
        assert!(!said.iter().any(Message::is_close), "{said:?}");
        resume
    });
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink stun-server=\"\" signaller::uri=ws://{address} signaller::reconnect-delay-min=1"
    ));
    pipeline.play();
    let lost = pipeline.message("webrtc-signalling-lost");
    assert!(lost.get::<&str>("text").unwrap().contains("200 ms"), "{lost}");
    assert!(server.join().unwrap().is_some());
}

#[test]
fn ice_servers_of_the_signalling_server_are_used_beside_the_own() {
    let (listener, address) = listen();
    let pipeline = Pipeline::parse(&format!(
        "{VIDEO} ! webrtcsink name=ws stun-server=\"\" signaller::uri=ws://{address}"
    ));
    let (give, added) = channel();
    pipeline.element("ws").connect("consumer-added", false, move |values| {
        let transport = values[2].get::<gst::Element>().unwrap();
        let _ = give.send(transport.property::<Option<String>>("stun-server"));
        None
    });
    pipeline.play();
    let (mut socket, _) = register(&listener);
    send(
        &mut socket,
        r#"{"type":"iceServers","iceServers":[{"urls":["stun:192.0.2.1"]},{"urls":["turn:192.0.2.1?transport=tcp"],"username":"1:a","credential":"b/c"}]}"#,
    );
    send(&mut socket, START);
    assert_eq!(added.recv_timeout(DEADLINE).unwrap().as_deref(), Some("stun://192.0.2.1:3478"));
    let signaller: glib::Object = pipeline.element("ws").property("signaller");
    let servers: Vec<String> = signaller.property("ice-servers");
    assert_eq!(servers, ["stun://192.0.2.1:3478", "turn://1%3Aa:b%2Fc@192.0.2.1:3478?transport=tcp"]);
}
