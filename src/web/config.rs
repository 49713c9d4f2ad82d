//! `config.json`: what the page is told.

use crate::signaller::Signallable;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gst::prelude::*;
use serde_json::{Value, json};

/// What the page needs to know: the signalling server, by the port of the page's own host where it runs on this
/// machine, else by its address; and the STUN server that the element uses.
pub(super) fn config(signaller: &Signallable, stun: Option<&str>) -> Value {
    let stun = stun.filter(|stun| !stun.is_empty());
    let servers: Vec<_> =
        stun.map(|stun| json!({ "urls": stun.replacen("://", ":", 1) })).into_iter().collect();
    let uri = signaller.find_property("uri").and_then(|_| signaller.property::<Option<String>>("uri"));
    let Some(url) = uri.and_then(|uri| url::Url::parse(&uri).ok()) else {
        return json!({ "iceServers": servers });
    };
    let tls = url.scheme() == "wss";
    let local = url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
    let server = if local {
        let port = url.port().unwrap_or(if tls { 443 } else { 80 });
        json!({ "port": port, "tls": tls })
    } else {
        url.as_str().into()
    };
    json!({ "signallingServer": server, "iceServers": servers })
}

/// The answer that says this, to pages of everybody: a player in one of them asks for it.
pub(super) fn json(value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    let mut response = (headers, value.to_string()).into_response();
    signalling::page::share(response.headers_mut());
    response
}
