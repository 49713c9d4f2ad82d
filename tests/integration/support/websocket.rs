//! A websocket server of a few lines, for what no real server says.

use async_tungstenite::tungstenite::{self, Message, WebSocket};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

pub(crate) fn accept(listener: &TcpListener) -> WebSocket<TcpStream> {
    tungstenite::accept(listener.accept().unwrap().0).unwrap()
}

pub(crate) fn send<S: Read + Write>(socket: &mut WebSocket<S>, text: &str) {
    socket.send(Message::text(text)).unwrap();
}

/// The next text; nothing once the client has closed.
pub(crate) fn receive<S: Read + Write>(socket: &mut WebSocket<S>) -> Option<String> {
    loop {
        match socket.read().ok()? {
            Message::Text(text) => return Some(text.to_string()),
            Message::Close(_) => return None,
            _ => {}
        }
    }
}

/// How many producers the server at `uri` lists.
pub(crate) fn producers(uri: &str) -> usize {
    let address = uri.trim_start_matches("ws://").trim_end_matches('/');
    let (mut socket, _) = tungstenite::client(uri, TcpStream::connect(address).unwrap()).unwrap();
    send(&mut socket, r#"{"type":"list"}"#);
    loop {
        let text = receive(&mut socket).expect("the server closed");
        if let Ok(protocol::ServerMessage::List { producers }) = serde_json::from_str(&text) {
            let _ = socket.close(None);
            return producers.len();
        }
    }
}

/// What the first passive consumer of the server at `uri` says of itself, as soon as there is one.
pub(crate) fn passive_consumer(uri: &str) -> serde_json::Value {
    let address = uri.trim_start_matches("ws://").trim_end_matches('/');
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(super::DEADLINE)).unwrap();
    let (mut socket, _) = tungstenite::client(uri, stream).unwrap();
    send(&mut socket, r#"{"type":"setPeerStatus","roles":["listener"]}"#);
    send(&mut socket, r#"{"type":"listConsumers"}"#);
    loop {
        let text = receive(&mut socket).expect("no passive consumer came");
        let message: serde_json::Value = serde_json::from_str(&text).unwrap();
        let listed = message["consumers"].get(0);
        let came = (message["roles"] == serde_json::json!(["consumer"])).then_some(&message);
        if let Some(consumer) = listed.or(came) {
            let meta = consumer["meta"].clone();
            let _ = socket.close(None);
            return meta;
        }
    }
}
