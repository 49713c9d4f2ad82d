//! Headers that tell browsers what the page may do, and who may use what it is made of.

use async_tungstenite::tungstenite::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use async_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue};

/// Scripts, styles and media of the page's own server only; websockets to anywhere, since the signalling server may be
/// elsewhere; nothing that is made of text becomes a script.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'";
/// Pages produce from cameras, microphones and screens; frames of others inside them do not.
const PERMISSIONS: &str = "camera=(self), microphone=(self), display-capture=(self)";

/// Headers of every answer that goes to a browser.
const PROTECTION: [(HeaderName, &str); 4] = [
    (CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Adds what keeps a page safe whatever a peer says of itself, where it is not set.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in PROTECTION {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Lets pages of everybody read the answer: only for what is the same for everybody.
pub fn share(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let resources = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(resources, HeaderValue::from_static("cross-origin"));
}
