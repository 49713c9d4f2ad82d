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
