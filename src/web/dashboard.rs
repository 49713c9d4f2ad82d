//! The dashboard: its page, which anybody may have, and what it shows, to whom `logic::onlooker` lets see it.

use super::headers;
use super::router::file;
use super::serve::Client;
use crate::runtime;
use crate::sink::{Recorder, Settings};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use logic::onlooker::{FORWARDED, Onlooker, Refusal, Token};
use signalling::access::{Authority, Token as Right, Tokens};
use signalling::{METRICS_TYPE, Rights};
use std::sync::Arc;

const OFF: &str =
    "The dashboard is off: set the property web-server-dashboard of webrtcsink to true before it starts.\n";

/// Without the token: errors are logged.
const UNSENDABLE: &str = "the token (property web-server-token) has spaces or signs that HTTP cannot carry: make it of \
    letters, digits and signs of ASCII only";

/// What is shown, and to whom.
struct Dashboard {
    recorder: Arc<Recorder>,
    /// A list of one, where a token is asked for; only its digest is kept.
    token: Option<Tokens>,
}

/// All that is below the address of the page, or why the token is none and which property to change.
pub(super) fn routes(settings: &Settings, recorder: Option<Arc<Recorder>>) -> Result<Router, String> {
    let pages = ["/dashboard", "/dashboard/", "/dashboard/{*path}"];
    let Some(recorder) = recorder else {
        // What a directory of the application's has there is its own.
        let is_ours = settings.web_server_directory.is_none();
        let places = pages.into_iter().chain(["/metrics"]).filter(|_| is_ours);
        let off = |router: Router, place| router.route(place, get(async || (StatusCode::NOT_FOUND, OFF)));
        return Ok(places.fold(Router::new(), off).layer(map_response(headers::protect)));
    };
    let token = settings.web_server_token.as_deref().filter(|token| !token.is_empty());
    if token.is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(UNSENDABLE.to_owned());
    }
    let dashboard = Arc::new(Dashboard { recorder, token: token.map(list) });
    let shown = dashboard.clone();
    let data = get(async move |Extension(client): Extension<Client>, uri: Uri, headers: HeaderMap| {
        shown.data(client, &uri, &headers).await
    });
    let metrics = get(async move |Extension(client): Extension<Client>, headers: HeaderMap| {
        dashboard.metrics(client, &headers).await
    });
    let router = pages.into_iter().fold(Router::new(), |router, page| router.route(page, get(file)));
    let router = router.route("/dashboard/data.json", data).route("/metrics", metrics);
    Ok(router.layer(map_response(headers::protect)))
}

/// The list with this token.
fn list(token: &str) -> Tokens {
    let mut list = Tokens::new();
    list.insert(token, Right { room: String::new(), rights: Rights::NONE });
    list
}

impl Dashboard {
    fn judge(&self, client: Client, headers: &HeaderMap) -> Result<(), Refusal> {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let token = match &self.token {
            None => Token::Unasked,
            Some(list) => match text(header::AUTHORIZATION).and_then(bearer) {
                None => Token::Missing,
                Some(token) if list.judge(token).is_ok() => Token::Right,
                Some(_) => Token::Wrong,
            },
        };
        let is_forwarded = FORWARDED.iter().any(|name| headers.contains_key(*name));
        Onlooker { from: client.0.ip(), host: text(header::HOST), is_forwarded, token }.judge()
    }

    async fn data(&self, client: Client, uri: &Uri, headers: &HeaderMap) -> Response {
        if let Err(refusal) = self.judge(client, headers) {
            return refused(refusal);
        }
        let Some(since) = since(uri.query()) else {
            let text = "The parameter since is a time in milliseconds since 1970, such as the last one of the samples.\n";
            return (StatusCode::BAD_REQUEST, text).into_response();
        };
        let recorder = self.recorder.clone();
        shown("application/json", runtime::blocking(move || recorder.data(since)).await)
    }

    async fn metrics(&self, client: Client, headers: &HeaderMap) -> Response {
        if let Err(refusal) = self.judge(client, headers) {
            return refused(refusal);
        }
        let recorder = self.recorder.clone();
        shown(METRICS_TYPE, runtime::blocking(move || recorder.metrics()).await)
    }
}

fn shown(kind: &'static str, text: Option<String>) -> Response {
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-store")];
    match text {
        Some(text) => (headers, text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn refused(refusal: Refusal) -> Response {
    let status = match refusal {
        Refusal::NoToken | Refusal::WrongToken => StatusCode::UNAUTHORIZED,
        Refusal::Elsewhere | Refusal::Proxy | Refusal::Name => StatusCode::FORBIDDEN,
    };
    let headers = [(header::CACHE_CONTROL, "no-store")];
    let mut response = (status, headers, format!("This is not shown: {refusal}.\n")).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let challenge = header::HeaderValue::from_static("Bearer realm=\"webrtcsink\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The token of a header `Authorization`.
fn bearer(text: &str) -> Option<&str> {
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The parameter `since`; all where there is none, nothing where it is no time.
fn since(query: Option<&str>) -> Option<u64> {
    let mut pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    match pairs.find(|(name, _)| name == "since") {
        Some((_, text)) => text.parse().ok(),
        None => Some(0),
    }
}
