//! Accepts connections, secures them where there is a certificate, and has requests answered.

use super::patience::Patient;
use axum::{Extension, Router};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How many clients are served at a time; others wait until one of them is gone.
const MAX_CLIENTS: usize = 1024;
/// A client has this long for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// And this long to take some of what it asked for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who asks; an extension of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client(pub(super) SocketAddr);

/// Serves until told to stop; one slow or broken client harms nobody else.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut clients = tokio::task::JoinSet::new();
    let tls = tls.map(tokio_rustls::TlsAcceptor::from);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept(), if clients.len() < MAX_CLIENTS => accepted,
            Some(_) = clients.join_next() => continue,
            _ = &mut stopped => break,
        };
        let Ok((socket, address)) = accepted else {
            // Out of file descriptors, mostly: some will come back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        // What goes over websockets is short, and is waited for.
        let _ = socket.set_nodelay(true);
        let client = Client(address);
        let socket = Patient::new(socket, PATIENCE);
        let (router, tls) = (router.clone().layer(Extension(client)), tls.clone());
        clients.spawn(async move {
            let served = match tls {
                None => answer(socket, router).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(socket)).await {
                    Ok(Ok(socket)) => answer(socket, router).await,
                    _ => Err("the TLS handshake failed".into()),
                },
            };
            if let Err(err) = served {
                gst::debug!(gst::CAT_RUST, "web client {}: {err}", client.0);
            }
        });
    }
    // The port is free before the clients are gone.
    drop(listener);
    clients.shutdown().await;
}

type Problem = Box<dyn std::error::Error + Send + Sync>;

async fn answer<S>(socket: S, router: Router) -> Result<(), Problem>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = hyper_util::service::TowerToHyperService::new(router);
    let http = hyper_util::rt::TokioIo::new(socket);
    hyper::server::conn::http1::Builder::new()
        .timer(hyper_util::rt::TokioTimer::new())
        .serve_connection(http, service)
        .with_upgrades()
        .await?;
    Ok(())
}
