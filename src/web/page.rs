//! The page inside the plugin, and what it is told.

use crate::signaller::Signallable;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use gst::prelude::*;

/// Path and content of every file of the built page; empty where it was not built.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

const NOT_BUILT: &str = include_str!("not_built.html");

/// A file of the page.
pub(super) async fn file(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let path = if path.is_empty() { "index.html" } else { path };
    match FILES.iter().find(|(name, _)| *name == path) {
        Some((name, content)) => {
            respond(mime_guess::from_path(name).first_or_octet_stream().as_ref(), content)
        }
        None if FILES.is_empty() && path == "index.html" => respond("text/html", NOT_BUILT.as_bytes()),
        None => (StatusCode::NOT_FOUND, "There is nothing at this address.\n").into_response(),
    }
}

fn respond(mime: &str, content: &'static [u8]) -> Response {
    let mime = if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime.to_owned() };
    let headers = [
        (header::CONTENT_TYPE, mime),
        (header::CACHE_CONTROL, "no-cache".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    (headers, content).into_response()
}

/// What the page needs to know: the signalling server, by the port of the page's own host where it runs on this
/// machine, else by its address; and the STUN server that the element uses.
pub(super) fn config(signaller: &Signallable, stun: Option<&str>) -> serde_json::Value {
    let stun = stun.filter(|stun| !stun.is_empty());
    let servers: Vec<_> =
        stun.map(|stun| serde_json::json!({ "urls": stun.replacen("://", ":", 1) })).into_iter().collect();
    let uri = signaller.find_property("uri").and_then(|_| signaller.property::<Option<String>>("uri"));
    let Some(url) = uri.and_then(|uri| url::Url::parse(&uri).ok()) else {
        return serde_json::json!({ "iceServers": servers });
    };
    let tls = url.scheme() == "wss";
    let local = url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
    let server = if local {
        let port = url.port().unwrap_or(if tls { 443 } else { 80 });
        serde_json::json!({ "port": port, "tls": tls })
    } else {
        url.as_str().into()
    };
    serde_json::json!({ "signallingServer": server, "iceServers": servers })
}

pub(super) fn json(value: serde_json::Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")], value.to_string())
        .into_response()
}
