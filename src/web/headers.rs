//! What browsers are told of every answer. The headers of the page itself are those of `signalling::page`.

use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Headers of what the plugin itself says.
pub(super) async fn protect(mut response: Response) -> Response {
    signalling::page::protect(response.headers_mut());
    response
}

/// Headers of a page that is the application's own: only it knows what its scripts and styles need.
pub(super) async fn keep_types(mut response: Response) -> Response {
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
