//! What is at which address of the web server.

use super::{config, dashboard, headers, websocket};
use crate::signaller::Signallable;
use crate::sink::{Recorder, Settings};
use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use signalling::Entrance;
use std::path::Path;
use std::sync::Arc;
use tower_http::services::ServeDir;

/// `/path`, or nothing for the root.
pub(super) fn prefix(path: Option<&str>) -> String {
    let path = path.unwrap_or_default().trim_matches('/');
    if path.is_empty() { String::new() } else { format!("/{path}") }
}

/// All that is below `prefix`, or why that is not possible and which property to change.
pub(super) fn router(
    settings: &Settings,
    prefix: &str,
    signaller: &Signallable,
    entrance: Option<Entrance>,
    recorder: Option<Arc<Recorder>>,
) -> Result<Router, String> {
    let mut config = config::config(signaller, settings.stun_server.as_deref(), entrance.is_some());
    config["dashboard"] = recorder.is_some().into();
    let dashboard = dashboard::routes(settings, recorder)?;
    let own = Router::new()
        .route("/config.json", get(async move || config::json(&config)))
        .layer(map_response(headers::protect))
        .merge(dashboard);
    let router = match settings.web_server_directory.as_deref() {
        None => own.fallback(file),
        Some(directory) if Path::new(directory).is_dir() => {
            let files = Router::new().fallback_service(ServeDir::new(directory));
            own.fallback_service(files.layer(map_response(headers::keep_types)))
        }
        Some(directory) => {
            return Err(format!(
                "there is no directory '{directory}' to serve (property web-server-directory)"
            ));
        }
    };
    let router = match entrance {
        Some(entrance) => router.layer(from_fn_with_state(entrance, websocket::receive)),
        None => router,
    };
    if prefix.is_empty() {
        return Ok(router);
    }
    let path = format!("{prefix}/");
    // A path that the router cannot hold must not panic.
    if HeaderValue::try_from(&path).is_err() || prefix.contains(['{', '}', '*', ':']) {
        return Err(format!("'{prefix}' cannot be a path (property web-server-path)"));
    }
    let lead = async move |uri: Uri| {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, format!("{path}{query}"))])
    };
    let outside = Router::new().route(prefix, get(lead)).fallback(nothing);
    Ok(outside.layer(map_response(headers::protect)).nest(&format!("{prefix}/"), router))
}

/// A file of the page inside the plugin.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if ![Method::GET, Method::HEAD].contains(&method) {
        return protected((StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]));
    }
    match signalling::page::respond(&uri, &headers) {
        Some(response) => response.map(axum::body::Body::from),
        None => protected(nothing().await),
    }
}

async fn nothing() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "There is nothing at this address.\n")
}

fn protected(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    signalling::page::protect(response.headers_mut());
    response
}
