//! The files that `npm run build` had made when this was compiled, as answers.

use super::content::media_type;
use super::headers;
use async_tungstenite::tungstenite::http::header::{
    CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION,
};
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, Response, StatusCode};

/// A file of the page.
struct File {
    path: &'static str,
    /// Its ETag, in quotes.
    tag: &'static str,
    content: &'static [u8],
}

/// Empty where the page was not built.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

const NOT_BUILT: &[u8] = include_bytes!("not_built.html");

/// Files that pages of others load: a player takes one line of HTML, wherever that is.
const SHARED: [&str; 2] = ["gst-webrtc-player.", "gstwebrtc-api."];

/// The answer to GET for a file of the page, by its path below the address of the page, with all headers that it needs;
/// nothing where there is no such file. Paths are those of requests, as they come: what is encoded names no file.
pub fn respond(path: &str, request: &HeaderMap) -> Option<Response<&'static [u8]>> {
    let path = path.trim_start_matches('/');
    if FILES.is_empty() && matches!(path, "" | "index.html") {
        let file = File { path: "index.html", tag: "\"not-built\"", content: NOT_BUILT };
        return Some(answer(&file, request));
    }
    let index = format!("{path}index.html");
    let is_folder = path.is_empty() || path.ends_with('/');
    let wanted = if is_folder { index.as_str() } else { path };
    if let Some(file) = FILES.iter().find(|file| file.path == wanted) {
        return Some(answer(file, request));
    }
    let index = format!("{path}/index.html");
    FILES.iter().find(|file| file.path == index).and_then(|_| folder(path))
}

fn answer(file: &File, request: &HeaderMap) -> Response<&'static [u8]> {
    let known = request.get(IF_NONE_MATCH).and_then(|tags| tags.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == file.tag);
    let mut response = Response::new(if is_known { &[][..] } else { file.content });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(file.path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ETAG, HeaderValue::from_static(file.tag));
    headers::protect(headers);
    if SHARED.iter().any(|shared| file.path.starts_with(shared)) {
        headers::share(headers);
    }
    response
}

/// Leads from a folder without a slash to the page in it, whose own links are relative.
fn folder(path: &str) -> Option<Response<&'static [u8]>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut response = Response::new(&[][..]);
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    response.headers_mut().insert(LOCATION, format!("{name}/").parse().ok()?);
    headers::protect(response.headers_mut());
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(path: &str) -> Option<StatusCode> {
        respond(path, &HeaderMap::new()).map(|response| response.status())
    }

    #[test]
    fn there_is_always_a_page() {
        for path in ["", "/", "/index.html"] {
            let response = respond(path, &HeaderMap::new()).unwrap();
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
            assert!(
                response.headers()["content-security-policy"]
                    .to_str()
                    .unwrap()
                    .contains("default-src 'none'")
            );
            assert!(!response.body().is_empty());
        }
    }

    #[test]
    fn nothing_but_the_page_is_served() {
        for path in [
            "/../Cargo.toml",
            "/..",
            "/%2e%2e/Cargo.toml",
            "//index.html/..",
            "/index.html/",
            "/types/index.d.ts",
        ] {
            assert_eq!(status(path), None, "{path}");
        }
        assert!(FILES.iter().all(|file| !file.path.ends_with(".map") && !file.path.ends_with(".d.ts")));
    }

    #[test]
    fn a_browser_that_has_the_file_is_not_sent_it_again() {
        let first = respond("/", &HeaderMap::new()).unwrap();
        let tag = first.headers()["etag"].clone();
        let asked: HeaderMap = [(IF_NONE_MATCH, tag)].into_iter().collect();
        let again = respond("/", &asked).unwrap();
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0));
    }

    #[test]
    fn pages_of_others_may_load_the_library_and_nothing_else() {
        for file in FILES {
            let response = respond(file.path, &HeaderMap::new()).unwrap();
            let shared = response.headers().contains_key("access-control-allow-origin");
            assert_eq!(shared, file.path.starts_with("gst"), "{}", file.path);
        }
    }
}
