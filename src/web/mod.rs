//! The embedded web server: serves the page that is inside the plugin, or a directory instead of it, and tells
//! the page where the signalling server is.
//!
//! `router` says what is at which address, `config` what the page is told, `dashboard` what is shown of sessions and
//! to whom, `headers` what browsers are told of each answer; `serve` is the server around them, and `patience` bounds how long it
//! waits for who does not read. Where the element has a
//! signalling server, `websocket` leads there.

mod config;
mod dashboard;
mod headers;
mod patience;
mod router;
mod serve;
mod websocket;

use crate::runtime;
use crate::signaller::Signallable;
use crate::sink::{Recorder, Settings};
use signalling::Entrance;
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a stopping element waits for the server's end.
const GOODBYE: Duration = Duration::from_millis(100);

/// A running web server; dropping it ends it.
pub(crate) struct WebServer {
    address: String,
    stop: Option<oneshot::Sender<()>>,
    ended: Mutex<std::sync::mpsc::Receiver<()>>,
}

impl WebServer {
    /// Listens, or says why not and which property to change. Websockets come in by the entrance, where there is one; the
    /// dashboard shows what the recorder keeps.
    pub(crate) fn start(
        settings: &Settings,
        signaller: &Signallable,
        entrance: Option<Entrance>,
        recorder: Option<Arc<Recorder>>,
    ) -> Result<Self, String> {
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
        let prefix = router::prefix(settings.web_server_path.as_deref());
        let scheme = if tls.is_some() { "https" } else { "http" };
        let router = router::router(settings, &prefix, signaller, entrance, recorder)?;
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = std::sync::mpsc::sync_channel(1);
        runtime::spawn(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                serve::serve(listener, router, tls, stopped).await;
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
