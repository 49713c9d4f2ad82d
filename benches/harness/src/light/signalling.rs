//! The viewers' side of signalling: a websocket each, to the producer's server, as any consumer has.

use super::media::{Media, Told};
use crate::child::say;
use crate::job::{LightJob, Said};
use anyhow::{Context, Result, bail};
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::{TokioAdapter, client_async};
use async_tungstenite::tungstenite::Message;
use futures::StreamExt;
use protocol::{
    ClientMessage, DescriptionKind, PeerMessage, PeerMessageInner, ServerMessage, SessionDescription,
    SessionId,
};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

type Socket = WebSocketStream<TokioAdapter<TcpStream>>;

/// Starts the viewers one after the other, on a thread of their own.
pub fn start(job: LightJob, media: Media) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("signalling".into())
        .spawn(move || runtime.block_on(all(&job, &media)))
        .context("failed to start a thread")?;
    Ok(())
}

async fn all(job: &LightJob, media: &Media) {
    let mut pace = tokio::time::interval(Duration::from_secs_f64(job.spacing.max(1e-4)));
    let mut viewers = Vec::new();
    for viewer in 0..job.count {
        pace.tick().await;
        let (media, port) = (media.clone(), job.port);
        viewers.push(tokio::spawn(async move {
            if let Err(err) = view(viewer, port, &media).await {
                say(&Said::Problem {
                    text: format!("viewer {viewer}: {err:#}"),
                });
            }
        }));
    }
    for viewer in viewers {
        let _ = viewer.await;
    }
}

/// One viewer, for as long as its server lets it.
async fn view(viewer: usize, port: u16, media: &Media) -> Result<()> {
    let began = Instant::now();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (mut socket, _) = client_async("ws://127.0.0.1/", stream).await?;
    let (answer, mut answered) = unbounded_channel();
    let mut session = None;
    say_to(&mut socket, &ClientMessage::List).await?;
    while let Some(message) = next(&mut socket, &mut answered, session.as_ref()).await? {
        match message {
            ServerMessage::List { producers } => {
                let producer = producers.first().context("there is no producer")?;
                let wish = ClientMessage::StartSession {
                    peer_id: producer.id.clone(),
                    offer: None,
                };
                say_to(&mut socket, &wish).await?;
            }
            ServerMessage::SessionStarted { session_id, .. } => session = Some(session_id),
            ServerMessage::Peer(PeerMessage { inner, .. }) => match inner {
                PeerMessageInner::Sdp(SessionDescription { sdp, .. }) => {
                    let answer = answer.clone();
                    media.tell(Told::Offer {
                        viewer,
                        sdp,
                        began,
                        answer,
                    });
                }
                PeerMessageInner::Ice(candidate) => {
                    media.tell(Told::Candidate {
                        viewer,
                        text: candidate.candidate,
                    });
                }
            },
            ServerMessage::EndSession { .. } | ServerMessage::EndSessionV1_1 { .. } => {
                bail!("the producer ended the session")
            }
            ServerMessage::Error { details, .. } => bail!("the server answered {details}"),
            _ => {}
        }
    }
    bail!("the server closed the connection")
}

/// The server's next message; answers that are made meanwhile are sent.
async fn next(
    socket: &mut Socket,
    answered: &mut UnboundedReceiver<String>,
    session: Option<&SessionId>,
) -> Result<Option<ServerMessage>> {
    loop {
        tokio::select! {
            heard = socket.next() => match heard.transpose()? {
                Some(Message::Text(text)) => return Ok(Some(serde_json::from_str(&text)?)),
                Some(_) => {}
                None => return Ok(None),
            },
            Some(sdp) = answered.recv() => {
                let session_id = session.context("an offer came without a session")?.clone();
                let inner = PeerMessageInner::Sdp(SessionDescription { kind: DescriptionKind::Answer, sdp });
                say_to(socket, &ClientMessage::Peer(PeerMessage { session_id, inner })).await?;
            }
        }
    }
}

async fn say_to(socket: &mut Socket, message: &ClientMessage) -> Result<()> {
    let text = serde_json::to_string(message)?;
    socket
        .send(Message::Text(text.into()))
        .await
        .context("failed to send")
}
