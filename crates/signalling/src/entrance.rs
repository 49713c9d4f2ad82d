//! Lets peers in over connections that another HTTP server has accepted, by the rules of this server's own port.

use crate::denial::Denial;
use crate::door::Visit;
use crate::grant::Grant;
use crate::question;
use crate::request::is_upgrade;
use crate::server::{self, Shared};
use crate::upgrade;
use async_tungstenite::WebSocketStream;
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::http::{Request, Response};
use async_tungstenite::tungstenite::protocol::Role;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tracing::debug;

/// A connection from its upgrade to its end.
pub(crate) type Guest = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A way into a [`crate::Server`] for connections of another HTTP server, such as one that serves a page. Clones lead into
/// the same server. Peers are served, limited and disconnected as if they had come to the server's own port.
#[derive(Clone)]
pub struct Entrance {
    shared: Arc<Shared>,
    guests: mpsc::Sender<Guest>,
}

/// What becomes of a request.
pub enum Reception {
    /// It asks for a websocket and is let in.
    Websocket(Admission),
    /// It is answered: it is refused, or asks whether it would be.
    Answer(Response<Vec<u8>>),
    /// It asks for something else, which is not the signalling server's.
    Elsewhere,
}

/// A request for a websocket that is let in. It counts as a connection until this, or the connection, is dropped.
pub struct Admission {
    response: Response<()>,
    grant: Grant,
    visit: Visit,
    begun: Instant,
    entrance: Entrance,
}

impl Entrance {
    pub(crate) fn new(shared: Arc<Shared>, guests: mpsc::Sender<Guest>) -> Self {
        Self { shared, guests }
    }

    /// Judges a request that came from this address. Its path is that below the address of the websocket.
    pub fn receive(&self, request: &Request<()>, from: SocketAddr) -> Reception {
        // What the other server has at its addresses is for it to share.
        if request.uri().path() == "/"
            && let Some(answer) = question::preflight(request)
        {
            return Reception::Answer(answer.into());
        }
        if !is_upgrade(request) && !question::is_about_admission(request) {
            return Reception::Elsewhere;
        }
        let refusal = match self.admit(request, from) {
            Ok(admission) => return Reception::Websocket(admission),
            Err(denial) => denial,
        };
        self.shared.config.metrics.refused(refusal.cause());
        Reception::Answer(refusal.answer(question::wants_json(request)).into())
    }

    fn admit(&self, request: &Request<()>, from: SocketAddr) -> Result<Admission, Denial> {
        if self.guests.is_closed() {
            return Err(Denial::Draining);
        }
        let visit = self.shared.door.enter(from).ok_or(Denial::Full)?;
        let (response, grant) = upgrade::admit(request, &visit, &self.shared)?;
        Ok(Admission { response, grant, visit, begun: Instant::now(), entrance: self.clone() })
    }
}

impl Admission {
    /// What to answer before the stream is handed to [`Admission::enter`].
    pub fn response(&self) -> Response<()> {
        self.response.clone()
    }

    /// Hands over the stream of the connection once its response has been sent. The server serves it until either side
    /// ends; where the server has ended, the stream is dropped.
    pub async fn enter<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { grant, visit, begun, entrance: Entrance { shared, guests }, .. } = self;
        let guest: Guest = Box::pin(async move {
            debug!(address = %visit.address(), "connection taken over");
            let (stream, config) = (TokioAdapter::new(stream), shared.config.websocket());
            let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
            shared.config.metrics.opened(begun.elapsed());
            server::serve((socket, grant), &shared, visit).await;
        });
        // Fails where the server has ended.
        let _ = guests.send(guest).await;
    }
}
