//! The embedded web server: serves the page that is inside the plugin, or a directory instead of it, and tells
//! the page where the signalling server is.

mod page;

use crate::runtime;
use crate::signaller::Signallable;
use crate::sink::Settings;
use axum::Router;
use axum::routing::get;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a stopping element waits for the server's end.
const GOODBYE: Duration = Duration::from_millis(100);
/// A client has this long for its TLS handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// A running web server; dropping it ends it.
pub(crate) struct WebServer {
    address: String,
    stop: Option<oneshot::Sender<()>>,
    ended: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl WebServer {
    /// Listens, or says why not and which property to change.
    pub(crate) fn start(settings: &Settings, signaller: &Signallable) -> Result<Self, String> {
        let text = settings.web_server_host_addr.clone().unwrap_or_default();
        let wrong = |why: &str| {
            format!("web server address '{text}' (property web-server-host-addr) cannot be used: {why}")
        };
        let url = url::Url::parse(&text)
            .map_err(|err| wrong(&format!("{err}; write it as http://127.0.0.1:8080")))?;
        let addresses = url.socket_addrs(|| Some(80)).map_err(|err| wrong(&err.to_string()))?;
        let (cert, key) = (settings.web_server_cert.as_deref(), settings.web_server_key.as_deref());
        let tls = signalling::tls::load_optional(cert.map(Path::new), key.map(Path::new))
            .map_err(|err| format!("{err} (properties web-server-cert and web-server-key)"))?;
        if url.scheme() == "https" && tls.is_none() {
            return Err(wrong(
                "https needs a certificate: set properties web-server-cert and web-server-key",
            ));
        }
        let listener = TcpListener::bind(&addresses[..])
            .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
            .map_err(|err| wrong(&format!("{err}; choose another port")))?;
        let local = listener.local_addr().map_err(|err| err.to_string())?;
        let prefix = prefix(settings.web_server_path.as_deref());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let router = router(settings, &prefix, signaller)?;
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = std::sync::mpsc::sync_channel(1);
        runtime::spawn(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                serve(listener, router, tls, stopped).await;
            }
            drop(end);
        });
        Ok(Self {
            address: format!("{scheme}://{local}{prefix}/"),
            stop: Some(stop),
            ended: Mutex::new(ended),
        })
    }

    /// Where the page is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if !runtime::is_current() {
            // Ended, or out of time: the rest goes on in the background.
            let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
            let _ = ended.recv_timeout(GOODBYE);
        }
    }
}

/// `/path`, or nothing for the root.
fn prefix(path: Option<&str>) -> String {
    let path = path.unwrap_or_default().trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

fn router(settings: &Settings, prefix: &str, signaller: &Signallable) -> Result<Router, String> {
    let config = page::config(signaller, settings.stun_server.as_deref());
    let router = Router::new().route("/config.json", get(move || async move { page::json(config) }));
    let router = match settings.web_server_directory.as_deref() {
        None => router.fallback(page::file),
        Some(directory) if Path::new(directory).is_dir() => {
            router.fallback_service(tower_http::services::ServeDir::new(directory))
        }
        Some(directory) => {
            return Err(format!(
                "there is no directory '{directory}' to serve (property web-server-directory)"
            ));
        }
    };
    if prefix.is_empty() {
        return Ok(router);
    }
    // A path that the router cannot hold must not panic.
    if prefix.contains(['{', '}', '*', ':']) {
        return Err(format!("'{prefix}' cannot be a path (property web-server-path)"));
    }
    Ok(Router::new().nest(&format!("{prefix}/"), router))
}

/// Serves until told to stop; one slow or broken client harms nobody else.
async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    tls: Option<Arc<rustls::ServerConfig>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut clients = tokio::task::JoinSet::new();
    let tls = tls.map(tokio_rustls::TlsAcceptor::from);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        while clients.try_join_next().is_some() {}
        let Ok((socket, _peer)) = accepted else {
            // Out of file descriptors, mostly: some will come back.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (router, tls) = (router.clone(), tls.clone());
        clients.spawn(async move {
            let served = match tls {
                None => answer(socket, router).await,
                Some(tls) => match tokio::time::timeout(HANDSHAKE, tls.accept(socket)).await {
                    Ok(Ok(socket)) => answer(socket, router).await,
                    _ => Err("the TLS handshake failed".into()),
                },
            };
            if let Err(err) = served {
                gst::debug!(gst::CAT_RUST, "web client: {err}");
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
        .await?;
    Ok(())
}
