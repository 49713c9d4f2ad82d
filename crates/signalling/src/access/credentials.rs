//! Where a request carries its token (RFC 6750 section 2), and the room and the subprotocol that it asks for.
//!
//! Browsers cannot set headers of a websocket. They have the query, which servers and proxies like to log, and
//! the list of subprotocols, which they do not.

use crate::denial::Denial;
use async_tungstenite::tungstenite::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use async_tungstenite::tungstenite::http::{HeaderMap, Uri};

/// The subprotocol that the server selects where it is offered.
pub(crate) const SUBPROTOCOL: &str = "gstwebrtc";
/// Begins a subprotocol that is never selected and carries a token, in base64url without padding.
const TOKEN_SUBPROTOCOL: &str = "gstwebrtc.token.";
/// The parameter of the query that carries a token.
const TOKEN_PARAMETER: &str = "access_token";
/// The parameter of the query that names a room.
const ROOM_PARAMETER: &str = "room";

/// What a request says about its sender.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) token: Option<String>,
    pub(crate) room: Option<String>,
    /// Whether the request offers [`SUBPROTOCOL`].
    pub(crate) subprotocol: bool,
}

impl Credentials {
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Denial> {
        let mut credentials = Self::default();
        for header in headers.get_all(AUTHORIZATION) {
            if let Some(token) = header.to_str().ok().and_then(bearer) {
                credentials.carry(token.to_owned())?;
            }
        }
        for header in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
            for offered in header.to_str().map_err(|_| Denial::TokenForm)?.split(',').map(str::trim) {
                if offered == SUBPROTOCOL {
                    credentials.subprotocol = true;
                } else if let Some(token) = offered.strip_prefix(TOKEN_SUBPROTOCOL) {
                    credentials.carry(decoded(token)?)?;
                }
            }
        }
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                TOKEN_PARAMETER => credentials.carry(value.into_owned())?,
                ROOM_PARAMETER => credentials.room = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(credentials)
    }

    /// Takes a token. A request carries one at most.
    fn carry(&mut self, token: String) -> Result<(), Denial> {
        match self.token.replace(token) {
            None => Ok(()),
            Some(_) => Err(Denial::TwoTokens),
        }
    }
}

/// Whether the query carries a token.
pub(crate) fn in_query(uri: &Uri) -> bool {
    form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .any(|(name, _)| name == TOKEN_PARAMETER)
}

/// The token of an `Authorization` header; nothing where its scheme is another one.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

fn decoded(token: &str) -> Result<String, Denial> {
    let bytes = data_encoding::BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| Denial::TokenForm)?;
    String::from_utf8(bytes).map_err(|_| Denial::TokenForm)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, headers: &[(&'static str, &str)]) -> Result<Credentials, Denial> {
        let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        Credentials::of(&uri.parse().unwrap(), &headers.collect())
    }

    fn token(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_token_is_found_in_each_of_its_places() {
        assert_eq!(of("/", &[("authorization", "Bearer a.b-c")]).unwrap().token, token("a.b-c"));
        assert_eq!(of("/", &[("authorization", "bearer  x")]).unwrap().token, token("x"));
        assert_eq!(of("/any/path?x=1&access_token=a%2Bb", &[]).unwrap().token, token("a+b"));
        // "öpen" in base64url.
        let offered = ("sec-websocket-protocol", "gstwebrtc, gstwebrtc.token.w7ZwZW4");
        let found = of("/", &[offered]).unwrap();
        assert_eq!((found.token, found.subprotocol), (token("öpen"), true));
    }

    #[test]
    fn other_schemes_protocols_and_parameters_are_passed_over() {
        let headers = [("authorization", "Basic eDp5"), ("sec-websocket-protocol", "chat, gstwebrtc2")];
        assert_eq!(of("/?token=x", &headers).unwrap(), Credentials::default());
    }

    #[test]
    fn a_room_is_a_parameter() {
        assert_eq!(of("/?room=blue%20room", &[]).unwrap().room, token("blue room"));
    }

    #[test]
    fn two_tokens_are_refused() {
        let twice = of("/?access_token=x", &[("authorization", "Bearer x")]);
        assert!(matches!(twice, Err(Denial::TwoTokens)));
    }

    #[test]
    fn a_token_that_is_no_base64url_text_is_refused() {
        for offered in ["gstwebrtc.token.a+b/", "gstwebrtc.token._w", "gstwebrtc.token.YQ=="] {
            let refused = of("/", &[("sec-websocket-protocol", offered)]);
            assert!(matches!(refused, Err(Denial::TokenForm)), "{offered}");
        }
    }
}
