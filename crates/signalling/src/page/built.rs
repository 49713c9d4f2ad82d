//! The files that `npm run build` had made when this was compiled, as answers.

use super::content::media_type;
use super::headers;
use async_tungstenite::tungstenite::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    LOCATION, VARY,
};
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri};

/// A file of the page.
struct File {
    path: &'static str,
    /// Its ETag, in quotes.
    tag: &'static str,
    content: &'static [u8],
    /// The same in gzip form, where that is shorter.
    packed: Option<&'static [u8]>,
}

/// Empty where the page was not built.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

const NOT_BUILT: &[u8] = include_bytes!("not_built.html");

/// Files that pages of others load: a player takes one line of HTML, wherever that is.
const SHARED: [&str; 2] = ["gst-webrtc-player.", "gstwebrtc-api."];

/// The answer to GET for a file of the page, by its path below the address of the page, with all headers that it needs;
/// nothing where there is no such file. Addresses are those of requests, as they come: what is encoded names no file.
pub fn respond(address: &Uri, request: &HeaderMap) -> Option<Response<&'static [u8]>> {
    let path = address.path().trim_start_matches('/');
    if FILES.is_empty() && matches!(path, "" | "index.html") {
        let file = File { path: "index.html", tag: "\"not-built\"", content: NOT_BUILT, packed: None };
        return Some(answer(&file, request));
    }
    let index = format!("{path}index.html");
    let is_folder = path.is_empty() || path.ends_with('/');
    let wanted = if is_folder { index.as_str() } else { path };
    if let Some(file) = FILES.iter().find(|file| file.path == wanted) {
        return Some(answer(file, request));
    }
    let index = format!("{path}/index.html");
    FILES.iter().find(|file| file.path == index).and_then(|_| folder(path, address.query()))
}

fn answer(file: &File, request: &HeaderMap) -> Response<&'static [u8]> {
    let packed = file.packed.filter(|_| lists(request, ACCEPT_ENCODING).any(|coding| coding == "gzip"));
    // A tag is for the bytes that are sent (RFC 9110 section 8.8.3).
    let tag = match packed {
        Some(_) => format!("{}-gzip\"", file.tag.trim_end_matches('"')),
        None => file.tag.to_owned(),
    };
    let is_known = lists(request, IF_NONE_MATCH).any(|known| known.trim_start_matches("W/") == tag);
    let mut response = Response::new(if is_known { &[][..] } else { packed.unwrap_or(file.content) });
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(file.path)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.extend(HeaderValue::try_from(tag).ok().map(|tag| (ETAG, tag)));
    if file.packed.is_some() {
        headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    }
    if packed.is_some() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers::protect(headers);
    if SHARED.iter().any(|shared| file.path.starts_with(shared)) {
        headers::share(headers);
    }
    response
}

/// The members of a list in a request, with their weights: no browser gives gzip one.
fn lists(request: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim)
}

/// Leads from a folder without a slash to the page in it, whose own links are relative.
fn folder(path: &str, query: Option<&str>) -> Option<Response<&'static [u8]>> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let mut response = Response::new(&[][..]);
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    response.headers_mut().insert(LOCATION, format!("{name}/{query}").parse().ok()?);
    headers::protect(response.headers_mut());
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str, request: &HeaderMap) -> Option<Response<&'static [u8]>> {
        respond(&Uri::builder().path_and_query(path).build().unwrap(), request)
    }

    fn status(path: &str) -> Option<StatusCode> {
        get(path, &HeaderMap::new()).map(|response| response.status())
    }

    #[test]
    fn who_is_led_to_a_folder_keeps_what_they_ask_it() {
        let led = |query| folder("live/dashboard", query).unwrap().headers()["location"].clone();
        assert_eq!(led(None), "dashboard/");
        assert_eq!(led(Some("token=a%20b&x")), "dashboard/?token=a%20b&x");
    }

    #[test]
    fn there_is_always_a_page() {
        for path in ["/", "/index.html"] {
            let response = get(path, &HeaderMap::new()).unwrap();
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
        let first = get("/", &HeaderMap::new()).unwrap();
        let tag = first.headers()["etag"].clone();
        let asked: HeaderMap = [(IF_NONE_MATCH, tag)].into_iter().collect();
        let again = get("/", &asked).unwrap();
        assert_eq!((again.status(), again.body().len()), (StatusCode::NOT_MODIFIED, 0));
    }

    #[test]
    fn a_browser_that_can_unpack_is_sent_less() {
        let file = File { path: "main.js", tag: "\"1\"", content: b"whole", packed: Some(b"less") };
        let asked = |name: HeaderName, value: &'static str| -> HeaderMap {
            [(name, HeaderValue::from_static(value))].into_iter().collect()
        };
        let packed = answer(&file, &asked(ACCEPT_ENCODING, "deflate, gzip, br"));
        assert_eq!(
            (*packed.body(), &packed.headers()["content-encoding"]),
            (&b"less"[..], &"gzip".parse().unwrap())
        );
        for plain in [HeaderMap::new(), asked(ACCEPT_ENCODING, "br, gzip;q=0")] {
            let plain = answer(&file, &plain);
            assert_eq!(*plain.body(), b"whole");
            assert!(
                !plain.headers().contains_key(CONTENT_ENCODING)
                    && plain.headers()["vary"] == "Accept-Encoding"
            );
            assert_ne!(plain.headers()["etag"], packed.headers()["etag"]);
        }
        let mut again = asked(IF_NONE_MATCH, "\"0\", W/\"1-gzip\"");
        assert_eq!(answer(&file, &again).status(), StatusCode::OK);
        again.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        assert_eq!(answer(&file, &again).status(), StatusCode::NOT_MODIFIED);
    }

    #[test]
    fn pages_of_others_may_load_the_library_and_nothing_else() {
        for file in FILES {
            let response = get(&format!("/{}", file.path), &HeaderMap::new()).unwrap();
            let shared = response.headers().contains_key("access-control-allow-origin");
            assert_eq!(shared, file.path.starts_with("gst"), "{}", file.path);
        }
    }
}
