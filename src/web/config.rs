//! `config.json`: what the page is told.

use crate::signaller::Signallable;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use gst::prelude::*;
use serde_json::{Value, json};

/// What the page needs to know: the signalling server, and the STUN server that the element uses. The former is where the
/// page is if websockets are taken `here`; else it is told by the port of the page's own host, and the path there, where it
/// runs on this machine, and by its address, without what only the element may know, where it does not.
pub(super) fn config(signaller: &Signallable, stun: Option<&str>, here: bool) -> Value {
    let stun = stun.filter(|stun| !stun.is_empty());
    let servers: Vec<_> =
        stun.map(|stun| json!({ "urls": stun.replacen("://", ":", 1) })).into_iter().collect();
    if here {
        return json!({ "signallingServer": ".", "iceServers": servers });
    }
    let uri = signaller.find_property("uri").and_then(|_| signaller.property::<Option<String>>("uri"));
    let Some(url) = uri.and_then(|uri| url::Url::parse(&uri).ok()) else {
        return json!({ "iceServers": servers });
    };
    let tls = url.scheme() == "wss";
    let local = url.host_str().is_some_and(|host| matches!(host, "127.0.0.1" | "localhost" | "[::1]"));
    let server = if local {
        let port = url.port().unwrap_or(if tls { 443 } else { 80 });
        let url = without_secrets(url);
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        match path {
            "/" => json!({ "port": port, "tls": tls }),
            path => json!({ "port": port, "tls": tls, "path": path }),
        }
    } else {
        without_secrets(url).as_str().into()
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

/// Parameters of addresses that hold tokens.
const SECRETS: [&str; 2] = ["access_token", "token"];

/// The address without the element's own user, password and token.
fn without_secrets(mut url: url::Url) -> url::Url {
    // Cannot fail: a websocket has a host.
    let _ = (url.set_username(""), url.set_password(None));
    let told: Vec<_> =
        url.query_pairs().into_owned().filter(|(name, _)| !SECRETS.contains(&&**name)).collect();
    if told.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(told);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn the_page_is_told_no_secrets_of_the_element() {
        for (address, told) in [
            ("wss://example.org:8443/?room=blue", "wss://example.org:8443/?room=blue"),
            ("wss://example.org/?access_token=secret", "wss://example.org/"),
            ("wss://example.org/?token=secret&room=blue", "wss://example.org/?room=blue"),
            ("wss://me:secret@example.org/a?access_token=secret&room=b%20c", "wss://example.org/a?room=b+c"),
        ] {
            assert_eq!(without_secrets(address.parse().unwrap()).as_str(), told);
        }
    }
}
