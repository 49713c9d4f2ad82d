//! A relay before a signalling server, which can be cut, or makes a server of 1.1 of it.

use super::server::Server;
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::{ConnectStream, TokioAdapter, accept_async, connect_async};
use async_tungstenite::tungstenite::Message;
use futures::{SinkExt, StreamExt};
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// What stands between a client and its server.
pub(crate) struct Relay {
    runtime: Option<Runtime>,
    cut: watch::Sender<u32>,
    pub(crate) address: SocketAddr,
    /// What clients said.
    pub(crate) said: Receiver<String>,
}

impl Relay {
    /// A relay to a server; what it names that only 1.2 knows is left out where `old` is set.
    pub(crate) fn start(server: &Server, old: bool) -> Self {
        Self::to(uri(server), old)
    }

    /// A relay to this address.
    pub(crate) fn to(target: String, old: bool) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (cut, watched) = watch::channel(0);
        let (tell, said) = channel();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(relay(socket, target.clone(), old, watched.clone(), tell.clone()));
            }
        });
        Self { runtime: Some(runtime), cut, address, said }
    }

    pub(crate) fn uri(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Cuts every connection: neither side says a word.
    pub(crate) fn cut(&self) {
        self.cut.send_modify(|times| *times += 1);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

/// Where a server is.
pub(crate) fn uri(server: &Server) -> String {
    format!("ws://{}", server.address)
}

type Client = WebSocketStream<TokioAdapter<TcpStream>>;

async fn relay(
    socket: TcpStream,
    target: String,
    old: bool,
    mut cut: watch::Receiver<u32>,
    tell: Sender<String>,
) {
    cut.mark_unchanged();
    let (Ok(client), Ok((server, _))) = (accept_async(socket).await, connect_async(target).await) else {
        return;
    };
    tokio::select! {
        () = pass_on(client, server, old, &tell) => {}
        _ = cut.changed() => {}
    }
}

async fn pass_on(client: Client, server: WebSocketStream<ConnectStream>, old: bool, tell: &Sender<String>) {
    let (mut to_client, mut from_client) = client.split();
    let (mut to_server, mut from_server) = server.split();
    let up = async {
        while let Some(Ok(message)) = from_client.next().await {
            if let Message::Text(text) = &message {
                let _ = tell.send(text.to_string());
            }
            if SinkExt::send(&mut to_server, message).await.is_err() {
                break;
            }
        }
    };
    let down = async {
        while let Some(Ok(message)) = from_server.next().await {
            let message = match message {
                Message::Text(text) if old => Message::text(without_versions(&text)),
                message => message,
            };
            if SinkExt::send(&mut to_client, message).await.is_err() {
                break;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

fn without_versions(text: &str) -> String {
    let mut message: serde_json::Value = serde_json::from_str(text).unwrap();
    message.as_object_mut().unwrap().remove("versions");
    message.to_string()
}
