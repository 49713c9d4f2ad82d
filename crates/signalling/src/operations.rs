//! What operators and their machines ask over HTTP: is it alive, does it take connections, what has it done.

use crate::answer::Answer;
use crate::config::{Config, MetricsAt};
use crate::metrics::CONTENT_TYPE;
use crate::request::{self, is_upgrade};
use crate::server::accept;
use async_tungstenite::tungstenite::handshake::server::Request;
use async_tungstenite::tungstenite::http::{Method, StatusCode};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::debug;

/// How many requests a listener for operators serves at a time.
const MAX_REQUESTS: usize = 64;
/// Headers by which a proxy says that it asks for somebody else.
const FORWARDED: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// Serves `/healthz`, `/readyz` and `/metrics`, and nothing else, on a listener of their own until `shutdown`
/// resolves. `config` is a clone of the server's own, which shares what they tell.
pub async fn serve_operations(listener: TcpListener, config: Config, shutdown: impl Future<Output = ()>) {
    let mut requests = JoinSet::new();
    let mut pause = Duration::ZERO;
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = requests.join_next() => {}
            (stream, _) = accept(&listener, &mut pause, &config.metrics), if requests.len() < MAX_REQUESTS => {
                requests.spawn(serve(stream, config.clone()));
            }
        }
    }
}

async fn serve(mut stream: TcpStream, config: Config) {
    let served = async {
        let (request, _) = request::read(&mut stream).await.ok()?;
        let answer = page(&request, &config).unwrap_or_else(not_found);
        let head = request.method() == Method::HEAD;
        answer.send(&mut stream, head, config.handshake_timeout).await.ok()
    };
    if timeout(config.handshake_timeout, served).await.ok().flatten().is_none() {
        debug!("failed to answer an operator's request");
    }
}

/// The answer to a request on the port of the websockets; nothing where it asks for something else.
pub(crate) fn answer(request: &Request, from: SocketAddr, config: &Config) -> Option<Answer> {
    if request.uri().path() == "/metrics" && !shows_metrics(request, from, config.metrics_at) {
        return (!is_upgrade(request)).then(not_found);
    }
    page(request, config)
}

fn page(request: &Request, config: &Config) -> Option<Answer> {
    if is_upgrade(request) || ![Method::GET, Method::HEAD].contains(request.method()) {
        return None;
    }
    let mut answer = match request.uri().path() {
        "/healthz" => Answer::text(StatusCode::OK, "alive\n".to_owned()),
        "/readyz" if config.control.is_draining() => {
            Answer::text(StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned())
        }
        "/readyz" => Answer::text(StatusCode::OK, "ready\n".to_owned()),
        "/metrics" => Answer::of(StatusCode::OK, CONTENT_TYPE, config.metrics.render()),
        _ => return None,
    };
    answer.header("Cache-Control", "no-store");
    Some(answer)
}

fn not_found() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "There is nothing here.\n".to_owned())
}

/// Whether to show what only operators may see. A proxy on this machine asks for somebody else.
fn shows_metrics(request: &Request, from: SocketAddr, at: MetricsAt) -> bool {
    match at {
        MetricsAt::Nobody => false,
        MetricsAt::ThisMachine => {
            let forwarded = FORWARDED.iter().any(|name| request.headers().contains_key(*name));
            from.ip().to_canonical().is_loopback() && !forwarded
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_shown_to_this_machine_only() {
        let request = Request::new(());
        let (local, remote) = ("127.0.0.1:1".parse().unwrap(), "192.0.2.1:1".parse().unwrap());
        assert!(shows_metrics(&request, local, MetricsAt::ThisMachine));
        assert!(shows_metrics(&request, "[::ffff:127.0.0.1]:1".parse().unwrap(), MetricsAt::ThisMachine));
        assert!(!shows_metrics(&request, remote, MetricsAt::ThisMachine));
        assert!(!shows_metrics(&request, local, MetricsAt::Nobody));
    }
}
