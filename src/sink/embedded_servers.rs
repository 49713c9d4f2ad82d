//! The signalling server inside `webrtcsink`: the same code as the stand-alone one, ended with the element.

use super::element::Settings;
use crate::runtime;
use crate::signaller::Signallable;
use gst::prelude::*;
use signalling::Entrance;
use std::net::{TcpListener, ToSocketAddrs};
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long the server may take to say goodbye to its clients when the element stops.
const GOODBYE: Duration = Duration::from_millis(150);

/// A running server; dropping it ends it and every connection.
pub(super) struct SignallingServer {
    uri: String,
    ca_file: Option<String>,
    entrance: Entrance,
    stop: Option<oneshot::Sender<()>>,
    ended: std::sync::mpsc::Receiver<()>,
}

impl SignallingServer {
    /// Listens, or says why not and which property to change.
    pub(super) fn start(settings: &Settings) -> Result<Self, String> {
        let host = settings.host.clone().unwrap_or_else(|| "0.0.0.0".into());
        let port = u16::try_from(settings.port).map_err(|_| format!("there is no port {}", settings.port))?;
        let path = |file: &Option<String>| file.as_ref().map(|file| Path::new(file).to_path_buf());
        let (cert, key) = (path(&settings.cert), path(&settings.key));
        let tls = signalling::tls::load_optional(cert.as_deref(), key.as_deref())
            .map_err(|err| format!("{err} (properties signalling-server-cert and signalling-server-key)"))?;
        let listener = listen(&host, port).map_err(|err| {
            format!("failed to listen on {host} port {port}: {err}; choose another with property signalling-server-port")
        })?;
        let port = listener.local_addr().map_err(|err| err.to_string())?.port();
        let shown = match host.as_str() {
            "0.0.0.0" => "127.0.0.1".to_owned(),
            "::" => "[::1]".to_owned(),
            v6 if v6.contains(':') => format!("[{v6}]"),
            other => other.to_owned(),
        };
        let scheme = if tls.is_some() { "wss" } else { "ws" };
        let headers =
            settings.headers.iter().flat_map(|headers| headers.iter()).filter_map(|(name, value)| {
                Some((name.to_string(), value.transform::<String>().ok()?.get::<String>().ok()?))
            });
        let config =
            signalling::Config { headers: headers.collect(), tls: tls.clone(), ..Default::default() };
        let server = signalling::Server::new(config)
            .map_err(|err| format!("failed to {err} (property signalling-server-headers)"))?;
        let entrance = server.entrance();
        let (stop, stopped) = oneshot::channel::<()>();
        let (end, ended) = std::sync::mpsc::sync_channel(1);
        runtime::spawn(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                let shutdown = async {
                    let _ = stopped.await;
                };
                server.run(listener, shutdown).await;
            }
            drop(end);
        });
        let ca_file = tls.is_some().then(|| settings.cert.clone()).flatten();
        Ok(Self { uri: format!("{scheme}://{shown}:{port}"), ca_file, entrance, stop: Some(stop), ended })
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    /// A way in for websockets that the web server has accepted.
    pub(super) fn entrance(&self) -> Entrance {
        self.entrance.clone()
    }

    /// Sends the element's own signaller here.
    pub(super) fn lead(&self, signaller: &Signallable) {
        if signaller.find_property("uri").is_some() {
            signaller.set_property("uri", &self.uri);
        }
        if let Some(file) = &self.ca_file
            && signaller.find_property("cafile").is_some()
        {
            signaller.set_property("cafile", file);
        }
    }
}

impl Drop for SignallingServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if !runtime::is_current() {
            // Ended, or out of time: the rest goes on in the background.
            let _ = self.ended.recv_timeout(GOODBYE);
        }
    }
}

/// Binds at once, so that a port that is taken is an error of the state change.
fn listen(host: &str, port: u16) -> std::io::Result<TcpListener> {
    let addresses: Vec<_> = (host, port).to_socket_addrs()?.collect();
    let listener = TcpListener::bind(&addresses[..])?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
