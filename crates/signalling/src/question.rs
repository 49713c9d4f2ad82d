//! What a plain HTTP request asks: for something that is read, or why a websocket is refused. Browsers do not tell pages
//! the answer to a request for a websocket, so a page asks again by HTTP.

use crate::access::credentials;
use crate::answer::Answer;
use crate::request::is_upgrade;
use async_tungstenite::tungstenite::handshake::server::Request;
use async_tungstenite::tungstenite::http::header::{
    ACCEPT, ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, HeaderName, ORIGIN,
};
use async_tungstenite::tungstenite::http::{Method, StatusCode};

/// Whether something is to be read over HTTP.
pub(crate) fn is_plain(request: &Request) -> bool {
    !is_upgrade(request) && [Method::GET, Method::HEAD].contains(request.method())
}

/// Whether the request asks if a websocket at this address would be let in, rather than for the page there: it shows a
/// token, or wants an answer for programs.
pub(crate) fn is_about_admission(request: &Request) -> bool {
    let shows_token = request.headers().contains_key(AUTHORIZATION) || credentials::in_query(request.uri());
    is_plain(request)
        && request.uri().path() == "/"
        && !accepts(request, "text/html")
        && (shows_token || wants_json(request))
}

/// Whether the answer is for a program.
pub(crate) fn wants_json(request: &Request) -> bool {
    accepts(request, "application/json")
}

fn accepts(request: &Request, media_type: &str) -> bool {
    let accepted = request.headers().get_all(ACCEPT).iter().filter_map(|accepted| accepted.to_str().ok());
    let mut types = accepted.flat_map(|accepted| accepted.split(','));
    types.any(|one| one.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type))
}

/// The answer to a browser that asks whether a page from elsewhere may show a token here (CORS); nothing where the request
/// is another one.
pub(crate) fn preflight(request: &Request) -> Option<Answer> {
    let asks = |name: HeaderName| request.headers().contains_key(name);
    if request.method() != Method::OPTIONS || !asks(ORIGIN) || !asks(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut answer = Answer::text(StatusCode::OK, String::new());
    answer.share();
    answer.header("Access-Control-Allow-Methods", "GET, HEAD");
    answer.header("Access-Control-Allow-Headers", "Authorization");
    answer.header("Access-Control-Max-Age", "7200");
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, headers: &[(&str, &str)]) -> Request {
        let mut request = Request::new(());
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
        }
        request
    }

    #[test]
    fn who_shows_a_token_or_wants_json_asks_about_admission() {
        let bearer = ("authorization", "Bearer x");
        assert!(is_about_admission(&request("/", &[bearer, ("accept", "*/*")])));
        assert!(is_about_admission(&request("/?access_token=x", &[("accept", "*/*")])));
        assert!(is_about_admission(&request("/?room=blue", &[("accept", "Application/JSON; q=0.9, */*")])));
    }

    #[test]
    fn who_opens_the_page_or_asks_for_a_part_of_it_does_not() {
        let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        let bearer = ("authorization", "Bearer x");
        assert!(!is_about_admission(&request("/", &[])));
        assert!(!is_about_admission(&request("/", &[("accept", "*/*")])));
        assert!(!is_about_admission(&request("/?access_token=x", &[html])));
        assert!(!is_about_admission(&request("/", &[bearer, html])));
        assert!(!is_about_admission(&request("/config.json", &[("accept", "application/json")])));
        assert!(!is_about_admission(&request("/", &[bearer, ("upgrade", "websocket")])));
    }
}
